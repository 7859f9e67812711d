//! Pictures to planes of standardised numbers.

use serde::{Deserialize, Serialize};

use crate::image_file::Picture;
use crate::statistics::{Levels, Standardisation};

use super::CollateError;

/// Rows and columns of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageSize {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageSize {
    /// A size of `height` rows and `width` columns.
    pub const fn new(height: usize, width: usize) -> Self {
        Self { height, width }
    }

    /// The size of a picture.
    pub fn of(picture: &Picture) -> Self {
        Self::new(picture.height(), picture.width())
    }
}

/// Pictures in one block of numbers, ready to become a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelBatch {
    /// `[N, 3, H, W]` in row-major order.
    pub values: Vec<f32>,
    /// N, 3, H, W.
    pub dims: [usize; 4],
    /// Each picture's own size; it lies at the top left.
    pub sizes: Vec<ImageSize>,
}

/// Numbers a batch may have by default: 2²⁸, 1 GiB. 16 pictures of torchvision's largest training
/// size, 1,344 × 1,344, have a third of that; two panoramas across each other would have more.
pub(super) const MAX_VALUES: usize = 1 << 28;

impl PixelBatch {
    /// The pictures, padded to the largest height and width, each rounded up to `divisor`; written
    /// over `buffer`, whatever it holds, where that is large enough.
    pub(super) fn pack(
        pictures: &[&Picture],
        by: &Standardisation,
        divisor: usize,
        max_values: usize,
        buffer: Vec<f32>,
    ) -> Result<Self, CollateError> {
        if pictures.is_empty() {
            return Err(CollateError::Empty);
        }
        let sizes: Vec<ImageSize> = pictures
            .iter()
            .map(|picture| ImageSize::of(picture))
            .collect();
        if let Some(sample) = sizes
            .iter()
            .position(|size| size.height == 0 || size.width == 0)
        {
            return Err(CollateError::NoPixels { sample });
        }
        let padded = |sides: &dyn Fn(&ImageSize) -> usize| {
            let largest = sizes.iter().map(sides).max().unwrap_or(0);
            largest.next_multiple_of(divisor)
        };
        let size = ImageSize::new(padded(&|size| size.height), padded(&|size| size.width));
        let values = 3 * pictures.len() as u128 * size.height as u128 * size.width as u128;
        if values > max_values as u128 {
            return Err(CollateError::TooLarge {
                pictures: pictures.len(),
                size,
                values,
                limit: max_values,
            });
        }
        let mut batch = Self {
            values: of_length(buffer, values as usize),
            dims: [pictures.len(), 3, size.height, size.width],
            sizes,
        };
        let planes = batch.values.chunks_exact_mut(3 * size.height * size.width);
        for (picture, planes) in pictures.iter().zip(planes) {
            fill(picture, &by.levels(picture), size.width, planes);
        }
        Ok(batch)
    }
}

/// `buffer` with `length` numbers of any value, or a new one.
fn of_length(mut buffer: Vec<f32>, length: usize) -> Vec<f32> {
    if buffer.capacity() < length {
        // From zeroed pages, which `resize` would write over once more.
        return vec![0.0; length];
    }
    buffer.resize(length, 0.0);
    buffer
}

/// Writes a picture into the top left of three planes with rows of `stride`, and zero around it.
fn fill(picture: &Picture, levels: &Levels, stride: usize, planes: &mut [f32]) {
    let (red, rest) = planes.split_at_mut(planes.len() / 3);
    let (green, blue) = rest.split_at_mut(rest.len() / 2);
    for plane in [&mut *red, &mut *green, &mut *blue] {
        let (rows, below) = plane.split_at_mut(picture.height() * stride);
        below.fill(0.0);
        for row in rows.chunks_exact_mut(stride) {
            row[picture.width()..].fill(0.0);
        }
    }
    let [to_red, to_green, to_blue] = levels;
    let rows = picture.data().chunks_exact(3 * picture.width());
    let planes = red
        .chunks_exact_mut(stride)
        .zip(green.chunks_exact_mut(stride))
        .zip(blue.chunks_exact_mut(stride));
    for (row, ((red, green), blue)) in rows.zip(planes) {
        let targets = red.iter_mut().zip(green).zip(blue);
        for (pixel, ((red, green), blue)) in row.chunks_exact(3).zip(targets) {
            *red = to_red[usize::from(pixel[0])];
            *green = to_green[usize::from(pixel[1])];
            *blue = to_blue[usize::from(pixel[2])];
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Red counts the pixel, green is 100 more, blue 200.
    fn counted(height: usize, width: usize) -> Picture {
        let pixels = (0..height * width).flat_map(|pixel| [0, 100, 200].map(|c| c + pixel as u8));
        Picture::new(pixels.collect(), width, height)
    }

    fn pack(pictures: &[&Picture], divisor: usize) -> PixelBatch {
        let by = Standardisation::IMAGENET;
        PixelBatch::pack(pictures, &by, divisor, MAX_VALUES, Vec::new()).unwrap()
    }

    #[test]
    fn a_pixel_is_where_and_what_the_convention_says() {
        let batch = pack(&[&counted(2, 3), &counted(5, 2)], 4);
        // Heights 2 and 5 → 8, widths 3 and 2 → 4.
        assert_eq!(batch.dims, [2, 3, 8, 4]);
        assert_eq!(batch.sizes, [ImageSize::new(2, 3), ImageSize::new(5, 2)]);
        let at =
            |n: usize, c: usize, y: usize, x: usize| batch.values[((n * 3 + c) * 8 + y) * 4 + x];
        // Picture 0, row 1, column 2 is pixel 5: bytes 5, 105, 205.
        // (5/255 − 0.485)/0.229 = (0.0196078 − 0.485)/0.229 = −2.032280
        assert!((at(0, 0, 1, 2) - -2.032_28).abs() < 1e-6);
        // (105/255 − 0.456)/0.224 = (0.4117647 − 0.456)/0.224 = −0.197479
        assert!((at(0, 1, 1, 2) - -0.197_479).abs() < 1e-6);
        // (205/255 − 0.406)/0.225 = (0.8039216 − 0.406)/0.225 = 1.768540
        assert!((at(0, 2, 1, 2) - 1.768_54).abs() < 1e-6);
        // Picture 1, row 4, column 1 is pixel 9: (9/255 − 0.485)/0.229 = −1.963781.
        assert!((at(1, 0, 4, 1) - -1.963_781).abs() < 1e-6);
    }

    #[test]
    fn padding_is_zero_and_only_right_and_below() {
        let batch = pack(&[&counted(2, 3), &counted(5, 2)], 4);
        for (place, &value) in batch.values.iter().enumerate() {
            let (x, y, n) = (place % 4, place / 4 % 8, place / 96);
            let ImageSize { height, width } = batch.sizes[n];
            let inside = y < height && x < width;
            // No byte becomes 0 exactly: 255 · 0.485 = 123.675, 255 · 0.456 = 116.28,
            // 255 · 0.406 = 103.53.
            assert_eq!(value != 0.0, inside, "picture {n}, row {y}, column {x}");
        }
    }

    #[test]
    fn nothing_of_a_used_buffer_is_left() {
        let pictures = [&counted(2, 3), &counted(5, 2)];
        let fresh = pack(&pictures, 4);
        let by = Standardisation::IMAGENET;
        // Smaller than the batch's 192 numbers, as large, and larger.
        for length in [10, 192, 500] {
            let used = vec![f32::NAN; length];
            let batch = PixelBatch::pack(&pictures, &by, 4, MAX_VALUES, used).unwrap();
            assert_eq!(batch, fresh, "from {length}");
        }
    }

    #[test]
    fn sizes_that_divide_are_not_padded() {
        assert_eq!(pack(&[&counted(4, 8)], 4).dims, [1, 3, 4, 8]);
        assert_eq!(pack(&[&counted(5, 7)], 1).dims, [1, 3, 5, 7]);
    }

    #[test]
    fn what_cannot_be_packed_says_why() {
        let by = Standardisation::NONE;
        let pack = |pictures: &[&Picture], limit| {
            PixelBatch::pack(pictures, &by, 32, limit, Vec::new()).unwrap_err()
        };
        assert_eq!(pack(&[], 10), CollateError::Empty);
        let none = Picture::new(Vec::new(), 0, 7);
        assert_eq!(
            pack(&[&counted(1, 1), &none], 100_000),
            CollateError::NoPixels { sample: 1 }
        );
        // 1 × 40 and 40 × 1 → 64 × 64: 2 · 3 · 4,096 = 24,576 numbers.
        let message = pack(&[&counted(1, 40), &counted(40, 1)], 24_575).to_string();
        assert!(
            message.contains("24576 numbers for 2 pictures of 64x64"),
            "{message}"
        );
    }
}
