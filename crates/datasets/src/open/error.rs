//! Why a path is no data set.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::formats::{Format, FormatError};
use crate::sample::{Split, parts_told};

use super::Found;

/// A path that could not be opened as a data set.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path cannot be listed or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder has nothing in it.
    #[error("{}: is an empty folder; unpack the data set there or name its folder", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// No format's files are there.
    #[error(
        "{}: no data set, in the folder or two levels below{}\n  found: {}; correct the path, or give the files to their format's own reader in `formats`",
        path.display(), formats_told(looked_for), found.join(", ")
    )]
    Unknown {
        /// The folder.
        path: PathBuf,
        /// The formats that were looked for.
        looked_for: Vec<Format>,
        /// What the folder has.
        found: Vec<String>,
    },
    /// A single file that is no data set.
    #[error("{}: is no data set: {found}; name the data set's folder, or a file of COCO, Fashionpedia or FashionAI", path.display())]
    NotADataSet {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// One of many files of a data set.
    #[error("{}: is one of the many files of a {format} data set; name the data set's folder", path.display())]
    OneOfMany {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: Format,
    },
    /// Several data sets are there.
    #[error(
        "{}: {} data sets are there{}\n  name one by its path, or where their formats differ by its format: `DataSet::open_as` or `OpenOptions::format`",
        path.display(), candidates.len(), candidates_told(candidates)
    )]
    Ambiguous {
        /// The path.
        path: PathBuf,
        /// The data sets.
        candidates: Vec<Found>,
    },
    /// The folder that an annotation file's names of pictures start from was not found.
    #[error(
        "{}: its picture `{picture}` is in none of {}; set `OpenOptions::pictures` to the folder that its names start from",
        annotations.display(), folders_told(looked_in)
    )]
    NoPictures {
        /// The annotation file.
        annotations: PathBuf,
        /// The first picture it names.
        picture: String,
        /// The folders that do not have it.
        looked_in: Vec<PathBuf>,
    },
    /// Parts of one data set that contradict each other.
    #[error(
        "{}: its {what} are not those of {}; open one of the two by its path",
        part.display(), first.display()
    )]
    PartsDiffer {
        /// The part read first.
        first: PathBuf,
        /// The part that differs.
        part: PathBuf,
        /// In what.
        what: &'static str,
    },
    /// The part asked for is not in the data set.
    #[error("{}: has no {} part, but {}; leave `OpenOptions::split` out, or divide the set with `subsets`", path.display(), split, parts_told(there))]
    NoSuchSplit {
        /// The path.
        path: PathBuf,
        /// The part asked for.
        split: Split,
        /// The parts that are there; empty if the format does not say.
        there: Vec<Split>,
    },
    /// The files of the format are there and cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
}

fn formats_told(formats: &[Format]) -> String {
    lines(
        formats
            .iter()
            .map(|format| format!("looked for {format}: {}", format.layout())),
    )
}

fn candidates_told(candidates: &[Found]) -> String {
    lines(candidates.iter().map(ToString::to_string))
}

/// Each on an indented line of its own.
fn lines(texts: impl Iterator<Item = String>) -> String {
    texts.flat_map(|text| ["\n  ".to_owned(), text]).collect()
}

fn folders_told(folders: &[PathBuf]) -> String {
    let told: Vec<String> = folders
        .iter()
        .map(|folder| format!("`{}`", folder.display()))
        .collect();
    told.join(", ")
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.format, self.folder.display())?;
        let files: Vec<String> = self
            .files()
            .map(|file| {
                let short = file.strip_prefix(&self.folder).unwrap_or(file);
                short.display().to_string()
            })
            .collect();
        if files.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", files.join(", "))
        }
    }
}
