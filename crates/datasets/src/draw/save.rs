//! Pictures to files.

use std::io::{Cursor, Write};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::image_file::Picture;

/// JPEG quality of saved drawings (1–100): text edges stay clean.
const JPEG_QUALITY: u8 = 92;

/// Writes a picture as PNG or, when the name ends in `.jpg` or `.jpeg`, as JPEG; whole or not at
/// all.
///
/// # Errors
/// [`OutputError`] when the file cannot be written or the format cannot hold the picture.
pub fn save_picture(picture: &Picture, path: impl AsRef<Path>) -> Result<(), OutputError> {
    let path = path.as_ref();
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    let mut bytes = Cursor::new(Vec::new());
    let encoded = if extension == "jpg" || extension == "jpeg" {
        JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).write_image(
            picture.data(),
            width,
            height,
            ExtendedColorType::Rgb8,
        )
    } else {
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
            .write_image(picture.data(), width, height, ExtendedColorType::Rgb8)
    };
    encoded.map_err(|error| OutputError::Unrepresentable {
        path: path.to_path_buf(),
        what: error.to_string(),
    })?;
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes.get_ref())
        .map_err(|source| OutputError::Unwritable {
            path: path.to_path_buf(),
            source,
        })?;
    file.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn saved_pictures_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let levels = (0..3 * 60 * 40).map(|at| (at * 37 % 251) as u8).collect();
        let drawing = Picture::new(levels, 60, 40);
        let path = folder.path().join("a.png");
        save_picture(&drawing, &path).unwrap();
        assert_eq!(
            crate::read_picture(&path, &crate::DecodeLimits::default()).unwrap(),
            drawing
        );
        save_picture(&drawing, folder.path().join("a.JPG")).unwrap();
        assert!(
            std::fs::read(folder.path().join("a.JPG"))
                .unwrap()
                .starts_with(&[0xFF, 0xD8])
        );
    }
}
