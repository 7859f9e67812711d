//! The numbers of the first stage.

use serde::{Deserialize, Serialize};

use super::{BoxCoderConfig, MatcherConfig, SamplerConfig, at_least_one, fraction, require};
use crate::error::RpnRoiError;

/// The anchors of each level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorConfig {
    /// Side lengths per level, in pixels, finest level first; each list has the same length.
    pub sizes: Vec<Vec<f32>>,
    /// Height over width; area is kept.
    pub aspect_ratios: Vec<f32>,
}

impl AnchorConfig {
    /// One size a level, 32 … 512 on P2 … P6, ratios ½, 1, 2 (FPN, section 4.1).
    pub fn pyramid() -> Self {
        Self {
            sizes: [32.0, 64.0, 128.0, 256.0, 512.0]
                .map(|size| vec![size])
                .to_vec(),
            ..Self::single_level()
        }
    }

    /// All five sizes on one level, ratios ½, 1, 2 (torchvision's example of a plain VGG or `MobileNet`).
    pub fn single_level() -> Self {
        Self {
            sizes: vec![vec![32.0, 64.0, 128.0, 256.0, 512.0]],
            aspect_ratios: vec![0.5, 1.0, 2.0],
        }
    }

    /// A, the anchors per cell.
    pub fn per_cell(&self) -> usize {
        self.sizes.first().map_or(0, Vec::len) * self.aspect_ratios.len()
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for an empty list, lists of different lengths, or a number that is not positive.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        let positive =
            |values: &[f32]| !values.is_empty() && values.iter().all(|v| v.is_finite() && *v > 0.0);
        let level = self.sizes.first().map_or(0, Vec::len);
        let sizes = self
            .sizes
            .iter()
            .all(|sizes| positive(sizes) && sizes.len() == level);
        require(
            sizes && level > 0,
            "anchors.sizes",
            &self.sizes,
            "positive sizes, equally many on each level",
        )?;
        require(
            positive(&self.aspect_ratios),
            "anchors.aspect_ratios",
            &self.aspect_ratios,
            "positive ratios",
        )
    }
}

/// How many proposals pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalLimits {
    /// Best anchors of each level that go into suppression.
    pub before_suppression: usize,
    /// Best boxes of each image that come out, over all levels.
    pub after_suppression: usize,
}

/// The region proposal network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RpnConfig {
    /// The anchors.
    pub anchors: AnchorConfig,
    /// 3×3 convolutions before the two predictors: 1 (Faster R-CNN), 2 (torchvision's v2, arXiv 2111.11429 appendix A).
    pub convolutions: usize,
    /// Proposals while training (2000 / 2000).
    pub training: ProposalLimits,
    /// Proposals at test (1000 / 1000).
    pub test: ProposalLimits,
    /// IoU above which the weaker of two boxes of one level is dropped (0.7).
    pub nms_threshold: f32,
    /// Shortest side of a proposal in pixels (1e-3, torchvision `rpn.py`).
    pub min_size: f32,
    /// Lowest objectness of a proposal, as a probability (`≥`; 0).
    pub score_threshold: f32,
    /// Box code of the anchors (1, 1, 1, 1).
    pub coder: BoxCoderConfig,
    /// Anchors against ground truth: 0.7 / 0.3, low-quality matches allowed.
    pub matcher: MatcherConfig,
    /// 256 anchors an image, half of them positive at most.
    pub sampler: SamplerConfig,
}

impl Default for RpnConfig {
    fn default() -> Self {
        Self {
            anchors: AnchorConfig::pyramid(),
            convolutions: 1,
            training: ProposalLimits {
                before_suppression: 2000,
                after_suppression: 2000,
            },
            test: ProposalLimits {
                before_suppression: 1000,
                after_suppression: 1000,
            },
            nms_threshold: 0.7,
            min_size: 1e-3,
            score_threshold: 0.0,
            coder: BoxCoderConfig::new([1.0; 4]),
            matcher: MatcherConfig {
                positive: 0.7,
                negative: 0.3,
                low_quality: true,
            },
            sampler: SamplerConfig {
                per_image: 256,
                positive_fraction: 0.5,
            },
        }
    }
}

impl RpnConfig {
    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for the first field out of range.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        self.anchors.validate()?;
        at_least_one(self.convolutions, "rpn.convolutions")?;
        at_least_one(
            self.training.before_suppression,
            "rpn.training.before_suppression",
        )?;
        at_least_one(
            self.training.after_suppression,
            "rpn.training.after_suppression",
        )?;
        at_least_one(self.test.before_suppression, "rpn.test.before_suppression")?;
        at_least_one(self.test.after_suppression, "rpn.test.after_suppression")?;
        fraction(self.nms_threshold, "rpn.nms_threshold")?;
        require(
            self.min_size >= 0.0,
            "rpn.min_size",
            self.min_size,
            "at least 0",
        )?;
        fraction(self.score_threshold, "rpn.score_threshold")?;
        self.coder.validate()?;
        self.matcher.validate()?;
        self.sampler.validate()
    }
}
