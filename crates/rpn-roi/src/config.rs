//! Every number of the detectors, with its source.
//!
//! Defaults are torchvision 0.24's `FasterRCNN` (file `models/detection/faster_rcnn.py`), which follow *Feature Pyramid
//! Networks for Object Detection*, section 5. "Test" numbers rule inference. Configurations are values: change a field,
//! save them with serde, and `init` checks them before it builds anything.

mod heads;
mod iou;
mod loss;
mod proposals;

pub use heads::{
    BoxHeadConfig, PoolingMethod, PostprocessConfig, RoiHeadsConfig, RoiPoolerConfig, Suppression,
};
pub use iou::{IouHeadConfig, IouSamplerConfig, RefinementConfig};
pub use loss::{BoxLoss, SMOOTH_L1_BETA};
pub use proposals::{AnchorConfig, ProposalLimits, RpnConfig};
use serde::{Deserialize, Serialize};

use crate::error::RpnRoiError;

/// Fails with the field's name unless `holds`.
pub(crate) fn require(
    holds: bool,
    field: &'static str,
    found: impl std::fmt::Debug,
    expected: &'static str,
) -> Result<(), RpnRoiError> {
    if holds {
        Ok(())
    } else {
        Err(RpnRoiError::Setting {
            field,
            found: format!("{found:?}"),
            expected,
        })
    }
}

fn fraction(
    value: impl Into<f64> + Copy + std::fmt::Debug,
    field: &'static str,
) -> Result<(), RpnRoiError> {
    require(
        (0.0..=1.0).contains(&value.into()),
        field,
        value,
        "a number from 0 to 1",
    )
}

fn at_least_one(value: usize, field: &'static str) -> Result<(), RpnRoiError> {
    require(value > 0, field, value, "at least 1")
}

/// How pictures become network input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformConfig {
    /// Length of the short side after resizing, in pixels (800).
    pub min_size: usize,
    /// Largest length of the long side after resizing, in pixels (1333); it wins over `min_size`.
    pub max_size: usize,
    /// Mean of red, green and blue in 0–1 (ImageNet).
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue in 0–1 (ImageNet).
    pub std: [f32; 3],
    /// The padded sides are multiples of this (32, the stride of C5).
    pub size_divisor: usize,
}

impl Default for TransformConfig {
    fn default() -> Self {
        Self {
            min_size: 800,
            max_size: 1333,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
            size_divisor: 32,
        }
    }
}

/// Longest side a picture is resized or padded to: a batch of one then takes 3 GiB.
const LONGEST_SIDE: usize = 16_384;

impl TransformConfig {
    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for a size or a divisor of zero or beyond 16,384, or a deviation that is not positive.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        for (value, field) in [
            (self.min_size, "transform.min_size"),
            (self.max_size, "transform.max_size"),
            (self.size_divisor, "transform.size_divisor"),
        ] {
            at_least_one(value, field)?;
            require(value <= LONGEST_SIDE, field, value, "at most 16384")?;
        }
        let finite = self.mean.iter().all(|value| value.is_finite());
        require(finite, "transform.mean", self.mean, "finite numbers")?;
        let positive = self
            .std
            .iter()
            .all(|value| value.is_finite() && *value > 0.0);
        require(positive, "transform.std", self.std, "positive numbers")
    }
}

/// When an IoU makes a match.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatcherConfig {
    /// From this IoU on (`≥`) a box is positive.
    pub positive: f32,
    /// Below this IoU (`<`) a box is background; between the two it is left out.
    pub negative: f32,
    /// Whether the best boxes of each ground truth are positive whatever their IoU, ties included.
    pub low_quality: bool,
}

impl MatcherConfig {
    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] unless `0 ≤ negative ≤ positive ≤ 1`.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        fraction(self.positive, "matcher.positive")?;
        fraction(self.negative, "matcher.negative")?;
        require(
            self.negative <= self.positive,
            "matcher.negative",
            self.negative,
            "at most matcher.positive",
        )
    }
}

/// How many boxes of an image make the loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplerConfig {
    /// Boxes drawn from each image.
    pub per_image: usize,
    /// Largest share of positives among them.
    pub positive_fraction: f64,
}

impl SamplerConfig {
    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for no box or a share outside 0–1.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        at_least_one(self.per_image, "sampler.per_image")?;
        fraction(self.positive_fraction, "sampler.positive_fraction")
    }
}

/// Weights of the box code `(dx, dy, dw, dh)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxCoderConfig {
    /// Each code is multiplied by its weight when encoding, divided when decoding.
    pub weights: [f32; 4],
}

impl BoxCoderConfig {
    /// A coder of these weights.
    pub const fn new(weights: [f32; 4]) -> Self {
        Self { weights }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for a weight that is not positive.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        let positive = self
            .weights
            .iter()
            .all(|weight| weight.is_finite() && *weight > 0.0);
        require(positive, "coder.weights", self.weights, "positive numbers")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// One side more than what is allowed is an error that says so, not an allocation that ends the program.
    #[test]
    fn a_picture_has_a_longest_side() {
        let transform = |min_size: usize, size_divisor: usize| TransformConfig {
            min_size,
            size_divisor,
            ..TransformConfig::default()
        };
        assert!(transform(16_384, 32).validate().is_ok());
        for wrong in [transform(16_385, 32), transform(800, 16_385)] {
            let message = wrong.validate().unwrap_err().to_string();
            assert!(
                message.contains("16385") && message.contains("at most 16384"),
                "{message}"
            );
        }
    }
}
