//! Bytes to floats of mean 0.
//!
//! Values are `byte / 255` first, as the papers' statistics are. Paper B's equations 6 and 7:
//!
//! ```text
//! standardised = (x − mean) / max(std, 1 / √N)
//! ```
//!
//! The lower bound keeps a flat picture finite.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::image_file::Picture;

use super::batch::Layout;

/// Which mean and deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum Standardise {
    /// The picture's own, over all its values; N is their count, 3 · width · height (TensorFlow's
    /// `per_image_standardization`).
    Picture,
    /// Given ones for red, green and blue, N being the count of pixels. ImageNet's and paper B's are
    /// constants of [`ChannelStatistics`].
    DataSet(ChannelStatistics),
}

/// Mean and standard deviation of red, green and blue, for values of 0–1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelStatistics {
    /// Means.
    pub mean: [f32; 3],
    /// Standard deviations.
    pub std: [f32; 3],
}

/// Statistics that cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// A mean that is not finite, or a deviation that is not positive and finite.
    #[error(
        "mean {mean:?} and standard deviation {std:?} cannot standardise; all must be finite, deviations above 0"
    )]
    Unusable {
        /// The means.
        mean: [f32; 3],
        /// The deviations.
        std: [f32; 3],
    },
    /// No pixel was seen.
    #[error("no picture was added, so there is no mean; add at least one")]
    NoPixels,
}

impl ChannelStatistics {
    /// ImageNet's, as torchvision's weights want them.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// ImageNet's as the bag-of-tricks paper prints them (section 2.1, step 6), over 255.
    pub const BAG_OF_TRICKS: Self = Self {
        mean: [123.68 / 255.0, 116.779 / 255.0, 103.939 / 255.0],
        std: [58.393 / 255.0, 57.12 / 255.0, 57.375 / 255.0],
    };

    /// Paper B's, as printed in its section 3.1.2, for 79,573 pictures of FashionAI. The printed
    /// deviations are implausibly small for pictures; see [`ChannelStatistics::PAPER_B`].
    pub const PAPER_B_AS_PRINTED: Self = Self {
        mean: [0.640_036_5, 0.600_129_6, 0.587_754],
        std: [0.084_039_16, 0.088_015_11, 0.089_189_5],
    };

    /// Paper B's with the printed deviations read as variances: their square roots.
    pub const PAPER_B: Self = Self {
        mean: Self::PAPER_B_AS_PRINTED.mean,
        std: [0.289_895_1, 0.296_673_4, 0.298_646_1],
    };

    /// Refuses statistics that would divide by 0 or give NaN.
    ///
    /// # Errors
    /// [`StatisticsError::Unusable`].
    pub fn check(&self) -> Result<(), StatisticsError> {
        let usable = self.mean.iter().all(|value| value.is_finite())
            && self
                .std
                .iter()
                .all(|value| value.is_finite() && *value > 0.0);
        usable.then_some(()).ok_or(StatisticsError::Unusable {
            mean: self.mean,
            std: self.std,
        })
    }
}

/// Sums over the pixels of a data set, whole numbers, so that neither the order nor the splitting
/// over threads changes the result.
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::transforms::ChannelSums;
/// let mut sums = ChannelSums::default();
/// sums.add(&Picture::new(vec![0, 51, 255, 255, 51, 255], 2, 1));
/// let found = sums.statistics()?;
/// assert_eq!(found.mean, [0.5, 0.2, 1.0]);
/// assert_eq!(found.std, [0.5, 0.0, 0.0]);
/// # Ok::<(), wardrobe_datasets::transforms::StatisticsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelSums {
    pixels: u64,
    sums: [u64; 3],
    squares: [u128; 3],
}

impl ChannelSums {
    /// Adds a picture.
    pub fn add(&mut self, picture: &Picture) {
        self.pixels += (picture.width() * picture.height()) as u64;
        for row in picture.data().chunks_exact((3 * picture.width()).max(1)) {
            let (mut sums, mut squares) = ([0_u64; 3], [0_u64; 3]);
            for pixel in row.as_chunks::<3>().0 {
                for channel in 0..3 {
                    let value = u64::from(pixel[channel]);
                    sums[channel] += value;
                    squares[channel] += value * value;
                }
            }
            for channel in 0..3 {
                self.sums[channel] += sums[channel];
                self.squares[channel] += u128::from(squares[channel]);
            }
        }
    }

    /// Adds what was summed elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.pixels += other.pixels;
        for channel in 0..3 {
            self.sums[channel] += other.sums[channel];
            self.squares[channel] += other.squares[channel];
        }
    }

    /// Mean and standard deviation (of the population) of what was added.
    ///
    /// # Errors
    /// [`StatisticsError::NoPixels`].
    pub fn statistics(&self) -> Result<ChannelStatistics, StatisticsError> {
        if self.pixels == 0 {
            return Err(StatisticsError::NoPixels);
        }
        let count = self.pixels as f64;
        let of = |channel: usize| {
            let mean = self.sums[channel] as f64 / count;
            // N Σx² − (Σx)² is a whole number: no cancellation.
            let sum = u128::from(self.sums[channel]);
            let spread = u128::from(self.pixels) * self.squares[channel] - sum * sum;
            (mean, libm::sqrt(spread as f64) / count)
        };
        let both: [(f64, f64); 3] = std::array::from_fn(of);
        Ok(ChannelStatistics {
            mean: both.map(|(mean, _)| (mean / 255.0) as f32),
            std: both.map(|(_, std)| (std / 255.0) as f32),
        })
    }
}

impl Standardise {
    /// Refuses statistics that would divide by 0 or give NaN.
    ///
    /// # Errors
    /// [`StatisticsError::Unusable`].
    pub fn check(&self) -> Result<(), StatisticsError> {
        match self {
            Self::Picture => Ok(()),
            Self::DataSet(statistics) => statistics.check(),
        }
    }

    /// Mean and divisor of each channel for one picture, in levels of 0–255.
    fn of(&self, picture: &Picture) -> [[f64; 2]; 3] {
        let pixels = (picture.width() * picture.height()).max(1) as f64;
        match self {
            Self::DataSet(ChannelStatistics { mean, std }) => {
                let least = 1.0 / libm::sqrt(pixels);
                std::array::from_fn(|channel| {
                    let divisor = f64::from(std[channel]).max(least);
                    [255.0 * f64::from(mean[channel]), 255.0 * divisor]
                })
            }
            Self::Picture => {
                let mut sums = ChannelSums::default();
                sums.add(picture);
                let count = 3 * u128::from(sums.pixels.max(1));
                let sum: u128 = sums.sums.iter().map(|&sum| u128::from(sum)).sum();
                let squares: u128 = sums.squares.iter().sum();
                let count_f = count as f64;
                let mean = sum as f64 / count_f;
                let std = libm::sqrt((count * squares - sum * sum) as f64) / count_f;
                let least = 255.0 / libm::sqrt(count_f);
                [[mean, std.max(least)]; 3]
            }
        }
    }

    /// Writes the standardised picture, `3 · width · height` values.
    ///
    /// # Panics
    /// When `out` has another length.
    pub fn write(&self, picture: &Picture, layout: Layout, out: &mut [f32]) {
        let pixels = picture.width() * picture.height();
        assert!(
            out.len() == 3 * pixels,
            "a {}x{} picture takes {} values, got room for {}",
            picture.width(),
            picture.height(),
            3 * pixels,
            out.len()
        );
        // One multiplication and one addition a value; 256 values a channel are worth a table.
        let tables: [[f32; 256]; 3] = self.of(picture).map(|[mean, divisor]| {
            std::array::from_fn(|value| ((value as f64 - mean) / divisor) as f32)
        });
        let source = picture.data().as_chunks::<3>().0;
        match layout {
            Layout::Nhwc => {
                for (out, pixel) in out.as_chunks_mut::<3>().0.iter_mut().zip(source) {
                    *out = std::array::from_fn(|k| tables[k][usize::from(pixel[k])]);
                }
            }
            Layout::Nchw => {
                for (channel, plane) in out.chunks_exact_mut(pixels.max(1)).enumerate() {
                    for (out, pixel) in plane.iter_mut().zip(source) {
                        *out = tables[channel][usize::from(pixel[channel])];
                    }
                }
            }
        }
    }
}

/// A picture of its own mean 0 and deviation 1 (at least 1/√N), rows of red, green, blue.
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::transforms::per_image_standardization;
/// // Mean 1/2, deviation 1/2 of 0–1, N = 6: (0 − ½) / ½ = −1.
/// let halves = Picture::new(vec![0, 0, 0, 255, 255, 255], 2, 1);
/// assert_eq!(per_image_standardization(&halves), [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
/// ```
pub fn per_image_standardization(picture: &Picture) -> Vec<f32> {
    let mut values = vec![0.0; picture.data().len()];
    Standardise::Picture.write(picture, Layout::Nhwc, &mut values);
    values
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_least_deviation_is_one_over_root_n() {
        // A flat picture: (x − mean) is 0 whatever the divisor.
        let flat = Picture::new(vec![80; 12], 2, 2);
        assert!(
            per_image_standardization(&flat)
                .iter()
                .all(|&value| value == 0.0)
        );
        // One level apart: values 0 and 1 of 255, deviation 1/510; 1/√12 = 0.2887 is larger, so
        // (1 − ½) / 255 / 0.288675 = 0.0067924.
        let near = Picture::new([vec![0; 6], vec![1; 6]].concat(), 2, 2);
        let values = per_image_standardization(&near);
        assert!((values[11] - 0.006_792_4).abs() < 1e-7, "{}", values[11]);
        // By data set the bound is 1/√4 = 0.5 of 4 pixels: (255 − 0) / 255 / 0.5 = 2.
        let by_set = Standardise::DataSet(ChannelStatistics {
            mean: [0.0; 3],
            std: [0.1, 0.8, 0.1],
        });
        let white = Picture::new(vec![255; 12], 2, 2);
        let mut out = vec![0.0; 12];
        by_set.write(&white, Layout::Nchw, &mut out);
        assert_eq!(out[..8], [2.0, 2.0, 2.0, 2.0, 1.25, 1.25, 1.25, 1.25]);
    }

    #[test]
    fn paper_b_roots_are_its_printed_values() {
        let (printed, read) = (
            ChannelStatistics::PAPER_B_AS_PRINTED,
            ChannelStatistics::PAPER_B,
        );
        for channel in 0..3 {
            let squared = f64::from(read.std[channel]).powi(2);
            assert!((squared - f64::from(printed.std[channel])).abs() < 2e-7);
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_split() {
        let picture = |seed: usize| {
            Picture::new(
                (0..300).map(|i: usize| (i * seed % 251) as u8).collect(),
                10,
                10,
            )
        };
        let mut all = ChannelSums::default();
        let mut parts = [ChannelSums::default(); 2];
        for seed in 1..8 {
            all.add(&picture(seed));
            parts[seed % 2].add(&picture(seed));
        }
        let [mut left, right] = parts;
        left.merge(&right);
        assert_eq!(left, all);
        assert_eq!(
            ChannelSums::default().statistics(),
            Err(StatisticsError::NoPixels)
        );
    }

    #[test]
    fn unusable_statistics_are_refused() {
        for std in [
            [0.0, 1.0, 1.0],
            [f32::NAN, 1.0, 1.0],
            [f32::INFINITY, 1.0, 1.0],
        ] {
            let statistics = ChannelStatistics {
                mean: [0.0; 3],
                std,
            };
            assert!(Standardise::DataSet(statistics).check().is_err(), "{std:?}");
        }
        assert!(
            Standardise::DataSet(ChannelStatistics::PAPER_B)
                .check()
                .is_ok()
        );
    }
}
