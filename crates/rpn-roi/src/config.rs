//! Every number of the detectors, with its source.
//!
//! Defaults are torchvision 0.24's `FasterRCNN` (file `models/detection/faster_rcnn.py`), which follow *Feature Pyramid
//! Networks for Object Detection*, section 5. "Test" numbers rule inference. Configurations are values: change a field,
//! save them with serde, and `init` checks them before it builds anything.

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

fn fraction(value: f32, field: &'static str) -> Result<(), RpnRoiError> {
    require(
        (0.0..=1.0).contains(&value),
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
    /// Mean of red, green and blue in 0–1 (`ImageNet`).
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue in 0–1 (`ImageNet`).
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

impl TransformConfig {
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for a size of zero, a divisor of zero, or a deviation that is not positive.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        at_least_one(self.min_size, "transform.min_size")?;
        at_least_one(self.max_size, "transform.max_size")?;
        at_least_one(self.size_divisor, "transform.size_divisor")?;
        let finite = self.mean.iter().all(|value| value.is_finite());
        require(finite, "transform.mean", self.mean, "finite numbers")?;
        let positive = self
            .std
            .iter()
            .all(|value| value.is_finite() && *value > 0.0);
        require(positive, "transform.std", self.std, "positive numbers")
    }
}

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
    pub positive_fraction: f32,
}

impl SamplerConfig {
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

/// How features are cut out for each RoI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoiPoolerConfig {
    /// Rows and columns of the cut-out: 7 for boxes, 14 for masks.
    pub output_size: usize,
    /// Samples a bin has along each axis (2); 0 takes as many as fit.
    pub sampling_ratio: usize,
    /// Levels used, from the finest: 4 (P2 … P5; P6 feeds the RPN only) or 1.
    pub levels: usize,
    /// A RoI of this side (224, the size of `ImageNet` crops) …
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
            sampling_ratio: 2,
            levels,
            canonical_size: 224.0,
            canonical_level: 4,
        }
    }

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

    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for a width of zero.
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
                *norm_epsilon >= 0.0,
                "box_head.norm_epsilon",
                norm_epsilon,
                "at least 0",
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
    /// Width of the IoU head's two layers (IoU-Net: 1024), if there is one.
    pub iou_head: Option<usize>,
    /// From predictions to detections.
    pub postprocess: PostprocessConfig,
    /// Proposals against ground truth: 0.5 / 0.5.
    pub matcher: MatcherConfig,
    /// 512 proposals an image, a quarter of them positive at most.
    pub sampler: SamplerConfig,
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
        }
    }

    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] for the first field out of range.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        self.pooler.validate()?;
        self.head.validate()?;
        self.coder.validate()?;
        if let Some(features) = self.iou_head {
            at_least_one(features, "roi_heads.iou_head")?;
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
        self.sampler.validate()
    }
}
