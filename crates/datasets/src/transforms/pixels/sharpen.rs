//! Sharpening.

use serde::{Deserialize, Serialize};

use super::grey::blend;
use crate::image_file::Picture;
use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// Blends the picture with a smoothed one: 0 is smooth, 1 changes nothing, above is sharper
/// (Pillow's `ImageEnhance.Sharpness`, torchvision's `adjust_sharpness`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharpen {
    /// Factor (0 to 100).
    pub factor: Range,
}

/// Pillow's `SMOOTH`: the pixel five times and its eight neighbours once, over 13; the outermost
/// pixels stay.
fn smooth(picture: &Picture) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = picture.data().to_vec();
    if width < 3 || height < 3 {
        return picture.clone();
    }
    let stride = 3 * width;
    for y in 1..height - 1 {
        let line = |y: usize| &picture.data()[stride * y..stride * (y + 1)];
        let (above, here, below) = (line(y - 1), line(y), line(y + 1));
        let columns: Vec<u16> = above
            .iter()
            .zip(here)
            .zip(below)
            .map(|((&a, &b), &c)| u16::from(a) + u16::from(b) + u16::from(c))
            .collect();
        let out = &mut pixels[stride * y + 3..stride * (y + 1) - 3];
        for (index, value) in out.iter_mut().enumerate() {
            let sum = columns[index] + columns[index + 3] + columns[index + 6];
            let sum = sum + 4 * u16::from(here[index + 3]);
            *value = ((2 * sum + 13) / 26) as u8;
        }
    }
    Picture::new(pixels, width, height)
}

impl Transform for Sharpen {
    fn check(&self) -> Result<(), TransformError> {
        self.factor
            .check("factor", 0.0..=100.0, "a factor is 0 to 100")
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let factor = stream.dice().within(self.factor) as f32;
        if factor == 1.0 {
            return Ok(());
        }
        let picture = work.picture_mut();
        let smoothed = smooth(picture);
        for (value, &base) in picture.data_mut().iter_mut().zip(smoothed.data()) {
            *value = blend(base, *value, factor);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_keeps_five_thirteenths() {
        let mut data = vec![0; 3 * 25];
        data[36..39].fill(130);
        let smoothed = smooth(&Picture::new(data, 5, 5));
        let at = |x: usize, y: usize| smoothed.data()[3 * (5 * y + x) + 1];
        assert_eq!([at(2, 2), at(1, 2), at(3, 3), at(0, 2)], [50, 10, 10, 0]);
        let small = Picture::new(vec![1, 2, 3, 4, 5, 6], 2, 1);
        assert_eq!(smooth(&small), small);
    }
}
