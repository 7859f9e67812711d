//! A folder's names, and what its files look like.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::OpenError;
use super::head::{Kind, look_at};

/// Files of a folder that are looked into: annotations of single pictures are alike, and data sets in
/// one file are few.
const LOOKED_INTO: usize = 32;

/// Names told in a message.
const TOLD: usize = 12;

/// The names in a folder, in order.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub path: PathBuf,
    pub folders: Vec<String>,
    pub files: Vec<String>,
}

impl Folder {
    pub fn list(path: &Path) -> Result<Self, OpenError> {
        let unreadable = |source| OpenError::Unreadable {
            path: path.to_path_buf(),
            source,
        };
        let mut folder = Self {
            path: path.to_path_buf(),
            ..Self::default()
        };
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(unreadable)?;
            // A link counts as what it leads to; one that leads nowhere as nothing.
            let is_dir = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
            let is_file = kind.is_file() || kind.is_symlink() && entry.path().is_file();
            if name.starts_with('.') {
                continue;
            }
            if is_dir {
                folder.folders.push(name);
            } else if is_file {
                folder.files.push(name);
            }
        }
        folder.folders.sort_unstable();
        folder.files.sort_unstable();
        Ok(folder)
    }

    /// The folder of this name inside, if there is one that can be listed.
    pub fn inside(&self, name: &str) -> Option<Self> {
        let there = self.folders.iter().any(|folder| folder == name);
        there.then(|| Self::list(&self.path.join(name)).ok())?
    }

    /// Whether the file, by its path from here, is there.
    pub fn has(&self, path: &str) -> bool {
        self.path.join(path).is_file()
    }

    /// The folder's own name.
    pub fn name(&self) -> String {
        own_name(&self.path)
    }

    /// What the first files with these extensions look like; files that cannot be read are passed
    /// over, their reader will say why.
    pub fn kinds(&self, extension: &str) -> Vec<(PathBuf, Kind)> {
        let files = self.files.iter().filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|found| found.eq_ignore_ascii_case(extension))
        });
        files
            .take(LOOKED_INTO)
            .map(|name| self.path.join(name))
            .filter_map(|path| look_at(&path).ok().map(|kind| (path, kind)))
            .collect()
    }

    /// What is there, in words.
    pub fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .folders
            .iter()
            .map(|name| format!("{name}/"))
            .chain(self.files.iter().map(|name| self.file_told(name)))
            .take(TOLD)
            .collect();
        let more = (self.folders.len() + self.files.len()).saturating_sub(TOLD);
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told
    }

    fn file_told(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        if ![".json", ".csv", ".xml"]
            .iter()
            .any(|end| lower.ends_with(end))
        {
            return name.to_owned();
        }
        match look_at(&self.path.join(name)) {
            Ok(Kind::Other(what)) => format!("{name} ({what})"),
            Ok(_) => name.to_owned(),
            Err(error) => format!("{name} ({})", unreadable_in_words(&error)),
        }
    }
}

fn unreadable_in_words(error: &io::Error) -> String {
    format!("cannot be read: {error}")
}

/// The last part of a path, of `.` and `..` too.
pub(super) fn own_name(path: &Path) -> String {
    let whole = path.canonicalize();
    let whole = whole.as_deref().unwrap_or(path);
    let name = path.file_name().or_else(|| whole.file_name());
    name.unwrap_or_default().to_string_lossy().into_owned()
}
