//! The numbers of the second stage.

use serde::{Deserialize, Serialize};
use wardrobe_losses::ClassLoss;

use super::{
    BoxCoderConfig, BoxLoss, IouHeadConfig, MatcherConfig, SamplerConfig, at_least_one, fraction,
    require,
};
use crate::error::RpnRoiError;

/// How the cells under a RoI become a cut-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolingMethod {
    /// `RoIAlign`, the mean of each bin's samples (torchvision, Detectron2).
    #[default]
    Align,
    /// `RoIAlign`, the largest of each bin's samples (the first reading of *Mask R-CNN*, section 3).
    AlignMax,
    /// Quantised max pooling (*Fast R-CNN*, section 2.1).
    Pool,
    /// The exact mean of the interpolated surface (`IoU-Net`, section 3.3).
    Precise,
}

/// How features are cut out for each RoI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoiPoolerConfig {
    /// Rows and columns of the cut-out: 7 for boxes, 14 for masks.
    pub output_size: usize,
    /// How cells become a cut-out.
    #[serde(default)]
    pub method: PoolingMethod,
    /// Samples a bin has along each axis (2); 0 takes as many as fit. For `RoIAlign`.
    pub sampling_ratio: usize,
    /// Levels used, from the finest: 4 (P2 … P5; P6 feeds the RPN only) or 1.
    pub levels: usize,
    /// A RoI of this side (224, the size of ImageNet crops) …
    pub canonical_size: f32,
    /// … belongs on this level (4; FPN, equation 1).
    pub canonical_level: usize,
}

impl RoiPoolerConfig {
    /// Added to the level before rounding down, so that 224 px lands on its own level (torchvision `poolers.py`).
    pub const LEVEL_EPSILON: f32 = 1e-6;

    /// Cut-outs of `output_size`² over `levels` levels.
    pub const fn new(output_size: usize, levels: usize) -> Self {
        Self {
            output_size,
            method: PoolingMethod::Align,
            sampling_ratio: 2,
            levels,
            canonical_size: 224.0,
            canonical_level: 4,
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for an empty cut-out, no or more than four levels, or a canonical size that is not positive.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        at_least_one(self.output_size, "pooler.output_size")?;
        require(
            (1..=4).contains(&self.levels),
            "pooler.levels",
            self.levels,
            "1 to 4",
        )?;
        require(
            self.canonical_size > 0.0,
            "pooler.canonical_size",
            self.canonical_size,
            "a positive number",
        )
    }
}

/// The network between a box's cut-out and its two predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum BoxHeadConfig {
    /// Two fully connected layers (FPN, section 4.2): `features` is 1024.
    TwoMlp {
        /// Width of both layers.
        features: usize,
    },
    /// 3×3 convolutions with batch norm, then one fully connected layer (*Group Normalization*'s 4conv1fc; torchvision v2).
    ConvFc {
        /// Number of convolutions (4).
        convolutions: usize,
        /// Their channels (256).
        channels: usize,
        /// Width of the fully connected layer (1024).
        features: usize,
        /// ε of the batch norms (1e-5).
        norm_epsilon: f64,
    },
}

impl BoxHeadConfig {
    /// Two fully connected layers of 1024.
    pub const fn two_mlp() -> Self {
        Self::TwoMlp { features: 1024 }
    }

    /// Four convolutions of 256 channels and one fully connected layer of 1024.
    pub const fn four_conv_one_fc() -> Self {
        Self::ConvFc {
            convolutions: 4,
            channels: 256,
            features: 1024,
            norm_epsilon: 1e-5,
        }
    }

    /// Width of what the head hands on.
    pub const fn features(&self) -> usize {
        match self {
            Self::TwoMlp { features } | Self::ConvFc { features, .. } => *features,
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for a width of zero, or an ε that is negative or not finite.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        at_least_one(self.features(), "box_head.features")?;
        if let Self::ConvFc {
            convolutions,
            channels,
            norm_epsilon,
            ..
        } = self
        {
            at_least_one(*convolutions, "box_head.convolutions")?;
            at_least_one(*channels, "box_head.channels")?;
            require(
                norm_epsilon.is_finite() && *norm_epsilon >= 0.0,
                "box_head.norm_epsilon",
                norm_epsilon,
                "a finite number of at least 0",
            )?;
        }
        Ok(())
    }
}

/// Which overlapping detection survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suppression {
    /// The one with the best class score.
    #[default]
    Standard,
    /// The one whose box the IoU head trusts most; it takes the best class score of those it suppresses (IoU-Net,
    /// algorithm 1). Needs an IoU head.
    IouGuided,
}

/// From class probabilities and boxes to detections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostprocessConfig {
    /// A detection's probability is above this (`>`; 0.05).
    pub score_threshold: f32,
    /// IoU above which the weaker of two boxes of one class is dropped (0.5).
    pub nms_threshold: f32,
    /// Shortest side of a box in pixels (1e-2, torchvision `roi_heads.py`).
    pub min_size: f32,
    /// Best detections of each image that are handed back (100).
    pub detections: usize,
    /// Which overlapping detection survives.
    pub suppression: Suppression,
}

impl Default for PostprocessConfig {
    fn default() -> Self {
        Self {
            score_threshold: 0.05,
            nms_threshold: 0.5,
            min_size: 1e-2,
            detections: 100,
            suppression: Suppression::Standard,
        }
    }
}

impl PostprocessConfig {
    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for the first field out of range.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        fraction(self.score_threshold, "postprocess.score_threshold")?;
        fraction(self.nms_threshold, "postprocess.nms_threshold")?;
        require(
            self.min_size >= 0.0,
            "postprocess.min_size",
            self.min_size,
            "at least 0",
        )?;
        at_least_one(self.detections, "postprocess.detections")
    }
}

/// Pooling, head, predictors and postprocessing of the boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoiHeadsConfig {
    /// 7×7 cut-outs.
    pub pooler: RoiPoolerConfig,
    /// The network before the predictors.
    pub head: BoxHeadConfig,
    /// Box code of the proposals (10, 10, 5, 5).
    pub coder: BoxCoderConfig,
    /// Whether one box serves all classes instead of one box each.
    pub class_agnostic: bool,
    /// The head that judges how well a box fits, if there is one.
    pub iou_head: Option<IouHeadConfig>,
    /// From predictions to detections.
    pub postprocess: PostprocessConfig,
    /// Proposals against ground truth: 0.5 / 0.5.
    pub matcher: MatcherConfig,
    /// 512 proposals an image, a quarter of them positive at most.
    pub sampler: SamplerConfig,
    /// Loss of the classes.
    #[serde(default)]
    pub class_loss: ClassLoss,
    /// Loss of the boxes.
    #[serde(default)]
    pub box_loss: BoxLoss,
}

impl RoiHeadsConfig {
    /// torchvision's box branch over `levels` levels.
    pub fn new(levels: usize) -> Self {
        Self {
            pooler: RoiPoolerConfig::new(7, levels),
            head: BoxHeadConfig::two_mlp(),
            coder: BoxCoderConfig::new([10.0, 10.0, 5.0, 5.0]),
            class_agnostic: false,
            iou_head: None,
            postprocess: PostprocessConfig::default(),
            matcher: MatcherConfig {
                positive: 0.5,
                negative: 0.5,
                low_quality: false,
            },
            sampler: SamplerConfig {
                per_image: 512,
                positive_fraction: 0.25,
            },
            class_loss: ClassLoss::default(),
            box_loss: BoxLoss::default(),
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for the first field out of range.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        self.pooler.validate()?;
        self.head.validate()?;
        self.coder.validate()?;
        if let Some(iou_head) = &self.iou_head {
            iou_head.validate()?;
        }
        self.postprocess.validate()?;
        let guided = self.postprocess.suppression == Suppression::IouGuided;
        require(
            !guided || self.iou_head.is_some(),
            "postprocess.suppression",
            self.postprocess.suppression,
            "Standard, or an IoU head (roi_heads.iou_head)",
        )?;
        self.matcher.validate()?;
        self.sampler.validate()?;
        self.box_loss.validate()
    }
}
