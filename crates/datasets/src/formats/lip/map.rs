//! Label maps: PNG files of class numbers.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use png::{BitDepth, ColorType, DecodingError, Transformations};

use crate::error::{OutputError, PictureError};
use crate::formats::{FormatError, files};
use crate::image_file::{DecodeLimits, read_bytes};
use crate::sample::LabelMap;

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
    parse_label_map(&bytes, path, limits)
}

/// The same from bytes in memory; `path` stands for the file in errors.
///
/// # Errors
/// As [`read_label_map`].
pub fn parse_label_map(
    bytes: &[u8],
    path: &Path,
    limits: &DecodeLimits,
) -> Result<LabelMap, PictureError> {
    decode(bytes, path, limits)
}

/// Writes a map as an 8-bit grey PNG, as LIP's own are: every reader sees the numbers, where a
/// palette is turned into grey levels by some.
///
/// ```
/// use wardrobe_datasets::DecodeLimits;
/// use wardrobe_datasets::formats::lip;
/// use wardrobe_datasets::sample::LabelMap;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("map.png");
/// let map = LabelMap::new(vec![0, 5, 9, 0, 5, 9], 3, 2);
/// lip::write_label_map(&map, &path)?;
/// assert_eq!(lip::read_label_map(&path, &DecodeLimits::default())?, map);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`FormatError::Output`]; a map without pixels has no PNG.
pub fn write_label_map(map: &LabelMap, path: impl AsRef<Path>) -> Result<(), FormatError> {
    let path = path.as_ref();
    let refuse = |what: String| OutputError::Unrepresentable {
        path: path.to_path_buf(),
        what,
    };
    let side = |side: usize| u32::try_from(side).ok().filter(|&side| side > 0);
    let (Some(width), Some(height)) = (side(map.width()), side(map.height())) else {
        let what = format!(
            "a label map of {}x{} pixels has no PNG",
            map.width(),
            map.height()
        );
        return Err(refuse(what).into());
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(map.labels()))
        .map_err(|error| refuse(format!("the label map cannot be encoded: {error}")))?;
    files::write_file(path, &bytes)
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
    let labels: Vec<u8> = rows
        .chunks_exact(frame.line_size.max(1))
        .take(height)
        .flat_map(|row| (0..width).map(move |x| unpack(row, x, bits)))
        .collect();
    if labels.len() != width * height {
        return Err(PictureError::Damaged {
            path: path.to_path_buf(),
            format: "PNG",
            reason: "its first frame is not the whole picture".into(),
        });
    }
    Ok(LabelMap::new(labels, width, height))
}

/// The number at place `x` of a row with `bits` (1, 2, 4 or 8) a number, the first in the highest bits.
fn unpack(row: &[u8], x: usize, bits: usize) -> u8 {
    let per_byte = 8 / bits;
    let shift = 8 - bits * (x % per_byte + 1);
    (row[x / per_byte] >> shift) & (0xFF >> (8 - bits))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Two rows of three numbers as a PNG of this colour type and depth; `rows` is the packed data.
    fn encoded(colour: ColorType, depth: BitDepth, rows: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            // Colours that differ from the numbers in every channel.
            encoder.set_palette((0..16 * 3).map(|level| 255 - level).collect::<Vec<u8>>());
        }
        encoder
            .write_header()
            .unwrap()
            .write_image_data(rows)
            .unwrap();
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<LabelMap, PictureError> {
        parse_label_map(bytes, Path::new("map.png"), &DecodeLimits::default())
    }

    #[test]
    fn grey_and_palette_of_every_depth_give_their_numbers() {
        let numbers = [0, 5, 13, 9, 2, 1];
        // Four bits: two numbers a byte, rows start at a byte; 0x0 0x5 | 0xD 0 / 0x9 0x2 | 0x1 0.
        let four = [0x05, 0xD0, 0x92, 0x10];
        for (colour, depth, rows) in [
            (ColorType::Grayscale, BitDepth::Eight, &numbers[..]),
            (ColorType::Indexed, BitDepth::Eight, &numbers[..]),
            (ColorType::Grayscale, BitDepth::Four, &four[..]),
            (ColorType::Indexed, BitDepth::Four, &four[..]),
        ] {
            let map = parse(&encoded(colour, depth, rows)).unwrap();
            assert_eq!(
                (map.width(), map.height(), map.labels()),
                (3, 2, &numbers[..]),
                "{colour:?} {depth:?}"
            );
        }
        // One bit: 1 0 1 and 0 1 1 in the highest bits of two bytes.
        let map = parse(&encoded(
            ColorType::Grayscale,
            BitDepth::One,
            &[0b1010_0000, 0b0110_0000],
        ))
        .unwrap();
        assert_eq!(map.labels(), [1, 0, 1, 0, 1, 1]);
    }

    #[test]
    fn what_is_no_map_says_what_it_is() {
        let sixteen = encoded(ColorType::Grayscale, BitDepth::Sixteen, &[0; 12]);
        let message = parse(&sixteen).unwrap_err().to_string();
        assert!(
            message.contains("map.png: is no label map: Grayscale pixels of 16 bits"),
            "{message}"
        );
        let colours = encoded(ColorType::Rgb, BitDepth::Eight, &[0; 18]);
        assert!(
            parse(&colours)
                .unwrap_err()
                .to_string()
                .contains("Rgb pixels of 8 bits")
        );
        assert!(
            parse(b"\xFF\xD8\xFF")
                .unwrap_err()
                .to_string()
                .contains("not a PNG file")
        );
    }

    #[test]
    fn a_cut_file_and_a_bomb_are_refused() {
        let whole = encoded(ColorType::Grayscale, BitDepth::Eight, &[0, 5, 13, 9, 2, 1]);
        let message = parse(&whole[..whole.len() - 20]).unwrap_err().to_string();
        assert!(
            message.contains("ends before its picture does"),
            "{message}"
        );
        // Width and height are bytes 16–23 of a PNG; its checksum is not reached.
        let limits = DecodeLimits {
            max_pixels: 5,
            ..DecodeLimits::default()
        };
        let message = parse_label_map(&whole, Path::new("map.png"), &limits)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("3x2 = 6 pixels, more than the limit of 5"),
            "{message}"
        );
    }
}
