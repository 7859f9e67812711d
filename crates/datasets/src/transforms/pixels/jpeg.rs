//! JPEG artefacts.

use image::ImageDecoder;
use image::codecs::jpeg::JpegDecoder;
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use serde::{Deserialize, Serialize};
use std::io::Cursor;

use crate::image_file::Picture;
use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// Stores the picture as JPEG and reads it back: libjpeg's quality scale, colour at half resolution
/// (4:2:0, what Pillow writes).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JpegQuality {
    /// Quality (1 to 100), rounded to a whole number.
    pub quality: Range,
}

fn through_jpeg(picture: &Picture, quality: u8) -> Result<Picture, TransformError> {
    let (width, height) = (picture.width(), picture.height());
    let refused = |reason: String| TransformError::Jpeg {
        width,
        height,
        reason,
    };
    let (Ok(w), Ok(h)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(refused("a side is longer than 65,535 pixels".into()));
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(picture.data(), w, h, ColorType::Rgb)
        .map_err(|error| refused(error.to_string()))?;
    let decoder =
        JpegDecoder::new(Cursor::new(bytes)).map_err(|error| refused(error.to_string()))?;
    let mut pixels = vec![0; 3 * width * height];
    if decoder.total_bytes() != pixels.len() as u64 {
        return Err(refused("it did not come back as RGB".into()));
    }
    decoder
        .read_image(&mut pixels)
        .map_err(|error| refused(error.to_string()))?;
    Ok(Picture::new(pixels, width, height))
}

impl Transform for JpegQuality {
    fn check(&self) -> Result<(), TransformError> {
        self.quality
            .check("quality", 1.0..=100.0, "a quality is 1 to 100")
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let quality = libm::floor(stream.dice().within(self.quality) + 0.5) as u8;
        let stored = through_jpeg(work.picture_mut(), quality)?;
        work.replace_picture(stored);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn better_qualities_are_nearer() {
        let data: Vec<u8> = (0..3 * 64 * 48)
            .map(|i: usize| ((i / 3 % 64) * 3 + i / 192 * 2 + (i * i) % 23) as u8)
            .collect();
        let picture = Picture::new(data, 64, 48);
        let error = |quality| {
            let stored = through_jpeg(&picture, quality).unwrap();
            let pairs = stored.data().iter().zip(picture.data());
            pairs.map(|(&a, &b)| u64::from(a.abs_diff(b))).sum::<u64>()
        };
        let errors = [10, 50, 95].map(error);
        assert!(errors[0] > errors[1] && errors[1] > errors[2], "{errors:?}");
        assert!(errors[2] > 0);
    }

    #[test]
    fn odd_sizes_and_sides_too_long() {
        for (width, height) in [(1, 1), (17, 3)] {
            let picture = Picture::new(vec![128; 3 * width * height], width, height);
            let stored = through_jpeg(&picture, 90).unwrap();
            assert_eq!((stored.width(), stored.height()), (width, height));
        }
        let strip = Picture::new(vec![0; 3 * 65_536], 65_536, 1);
        let error = through_jpeg(&strip, 90).unwrap_err().to_string();
        assert!(error.contains("65536x1"), "{error}");
    }
}
