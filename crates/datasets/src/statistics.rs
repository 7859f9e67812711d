//! Mean and spread of each colour channel over a set of pictures.
//!
//! Sums of 8-bit levels and of their squares are whole numbers and are kept as such, so the result
//! does not depend on the order of the pictures or the count of threads, and nothing cancels.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::PictureError;
use crate::formats::{Finding, FormatError, Mode, Place, Skipped};
use crate::image_file::{DecodeLimits, Picture, read_picture};
use crate::sample::DataSet;

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
    /// `(x − mean) / max(std, 1 / √N)`, `N` being the pixels of one picture (width × height), so that
    /// a channel without spread is not divided by zero.
    ///
    /// ```
    /// use wardrobe_datasets::statistics::{ChannelStatistics, Spread};
    /// let paper = ChannelStatistics::PAPER_B;
    /// let pixels = 480 * 480;
    /// assert_eq!(paper.standardisation(Spread::Variance, pixels).divisor[0], 0.084039162);
    /// assert!((paper.standardisation(Spread::Deviation, pixels).divisor[0] - 0.2899).abs() < 5e-5);
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
        Standardisation {
            mean: self.mean.map(|mean| mean as f32),
            divisor: spread.map(|spread| spread.max(least) as f32),
        }
    }
}

/// `(x − mean) / divisor` for each channel, levels as 0–1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// What to subtract.
    pub mean: [f32; 3],
    /// What to divide by; never 0.
    pub divisor: [f32; 3],
}

/// The sums over a data set's pictures, each as `prepare` gives it: the resizing and padding that
/// come before standardisation belong there. Pictures of one size weigh the same; otherwise large
/// ones weigh more. Decodes on all threads, one picture each at a time.
///
/// # Errors
/// In strict mode the first picture (in the records' order) that cannot be read; a lenient caller
/// gets it counted.
pub fn channel_sums(
    data: &DataSet,
    prepare: impl Fn(Picture) -> Picture + Sync,
    limits: &DecodeLimits,
    mode: Mode,
) -> Result<(ChannelSums, Skipped), FormatError> {
    /// Pictures whose results are held at a time, so that a failure stops the work early.
    const BATCH: usize = 1024;
    let mut sums = ChannelSums::default();
    let mut skipped = Skipped::default();
    for batch in data.records.chunks(BATCH) {
        let found: Vec<Result<ChannelSums, PictureError>> = batch
            .par_iter()
            .map(|record| {
                let picture = read_picture(data.root.join(&record.image.path), limits)?;
                Ok(ChannelSums::of(&prepare(picture)))
            })
            .collect();
        for (record, found) in batch.iter().zip(found) {
            match (found, mode) {
                (Ok(found), _) => sums = sums.with(found),
                (Err(error), Mode::Strict) => return Err(error.into()),
                (Err(error), Mode::Lenient) => {
                    let path = data.root.join(&record.image.path);
                    let text = error.to_string();
                    let named = format!("{}: ", path.display());
                    let finding = Finding {
                        problem: text.strip_prefix(&named).unwrap_or(&text).to_owned(),
                        path,
                        place: Place::File,
                        remedy: "the picture was not counted".into(),
                    };
                    skipped.note(mode, finding)?;
                }
            }
        }
    }
    Ok((sums, skipped))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::draw::save_picture;
    use crate::sample::{ImageFile, Record};

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
        let divisor = sums
            .statistics()
            .unwrap()
            .standardisation(Spread::Deviation, 16)
            .divisor;
        assert_eq!(divisor, [0.25; 3]);
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
    fn a_set_is_the_sum_of_its_pictures_whatever_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut data = DataSet {
            root: folder.path().into(),
            ..DataSet::default()
        };
        let mut expected = ChannelSums::default();
        for number in 0..5_u8 {
            let side = usize::from(number) + 2;
            let pixels = (0..3 * side * side)
                .map(|at| (at * 37 % 251) as u8 ^ number)
                .collect();
            let picture = Picture::new(pixels, side, side);
            expected = expected.with(ChannelSums::of(&picture));
            let path = format!("{number}.png");
            save_picture(&picture, folder.path().join(&path)).unwrap();
            let image = ImageFile { path, size: None };
            data.records.push(Record {
                image,
                ..Record::default()
            });
        }
        let limits = DecodeLimits::default();
        let sums = |data: &DataSet, mode| channel_sums(data, |picture| picture, &limits, mode);
        assert_eq!(sums(&data, Mode::Strict).unwrap().0, expected);
        data.records.reverse();
        assert_eq!(sums(&data, Mode::Strict).unwrap().0, expected);

        // 4 + 9 + 16 + 25 + 36 pixels, less the last 36.
        std::fs::write(folder.path().join("4.png"), b"\x89PNG\r\n\x1a\n").unwrap();
        let error = sums(&data, Mode::Strict).unwrap_err().to_string();
        assert!(error.contains("4.png"), "{error}");
        let (sums, skipped) = sums(&data, Mode::Lenient).unwrap();
        assert_eq!((sums.pictures, sums.pixels, skipped.count()), (4, 54, 1));
        let named = skipped.first()[0].to_string();
        assert!(
            named.contains("4.png: the PNG file ends before its picture does"),
            "{named}"
        );
    }
}
