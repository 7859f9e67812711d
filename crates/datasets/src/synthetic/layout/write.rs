//! The files of one picture.

use std::fs;
use std::io::Write;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::super::SyntheticSample;
use super::Beside;
use crate::atomic_file::AtomicFile;
use crate::draw::save_picture;
use crate::error::OutputError;
use crate::sample::{LabelMap, Record};

/// Writes the picture and what belongs beside it.
pub(super) fn files(
    folder: &Path,
    record: &Record,
    drawn: &SyntheticSample,
    beside: Beside,
) -> Result<(), OutputError> {
    let path = folder.join(&record.image.path);
    make_folder(&path)?;
    save_picture(&drawn.sample.picture, &path)?;
    if let (Beside::Parsing, Some(relative), Some(map)) =
        (beside, &record.parsing, &drawn.sample.parsing)
    {
        let path = folder.join(relative);
        make_folder(&path)?;
        save_map(map, &path)?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), OutputError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|source| OutputError::Unwritable {
        path: folder.to_path_buf(),
        source,
    })
}

/// A grey PNG of class numbers.
fn save_map(map: &LabelMap, path: &Path) -> Result<(), OutputError> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(
            map.labels(),
            map.width() as u32,
            map.height() as u32,
            ExtendedColorType::L8,
        )
        .map_err(|error| OutputError::Unrepresentable {
            path: path.to_path_buf(),
            what: error.to_string(),
        })?;
    let mut file = AtomicFile::create(path)?;
    file.write_all(&bytes)
        .map_err(|source| OutputError::Unwritable {
            path: path.to_path_buf(),
            source,
        })?;
    file.finish()
}
