//! What can be wrong with settings ([`ConfigError`]) and with weight files ([`WeightsError`]).

use std::{fmt, path::PathBuf};

use thiserror::Error;

/// A network cannot be built from these settings.
#[derive(Debug, Error, PartialEq)]
pub enum ConfigError {
    /// A number lies outside its range.
    #[error("{field} is {value}, expected {expected}")]
    OutOfRange {
        /// Which number.
        field: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Two settings contradict each other.
    #[error("{field} is {found:?}, but {reason} asks for {expected:?}")]
    Contradiction {
        /// Which setting.
        field: &'static str,
        /// What it is.
        found: Vec<usize>,
        /// What the other setting implies.
        expected: Vec<usize>,
        /// The other setting.
        reason: &'static str,
    },
}

/// A tensor that is in a file and in the model under one name and with two shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeMismatch {
    /// torchvision's name.
    pub name: String,
    /// Shape in the file, PyTorch's layout.
    pub found: Vec<usize>,
    /// Shape in the model, PyTorch's layout.
    pub expected: Vec<usize>,
}

/// A tensor by name and shape (PyTorch's layout).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedShape {
    /// torchvision's name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// All differences between a file and a model, each list sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// In the model, not in the file.
    pub missing: Vec<NamedShape>,
    /// In the file, not in the model.
    pub surplus: Vec<NamedShape>,
    /// In both, with different shapes.
    pub misshapen: Vec<ShapeMismatch>,
}

impl Differences {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.misshapen.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, title: &str, tensors: &[NamedShape]| {
            if tensors.is_empty() {
                return Ok(());
            }
            write!(f, "\n  {} {title}:", tensors.len())?;
            tensors
                .iter()
                .try_for_each(|t| write!(f, "\n    {} {:?}", t.name, t.shape))
        };
        list(f, "missing from the file", &self.missing)?;
        list(f, "surplus in the file", &self.surplus)?;
        if !self.misshapen.is_empty() {
            write!(f, "\n  {} of another shape:", self.misshapen.len())?;
            for m in &self.misshapen {
                write!(
                    f,
                    "\n    {} is {:?} in the file, the model needs {:?}",
                    m.name, m.found, m.expected
                )?;
            }
        }
        Ok(())
    }
}

/// Weights cannot be read, applied, written or fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read: {source}; check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file's extension names no known format.
    #[error(
        "{}: unknown weight format; expected a name ending in .safetensors, .pth or .pt",
        path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged, or not of the format its name promises.
    #[error("{}: not a readable {format} file: {reason}; fetch or export it again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The format.
        format: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A pickle asks for an object other than tensors and plain values. Nothing in it was executed.
    #[error(
        "{}: the pickle holds a `{object}` at `{key}`, which is not tensor data; nothing was executed. \
         If you trust the file, save `model.state_dict()` alone with torch and load that",
        path.display()
    )]
    ForeignObject {
        /// The file.
        path: PathBuf,
        /// Where in the pickle.
        key: String,
        /// The Python name of the object.
        object: String,
    },
    /// The file's tensors are not the model's.
    #[error(
        "{}: does not fit the model:{differences}\n  \
         build the model with the file's numbers (classes, depth, norm), or load the part that fits \
         with `LoadOptions::partial`",
        path.display()
    )]
    Differences {
        /// The file.
        path: PathBuf,
        /// All of them.
        differences: Differences,
    },
    /// Patterns of a partial load name nothing that the model has.
    #[error(
        "{}: the patterns {patterns:?} match no tensor of the model; its names are like `{example}`, and * stands for any characters",
        path.display()
    )]
    IdlePatterns {
        /// The file.
        path: PathBuf,
        /// The patterns that match nothing.
        patterns: Vec<String>,
        /// The first of the model's names.
        example: String,
    },
    /// A partial load matched nothing.
    #[error(
        "{}: no tensor of the file was taken: the patterns {patterns:?} match none of the {tensors} \
         names that file and model share",
        path.display()
    )]
    NothingTaken {
        /// The file.
        path: PathBuf,
        /// The patterns asked for.
        patterns: Vec<String>,
        /// How many names file and model share.
        tensors: usize,
    },
    /// A tensor of the file holds something other than numbers of a known kind.
    #[error("{}: tensor `{name}` cannot be read as f32: {reason}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// torchvision's name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The file cannot be written.
    #[error("{}: cannot be written: {reason}; nothing was left behind", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// A download failed.
    #[cfg(feature = "download")]
    #[error("{url}: download failed: {reason}; fetch it by hand to {}", path.display())]
    Download {
        /// The address.
        url: String,
        /// Where it would have been kept.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// A file's content is not what its name promises.
    #[cfg(feature = "download")]
    #[error(
        "{}: SHA-256 starts with {found}, expected {expected}; delete the file and fetch it again",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// First hexadecimal digits expected.
        expected: String,
        /// As many digits of what it is.
        found: String,
    },
}
