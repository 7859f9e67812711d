//! How the distance of two boxes is measured while a detector learns.

use serde::{Deserialize, Serialize};

use super::require;
use crate::error::RpnRoiError;

/// Where smooth L1 turns from square to line: 1/9, in both stages (torchvision `rpn.py` and `roi_heads.py`; Detectron's
/// σ² = 9 with β = 1/σ²).
pub const SMOOTH_L1_BETA: f32 = 1.0 / 9.0;

/// The box loss of the second stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BoxLoss {
    /// Of the codes (*Fast R-CNN*, equation 3).
    SmoothL1 {
        /// Where it turns from square to line; 0 is plain L1.
        beta: f32,
    },
    /// `1 − IoU` of the decoded boxes.
    Iou {
        /// Factor of the loss.
        weight: f32,
    },
    /// `1 − GIoU` of the decoded boxes (*Generalized Intersection over Union*, section 5 weighs it by 10 in Mask R-CNN).
    GeneralizedIou {
        /// Factor of the loss.
        weight: f32,
    },
}

impl Default for BoxLoss {
    fn default() -> Self {
        Self::SmoothL1 {
            beta: SMOOTH_L1_BETA,
        }
    }
}

impl BoxLoss {
    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for a negative β or a weight that is not positive.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        match *self {
            Self::SmoothL1 { beta } => require(
                beta.is_finite() && beta >= 0.0,
                "box_loss.beta",
                beta,
                "at least 0",
            ),
            Self::Iou { weight } | Self::GeneralizedIou { weight } => require(
                weight.is_finite() && weight > 0.0,
                "box_loss.weight",
                weight,
                "a positive number",
            ),
        }
    }
}
