//! What kind of wardrobe to draw.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::labels::GarmentKind;

/// Settings of a synthetic wardrobe; every number has a default and is checked before use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WardrobeConfig {
    /// Another seed is another wardrobe.
    pub seed: u64,
    /// Smallest and largest longer side of a picture in pixels, 32–4096.
    pub long_side: [u32; 2],
    /// All pictures square (otherwise portrait, square or landscape).
    pub square: bool,
    /// 0 (large garments on a plain ground, hardly any print, nothing in front of them) to 1 (everything else).
    pub difficulty: f32,
    /// Share of pictures whose garments are worn; the rest lie flat.
    pub worn_share: f32,
    /// Fewest and most garments aimed at in a picture that is not empty. A person is always
    /// dressed, so a picture of a worn tee has trousers or a skirt too where they are in the frame.
    pub garments: [u8; 2],
    /// Share of pictures without any garment.
    pub empty_share: f32,
    /// Categories of the garments that pictures are about (companions can be of any).
    pub categories: Vec<GarmentKind>,
    /// What is wrong with the annotations.
    pub noise: LabelNoise,
}

/// Faults that real annotations have; all shares are 0 by default.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelNoise {
    /// Share of length values with a neighbour marked as possible (FashionAI's `m`).
    pub maybe: f32,
    /// Share of objects without a box (and mask and landmarks).
    pub missing_box: f32,
    /// Share of objects with another category of the same region.
    pub wrong_category: f32,
}

impl Default for WardrobeConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            long_side: [256, 256],
            square: true,
            difficulty: 0.5,
            worn_share: 0.6,
            garments: [1, 3],
            empty_share: 0.03,
            categories: GarmentKind::ALL.to_vec(),
            noise: LabelNoise::default(),
        }
    }
}

/// A setting that cannot be drawn.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum WardrobeError {
    /// A number is outside its range.
    #[error("`{field}` is {found}; it must lie in {low}–{high}")]
    OutOfRange {
        /// The setting's name.
        field: &'static str,
        /// Its value.
        found: f64,
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// A pair's first number is larger than its second.
    #[error("`{field}` is {low} to {high}; the first number is the smaller one")]
    Inverted {
        /// The setting's name.
        field: &'static str,
        /// First number.
        low: u32,
        /// Second number.
        high: u32,
    },
    /// There is nothing to draw.
    #[error("`categories` is empty; name at least one of the twenty")]
    NoCategories,
}

impl WardrobeConfig {
    /// # Errors
    /// [`WardrobeError`] names the first setting that cannot be used.
    pub fn validate(&self) -> Result<(), WardrobeError> {
        let within = |field, found: f64, low: f64, high: f64| {
            if (low..=high).contains(&found) {
                Ok(())
            } else {
                Err(WardrobeError::OutOfRange {
                    field,
                    found,
                    low,
                    high,
                })
            }
        };
        let [short, long] = self.long_side;
        let [few, many] = self.garments;
        within("long_side", f64::from(short), 32.0, 4096.0)?;
        within("long_side", f64::from(long), 32.0, 4096.0)?;
        within("difficulty", f64::from(self.difficulty), 0.0, 1.0)?;
        within("worn_share", f64::from(self.worn_share), 0.0, 1.0)?;
        within("garments", f64::from(few), 1.0, 12.0)?;
        within("garments", f64::from(many), 1.0, 12.0)?;
        within("empty_share", f64::from(self.empty_share), 0.0, 1.0)?;
        within("noise.maybe", f64::from(self.noise.maybe), 0.0, 1.0)?;
        within(
            "noise.missing_box",
            f64::from(self.noise.missing_box),
            0.0,
            1.0,
        )?;
        within(
            "noise.wrong_category",
            f64::from(self.noise.wrong_category),
            0.0,
            1.0,
        )?;
        let inverted = |field, low: u32, high: u32| {
            if low <= high {
                Ok(())
            } else {
                Err(WardrobeError::Inverted { field, low, high })
            }
        };
        inverted("long_side", short, long)?;
        inverted("garments", u32::from(few), u32::from(many))?;
        if self.categories.is_empty() {
            return Err(WardrobeError::NoCategories);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let config = WardrobeConfig {
            difficulty: f32::NAN,
            ..WardrobeConfig::default()
        };
        let error = config.validate().unwrap_err();
        assert!(
            error.to_string().starts_with("`difficulty` is NaN"),
            "{error}"
        );
        let config = WardrobeConfig {
            long_side: [300, 256],
            ..WardrobeConfig::default()
        };
        let error = config.validate().unwrap_err();
        assert_eq!(
            error,
            WardrobeError::Inverted {
                field: "long_side",
                low: 300,
                high: 256
            }
        );
        let config = WardrobeConfig {
            categories: Vec::new(),
            ..WardrobeConfig::default()
        };
        assert_eq!(config.validate(), Err(WardrobeError::NoCategories));
        assert_eq!(WardrobeConfig::default().validate(), Ok(()));
    }
}
