//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::TrainingError;

/// An error of the system, with what was attempted.
pub(super) fn failed(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> TrainingError + use<> {
    let path = path.to_owned();
    move |source| TrainingError::Io {
        action,
        path,
        source,
    }
}

/// A file beside its place, removed again unless it was moved there.
pub(super) struct Temporary {
    path: PathBuf,
    target: PathBuf,
}

impl Temporary {
    pub fn beside(target: &Path) -> Self {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Self {
            path: target.with_file_name(format!(".{name}.part")),
            target: target.to_owned(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Flushes the written file to the disk, then gives it its name: a crash at any moment leaves
    /// the old file or the new one.
    pub fn publish(self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        sync_folder(&self.target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the renaming there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes a renaming outlast a power cut; a no-op where folders cannot be opened.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Writes a whole file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    let temporary = Temporary::beside(path);
    File::create(temporary.path())
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| temporary.publish())
        .map_err(failed("write", path))
}
