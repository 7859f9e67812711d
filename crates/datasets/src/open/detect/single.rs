//! A data set in one file.

use std::path::{Path, PathBuf};

use super::super::error::OpenError;
use super::folders::{labels, questions};
use super::{Found, Kind, Part, split_of};
use crate::formats::Format;

/// What a file is; a format that was asked for is believed.
pub(super) fn file(path: &Path, wanted: Option<Format>, kind: Kind) -> Result<Found, OpenError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let found = |format, part| Found {
        format,
        folder: folder_of(path),
        parts: vec![part],
    };
    match (wanted, kind) {
        (None | Some(Format::FashionAi), Kind::Questions) => {
            Ok(found(Format::FashionAi, questions(path.to_path_buf())))
        }
        (Some(Format::FashionAi), _) | (None, Kind::Part(Format::FashionAi)) => {
            Ok(found(Format::FashionAi, labels(path.to_path_buf())))
        }
        (
            Some(format @ (Format::CocoInstances | Format::CocoKeypoints | Format::Fashionpedia)),
            _,
        )
        | (None, Kind::Part(format)) => Ok(found(
            format,
            Part::new(path.to_path_buf(), split_of(&stem)),
        )),
        (None, Kind::Picture(format)) | (Some(format), _) => Err(OpenError::OneOfMany {
            path: path.to_path_buf(),
            format,
        }),
        (None, Kind::Other(what)) => Err(OpenError::NotADataSet {
            path: path.to_path_buf(),
            found: what.to_owned(),
        }),
    }
}

/// The folder a file is in.
pub(in crate::open) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
