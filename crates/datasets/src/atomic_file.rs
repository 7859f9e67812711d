//! A file that appears whole or not at all.
//!
//! Bytes go to a temporary file in the same folder; [`AtomicFile::finish`] renames it, which
//! replaces an older file of that name in one step. A value that is dropped before that removes the
//! temporary file and leaves an older file as it was.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::OutputError;

/// How many temporary names are tried before a folder full of them is an error.
const NAME_ATTEMPTS: u32 = 100;

/// The temporary files of this module in this process.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // Every change of the set is one call, so a thread that panicked leaves it whole.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary file of every [`AtomicFile`] of this process, for a signal handler that ends
/// it: no further file can be begun or finished, threads that try wait for the end.
pub fn remove_unfinished() {
    let files = unfinished();
    for path in files.iter() {
        // It may be gone already; there is nobody left to tell otherwise.
        let _ = fs::remove_file(path);
    }
    std::mem::forget(files);
}

/// Writes a text in one step.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::finish`]; an older file of that name then stays as it was.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("classes.txt");
/// wardrobe_datasets::atomic_file::write_text(&path, "dress\nskirt\n")?;
/// assert_eq!(std::fs::read_to_string(&path)?, "dress\nskirt\n");
/// # Ok(())
/// # }
/// ```
pub fn write_text(path: impl AsRef<Path>, text: &str) -> Result<(), OutputError> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(path)?;
    file.write_all(text.as_bytes())
        .map_err(|source| OutputError::Unwritable {
            path: path.to_owned(),
            source,
        })?;
    file.finish()
}

/// A file under construction.
///
/// ```
/// use std::io::Write;
/// use wardrobe_datasets::atomic_file::AtomicFile;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("results.json");
/// let mut file = AtomicFile::create(&path)?;
/// file.write_all(b"[]")?;
/// assert!(!path.exists());
/// file.finish()?;
/// assert_eq!(std::fs::read(&path)?, b"[]");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: PathBuf,
    /// `None` once finished.
    writer: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Opens the temporary file beside `path`, so that a folder that cannot be written is known
    /// before the work starts.
    ///
    /// # Errors
    /// [`OutputError`] when `path` is a folder, or its folder is missing or not writable.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, OutputError> {
        let path = path.into();
        if path.is_dir() {
            return Err(OutputError::IsAFolder { path });
        }
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for attempt in 0..NAME_ATTEMPTS {
            let temporary =
                path.with_file_name(format!(".{name}.{}-{attempt}.partial", std::process::id()));
            let mut unfinished = unfinished();
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(file) => {
                    unfinished.insert(temporary.clone());
                    return Ok(Self {
                        path,
                        temporary,
                        writer: Some(BufWriter::new(file)),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(OutputError::Unwritable { path, source }),
            }
        }
        let source = io::Error::new(
            io::ErrorKind::AlreadyExists,
            "too many temporary files of that name",
        );
        Err(OutputError::Unwritable { path, source })
    }

    /// The name the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Flushes to the disk and gives the file its name.
    ///
    /// # Errors
    /// [`OutputError::Unwritable`], for instance on a full disk; the temporary file is then
    /// removed.
    pub fn finish(mut self) -> Result<(), OutputError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let written = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all());
        let mut unfinished = unfinished();
        let result = written.and_then(|()| fs::rename(&self.temporary, &self.path));
        unfinished.remove(&self.temporary);
        result.map_err(|source| {
            // The error to report is the first one; a leftover that cannot be removed either adds
            // nothing.
            let _ = fs::remove_file(&self.temporary);
            OutputError::Unwritable {
                path: self.path.clone(),
                source,
            }
        })
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().map_or_else(
            || Err(io::Error::other("the file is finished")),
            |writer| writer.write(bytes),
        )
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // Discards the buffer instead of flushing it into a file about to go.
            let (file, _) = writer.into_parts();
            drop(file);
            let mut unfinished = unfinished();
            let _ = fs::remove_file(&self.temporary);
            unfinished.remove(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dropping_leaves_the_older_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn finishing_replaces_the_older_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_and_a_missing_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = AtomicFile::create(folder.path()).unwrap_err();
        assert!(matches!(error, OutputError::IsAFolder { .. }), "{error}");
        let missing = folder.path().join("no/out.json");
        let error = AtomicFile::create(&missing).unwrap_err();
        assert!(error.to_string().contains("no/out.json"), "{error}");
    }
}
