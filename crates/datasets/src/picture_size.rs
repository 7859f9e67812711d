//! The size of a picture from its header, without decoding it.

use std::io::BufReader;
use std::path::Path;

use image::metadata::Orientation;
use image::{ImageDecoder, ImageReader};

use crate::error::PictureError;
use crate::image_file::{DecodeError, DecodeLimits, format_of, open};

/// Width and height in pixels as [`read_picture`](crate::read_picture) gives them: the EXIF
/// orientation is applied. The pixels are not looked at, so a picture that ends early has a size.
///
/// ```
/// use wardrobe_datasets::{DecodeLimits, picture_size};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("coat.png");
/// # image::RgbImage::new(4, 3).save(&path)?;
/// assert_eq!(picture_size(&path, &DecodeLimits::default())?, [4, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PictureError`]; not for more pixels than allowed, as none is decoded.
pub fn picture_size(
    path: impl AsRef<Path>,
    limits: &DecodeLimits,
) -> Result<[u32; 2], PictureError> {
    let path = path.as_ref();
    let (format, name) = format_of(path, limits)?;
    let refused = |error| DecodeError::from(error).of(path, name, limits);
    let header = BufReader::new(open(path, limits)?);
    let mut decoder = ImageReader::with_format(header, format)
        .into_decoder()
        .map_err(refused)?;
    let orientation = decoder.orientation().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    let turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    Ok(if turned {
        [height, width]
    } else {
        [width, height]
    })
}
