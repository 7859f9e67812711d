//! Bytes to floats of mean 0.
//!
//! Values are `byte / 255` first, as the papers' statistics are; then `(x − mean) / std`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ChannelSums;
use crate::image_file::Picture;

/// What is subtracted from, then divides, each channel's levels in 0–1.
///
/// ```
/// use wardrobe_datasets::statistics::Standardisation;
/// let json = serde_json::to_string(&Standardisation::INCEPTION)?;
/// assert_eq!(json, r#"{"by":"data_set","mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum Standardisation {
    /// The picture's own mean over all its values, and `max(std, 1 / √N)`, N being the count of values,
    /// 3 · width · height: paper B's equations 6 and 7, TensorFlow's `per_image_standardization`. The
    /// lower bound keeps a flat picture finite.
    Picture,
    /// The same numbers for every picture; red, green, blue. Of a data set of one's own:
    /// [`ChannelStatistics::standardisation`](super::ChannelStatistics::standardisation).
    DataSet {
        /// Subtracted.
        mean: [f32; 3],
        /// Divides; above 0.
        std: [f32; 3],
    },
}

/// Numbers that cannot standardise.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error(
    "mean {mean:?} and standard deviation {std:?} cannot standardise; all must be finite, deviations above 0"
)]
pub struct StandardisationError {
    /// The means.
    pub mean: [f32; 3],
    /// The deviations.
    pub std: [f32; 3],
}

impl Standardisation {
    /// Levels stay in 0–1.
    pub const NONE: Self = Self::DataSet {
        mean: [0.0; 3],
        std: [1.0; 3],
    };

    /// ImageNet's statistics as torchvision's models take them.
    pub const IMAGENET: Self = Self::DataSet {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// ImageNet's as the bag-of-tricks paper prints them (section 2.1, step 6), over 255.
    pub const BAG_OF_TRICKS: Self = Self::DataSet {
        mean: [123.68 / 255.0, 116.779 / 255.0, 103.939 / 255.0],
        std: [58.393 / 255.0, 57.12 / 255.0, 57.375 / 255.0],
    };

    /// Levels in −1 to 1: timm's `IMAGENET_INCEPTION_MEAN` and `_STD`, for the Inceptions.
    pub const INCEPTION: Self = Self::DataSet {
        mean: [0.5; 3],
        std: [0.5; 3],
    };

    /// Paper B's, for 79,573 pictures of FashionAI (its section 3.1.2), with the printed deviations
    /// read as variances: their square roots. See
    /// [`ChannelStatistics::PAPER_B`](super::ChannelStatistics::PAPER_B) for why.
    pub const PAPER_B: Self = Self::DataSet {
        mean: [0.640_036_5, 0.600_129_54, 0.587_754],
        std: [0.289_895_1, 0.296_673_42, 0.298_646_12],
    };

    /// Paper B's to the letter; values come out about 3.4 times as large.
    pub const PAPER_B_AS_PRINTED: Self = Self::DataSet {
        mean: [0.640_036_5, 0.600_129_54, 0.587_754],
        std: [0.084_039_16, 0.088_015_12, 0.089_189_5],
    };

    /// Refuses numbers that would divide by 0 or give NaN.
    ///
    /// # Errors
    /// [`StandardisationError`] with the numbers.
    pub fn check(&self) -> Result<(), StandardisationError> {
        let Self::DataSet { mean, std } = *self else {
            return Ok(());
        };
        let usable = mean.iter().all(|value| value.is_finite())
            && std.iter().all(|value| value.is_finite() && *value > 0.0);
        usable
            .then_some(())
            .ok_or(StandardisationError { mean, std })
    }

    /// The standardised value of each byte, per channel: 256 a channel, and every pixel is one look.
    pub(crate) fn levels(&self, picture: &Picture) -> Levels {
        let table = |value: &dyn Fn(f32) -> f32| std::array::from_fn(|byte| value(byte as f32));
        match *self {
            // In torchvision's order: `ToTensor` divides by 255, `Normalize` subtracts and divides.
            Self::DataSet { mean, std } => std::array::from_fn(|channel| {
                table(&|byte| (byte / 255.0 - mean[channel]) / std[channel])
            }),
            Self::Picture => {
                let [mean, divisor] = own(&ChannelSums::of(picture));
                let one = table(&|byte| ((f64::from(byte) - mean) / divisor) as f32);
                [one; 3]
            }
        }
    }
}

/// The standardised value of each byte, per channel.
pub(crate) type Levels = [[f32; 256]; 3];

/// Mean and divisor over all values of a picture, in levels of 0–255.
fn own(sums: &ChannelSums) -> [f64; 2] {
    let count = 3 * u128::from(sums.pixels.max(1));
    let sum: u128 = sums.levels.iter().sum();
    let squares: u128 = sums.squares.iter().sum();
    let values = count as f64;
    // N Σx² − (Σx)² is a whole number: no cancellation.
    let std = libm::sqrt((count * squares - sum * sum) as f64) / values;
    [sum as f64 / values, std.max(255.0 / libm::sqrt(values))]
}

/// A picture of its own mean 0 and deviation 1 (at least 1/√N), rows of red, green, blue.
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::statistics::per_image_standardization;
/// // Mean 1/2, deviation 1/2 of 0–1, N = 6: (0 − ½) / ½ = −1.
/// let halves = Picture::new(vec![0, 0, 0, 255, 255, 255], 2, 1);
/// assert_eq!(per_image_standardization(&halves), [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
/// ```
pub fn per_image_standardization(picture: &Picture) -> Vec<f32> {
    let [levels, ..] = Standardisation::Picture.levels(picture);
    let values = picture.data().iter();
    values.map(|&byte| levels[usize::from(byte)]).collect()
}

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn given_numbers_are_subtracted_and_divide() {
        let by = Standardisation::DataSet {
            mean: [0.2, 0.0, 1.0],
            std: [0.5, 0.25, 2.0],
        };
        // 51/255 = 0.2: (0.2 − 0.2) / 0.5, 0.2 / 0.25, (0.2 − 1) / 2.
        let levels = by.levels(&Picture::new(vec![0; 3], 1, 1));
        let found = levels.map(|levels| levels[51]);
        for (found, expected) in found.into_iter().zip([0.0, 0.8, -0.4]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn numbers_that_divide_by_nothing_are_refused() {
        for std in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let broken = Standardisation::DataSet {
                mean: [0.0; 3],
                std: [1.0, std, 1.0],
            };
            let message = broken.check().map_err(|error| error.to_string());
            assert!(message.is_err_and(|text| text.contains("deviations above 0")));
        }
        let mean = [0.0, f32::NAN, 0.0];
        let std = [1.0; 3];
        assert!(Standardisation::DataSet { mean, std }.check().is_err());
        assert_eq!(Standardisation::Picture.check(), Ok(()));
        assert_eq!(Standardisation::PAPER_B.check(), Ok(()));
    }
}
