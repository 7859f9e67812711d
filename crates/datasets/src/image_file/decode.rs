//! Bytes to pixels, and whether all bytes are there.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{DecodeLimits, Picture};
use crate::error::PictureError;

/// Bytes a pixel can take while it is decoded: four channels of 16 bits.
const MAX_BYTES_PER_PIXEL: u64 = 8;

pub(crate) enum DecodeError {
    TooManyPixels { width: u32, height: u32 },
    Truncated,
    Damaged(String),
}

impl DecodeError {
    /// With the file, the name of its format and the limits it was decoded under.
    pub(crate) fn of(
        self,
        path: &Path,
        format: &'static str,
        limits: &DecodeLimits,
    ) -> PictureError {
        let path = path.to_path_buf();
        match self {
            Self::TooManyPixels { width, height } => PictureError::TooManyPixels {
                path,
                width,
                height,
                limit: limits.max_pixels,
            },
            Self::Truncated => PictureError::Truncated { path, format },
            Self::Damaged(reason) => PictureError::Damaged {
                path,
                format,
                reason,
            },
        }
    }
}

impl From<ImageError> for DecodeError {
    fn from(error: ImageError) -> Self {
        if ends_early(&error) {
            Self::Truncated
        } else {
            Self::Damaged(error.to_string())
        }
    }
}

/// Whether the end of the file is anywhere in the chain of causes; the decoders wrap it
/// differently.
fn ends_early(error: &ImageError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if current
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == ErrorKind::UnexpectedEof)
        {
            return true;
        }
        cause = current.source();
    }
    matches!(error, ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof)
}

pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<Picture, DecodeError> {
    let whole = match format {
        ImageFormat::Jpeg => jpeg_reaches_its_end(bytes),
        ImageFormat::WebP => webp_has_its_length(bytes),
        // The decoders of the others report a missing end themselves.
        _ => true,
    };
    if !whole {
        return Err(DecodeError::Truncated);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allocation = Limits::default();
    allocation.max_alloc = Some(limits.max_pixels.saturating_mul(MAX_BYTES_PER_PIXEL));
    reader.limits(allocation);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(DecodeError::TooManyPixels { width, height });
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let pixels = image.into_rgb8();
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    Ok(Picture::new(pixels.into_raw(), width, height))
}

/// Whether a JPEG stream has its end-of-image marker (ITU T.81, table B.1 and section B.1.1).
///
/// The decoder fills what is missing with grey and reports success, so the markers are walked here:
/// segments by their length, scan data to the next marker that is neither a stuffed zero nor a
/// restart.
fn jpeg_reaches_its_end(bytes: &[u8]) -> bool {
    const START_OF_IMAGE: u8 = 0xD8;
    const END_OF_IMAGE: u8 = 0xD9;
    const TEMPORARY: u8 = 0x01;
    const RESTARTS: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;

    let mut at = 0;
    while let Some(found) = bytes[at..]
        .windows(2)
        .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF))
    {
        let marker = bytes[at + found + 1];
        at += found + 2;
        match marker {
            END_OF_IMAGE => return true,
            START_OF_IMAGE | TEMPORARY => {}
            marker if RESTARTS.contains(&marker) => {}
            // A segment; after that of a scan its data follow, and the search above runs over them.
            _ => {
                let Some(length) = bytes.get(at..at + 2) else {
                    return false;
                };
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                // A length counts its own two bytes. A segment that leaves the file ends the walk.
                at += length.max(2);
                if at >= bytes.len() {
                    return false;
                }
            }
        }
    }
    false
}

/// Whether a WebP file has the bytes its RIFF header announces: "RIFF", a length that counts from
/// byte 8, "WEBP".
fn webp_has_its_length(bytes: &[u8]) -> bool {
    let Some(length) = bytes.get(4..8) else {
        return false;
    };
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    bytes.len() as u64 >= u64::from(length) + 8
}
