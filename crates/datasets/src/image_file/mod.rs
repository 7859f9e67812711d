//! Picture files to pixels, without trusting the file.
//!
//! [`read_picture`] looks at the file's size, then at its first bytes, then at the size its header
//! announces, and decodes only what passed. The EXIF orientation is applied, so columns and rows
//! are those a viewer shows. Colours become 8-bit RGB as in Pillow's `convert("RGB")`: alpha is
//! dropped, not blended; grey is repeated; colour profiles are not applied.

mod decode;
mod picture;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use image::ImageFormat;

use crate::error::PictureError;

pub(crate) use decode::DecodeError;
use decode::decode;
pub use picture::Picture;

/// What a file may ask for before any of it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Most pixels (width × height). The default, 178,956,970, is the count above which Pillow 12
    /// refuses a picture as a decompression bomb (`2 * Image.MAX_IMAGE_PIXELS`).
    pub max_pixels: u64,
    /// Most bytes of the file; 1 GiB by default.
    pub max_file_bytes: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            max_pixels: 2 * 89_478_485,
            max_file_bytes: 1 << 30,
        }
    }
}

/// Reads a PNG, JPEG, WebP or BMP file; the format is told by its content, never by its name.
///
/// ```
/// use wardrobe_datasets::{DecodeLimits, read_picture};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("coat.png");
/// # image::RgbImage::new(4, 3).save(&path)?;
/// let picture = read_picture(&path, &DecodeLimits::default())?;
/// assert_eq!((picture.width(), picture.height()), (4, 3));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PictureError`]; a file that ends early is an error even where the decoder could fill the rest
/// with grey.
pub fn read_picture(
    path: impl AsRef<Path>,
    limits: &DecodeLimits,
) -> Result<Picture, PictureError> {
    let path = path.as_ref();
    let bytes = read_bytes(path, limits)?;
    let (format, name) = known_format(&bytes).ok_or_else(|| PictureError::NotAPicture {
        path: path.to_path_buf(),
    })?;
    decode(&bytes, format, limits).map_err(|error| error.of(path, name, limits))
}

/// What can be said of a picture file without decoding it: it is a file of an allowed size, and its
/// first bytes are a picture's.
///
/// # Errors
/// [`PictureError`] other than a damaged, truncated or too large picture.
pub fn look_at(path: impl AsRef<Path>, limits: &DecodeLimits) -> Result<(), PictureError> {
    format_of(path.as_ref(), limits).map(|_| ())
}

/// A picture's format and its name, told by its first bytes.
pub(crate) fn format_of(
    path: &Path,
    limits: &DecodeLimits,
) -> Result<(ImageFormat, &'static str), PictureError> {
    /// Every known format is told by fewer bytes.
    const FIRST_BYTES: u64 = 64;
    let mut bytes = Vec::new();
    let unreadable = |source| PictureError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    open(path, limits)?
        .take(FIRST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    match known_format(&bytes) {
        Some(format) => Ok(format),
        None if bytes.is_empty() => Err(PictureError::Empty {
            path: path.to_path_buf(),
        }),
        None => Err(PictureError::NotAPicture {
            path: path.to_path_buf(),
        }),
    }
}

/// The whole file, when its size is allowed.
pub(crate) fn read_bytes(path: &Path, limits: &DecodeLimits) -> Result<Vec<u8>, PictureError> {
    let file = open(path, limits)?;
    let mut bytes = Vec::new();
    // The file may have grown since its size was asked for.
    file.take(limits.max_file_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| PictureError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
    match bytes.len() as u64 {
        0 => Err(PictureError::Empty {
            path: path.to_path_buf(),
        }),
        length if length > limits.max_file_bytes => Err(too_large(path, length, limits)),
        _ => Ok(bytes),
    }
}

pub(crate) fn open(path: &Path, limits: &DecodeLimits) -> Result<File, PictureError> {
    let unreadable = |source| PictureError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    // Asked before opening: opening a named pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(PictureError::NotAFile {
            path: path.to_path_buf(),
        });
    }
    if metadata.len() > limits.max_file_bytes {
        return Err(too_large(path, metadata.len(), limits));
    }
    File::open(path).map_err(unreadable)
}

fn too_large(path: &Path, bytes: u64, limits: &DecodeLimits) -> PictureError {
    PictureError::FileTooLarge {
        path: path.to_path_buf(),
        bytes,
        limit: limits.max_file_bytes,
    }
}

fn known_format(bytes: &[u8]) -> Option<(ImageFormat, &'static str)> {
    let format = image::guess_format(bytes).ok()?;
    let name = match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        _ => return None,
    };
    Some((format, name))
}
