//! Which data set lies at a path: a set of files that only one format has, on the nearest level that
//! has any.

mod folders;
mod joined;
mod single;

use std::path::{Path, PathBuf};

use super::error::OpenError;
use super::folder::Folder;
use super::head::{Kind, look_at};
use crate::formats::Format;
use crate::sample::Split;

pub(super) use joined::split_of_folder;
pub(super) use single::folder_of;

/// Levels below the path that are looked at: a download lies in a folder of the archive's name, and
/// that in a folder for data.
const LEVELS: usize = 2;

/// Folders looked into on one level, in the order of their names: where there are more, they hold
/// pictures, a folder for each garment.
const FOLDERS: usize = 256;

/// A data set that was found, not read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its format.
    pub format: Format,
    /// Its folder.
    pub folder: PathBuf,
    /// Its parts, where it is read from several files or folders.
    pub(super) parts: Vec<Part>,
}

/// A part of a data set that is read by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub path: PathBuf,
    /// By its name.
    pub split: Option<Split>,
    /// FashionAI's questions.
    pub questions: bool,
}

impl Found {
    /// What is read by one call of the format's reader.
    fn whole(format: Format, folder: &Path) -> Self {
        Self {
            format,
            folder: folder.to_path_buf(),
            parts: Vec::new(),
        }
    }

    /// The files (of DeepFashion2 the folders) it is read from, where its folder has others too.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|part| part.path.as_path())
    }
}

impl Part {
    fn new(path: PathBuf, split: Option<Split>) -> Self {
        Self {
            path,
            split,
            questions: false,
        }
    }
}

/// Finds the one data set at a path, or below it.
pub(super) fn find(path: &Path, wanted: Option<Format>) -> Result<Found, OpenError> {
    let unreadable = |source| OpenError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    if path.metadata().map_err(unreadable)?.is_file() {
        return single::file(path, wanted, look_at(path).map_err(unreadable)?);
    }
    let top = Folder::list(path)?;
    if top.folders.is_empty() && top.files.is_empty() {
        return Err(OpenError::EmptyFolder {
            path: path.to_path_buf(),
        });
    }
    let told = top.told();
    let mut level = vec![top];
    for depth in 0..=LEVELS {
        let mut found: Vec<Found> = level.iter().flat_map(folders::here).collect();
        found.retain(|found| wanted.is_none_or(|wanted| wanted == found.format));
        let mut found = joined::joined(path, found);
        match found.len() {
            0 => {}
            1 => return Ok(found.remove(0)),
            _ => {
                return Err(OpenError::Ambiguous {
                    path: path.to_path_buf(),
                    candidates: found,
                });
            }
        }
        if depth < LEVELS {
            level = level.iter().flat_map(below).take(FOLDERS).collect();
        }
    }
    Err(OpenError::Unknown {
        path: path.to_path_buf(),
        looked_for: wanted.map_or_else(|| Format::ALL.to_vec(), |wanted| vec![wanted]),
        found: told,
    })
}

fn below(folder: &Folder) -> impl Iterator<Item = Folder> {
    let names = folder.folders.iter();
    names.filter_map(|name| Folder::list(&folder.path.join(name)).ok())
}

/// The part of a data set that a name says: `instances_train2017`, `val`.
pub(super) fn split_of(name: &str) -> Option<Split> {
    let mut found = None;
    let words = name.split(|letter: char| !letter.is_ascii_alphabetic());
    for word in words {
        let split = match word.to_ascii_lowercase().as_str() {
            "train" | "training" => Split::Train,
            "val" | "valid" | "validation" => Split::Validation,
            "test" | "testing" => Split::Test,
            _ => continue,
        };
        if found.is_some_and(|found| found != split) {
            return None;
        }
        found = Some(split);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_part_in_words_of_their_own() {
        for (name, split) in [
            ("instances_train2017", Some(Split::Train)),
            ("instances_attributes_val2020", Some(Split::Validation)),
            ("Validation", Some(Split::Validation)),
            ("test", Some(Split::Test)),
            ("trainval", None),
            ("train_val", None),
            ("contest", None),
            ("", None),
        ] {
            assert_eq!(split_of(name), split, "{name}");
        }
    }
}
