//! The folder of a run on the disk.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::atomic::{self, failed};
use super::state::{State, Stored, write_tensors};
use crate::config::unmarked;
use crate::error::TrainingError;

/// The folder of a run, held by this process until dropped.
#[derive(Debug)]
pub struct RunFolder {
    root: PathBuf,
    lock: File,
}

impl Drop for RunFolder {
    /// Unlocks rather than only closes: a child that another thread has forked holds the open file too until it begins its
    /// own program, and a lock lasts as long as anyone holds its file.
    fn drop(&mut self) {
        // Closing is all that is left where this fails.
        let _ = self.lock.unlock();
    }
}

/// A checkpoint on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Steps of the run so far.
    pub iteration: u64,
    /// The file.
    pub path: PathBuf,
}

impl RunFolder {
    /// Takes the folder for this process; makes it when it is not there.
    ///
    /// # Errors
    /// [`TrainingError::Folder`] when another process trains in it; [`TrainingError::Io`].
    pub fn open(root: impl AsRef<Path>) -> Result<Self, TrainingError> {
        let root = root.as_ref().to_owned();
        let checkpoints = root.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(failed("make", &checkpoints))?;
        let path = root.join("run.lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, lock }),
            Err(TryLockError::WouldBlock) => Err(TrainingError::Folder {
                path: root,
                reason: "another process trains here; wait for it, or take another folder".into(),
            }),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of the log.
    pub fn log(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    /// The file of the best weights, whether it is there or not.
    pub fn best(&self) -> PathBuf {
        self.root.join("checkpoints/best.safetensors")
    }

    /// All checkpoints, oldest first.
    ///
    /// # Errors
    /// [`TrainingError::Io`].
    pub fn checkpoints(&self) -> Result<Vec<StoredCheckpoint>, TrainingError> {
        let folder = self.root.join("checkpoints");
        let read = failed("read", &folder);
        let listed: io::Result<Vec<_>> = fs::read_dir(&folder).and_then(Iterator::collect);
        let mut found: Vec<StoredCheckpoint> = listed
            .map_err(read)?
            .into_iter()
            .filter_map(|entry| {
                let name = entry.file_name();
                let digits = name
                    .to_str()?
                    .strip_prefix("step-")?
                    .strip_suffix(".safetensors")?;
                Some(StoredCheckpoint {
                    iteration: digits.parse().ok()?,
                    path: entry.path(),
                })
            })
            .collect();
        found.sort_by_key(|checkpoint| checkpoint.iteration);
        Ok(found)
    }

    /// Whether a run has begun here.
    pub(crate) fn is_used(&self) -> bool {
        self.config_path().exists()
    }

    fn config_path(&self) -> PathBuf {
        self.root.join("config.json")
    }

    pub(crate) fn write_config(&self, config: &Value) -> Result<(), TrainingError> {
        let text = format!("{config:#}\n");
        atomic::write(&self.config_path(), text.as_bytes())
    }

    /// An error unless the folder's configuration is this one.
    pub(crate) fn check_config(&self, config: &Value) -> Result<(), TrainingError> {
        let path = self.config_path();
        let text = fs::read_to_string(&path).map_err(failed("read", &path))?;
        let found: Value =
            serde_json::from_str(unmarked(&text)).map_err(|source| TrainingError::Json {
                file: path.display().to_string(),
                field: format!("line {}", source.line()),
                source,
            })?;
        match difference(&found, config, String::new()) {
            None => Ok(()),
            Some((field, found, given)) => Err(TrainingError::Folder {
                path,
                reason: format!(
                    "this run was begun with {field} = {found}, now it is {given}; resume with the same configuration, or start a new run in another folder"
                ),
            }),
        }
    }

    pub(crate) fn write_checkpoint(
        &self,
        state: State,
        keep: usize,
    ) -> Result<PathBuf, TrainingError> {
        let name = format!(
            "checkpoints/step-{:08}.safetensors",
            state.position.iteration
        );
        let path = self.root.join(name);
        state.write(&path)?;
        let stored = self.checkpoints()?;
        let surplus = stored.len().saturating_sub(keep);
        for old in &stored[..surplus] {
            fs::remove_file(&old.path).map_err(failed("remove", &old.path))?;
        }
        Ok(path)
    }

    pub(crate) fn write_best(
        &self,
        tensors: Stored,
        description: &Value,
    ) -> Result<PathBuf, TrainingError> {
        let path = self.best();
        write_tensors(&path, tensors, description.to_string())?;
        Ok(path)
    }
}

/// The first place where two values differ, and what stands there.
fn difference(left: &Value, right: &Value, path: String) -> Option<(String, String, String)> {
    let missing = Value::Null;
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            names.into_iter().find_map(|name| {
                let field = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                let of = |map: &serde_json::Map<String, Value>| {
                    map.get(name).unwrap_or(&missing).clone()
                };
                difference(&of(a), &of(b), field)
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(index, (a, b))| difference(a, b, format!("{path}[{index}]"))),
        (a, b) if a == b => None,
        (a, b) => Some((path, a.to_string(), b.to_string())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::json;

    #[test]
    fn a_dropped_folder_is_free_though_a_child_still_holds_its_file() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        let held_by_a_child = folder.lock.try_clone().unwrap();
        assert!(RunFolder::open(root.path()).is_err());
        drop(folder);
        RunFolder::open(root.path()).unwrap();
        drop(held_by_a_child);
    }

    #[test]
    fn a_configuration_with_a_byte_order_mark_is_the_same() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        let config = json!({"training": {"seed": 7}});
        folder.write_config(&config).unwrap();
        let text = fs::read_to_string(folder.config_path()).unwrap();
        fs::write(folder.config_path(), format!("\u{feff}{text}")).unwrap();
        folder.check_config(&config).unwrap();
        assert!(folder.check_config(&json!({})).is_err());
    }

    #[test]
    fn the_first_difference_is_named() {
        let left = json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(difference(&left, &left, String::new()), None);
        let right = json!({"a": [1, {"b": 4}], "c": 5});
        assert_eq!(
            difference(&left, &right, String::new()),
            Some(("a[1].b".into(), "2".into(), "4".into()))
        );
        assert_eq!(
            difference(&left, &json!({"a": [1], "c": 3}), String::new()).map(|found| found.0),
            Some("a".into())
        );
    }
}
