//! Picture files to pixels, without trusting the file.
//!
//! [`read_picture`] looks at the file's size, then at its first bytes, then at the size its header
//! announces, and decodes only what passed. The EXIF orientation is applied, so columns and rows
//! are those a viewer shows. Colours become 8-bit RGB as in Pillow's `convert("RGB")`: alpha is
//! dropped, not blended; grey is repeated; colour profiles are not applied.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::error::PictureError;

/// Bytes a pixel can take while it is decoded: four channels of 16 bits.
const MAX_BYTES_PER_PIXEL: u64 = 8;

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

/// A decoded picture on the host: rows from the top, three bytes (red, green, blue; 0–255) a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    data: Vec<u8>,
    width: usize,
    height: usize,
}

impl Picture {
    /// Takes pixels that are already in memory.
    ///
    /// # Panics
    /// When `data` is not `3 · width · height` bytes.
    pub fn new(data: Vec<u8>, width: usize, height: usize) -> Self {
        assert!(
            data.len() == 3 * width * height,
            "a {width}x{height} RGB picture takes {} bytes, got {}",
            3 * width * height,
            data.len()
        );
        Self {
            data,
            width,
            height,
        }
    }

    /// `3 · width · height` bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The same bytes, to change in place.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
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

fn decode(
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::PathBuf;

    use image::{ExtendedColorType, RgbImage};

    /// A gradient with a different colour in each corner, encoded.
    fn encoded(format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(40, 24, |x, y| {
            image::Rgb([(6 * x) as u8, (10 * y) as u8, (x * y / 4) as u8])
        });
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Picture, PictureError> {
        let folder = tempfile::tempdir().unwrap();
        // A misleading name: only the content counts.
        let path = folder.path().join("picture.txt");
        std::fs::write(&path, bytes).unwrap();
        let limits = DecodeLimits::default();
        let picture = read_picture(&path, &limits);
        // Whatever can be decoded has the same size by its header, orientation included.
        if let Ok(picture) = &picture {
            let size = crate::picture_size(&path, &limits).unwrap();
            assert_eq!(
                size.map(|side| side as usize),
                [picture.width(), picture.height()]
            );
        }
        picture
    }

    fn message(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().to_string()
    }

    const FORMATS: [ImageFormat; 4] = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Bmp,
    ];

    #[test]
    fn every_format_reads_back() {
        for format in FORMATS {
            let picture = read(&encoded(format)).unwrap();
            assert_eq!((picture.width(), picture.height()), (40, 24), "{format:?}");
            if format != ImageFormat::Jpeg {
                assert_eq!(picture.data()[3 * 39..3 * 40], [234, 0, 0], "{format:?}");
            }
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_and_never_a_grey_picture() {
        for format in FORMATS {
            let whole = encoded(format);
            // Every cut near both ends, where the markers are, and some between.
            let near = 40;
            let between = (near..whole.len() - near).step_by(29);
            for length in (1..near)
                .chain(between)
                .chain(whole.len() - near..whole.len())
            {
                match read(&whole[..length]) {
                    Err(error) => assert!(error.to_string().contains("picture.txt"), "{error}"),
                    // PNG: the last chunk, IEND, holds nothing; the picture before it is whole.
                    Ok(picture) => {
                        assert!(
                            format == ImageFormat::Png && whole.len() - length <= 16,
                            "{format:?} cut at {length} of {}",
                            whole.len()
                        );
                        assert_eq!(picture, read(&whole).unwrap());
                    }
                }
            }
            let half = message(&whole[..whole.len() / 2]);
            assert!(
                half.contains("ends before its picture does"),
                "{format:?}: {half}"
            );
        }
    }

    #[test]
    fn bytes_after_the_end_of_a_jpeg_are_no_error() {
        let mut bytes = encoded(ImageFormat::Jpeg);
        bytes.extend_from_slice(b"trailer");
        assert_eq!(
            read(&bytes).unwrap(),
            read(&encoded(ImageFormat::Jpeg)).unwrap()
        );
    }

    #[test]
    fn empty_and_foreign_files_say_so() {
        assert!(message(b"").contains("is empty (0 bytes)"));
        assert!(message(b"path,key,p0;p1").contains("is not a PNG, JPEG, WebP or BMP picture"));
        assert!(message(b"GIF89a............").contains("is not a PNG, JPEG, WebP or BMP picture"));
    }

    #[test]
    fn missing_files_and_folders_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let limits = DecodeLimits::default();
        assert!(matches!(
            read_picture(folder.path(), &limits),
            Err(PictureError::NotAFile { .. })
        ));
        let missing: PathBuf = folder.path().join("none.png");
        let error = read_picture(&missing, &limits).unwrap_err();
        assert!(
            matches!(error, PictureError::Unreadable { .. })
                && error.to_string().contains("none.png"),
            "{error}"
        );
    }

    /// PNG's CRC-32 (ISO 3309), bit by bit.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |c, _| {
                if c & 1 == 1 {
                    c >> 1 ^ 0xEDB8_8320
                } else {
                    c >> 1
                }
            })
        })
    }

    #[test]
    fn decompression_bombs_are_refused_by_their_header() {
        // PNG: width and height are bytes 16–23 of the file, the header chunk's checksum bytes
        // 29–32.
        let mut png = encoded(ImageFormat::Png);
        png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let checksum = crc(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        // JPEG: height and width follow the baseline frame marker FF C0, its length (2) and
        // precision (1).
        let mut jpeg = encoded(ImageFormat::Jpeg);
        let frame = jpeg
            .windows(2)
            .position(|pair| pair == [0xFF, 0xC0])
            .unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
        for bomb in [png, jpeg] {
            let message = message(&bomb);
            assert!(
                message.contains("60000x60000 = 3600000000 pixels"),
                "{message}"
            );
            assert!(
                message.contains("178956970") && message.contains("max_pixels"),
                "{message}"
            );
        }
    }

    #[test]
    fn the_file_size_limit_holds_before_reading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.png");
        std::fs::write(&path, encoded(ImageFormat::Png)).unwrap();
        let error = read_picture(
            &path,
            &DecodeLimits {
                max_file_bytes: 50,
                ..DecodeLimits::default()
            },
        )
        .unwrap_err();
        assert!(
            error.to_string().contains("more than the limit of 50"),
            "{error}"
        );
    }

    /// The JPEG with an APP1 segment right after its start: "Exif", a big-endian TIFF header and
    /// one entry, tag 0x0112 = `orientation`.
    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend_from_slice(&[0xFF, 0xE1]);
        bytes.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
        bytes.extend_from_slice(&exif);
        bytes.extend_from_slice(&jpeg[2..]);
        bytes
    }

    #[test]
    fn exif_orientation_is_applied() {
        let jpeg = encoded(ImageFormat::Jpeg);
        let upright = read(&jpeg).unwrap();
        let pixel = |picture: &Picture, x: usize, y: usize| -> [u8; 3] {
            let at = 3 * (y * picture.width() + x);
            picture.data()[at..at + 3].try_into().unwrap()
        };
        // (EXIF 2.3, tag 274) where the stored upper left pixel is shown: 3 lower right, 6 upper
        // right, 8 lower left.
        for (orientation, (width, height), (x, y)) in [
            (1, (40, 24), (0, 0)),
            (2, (40, 24), (39, 0)),
            (3, (40, 24), (39, 23)),
            (6, (24, 40), (23, 0)),
            (8, (24, 40), (0, 39)),
        ] {
            let shown = read(&with_orientation(&jpeg, orientation)).unwrap();
            assert_eq!(
                (shown.width(), shown.height()),
                (width, height),
                "orientation {orientation}"
            );
            assert_eq!(
                pixel(&shown, x, y),
                pixel(&upright, 0, 0),
                "orientation {orientation}"
            );
        }
        // A value outside the standard changes nothing.
        assert_eq!(read(&with_orientation(&jpeg, 99)).unwrap(), upright);
    }

    #[test]
    fn alpha_is_dropped_and_grey_repeated() {
        let mut bytes = Cursor::new(Vec::new());
        image::write_buffer_with_format(
            &mut bytes,
            &[10, 20, 30, 0],
            1,
            1,
            ExtendedColorType::Rgba8,
            ImageFormat::Png,
        )
        .unwrap();
        assert_eq!(read(bytes.get_ref()).unwrap().data(), [10, 20, 30]);
        let mut bytes = Cursor::new(Vec::new());
        image::write_buffer_with_format(
            &mut bytes,
            &[77],
            1,
            1,
            ExtendedColorType::L8,
            ImageFormat::Png,
        )
        .unwrap();
        assert_eq!(read(bytes.get_ref()).unwrap().data(), [77, 77, 77]);
    }
}
