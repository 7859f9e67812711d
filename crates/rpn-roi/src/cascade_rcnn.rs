//! Cascade R-CNN (*Cascade R-CNN: Delving into High Quality Object Detection*, figure 3d).

use burn::module::Module;
use burn::tensor::Device;
use rand::Rng;
use serde::{Deserialize, Serialize};
use wardrobe_backbones::{Backbone, BackboneConfig};

use crate::cascade_head::{CascadeHeads, CascadeHeadsConfig};
use crate::config::{RpnConfig, TransformConfig};
use crate::detections::Detections;
use crate::error::RpnRoiError;
use crate::faster_rcnn::validate_front;
use crate::ground_truth::GroundTruth;
use crate::image_batch::{ImageBatch, RgbPicture};
use crate::losses::DetectorLosses;
use crate::rpn::Rpn;
use crate::transform::ImageTransform;

/// Everything that makes a Cascade R-CNN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CascadeRcnnConfig {
    /// C, the classes including background.
    pub num_classes: usize,
    /// Pictures → batch.
    pub transform: TransformConfig,
    /// Batch → pyramid.
    pub backbone: BackboneConfig,
    /// Pyramid → proposals.
    pub rpn: RpnConfig,
    /// Proposals → detections, in stages.
    pub roi_heads: CascadeHeadsConfig,
}

impl CascadeRcnnConfig {
    /// The paper's cascade on torchvision's ResNet-50 with FPN.
    pub fn resnet50_fpn(num_classes: usize) -> Self {
        Self {
            num_classes,
            transform: TransformConfig::default(),
            backbone: BackboneConfig::resnet50_fpn(1e-5),
            rpn: RpnConfig::default(),
            roi_heads: CascadeHeadsConfig::new(4),
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

    /// A fresh detector; its parameters are drawn when first used.
    ///
    /// # Errors
    ///
    /// As [`CascadeRcnnConfig::validate`].
    pub fn init(&self, device: &Device) -> Result<CascadeRcnn, RpnRoiError> {
        self.validate()?;
        let channels = self.backbone.out_channels();
        Ok(CascadeRcnn {
            backbone: self.backbone.init(device),
            rpn: Rpn::new(&self.rpn, channels, device),
            roi_heads: CascadeHeads::new(&self.roi_heads, channels, self.num_classes, device),
            transform: ImageTransform::new(self.transform.clone())?,
        })
    }
}

/// A Cascade R-CNN. In a state dict: `roi_heads.box_head.{t}.*` and `roi_heads.box_predictor.{t}.*` for stage t.
#[derive(Module, Debug)]
pub struct CascadeRcnn {
    /// Batch → pyramid.
    pub backbone: Backbone,
    /// Pyramid → proposals.
    pub rpn: Rpn,
    /// Proposals → detections, in stages.
    pub roi_heads: CascadeHeads,
    #[module(skip)]
    transform: ImageTransform,
}

impl CascadeRcnn {
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

    /// What the detector must learn from a batch, as [`FasterRcnn::losses`](crate::FasterRcnn::losses).
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
        let (_, stages) = self
            .roi_heads
            .losses(&pyramid, &proposals, truths, images, rng);
        DetectorLosses { rpn, stages }
    }

    /// The detections in each picture, in its own pixels. Pictures may differ in size.
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
