//! Puts a subset's pictures into a folder of their own.

use std::io::Write;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::manifest::fingerprint;
use super::{Manifest, ManifestCategory, ManifestPicture, Selection, SubsetError, SubsetSpec};
use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::image_file::DecodeLimits;
use crate::sample::{DataSet, Record, Split};

/// How a picture gets into the subset's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// Its bytes are copied.
    #[default]
    Copy,
    /// A second name for the same file; on one file system only.
    HardLink,
    /// A reference by absolute path.
    SymbolicLink,
}

/// Where in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrangement {
    /// `train/Tee/Tee_00001.jpg`, as readers of classification sets expect.
    FolderPerCategory,
    /// `train/Tee_00001.jpg`, where labelme's files say their part by their folder.
    FolderPerPart,
    /// All in one folder, such as `JPEGImages/Tee_00001.jpg`.
    Together(String),
}

/// A subset's folder under construction: [`finish`](Self::finish) gives it its name; dropped before
/// that, it is removed.
#[derive(Debug)]
pub struct Placed {
    /// The subset, its paths those in the new folder. [`DataSet::root`] is the unfinished folder:
    /// write annotations below it.
    pub data: DataSet,
    manifest: Manifest,
    target: PathBuf,
    /// `None` once it has its name.
    temporary: Option<PathBuf>,
}

/// Puts the pictures into a folder beside `target`, which must not exist. Files are named by
/// category and number: the source's names (`img_00000001.jpg`) repeat from folder to folder.
///
/// # Errors
/// [`SubsetError`]: the target exists; a picture cannot be read, copied or linked. Nothing is left
/// behind.
pub fn place(
    selection: &Selection,
    spec: &SubsetSpec,
    target: &Path,
    placement: Placement,
    arrangement: &Arrangement,
    limits: &DecodeLimits,
) -> Result<Placed, SubsetError> {
    if target.symlink_metadata().is_ok() {
        return Err(SubsetError::TargetExists {
            path: target.to_path_buf(),
        });
    }
    let data = &selection.data;
    let names = names(data, spec, arrangement)?;
    let temporary = create_beside(target)?;
    // From here on dropping removes what was made.
    let mut placed = Placed {
        data: DataSet {
            root: temporary.clone(),
            ..data.clone()
        },
        manifest: Manifest {
            subset: spec.clone(),
            categories: categories(selection),
            pictures: Vec::new(),
        },
        target: target.to_path_buf(),
        temporary: Some(temporary.clone()),
    };
    for name in &names {
        if let Some(folder) = temporary.join(name).parent() {
            make_folder(folder)?;
        }
    }
    let pictures: Vec<Result<ManifestPicture, SubsetError>> = data
        .records
        .par_iter()
        .zip(&names)
        .map(|(record, name)| {
            let source = data.root.join(&record.image.path);
            let (bytes, sha256) = put(&source, &temporary.join(name), placement, limits)?;
            Ok(ManifestPicture {
                path: name.clone(),
                source: record.image.path.clone(),
                category: category(data, spec, record)?.to_owned(),
                split: record.split,
                bytes,
                sha256,
            })
        })
        .collect();
    for (record, picture) in placed.data.records.iter_mut().zip(pictures) {
        let picture = picture?;
        record.image.path.clone_from(&picture.path);
        placed.manifest.pictures.push(picture);
    }
    placed.manifest.pictures.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(placed)
}

impl Placed {
    /// What the subset is made of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Writes the manifest and gives the folder its name.
    ///
    /// # Errors
    /// [`SubsetError::Output`], and [`SubsetError::TargetExists`] when the folder has appeared since.
    pub fn finish(mut self) -> Result<(DataSet, Manifest), SubsetError> {
        let Some(temporary) = self.temporary.clone() else {
            return Ok((self.data.clone(), self.manifest.clone()));
        };
        let path = temporary.join(Manifest::FILE_NAME);
        let unwritable = |source| OutputError::Unwritable {
            path: self.target.join(Manifest::FILE_NAME),
            source,
        };
        let bytes = self
            .manifest
            .to_bytes()
            .map_err(|error| unwritable(error.into()))?;
        let mut file = AtomicFile::create(path)?;
        file.write_all(&bytes).map_err(unwritable)?;
        file.finish()?;
        // A folder is not replaced by a rename unless it is empty.
        if self.target.symlink_metadata().is_ok() {
            return Err(SubsetError::TargetExists {
                path: self.target.clone(),
            });
        }
        std::fs::rename(&temporary, &self.target).map_err(|source| OutputError::Unwritable {
            path: self.target.clone(),
            source,
        })?;
        self.temporary = None;
        self.data.root.clone_from(&self.target);
        Ok((self.data.clone(), self.manifest.clone()))
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // The error to report is the one that led here.
            let _ = std::fs::remove_dir_all(temporary);
        }
    }
}

fn categories(selection: &Selection) -> Vec<ManifestCategory> {
    selection
        .data
        .categories
        .iter()
        .zip(&selection.drawn_from)
        .map(|(category, (source, available))| ManifestCategory {
            name: category.name.clone(),
            source: source.clone(),
            available: *available,
        })
        .collect()
}

fn category<'a>(
    data: &'a DataSet,
    spec: &SubsetSpec,
    record: &Record,
) -> Result<&'a str, SubsetError> {
    let category = record.objects.first().and_then(|object| object.category);
    let category = category.and_then(|category| data.categories.get(category as usize));
    category
        .map(|category| category.name.as_str())
        .ok_or_else(|| SubsetError::Specification {
            name: spec.name.clone(),
            problem: format!(
                "has the picture `{}` without a category; select it first",
                record.image.path
            ),
        })
}

/// Each record's path in the new folder: numbered by category, in the records' order.
fn names(
    data: &DataSet,
    spec: &SubsetSpec,
    arrangement: &Arrangement,
) -> Result<Vec<String>, SubsetError> {
    let mut numbers = vec![0_usize; data.categories.len()];
    data.records
        .iter()
        .map(|record| {
            let category_name = category(data, spec, record)?;
            let index = record.objects[0].category.unwrap_or_default() as usize;
            numbers[index] += 1;
            let ending = Path::new(&record.image.path)
                .extension()
                .and_then(|ending| ending.to_str())
                .map_or("jpg".into(), str::to_ascii_lowercase);
            let file = format!("{category_name}_{:05}.{ending}", numbers[index]);
            let part = match record.split {
                Some(Split::Train) | None => "train",
                Some(Split::Validation) => "validation",
                Some(Split::Test) => "test",
            };
            Ok(match arrangement {
                Arrangement::Together(folder) => format!("{folder}/{file}"),
                Arrangement::FolderPerPart => format!("{part}/{file}"),
                Arrangement::FolderPerCategory => format!("{part}/{category_name}/{file}"),
            })
        })
        .collect()
}

fn make_folder(folder: &Path) -> Result<(), SubsetError> {
    std::fs::create_dir_all(folder).map_err(|source| {
        OutputError::Unwritable {
            path: folder.to_path_buf(),
            source,
        }
        .into()
    })
}

/// A new folder beside the target, on the same file system, so that it can be renamed.
fn create_beside(target: &Path) -> Result<PathBuf, SubsetError> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let unwritable = |source| OutputError::Unwritable {
        path: target.to_path_buf(),
        source,
    };
    if name.is_empty() {
        let source = std::io::Error::other("it names no folder");
        return Err(unwritable(source).into());
    }
    if let Some(parent) = target.parent() {
        make_folder(parent)?;
    }
    let temporary = target.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    std::fs::create_dir(&temporary).map_err(unwritable)?;
    Ok(temporary)
}

fn put(
    source: &Path,
    to: &Path,
    placement: Placement,
    limits: &DecodeLimits,
) -> Result<(u64, String), SubsetError> {
    let (length, sha256, bytes) = fingerprint(source, limits)?;
    let linked = |result: std::io::Result<()>| {
        result.map_err(|source| SubsetError::Link {
            path: to.to_path_buf(),
            source,
        })
    };
    match placement {
        Placement::Copy => std::fs::write(to, bytes).map_err(|source| OutputError::Unwritable {
            path: to.to_path_buf(),
            source,
        })?,
        Placement::HardLink => linked(std::fs::hard_link(source, to))?,
        Placement::SymbolicLink => {
            linked(std::fs::canonicalize(source).and_then(|source| symbolic_link(&source, to)))?;
        }
    }
    Ok((length, sha256))
}

#[cfg(unix)]
fn symbolic_link(source: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(source, to)
}

#[cfg(windows)]
fn symbolic_link(source: &Path, to: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_file(source, to)
}

#[cfg(not(any(unix, windows)))]
fn symbolic_link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
