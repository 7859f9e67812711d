//! What a subset is made of, so that it can be checked and built again.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{SubsetError, SubsetSpec};
use crate::error::PictureError;
use crate::formats::{Finding, Place};
use crate::image_file::{DecodeLimits, read_bytes};
use crate::sample::Split;

/// A category of the subset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestCategory {
    /// Its name in the subset.
    pub name: String,
    /// Its name in the source.
    pub source: String,
    /// Pictures of it there were to draw from.
    pub available: usize,
}

/// A picture of the subset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPicture {
    /// Its path below the subset's folder.
    pub path: String,
    /// Its path below the source's picture folder.
    pub source: String,
    /// Its category's name in the subset.
    pub category: String,
    /// Its part.
    pub split: Option<Split>,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// `manifest.json`: specification, categories and pictures. It names no folder and no time, so the
/// same draw from the same pictures gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What was asked for.
    pub subset: SubsetSpec,
    /// What its categories are.
    pub categories: Vec<ManifestCategory>,
    /// Its pictures, by path.
    pub pictures: Vec<ManifestPicture>,
}

impl Manifest {
    /// The file's name in a subset's folder.
    pub const FILE_NAME: &'static str = "manifest.json";

    /// Reads the manifest of a subset's folder.
    ///
    /// # Errors
    /// [`SubsetError::Manifest`] with the line and column that is not a manifest's;
    /// [`SubsetError::Picture`] when the file cannot be read.
    pub fn read(folder: &Path) -> Result<Self, SubsetError> {
        let path = folder.join(Self::FILE_NAME);
        let bytes = read_bytes(&path, &DecodeLimits::default())?;
        serde_json::from_slice(&bytes).map_err(|error| SubsetError::Manifest {
            path,
            problem: error.to_string(),
        })
    }

    /// The file's bytes.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Compares every picture in a subset's folder with its checksum; gives one finding for each
    /// that is missing, has changed or would lie outside the folder.
    pub fn verify(&self, folder: &Path, limits: &DecodeLimits) -> Vec<Finding> {
        self.pictures
            .par_iter()
            .filter_map(|picture| {
                let path = folder.join(&picture.path);
                let finding = |problem: String| Finding {
                    path: path.clone(),
                    place: Place::File,
                    problem,
                    remedy: "build the subset again".into(),
                };
                if crate::formats::deepfashion::picture_path(picture.path.as_bytes()).is_err() {
                    return Some(finding("is no path below the subset's folder".into()));
                }
                match fingerprint(&path, limits) {
                    Ok((bytes, sha256, _))
                        if bytes == picture.bytes && sha256 == picture.sha256 =>
                    {
                        None
                    }
                    Ok((_, sha256, _)) => Some(finding(format!(
                        "has SHA-256 {sha256}, the manifest says {}",
                        picture.sha256
                    ))),
                    Err(error) => Some(finding(format!("cannot be checked: {error}"))),
                }
            })
            .collect()
    }
}

/// A file's length, SHA-256 and bytes.
pub(super) fn fingerprint(
    path: &Path,
    limits: &DecodeLimits,
) -> Result<(u64, String, Vec<u8>), PictureError> {
    let bytes = read_bytes(path, limits)?;
    let sha256 = format!("{:x}", Sha256::digest(&bytes));
    Ok((bytes.len() as u64, sha256, bytes))
}
