//! The numbers of the IoU head (*Acquisition of Localization Confidence for Accurate Object Detection*, `IoU-Net`).

use serde::{Deserialize, Serialize};

use super::{PoolingMethod, RoiPoolerConfig, at_least_one, fraction, require};
use crate::error::RpnRoiError;

/// The boxes the IoU head learns from: objects' boxes moved at random (section 3.1 of the paper).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IouSamplerConfig {
    /// Moved boxes of each object. The paper draws 512 RoIs an image; 32 an object is that for sixteen objects.
    pub per_object: usize,
    /// Lowest IoU of a moved box with its object (½).
    pub lowest: f32,
}

/// Moving detections uphill of the predicted IoU (algorithm 2; the numbers are section 4.3's).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefinementConfig {
    /// T, the most steps (5).
    pub steps: usize,
    /// λ, the factor of gradient times side (0.5).
    pub step_size: f32,
    /// Ω1: a box stops when its predicted IoU changes by less (0.001).
    pub least_change: f32,
    /// Ω2: a box stops when its predicted IoU changes by less than this (−0.01), that is, worsens by more.
    pub worst_change: f32,
}

impl Default for RefinementConfig {
    fn default() -> Self {
        Self {
            steps: 5,
            step_size: 0.5,
            least_change: 0.001,
            worst_change: -0.01,
        }
    }
}

/// The IoU head and what it is used for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IouHeadConfig {
    /// Width of the two hidden layers (1024).
    pub features: usize,
    /// 7×7 cut-outs by precise pooling, whose gradient reaches the box.
    pub pooler: RoiPoolerConfig,
    /// What it learns from.
    pub sampler: IouSamplerConfig,
    /// Factor of its loss (1).
    pub loss_weight: f32,
    /// Whether, and how, detections are moved after suppression.
    pub refinement: Option<RefinementConfig>,
}

impl IouHeadConfig {
    /// The paper's head over `levels` levels, without refinement.
    pub const fn new(levels: usize) -> Self {
        let mut pooler = RoiPoolerConfig::new(7, levels);
        pooler.method = PoolingMethod::Precise;
        Self {
            features: 1024,
            pooler,
            sampler: IouSamplerConfig {
                per_object: 32,
                lowest: 0.5,
            },
            loss_weight: 1.0,
            refinement: None,
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for the first field out of range, or refinement through a pooling without gradient to the
    /// box.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        at_least_one(self.features, "iou_head.features")?;
        self.pooler.validate()?;
        at_least_one(self.sampler.per_object, "iou_head.sampler.per_object")?;
        fraction(self.sampler.lowest, "iou_head.sampler.lowest")?;
        require(
            self.sampler.lowest < 1.0,
            "iou_head.sampler.lowest",
            self.sampler.lowest,
            "below 1",
        )?;
        require(
            self.loss_weight.is_finite() && self.loss_weight > 0.0,
            "iou_head.loss_weight",
            self.loss_weight,
            "a positive number",
        )?;
        let Some(refinement) = &self.refinement else {
            return Ok(());
        };
        require(
            self.pooler.method == PoolingMethod::Precise,
            "iou_head.pooler.method",
            self.pooler.method,
            "Precise, to refine boxes",
        )?;
        require(
            refinement.step_size.is_finite() && refinement.step_size > 0.0,
            "iou_head.refinement.step_size",
            refinement.step_size,
            "a positive number",
        )
    }
}
