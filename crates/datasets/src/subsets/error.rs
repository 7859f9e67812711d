//! Why a subset cannot be built.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::{OutputError, PictureError};

/// A category with too few pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The category, as the specification names it.
    pub category: String,
    /// Which pictures of it: all, or those of one part.
    pub part: Option<crate::sample::Split>,
    /// Pictures of it that can be drawn.
    pub found: usize,
    /// Pictures asked for.
    pub needed: usize,
    /// Pictures of it that were left out because they cannot be read.
    pub unreadable: usize,
    /// Pictures of it that were left out because they have no box.
    pub without_box: usize,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            None => "",
            Some(crate::sample::Split::Train) => "training ",
            Some(crate::sample::Split::Validation) => "validation ",
            Some(crate::sample::Split::Test) => "test ",
        };
        write!(
            f,
            "`{}` has {} {part}pictures, {} are needed",
            self.category, self.found, self.needed
        )?;
        if self.unreadable > 0 {
            write!(f, " ({} more cannot be read)", self.unreadable)?;
        }
        if self.without_box > 0 {
            write!(f, " ({} more have no box)", self.without_box)?;
        }
        Ok(())
    }
}

/// A subset that cannot be built. No folder was left behind.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubsetError {
    /// The specification contradicts itself.
    #[error("the subset `{name}` {problem}")]
    Specification {
        /// The subset.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The data set has no such category.
    #[error("the data set has no category `{name}`; it has {}", known.join(", "))]
    UnknownCategory {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Categories without enough pictures, all of them.
    #[error(
        "{}; ask for fewer pictures a category or leave the category out",
        shortages.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    TooFew {
        /// Each of them.
        shortages: Vec<Shortage>,
    },
    /// A drawn picture cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The folder is there already.
    #[error("{}: already exists; name a new folder, or remove this one first", path.display())]
    TargetExists {
        /// The folder.
        path: PathBuf,
    },
    /// A link cannot be made.
    #[error("{}: cannot be linked: {source}; copy the pictures instead", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A manifest cannot be read.
    #[error("{}: is no manifest of a subset: {problem}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What was found, and where.
        problem: String,
    },
}
