//! Grey values and blending with them.

use serde::{Deserialize, Serialize};

use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// Pillow's grey: ITU-R BT.601's 0.299, 0.587, 0.114 as 16-bit fractions, rounded.
#[inline(always)]
pub(super) fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19595 * u32::from(red) + 38470 * u32::from(green) + 7471 * u32::from(blue);
    ((sum + 0x8000) >> 16) as u8
}

/// The mean of all grey values, rounded half up (Pillow's `int(mean + 0.5)`).
pub(super) fn mean_grey(pixels: &[u8]) -> u8 {
    let pixels = pixels.as_chunks::<3>().0;
    let sum: u64 = pixels.iter().map(|&pixel| u64::from(grey(pixel))).sum();
    let count = pixels.len().max(1) as u64;
    ((2 * sum + count) / (2 * count)) as u8
}

/// `base + factor · (value − base)`, cut to 0–255, the fraction dropped: Pillow's `Image.blend`, in
/// its f32.
#[inline(always)]
pub(super) fn blend(base: u8, value: u8, factor: f32) -> u8 {
    let (base, value) = (f32::from(base), f32::from(value));
    (base + factor * (value - base)) as u8
}

/// More or less colour: 0 is grey, 1 changes nothing, above is more vivid (Pillow's
/// `ImageEnhance.Color`, torchvision's `adjust_saturation`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saturation {
    /// Factor (0 to 100).
    pub factor: Range,
}

/// Blends the picture with its grey version.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grayscale {
    /// Part of grey (0 to 1); all of it when left out.
    pub strength: Range,
}

impl Default for Grayscale {
    /// Grey altogether.
    fn default() -> Self {
        Self {
            strength: Range::fixed(1.0),
        }
    }
}

fn saturate(work: &mut Work, factor: f32) {
    if factor == 1.0 {
        return;
    }
    for pixel in work.picture_mut().data_mut().as_chunks_mut::<3>().0 {
        let base = grey(*pixel);
        *pixel = pixel.map(|value| blend(base, value, factor));
    }
}

impl Transform for Saturation {
    fn check(&self) -> Result<(), TransformError> {
        self.factor
            .check("factor", 0.0..=100.0, "a factor is 0 to 100")
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        saturate(work, stream.dice().within(self.factor) as f32);
        Ok(())
    }
}

impl Transform for Grayscale {
    fn check(&self) -> Result<(), TransformError> {
        self.strength
            .check("strength", 0.0..=1.0, "a strength is 0 to 1")
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        saturate(work, (1.0 - stream.dice().within(self.strength)) as f32);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_bt_601() {
        // 0.299 · 200 + 0.587 · 100 + 0.114 · 50 = 59.8 + 58.7 + 5.7 = 124.2.
        assert_eq!(grey([200, 100, 50]), 124);
        assert_eq!(grey([255; 3]), 255);
        assert_eq!(grey([0; 3]), 0);
        // Means of 124 and 125 are 124.5, rounded up.
        assert_eq!(mean_grey(&[124, 124, 124, 125, 125, 125]), 125);
        assert_eq!(mean_grey(&[]), 0);
    }

    #[test]
    fn blending_goes_beyond_both_ends() {
        // 100 + 1.5 · (120 − 100) = 130; 100 + 1.5 · (20 − 100) = −20; 100 + 0.25 · 21 = 105.25.
        assert_eq!(blend(100, 120, 1.5), 130);
        assert_eq!(blend(100, 20, 1.5), 0);
        assert_eq!(blend(100, 121, 0.25), 105);
        for value in 0..=255 {
            assert_eq!(blend(9, value, 1.0), value);
            assert_eq!(blend(9, value, 0.0), 9);
        }
    }
}
