//! Where a data set's files are wrong, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::{OutputError, PictureError};

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line, from 1.
    Line(usize),
    /// A path into a JSON or XML document, such as `annotations[3].bbox`.
    Entry(String),
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What was found and what was expected.
    pub problem: String,
    /// What the owner of the file can do.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.place {
            Place::File => Ok(()),
            Place::Line(line) => write!(f, ", line {line}"),
            Place::Entry(entry) => write!(f, ", {entry}"),
        }?;
        write!(f, ": {}; {}", self.problem, self.remedy)
    }
}

/// A data set that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A file could not be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file's content is not what the format asks for.
    #[error("{0}")]
    Invalid(Finding),
    /// A picture or label map cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A file could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
