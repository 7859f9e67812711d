//! Gaussian blur.

use serde::{Deserialize, Serialize};

use crate::image_file::Picture;
use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// Gaussian blur over ⌈3 σ⌉ pixels to each side; the picture is mirrored at its borders without
/// repeating the border pixel. torchvision's `gaussian_blur` with a kernel of 2 ⌈3 σ⌉ + 1, to one
/// level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blur {
    /// Standard deviation in pixels (0 to 50); below 0.01 nothing is done.
    pub sigma: Range,
}

/// The least deviation that does anything: below, the neighbours' weights are 0.
const LEAST: f64 = 0.01;

/// Weights of 16 fractional bits from the middle to one side; all of them sum to 65,536.
fn kernel(sigma: f64) -> Vec<u32> {
    let radius = libm::ceil(3.0 * sigma) as usize;
    let weight = |x: usize| libm::exp(-0.5 * libm::pow(x as f64 / sigma, 2.0));
    let sum = 1.0 + 2.0 * (1..=radius).map(weight).sum::<f64>();
    let mut weights: Vec<u32> = (0..=radius)
        .map(|x| libm::floor(weight(x) / sum * 65536.0 + 0.5) as u32)
        .collect();
    // What rounding left over goes to the middle.
    weights[0] = 65536 - 2 * weights[1..].iter().sum::<u32>();
    weights
}

/// The pixel shown at `index` of a line of `count` that is mirrored at both ends.
fn reflected(index: i64, count: usize) -> usize {
    let period = 2 * (count as i64 - 1);
    if period == 0 {
        return 0;
    }
    let index = index.rem_euclid(period);
    index.min(period - index) as usize
}

/// Adds `weight · (a + b)` to each sum.
fn accumulate<T: Copy + Into<u32>>(sums: &mut [u32], a: &[T], b: &[T], weight: u32) {
    for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
        *sum += weight * (a.into() + b.into());
    }
}

fn blur(picture: &Picture, weights: &[u32]) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let radius = weights.len() - 1;
    let row_values = 3 * width;
    let mut sums = vec![0_u32; row_values];
    // Rows first: 8 fractional bits are kept.
    let mut rows = vec![0_u16; row_values * height];
    let mut padded = vec![0_u8; row_values + 6 * radius];
    for (row, out) in picture
        .data()
        .chunks_exact(row_values)
        .zip(rows.chunks_exact_mut(row_values))
    {
        for (place, pixel) in padded.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let column = reflected(place as i64 - radius as i64, width);
            pixel.copy_from_slice(&row[3 * column..3 * column + 3]);
        }
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum = weights[0] * u32::from(value);
        }
        for (x, &weight) in weights.iter().enumerate().skip(1) {
            let (left, right) = (3 * (radius - x), 3 * (radius + x));
            accumulate(&mut sums, &padded[left..], &padded[right..], weight);
        }
        for (out, &sum) in out.iter_mut().zip(&sums) {
            *out = ((sum + 0x80) >> 8) as u16;
        }
    }
    // Then columns: 255 · 2⁸ · 2¹⁶ + 2²³ < 2³².
    let mut pixels = Vec::with_capacity(row_values * height);
    let line = |y: i64| &rows[row_values * reflected(y, height)..][..row_values];
    for y in 0..height as i64 {
        for (sum, &value) in sums.iter_mut().zip(line(y)) {
            *sum = weights[0] * u32::from(value);
        }
        for (x, &weight) in weights.iter().enumerate().skip(1) {
            accumulate(&mut sums, line(y - x as i64), line(y + x as i64), weight);
        }
        pixels.extend(sums.iter().map(|&sum| ((sum + (1 << 23)) >> 24) as u8));
    }
    Picture::new(pixels, width, height)
}

impl Transform for Blur {
    fn check(&self) -> Result<(), TransformError> {
        self.sigma
            .check("sigma", 0.0..=50.0, "a deviation is 0 to 50 pixels")
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let sigma = stream.dice().within(self.sigma);
        if sigma >= LEAST {
            let blurred = blur(work.picture_mut(), &kernel(sigma));
            work.replace_picture(blurred);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_a_normalised_bell() {
        // σ = 0.5, radius 2: e⁰, e⁻², e⁻⁸ over 1 + 2 (0.135335 + 0.000335) = 1.271341:
        // 0.786571, 0.106451, 0.000264 of 65,536: 51549, 6976, 17; 51549 + 2 · 6993 = 65535, so the
        // middle has one more.
        assert_eq!(kernel(0.5), [51550, 6976, 17]);
    }

    #[test]
    fn borders_mirror_without_repeating() {
        // 2 1 | 0 1 2 | 1 0
        let shown: Vec<usize> = (-2..5).map(|index| reflected(index, 3)).collect();
        assert_eq!(shown, [2, 1, 0, 1, 2, 1, 0]);
        assert_eq!(reflected(-7, 1), 0);
    }

    #[test]
    fn flat_pictures_stay_and_points_spread() {
        for (width, height) in [(1, 1), (2, 1), (5, 4)] {
            let flat = Picture::new(vec![255; 3 * width * height], width, height);
            assert_eq!(blur(&flat, &kernel(2.0)), flat);
        }
        let mut data = vec![0; 3 * 25];
        data[36..39].fill(200);
        let spread = blur(&Picture::new(data, 5, 5), &kernel(0.5));
        let at = |x: usize, y: usize| spread.data()[3 * (5 * y + x)];
        // 200 · 0.78658² = 123.7; 200 · 0.78658 · 0.10645 = 16.7; 200 · 0.10645² = 2.27.
        assert_eq!([at(2, 2), at(1, 2), at(2, 3), at(1, 1)], [124, 17, 17, 2]);
    }
}
