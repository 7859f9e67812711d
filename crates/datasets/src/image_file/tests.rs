//! Files of every format: whole, cut, foreign, too large.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::path::PathBuf;

use image::{ExtendedColorType, RgbImage};

use super::*;

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
        matches!(error, PictureError::Unreadable { .. }) && error.to_string().contains("none.png"),
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

/// A big-endian TIFF header and one entry, tag 0x0112 = `orientation`.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    exif
}

/// The JPEG with an APP1 segment right after its start.
fn jpeg_with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [b"Exif\0\0", exif(orientation).as_slice()].concat();
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend_from_slice(&[0xFF, 0xE1]);
    bytes.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
    bytes.extend_from_slice(&exif);
    bytes.extend_from_slice(&jpeg[2..]);
    bytes
}

/// The same pixels as a PNG with an `eXIf` chunk.
fn png_with_orientation(pixels: &Picture, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut info = png::Info::with_size(pixels.width() as u32, pixels.height() as u32);
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    info.exif_metadata = Some(exif(orientation).into());
    let encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels.data()).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn exif_orientation_is_applied() {
    let jpeg = encoded(ImageFormat::Jpeg);
    let of_jpeg = read(&jpeg).unwrap();
    let of_png = read(&encoded(ImageFormat::Png)).unwrap();
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
        for (stored, upright) in [
            (jpeg_with_orientation(&jpeg, orientation), &of_jpeg),
            (png_with_orientation(&of_png, orientation), &of_png),
        ] {
            let shown = read(&stored).unwrap();
            assert_eq!(
                (shown.width(), shown.height()),
                (width, height),
                "orientation {orientation}"
            );
            assert_eq!(
                pixel(&shown, x, y),
                pixel(upright, 0, 0),
                "orientation {orientation}"
            );
        }
    }
    // A value outside the standard changes nothing.
    assert_eq!(read(&jpeg_with_orientation(&jpeg, 99)).unwrap(), of_jpeg);
    assert_eq!(read(&png_with_orientation(&of_png, 99)).unwrap(), of_png);
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
