//! Files whose names differ from the annotation's in upper and lower case.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Finds pictures below a folder: by the path as written, otherwise, part for part, by the one name
/// that differs only in ASCII case. Folders are listed once.
#[derive(Debug)]
pub(crate) struct PictureFinder {
    root: PathBuf,
    /// Names in a folder, by their lower case.
    listed: Mutex<HashMap<PathBuf, HashMap<String, Vec<String>>>>,
}

impl PictureFinder {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            listed: Mutex::default(),
        }
    }

    /// The path of the file below the root; `path` itself when there is no such file, so that
    /// opening it tells.
    pub(crate) fn find(&self, path: &str) -> String {
        if self.root.join(path).exists() {
            return path.to_owned();
        }
        let mut found = String::new();
        for part in path.split('/') {
            let folder = self.root.join(&found);
            let Some(name) = self.name_in(&folder, part) else {
                return path.to_owned();
            };
            if !found.is_empty() {
                found.push('/');
            }
            found.push_str(&name);
        }
        found
    }

    fn name_in(&self, folder: &Path, part: &str) -> Option<String> {
        if folder.join(part).exists() {
            return Some(part.to_owned());
        }
        let mut listed = self
            .listed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let names = listed
            .entry(folder.to_path_buf())
            .or_insert_with(|| list(folder));
        match names.get(&part.to_ascii_lowercase()).map(Vec::as_slice) {
            Some([name]) => Some(name.clone()),
            _ => None,
        }
    }
}

fn list(folder: &Path) -> HashMap<String, Vec<String>> {
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    // A folder that cannot be listed has no other names to offer; opening the file will say why.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for name in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
        names
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // Where the file system itself ignores case there is nothing to find.
    #[cfg(target_os = "linux")]
    #[test]
    fn names_match_exactly_or_by_case_alone() {
        let folder = tempfile::tempdir().unwrap();
        let tank = folder.path().join("img/Space_Dye_Tank");
        std::fs::create_dir_all(&tank).unwrap();
        for name in ["1.jpg", "A.jpg", "a.jpg"] {
            std::fs::write(tank.join(name), "").unwrap();
        }
        let finder = PictureFinder::new(folder.path());
        for (asked, expected) in [
            ("img/Space_Dye_Tank/1.jpg", "img/Space_Dye_Tank/1.jpg"),
            ("img/Space_dye_Tank/1.JPG", "img/Space_Dye_Tank/1.jpg"),
            ("img/space_dye_tank/a.jpg", "img/Space_Dye_Tank/a.jpg"),
            // Two files could be meant.
            ("img/Space_Dye_Tank/a.JPG", "img/Space_Dye_Tank/a.JPG"),
            ("img/none/1.jpg", "img/none/1.jpg"),
        ] {
            assert_eq!(finder.find(asked), expected);
        }
    }
}
