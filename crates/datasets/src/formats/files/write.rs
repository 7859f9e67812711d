//! Files and lists of names, whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::{LABELS, NO_CATEGORY};
use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::formats::FormatError;
use crate::sample::DataSet;

/// Writes the category names, one a line.
pub(crate) fn write_labels(folder: &Path, set: &DataSet) -> Result<(), FormatError> {
    let path = folder.join(LABELS);
    let mut text = String::new();
    for (index, category) in set.categories.iter().enumerate() {
        let name = &category.name;
        let plain = !name.is_empty() && name.trim() == name && !name.contains(['\n', '\r']);
        let once = set.category(name) == Some(index as u32);
        if !plain || !once || NO_CATEGORY.contains(&name.as_str()) {
            return Err(OutputError::Unrepresentable {
                path,
                what: format!(
                    "the category name {name:?} cannot stand once on a line of its own; rename it"
                ),
            }
            .into());
        }
        text.push_str(name);
        text.push('\n');
    }
    write_file(&path, text.as_bytes())
}

/// Writes a file whole or not at all; its folder is made.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    let unwritable = |source| OutputError::Unwritable {
        path: path.to_path_buf(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(unwritable)?;
    file.finish()?;
    Ok(())
}
