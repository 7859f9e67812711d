//! Every number of the mask branch, with its source: *Mask R-CNN*, figure 4 (right), and torchvision 0.24's `MaskRCNN`.

use serde::{Deserialize, Serialize};
use wardrobe_rpn_roi::config::RoiPoolerConfig;

use crate::error::MaskHeadError;

/// The mask branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskConfig {
    /// 14×14 cut-outs; masks have twice that side.
    pub pooler: RoiPoolerConfig,
    /// Channels of each 3×3 convolution (four of 256).
    pub layers: Vec<usize>,
    /// Channels after the 2×2 transposed convolution (256).
    pub reduced: usize,
    /// ε of the batch norm after each convolution (torchvision's v2: 1e-5), if there is one.
    pub norm_epsilon: Option<f64>,
}

impl MaskConfig {
    /// torchvision's mask branch over `levels` levels.
    pub fn new(levels: usize) -> Self {
        Self {
            pooler: RoiPoolerConfig::new(14, levels),
            layers: vec![256; 4],
            reduced: 256,
            norm_epsilon: None,
        }
    }

    /// M, the side of a mask.
    pub const fn mask_size(&self) -> usize {
        2 * self.pooler.output_size
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`MaskHeadError`] for no layer, a layer without channels, or a negative ε.
    pub fn validate(&self) -> Result<(), MaskHeadError> {
        self.pooler.validate()?;
        let setting = |field, found: String, expected| MaskHeadError::Setting {
            field,
            found,
            expected,
        };
        if self.layers.is_empty() || self.layers.contains(&0) {
            return Err(setting(
                "mask.layers",
                format!("{:?}", self.layers),
                "one or more layers, each with channels",
            ));
        }
        if self.reduced == 0 {
            return Err(setting(
                "mask.reduced",
                self.reduced.to_string(),
                "at least 1",
            ));
        }
        match self.norm_epsilon {
            Some(epsilon) if !(epsilon.is_finite() && epsilon >= 0.0) => Err(setting(
                "mask.norm_epsilon",
                epsilon.to_string(),
                "a finite number of at least 0",
            )),
            _ => Ok(()),
        }
    }
}
