//! LIP human parsing: an 8-bit PNG of class numbers beside every picture.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use png::{BitDepth, ColorType, DecodingError, Transformations};

use crate::error::PictureError;
use crate::image_file::{DecodeLimits, read_bytes};
use crate::sample::LabelMap;

/// The classes by number, as the Look into Person data set counts them.
pub const CLASSES: [&str; 20] = [
    "background",
    "hat",
    "hair",
    "glove",
    "sunglasses",
    "upper-clothes",
    "dress",
    "coat",
    "socks",
    "pants",
    "jumpsuits",
    "scarf",
    "skirt",
    "face",
    "left-arm",
    "right-arm",
    "left-leg",
    "right-leg",
    "left-shoe",
    "right-shoe",
];

/// Pairs of classes that change places when the picture is mirrored.
pub const MIRRORED: [[u8; 2]; 3] = [[14, 15], [16, 17], [18, 19]];

/// Reads a map of class numbers. A palette only colours the map for viewers: the numbers are what
/// counts, as in Pillow's mode `P`.
///
/// # Errors
/// [`PictureError`]: as for pictures, and [`PictureError::NotALabelMap`] for anything but a PNG
/// with one number of at most 8 bits a pixel.
pub fn read_label_map(
    path: impl AsRef<Path>,
    limits: &DecodeLimits,
) -> Result<LabelMap, PictureError> {
    let path = path.as_ref();
    let bytes = read_bytes(path, limits)?;
    decode(&bytes, path, limits)
}

fn decode(bytes: &[u8], path: &Path, limits: &DecodeLimits) -> Result<LabelMap, PictureError> {
    let not_a_map = |found: String| PictureError::NotALabelMap {
        path: path.to_path_buf(),
        found,
    };
    let refused = |error: DecodingError| match error {
        DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            PictureError::Truncated {
                path: path.to_path_buf(),
                format: "PNG",
            }
        }
        error => PictureError::Damaged {
            path: path.to_path_buf(),
            format: "PNG",
            reason: error.to_string(),
        },
    };
    if !bytes.starts_with(b"\x89PNG") {
        return Err(not_a_map("not a PNG file".into()));
    }
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    // Numbers, not colours: no palette lookup, no scaling of small depths.
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(refused)?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(PictureError::TooManyPixels {
            path: path.to_path_buf(),
            width,
            height,
            limit: limits.max_pixels,
        });
    }
    let (colour, depth) = (info.color_type, info.bit_depth);
    if !matches!(colour, ColorType::Grayscale | ColorType::Indexed) || depth == BitDepth::Sixteen {
        return Err(not_a_map(format!(
            "{colour:?} pixels of {} bits",
            depth as u8
        )));
    }
    let mut rows = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let frame = reader.next_frame(&mut rows).map_err(refused)?;
    let bits = depth as usize;
    let (width, height) = (width as usize, height as usize);
    let labels = rows
        .chunks_exact(frame.line_size.max(1))
        .take(height)
        .flat_map(|row| (0..width).map(move |x| unpack(row, x, bits)))
        .collect();
    Ok(LabelMap::new(labels, width, height))
}

/// The number at place `x` of a row with `bits` (1, 2, 4 or 8) a number, the first in the highest bits.
fn unpack(row: &[u8], x: usize, bits: usize) -> u8 {
    let per_byte = 8 / bits;
    let shift = 8 - bits * (x % per_byte + 1);
    (row[x / per_byte] >> shift) & (0xFF >> (8 - bits))
}
