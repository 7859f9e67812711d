//! Faster R-CNN (*Faster R-CNN*, figure 2; with a pyramid, *Feature Pyramid Networks*, section 5).

use burn::module::Module;
use burn::tensor::Device;
use rand::Rng;
use serde::{Deserialize, Serialize};
use wardrobe_backbones::{Backbone, BackboneConfig};
use wardrobe_losses::ClassLoss;

use crate::config::{
    AnchorConfig, BoxHeadConfig, RoiHeadsConfig, RpnConfig, TransformConfig, require,
};
use crate::detections::Detections;
use crate::error::RpnRoiError;
use crate::ground_truth::GroundTruth;
use crate::image_batch::{ImageBatch, RgbPicture};
use crate::losses::DetectorLosses;
use crate::roi_heads::RoiHeads;
use crate::rpn::Rpn;
use crate::transform::ImageTransform;

/// Categories of the `COCO_V1` weights: 90 numbers and the background.
pub const COCO_CLASSES: usize = 91;

/// Everything that makes a Faster R-CNN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FasterRcnnConfig {
    /// C, the classes including background.
    pub num_classes: usize,
    /// Pictures → batch.
    pub transform: TransformConfig,
    /// Batch → pyramid.
    pub backbone: BackboneConfig,
    /// Pyramid → proposals.
    pub rpn: RpnConfig,
    /// Proposals → detections.
    pub roi_heads: RoiHeadsConfig,
}

impl FasterRcnnConfig {
    /// torchvision's `fasterrcnn_resnet50_fpn`. Its `COCO_V1` weights need [`FasterRcnnConfig::coco_v1`].
    pub fn resnet50_fpn(num_classes: usize) -> Self {
        Self {
            num_classes,
            transform: TransformConfig::default(),
            backbone: BackboneConfig::resnet50_fpn(1e-5),
            rpn: RpnConfig::default(),
            roi_heads: RoiHeadsConfig::new(4),
        }
    }

    /// `fasterrcnn_resnet50_fpn` as its `COCO_V1` weights were trained: 91 classes, batch norm with ε = 0.
    pub fn coco_v1() -> Self {
        Self {
            backbone: BackboneConfig::resnet50_fpn(0.0),
            ..Self::resnet50_fpn(COCO_CLASSES)
        }
    }

    /// torchvision's `fasterrcnn_resnet50_fpn_v2`: batch norm in the pyramid, two convolutions in the RPN, 4conv1fc head.
    pub fn resnet50_fpn_v2(num_classes: usize) -> Self {
        let plain = Self::resnet50_fpn(num_classes);
        Self {
            backbone: BackboneConfig::resnet50_fpn_v2(),
            rpn: RpnConfig {
                convolutions: 2,
                ..plain.rpn
            },
            roi_heads: RoiHeadsConfig {
                head: BoxHeadConfig::four_conv_one_fc(),
                ..plain.roi_heads
            },
            ..plain
        }
    }

    /// VGG-16 up to `conv5_3` on one level of stride 16, as torchvision builds it from
    /// `FasterRCNN(vgg16().features[:-1], …)` with five anchor sizes and three ratios.
    pub fn vgg16(num_classes: usize) -> Self {
        Self {
            num_classes,
            transform: TransformConfig::default(),
            backbone: BackboneConfig::vgg16(),
            rpn: RpnConfig {
                anchors: AnchorConfig::single_level(),
                ..RpnConfig::default()
            },
            roi_heads: RoiHeadsConfig::new(1),
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] or [`RpnRoiError::Backbone`] for the first number out of range, or parts that do not fit.
    pub fn validate(&self) -> Result<(), RpnRoiError> {
        self.roi_heads.validate()?;
        validate_front(
            self.num_classes,
            &self.transform,
            &self.backbone,
            &self.rpn,
            self.roi_heads.pooler.levels,
            &self.roi_heads.class_loss,
        )
    }

    /// A fresh detector; its parameters are drawn when first used, so loading weights right away costs no draw.
    ///
    /// # Errors
    ///
    /// As [`FasterRcnnConfig::validate`].
    pub fn init(&self, device: &Device) -> Result<FasterRcnn, RpnRoiError> {
        self.validate()?;
        let channels = self.backbone.out_channels();
        Ok(FasterRcnn {
            backbone: self.backbone.init(device),
            rpn: Rpn::new(&self.rpn, channels, device),
            roi_heads: RoiHeads::new(&self.roi_heads, channels, self.num_classes, device),
            transform: ImageTransform::new(self.transform.clone())?,
        })
    }
}

/// Checks what all detectors share, and that anchors and pooler fit the backbone's levels.
pub(crate) fn validate_front(
    num_classes: usize,
    transform: &TransformConfig,
    backbone: &BackboneConfig,
    rpn: &RpnConfig,
    pooled_levels: usize,
    class_loss: &ClassLoss,
) -> Result<(), RpnRoiError> {
    require(
        num_classes >= 2,
        "num_classes",
        num_classes,
        "at least 2: the background and one class",
    )?;
    class_loss
        .validate(num_classes)
        .map_err(|error| RpnRoiError::Setting {
            field: error.field,
            found: error.found,
            expected: error.expected,
        })?;
    transform.validate()?;
    backbone.validate().map_err(|error| RpnRoiError::Backbone {
        reason: error.to_string(),
    })?;
    rpn.validate()?;
    let levels = backbone.levels();
    require(
        rpn.anchors.sizes.len() == levels,
        "anchors.sizes",
        &rpn.anchors.sizes,
        "one list for each backbone level",
    )?;
    if let BackboneConfig::ResNetFpn {
        returned_stages, ..
    } = backbone
    {
        // A RoI's level is a count of octaves: in a gap it would read the wrong level, or none.
        require(
            returned_stages.is_sorted_by(|stage, next| stage + 1 == *next),
            "returned_stages",
            returned_stages,
            "stages without a gap, each of half the size of the one before",
        )?;
    }
    require(
        pooled_levels <= levels,
        "pooler.levels",
        pooled_levels,
        "at most the backbone's levels",
    )
}

/// A Faster R-CNN. In a state dict: `backbone.*`, `rpn.head.*`, `roi_heads.*`, as in torchvision.
#[derive(Module, Debug)]
pub struct FasterRcnn {
    /// Batch → pyramid.
    pub backbone: Backbone,
    /// Pyramid → proposals.
    pub rpn: Rpn,
    /// Proposals → detections.
    pub roi_heads: RoiHeads,
    #[module(skip)]
    transform: ImageTransform,
}

impl FasterRcnn {
    /// The detections of each image of the batch, in pixels of the resized images.
    ///
    /// # Panics
    ///
    /// If the pixels are not `[N, 3, H, W]` for N sizes.
    pub fn forward(&self, images: &ImageBatch) -> Vec<Detections> {
        let pyramid = self.backbone.forward(images.pixels.clone());
        let proposals = self.rpn.forward(&pyramid, images);
        self.roi_heads.forward(&pyramid, &proposals, images)
    }

    /// What the detector must learn from a batch: `truths` in pixels of the resized images, as
    /// [`ImageTransform::training_batch`] gives them.
    ///
    /// The draw of anchors and RoIs is the only randomness; the same `rng` gives the same losses.
    ///
    /// # Panics
    ///
    /// If there is not one ground truth for each image.
    pub fn losses(
        &self,
        images: &ImageBatch,
        truths: &[GroundTruth],
        rng: &mut impl Rng,
    ) -> DetectorLosses {
        let pyramid = self.backbone.forward(images.pixels.clone());
        let (proposals, rpn) = self.rpn.forward_train(&pyramid, images, truths, rng);
        let sample = self.roi_heads.draw(&proposals, truths, rng);
        DetectorLosses {
            rpn,
            stages: vec![
                self.roi_heads
                    .losses(&pyramid, &sample, truths, images, rng),
            ],
        }
    }

    /// The detections in each picture, in its own pixels. Pictures may differ in size.
    ///
    /// ```no_run
    /// use burn::tensor::Device;
    /// use wardrobe_rpn_roi::{FasterRcnnConfig, RgbPicture};
    ///
    /// let detector = FasterRcnnConfig::resnet50_fpn(14).init(&Device::flex())?.fold_batch_norm();
    /// let bytes = vec![0_u8; 640 * 480 * 3];
    /// let picture = RgbPicture { data: &bytes, width: 640, height: 480 };
    /// for garment in detector.detect(&[picture])?[0].to_vec() {
    ///     println!("{garment:?}");
    /// }
    /// # Ok::<(), wardrobe_rpn_roi::RpnRoiError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ImageTransform::batch`].
    pub fn detect(&self, pictures: &[RgbPicture<'_>]) -> Result<Vec<Detections>, RpnRoiError> {
        let images = self.transform.batch(pictures, &self.device())?;
        let found = self.forward(&images);
        Ok(found
            .into_iter()
            .zip(&images.originals)
            .map(|(found, size)| found.resized(*size))
            .collect())
    }

    /// The detector with every batch norm folded into its convolution: the same detections, faster.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            backbone: self.backbone.fold_batch_norm(),
            rpn: self.rpn,
            roi_heads: self.roi_heads.fold_batch_norm(),
            transform: self.transform,
        }
    }

    /// What turns pictures into a batch.
    pub const fn transform(&self) -> &ImageTransform {
        &self.transform
    }

    /// Where the parameters are.
    pub fn device(&self) -> Device {
        self.rpn.device()
    }
}
