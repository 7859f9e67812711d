//! `metrics.jsonl`: appended line by line, cut back when a run is resumed.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Record;
use super::atomic::failed;
use crate::error::TrainingError;

/// The log of a run that goes on.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Log {
    /// Opens the log and cuts it back to `length` bytes, where the checkpoint stands.
    pub fn open(path: &Path, length: u64) -> Result<Self, TrainingError> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed("open", path))?;
        let found = file.metadata().map_err(failed("read", path))?.len();
        if found < length {
            return Err(TrainingError::Folder {
                path: path.to_owned(),
                reason: format!(
                    "has {found} bytes where the checkpoint knows {length}; put the log back, or start a new run"
                ),
            });
        }
        file.set_len(length)
            .and_then(|()| file.seek(SeekFrom::Start(length)))
            .map_err(failed("cut back", path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
        })
    }

    pub fn push(&mut self, record: &Record) -> Result<(), TrainingError> {
        let line = serde_json::to_string(record).map_err(|error| TrainingError::Io {
            action: "write",
            path: self.path.clone(),
            source: error.into(),
        })? + "\n";
        // One write a line: a reader meets whole lines, and a step costs far more.
        self.file
            .write_all(line.as_bytes())
            .map_err(failed("write", &self.path))?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// Bytes so far, all of them on the disk.
    pub fn synced_length(&self) -> Result<u64, TrainingError> {
        self.file.sync_data().map_err(failed("write", &self.path))?;
        Ok(self.length)
    }
}

/// All whole lines of a `metrics.jsonl`; a last line without its end, from a run that was killed
/// while writing it, is left out.
///
/// # Errors
/// [`TrainingError::Io`]; [`TrainingError::Json`] naming the line.
pub fn read_log(path: impl AsRef<Path>) -> Result<Vec<Record>, TrainingError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(failed("open", path))?;
    let mut reader = BufReader::new(file);
    let mut records = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line).map_err(failed("read", path))?;
        if !line.ends_with('\n') {
            return Ok(records);
        }
        let record = serde_json::from_str(&line).map_err(|source| TrainingError::Json {
            file: path.display().to_string(),
            field: format!("line {}", records.len() + 1),
            source,
        })?;
        records.push(record);
    }
}
