//! Sums, means and variances of channels.

use serde::{Deserialize, Serialize};

use super::Standardisation;
use crate::image_file::Picture;

/// Exact sums over pixels.
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::statistics::ChannelSums;
/// // Red 0 and 255: mean 1/2, variance 1/4. Green and blue are constant.
/// let sums = ChannelSums::of(&Picture::new(vec![0, 51, 255, 255, 51, 255], 2, 1));
/// let statistics = sums.statistics().unwrap();
/// assert_eq!(statistics.mean, [0.5, 0.2, 1.0]);
/// assert_eq!(statistics.variance, [0.25, 0.0, 0.0]);
/// assert_eq!(statistics.std(), [0.5, 0.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelSums {
    /// Pictures.
    pub pictures: u64,
    /// Pixels.
    pub pixels: u64,
    /// Sum of each channel's levels, 0–255.
    pub levels: [u128; 3],
    /// Sum of their squares.
    pub squares: [u128; 3],
}

impl ChannelSums {
    /// Of one picture.
    pub fn of(picture: &Picture) -> Self {
        // Rows of pixels in 64 bits: a picture would need 2^64 / 255² = 2.8 · 10^14 pixels to overflow.
        let mut levels = [0_u64; 3];
        let mut squares = [0_u64; 3];
        for pixel in picture.data().chunks_exact(3) {
            for channel in 0..3 {
                let level = u64::from(pixel[channel]);
                levels[channel] += level;
                squares[channel] += level * level;
            }
        }
        Self {
            pictures: 1,
            pixels: (picture.width() * picture.height()) as u64,
            levels: levels.map(Into::into),
            squares: squares.map(Into::into),
        }
    }

    /// Of two disjoint sets together.
    pub fn with(self, other: Self) -> Self {
        let add = |a: [u128; 3], b: [u128; 3]| [0, 1, 2].map(|channel| a[channel] + b[channel]);
        Self {
            pictures: self.pictures + other.pictures,
            pixels: self.pixels + other.pixels,
            levels: add(self.levels, other.levels),
            squares: add(self.squares, other.squares),
        }
    }

    /// Mean and variance over all pixels; `None` without a pixel.
    pub fn statistics(&self) -> Option<ChannelStatistics> {
        let count = u128::from(self.pixels);
        if count == 0 {
            return None;
        }
        // Levels over 255; the variance is (n Σx² − (Σx)²) / (n² · 255²), its numerator exact.
        let mean = self.levels.map(|sum| sum as f64 / (count * 255) as f64);
        let variance = [0, 1, 2].map(|channel| {
            let spread =
                count * self.squares[channel] - self.levels[channel] * self.levels[channel];
            let scaled = count as f64 * 255.0;
            spread as f64 / (scaled * scaled)
        });
        Some(ChannelStatistics {
            pictures: self.pictures,
            mean,
            variance,
        })
    }
}

/// What to divide by: paper B prints variances and calls them std.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// The standard deviation, the variance's root: a set's own channels then have variance 1.
    #[default]
    Deviation,
    /// The variance itself, as paper B's numbers read literally: values come out about 3.4 times as
    /// large.
    Variance,
}

/// Mean and variance of the red, green and blue of a set, levels as 0–1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelStatistics {
    /// Pictures they were taken over.
    pub pictures: u64,
    /// Mean of each channel.
    pub mean: [f64; 3],
    /// Variance of each channel over all pixels (divided by their count, not by one less).
    pub variance: [f64; 3],
}

impl ChannelStatistics {
    /// Paper B's training set (its section 3.1.2): the mean as printed, and as variance what the
    /// paper prints as std. Roots near 0.29 are what pictures with white backgrounds have; a standard
    /// deviation of 0.084 would be all but uniform grey.
    pub const PAPER_B: Self = Self {
        pictures: 79_573,
        mean: [
            0.640_036_535_927_602_6,
            0.600_129_569_431_663_1,
            0.587_754_024_720_604_7,
        ],
        variance: [
            0.084_039_162_205_819_75,
            0.088_015_113_353_559_27,
            0.089_189_498_445_757_02,
        ],
    };

    /// Standard deviation of each channel.
    pub fn std(&self) -> [f64; 3] {
        self.variance.map(f64::sqrt)
    }

    /// What to subtract and what to divide by: paper B's equations 6 and 7,
    /// `(x − mean) / max(std, 1 / √N)`, `N` being the pixels of one picture as the network takes it
    /// (width × height), so that a channel without spread is not divided by zero.
    ///
    /// ```
    /// use wardrobe_datasets::statistics::{ChannelStatistics, Spread, Standardisation};
    /// let paper = ChannelStatistics::PAPER_B.standardisation(Spread::Deviation, 480 * 480);
    /// assert_eq!(paper, Standardisation::PAPER_B);
    /// ```
    ///
    /// # Panics
    /// When `pixels` is 0.
    pub fn standardisation(&self, spread: Spread, pixels: usize) -> Standardisation {
        assert!(pixels > 0, "a picture has at least one pixel");
        let least = 1.0 / (pixels as f64).sqrt();
        let spread = match spread {
            Spread::Deviation => self.std(),
            Spread::Variance => self.variance,
        };
        Standardisation::DataSet {
            mean: self.mean.map(|mean| mean as f32),
            std: spread.map(|spread| spread.max(least) as f32),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_picture_has_no_statistics() {
        assert_eq!(ChannelSums::default().statistics(), None);
    }

    #[test]
    fn nothing_cancels_however_many_pixels_are_alike() {
        // 2·10^13 pixels of level 200 and one of 201: n Σx² − (Σx)² = n − 1 … exactly, with n the
        // count: n(200² (n−1) + 201²) − (200 n + 1)² = n (200² n + 401) − (200² n² + 400 n + 1).
        let count = 20_000_000_000_000_u64;
        let n = u128::from(count);
        let sums = ChannelSums {
            pictures: 1,
            pixels: count,
            levels: [200 * n + 1; 3],
            squares: [40_000 * n + 401; 3],
        };
        let expected = (n - 1) as f64 / (count as f64 * 255.0).powi(2);
        assert_eq!(sums.statistics().unwrap().variance, [expected; 3]);
    }

    #[test]
    fn a_constant_channel_is_divided_by_the_least() {
        let sums = ChannelSums::of(&Picture::new(vec![7; 3 * 16], 4, 4));
        // 1 / √(4 · 4)
        let standardisation = sums
            .statistics()
            .unwrap()
            .standardisation(Spread::Deviation, 16);
        let expected = Standardisation::DataSet {
            mean: [7.0 / 255.0; 3],
            std: [0.25; 3],
        };
        assert_eq!(standardisation, expected);
    }

    #[test]
    fn the_paper_s_roots() {
        // √0.08404, √0.08802, √0.08919
        let std = ChannelStatistics::PAPER_B.std();
        for (found, expected) in std.into_iter().zip([0.2899, 0.2967, 0.2986]) {
            assert!((found - expected).abs() < 5e-5, "{found} {expected}");
        }
    }

    #[test]
    fn the_paper_s_two_readings() {
        for (spread, expected) in [
            (Spread::Deviation, Standardisation::PAPER_B),
            (Spread::Variance, Standardisation::PAPER_B_AS_PRINTED),
        ] {
            let found = ChannelStatistics::PAPER_B.standardisation(spread, 480 * 480);
            assert_eq!(found, expected);
        }
    }
}
