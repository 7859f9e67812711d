//! Mask R-CNN (*Mask R-CNN*, figure 1): a box detector, Faster R-CNN or Cascade R-CNN, with a mask branch.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use wardrobe_backbones::{Backbone, Pyramid};
use wardrobe_rpn_roi::box_loss::RoiLosses;
use wardrobe_rpn_roi::cascade_head::CascadeHeads;
use wardrobe_rpn_roi::proposals::Proposals;
use wardrobe_rpn_roi::roi_heads::RoiHeads;
use wardrobe_rpn_roi::roi_sample::RoiSample;
use wardrobe_rpn_roi::rpn::Rpn;
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_rpn_roi::{
    CascadeRcnnConfig, Detections, DetectorLosses, FasterRcnnConfig, GroundTruth, ImageBatch,
    RgbPicture, RpnRoiError,
};

use crate::config::MaskConfig;
use crate::error::MaskHeadError;
use crate::instance_detections::InstanceDetections;
use crate::instance_truth::InstanceTruth;
use crate::mask_branch::MaskBranch;
use crate::siblings::Siblings;

/// The detector under the masks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DetectorConfig {
    /// One box stage.
    Faster(FasterRcnnConfig),
    /// Several.
    Cascade(CascadeRcnnConfig),
}

/// Everything that makes a Mask R-CNN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskRcnnConfig {
    /// Pictures → detections.
    pub detector: DetectorConfig,
    /// Detections → masks.
    pub mask: MaskConfig,
}

impl MaskRcnnConfig {
    /// torchvision's `maskrcnn_resnet50_fpn`. Its `COCO_V1` weights need [`MaskRcnnConfig::coco_v1`].
    pub fn resnet50_fpn(num_classes: usize) -> Self {
        Self::faster(FasterRcnnConfig::resnet50_fpn(num_classes))
    }

    /// `maskrcnn_resnet50_fpn` as its `COCO_V1` weights were trained: 91 classes, batch norm with ε = 0.
    pub fn coco_v1() -> Self {
        Self::faster(FasterRcnnConfig::coco_v1())
    }

    /// torchvision's `maskrcnn_resnet50_fpn_v2`: batch norm in the mask head too.
    pub fn resnet50_fpn_v2(num_classes: usize) -> Self {
        let plain = Self::faster(FasterRcnnConfig::resnet50_fpn_v2(num_classes));
        Self {
            mask: MaskConfig {
                norm_epsilon: Some(1e-5),
                ..plain.mask
            },
            ..plain
        }
    }

    /// The paper's cascade with a mask branch after its last stage.
    pub fn cascade_resnet50_fpn(num_classes: usize) -> Self {
        Self {
            detector: DetectorConfig::Cascade(CascadeRcnnConfig::resnet50_fpn(num_classes)),
            mask: MaskConfig::new(4),
        }
    }

    /// The usual mask branch behind `detector`, over the levels its boxes use.
    pub fn faster(detector: FasterRcnnConfig) -> Self {
        let levels = detector.roi_heads.pooler.levels;
        Self {
            detector: DetectorConfig::Faster(detector),
            mask: MaskConfig::new(levels),
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    ///
    /// [`MaskHeadError`] for the first number out of range, or parts that do not fit.
    pub fn validate(&self) -> Result<(), MaskHeadError> {
        let levels = match &self.detector {
            DetectorConfig::Faster(config) => config.validate().map(|()| config.backbone.levels()),
            DetectorConfig::Cascade(config) => config.validate().map(|()| config.backbone.levels()),
        }?;
        self.mask.validate()?;
        if self.mask.pooler.levels > levels {
            return Err(MaskHeadError::Setting {
                field: "mask.pooler.levels",
                found: self.mask.pooler.levels.to_string(),
                expected: "at most the backbone's levels",
            });
        }
        Ok(())
    }

    /// A fresh detector; its parameters are drawn when first used, so loading weights right away costs no draw.
    ///
    /// # Errors
    ///
    /// As [`MaskRcnnConfig::validate`].
    pub fn init(&self, device: &Device) -> Result<MaskRcnn, MaskHeadError> {
        self.validate()?;
        Ok(match &self.detector {
            DetectorConfig::Faster(c) => {
                let channels = c.backbone.out_channels();
                MaskRcnn {
                    backbone: c.backbone.init(device),
                    rpn: Rpn::new(&c.rpn, channels, device),
                    roi_heads: Siblings {
                        first: BoxStage::Single(RoiHeads::new(
                            &c.roi_heads,
                            channels,
                            c.num_classes,
                            device,
                        )),
                        second: MaskBranch::new(&self.mask, channels, c.num_classes, device),
                    },
                    transform: ImageTransform::new(c.transform.clone())?,
                }
            }
            DetectorConfig::Cascade(c) => {
                let channels = c.backbone.out_channels();
                MaskRcnn {
                    backbone: c.backbone.init(device),
                    rpn: Rpn::new(&c.rpn, channels, device),
                    roi_heads: Siblings {
                        first: BoxStage::Cascade(CascadeHeads::new(
                            &c.roi_heads,
                            channels,
                            c.num_classes,
                            device,
                        )),
                        second: MaskBranch::new(&self.mask, channels, c.num_classes, device),
                    },
                    transform: ImageTransform::new(c.transform.clone())?,
                }
            }
        })
    }
}

/// The box branch of either detector.
#[derive(Module, Debug)]
pub enum BoxStage {
    /// Faster R-CNN's.
    Single(RoiHeads),
    /// Cascade R-CNN's.
    Cascade(CascadeHeads),
}

impl BoxStage {
    /// The detections of each image, in pixels of the resized images.
    pub fn forward(
        &self,
        pyramid: &Pyramid,
        proposals: &Proposals,
        images: &ImageBatch,
    ) -> Vec<Detections> {
        match self {
            Self::Single(heads) => heads.forward(pyramid, proposals, images),
            Self::Cascade(heads) => heads.forward(pyramid, proposals, images),
        }
    }

    /// Draws the RoIs to learn from; hands them on for the mask branch with what the boxes must learn.
    fn losses(
        &self,
        pyramid: &Pyramid,
        proposals: &Proposals,
        truths: &[GroundTruth],
        images: &ImageBatch,
        rng: &mut impl Rng,
    ) -> (RoiSample, Vec<RoiLosses>) {
        match self {
            Self::Single(heads) => {
                let sample = heads.draw(proposals, truths, rng);
                let losses = heads.losses(pyramid, &sample, truths, images, rng);
                (sample, vec![losses])
            }
            Self::Cascade(heads) => heads.losses(pyramid, proposals, truths, images, rng),
        }
    }

    fn fold_batch_norm(self) -> Self {
        match self {
            Self::Single(heads) => Self::Single(heads.fold_batch_norm()),
            Self::Cascade(heads) => Self::Cascade(heads.fold_batch_norm()),
        }
    }
}

/// What a Mask R-CNN minimises: the detector's losses and one more.
#[derive(Debug, Clone)]
pub struct MaskRcnnLosses {
    /// Of both box stages.
    pub detector: DetectorLosses,
    /// Of the mask branch, one number `[1]`.
    pub masks: Tensor<1>,
}

impl MaskRcnnLosses {
    /// Every loss under torchvision's name for it.
    pub fn named(&self) -> Vec<(String, Tensor<1>)> {
        let mut named = self.detector.named();
        named.push(("loss_mask".to_owned(), self.masks.clone()));
        named
    }

    /// Their sum: `L = L_cls + L_box + L_mask` (*Mask R-CNN*, section 3) and the RPN's two.
    pub fn total(&self) -> Tensor<1> {
        self.detector.total() + self.masks.clone()
    }
}

/// A Mask R-CNN. In a state dict: `backbone.*`, `rpn.head.*`, `roi_heads.*`, as in torchvision.
#[derive(Module, Debug)]
pub struct MaskRcnn {
    /// Batch → pyramid.
    pub backbone: Backbone,
    /// Pyramid → proposals.
    pub rpn: Rpn,
    /// Proposals → detections, and detections → masks.
    pub roi_heads: Siblings<BoxStage, MaskBranch>,
    #[module(skip)]
    transform: ImageTransform,
}

impl MaskRcnn {
    /// The detections and masks of each image of the batch, in pixels of the resized images.
    ///
    /// # Panics
    ///
    /// If the pixels are not `[N, 3, H, W]` for N sizes.
    pub fn forward(&self, images: &ImageBatch) -> Vec<InstanceDetections> {
        let Siblings {
            first: box_stage,
            second: mask_branch,
        } = &self.roi_heads;
        let pyramid = self.backbone.forward(images.pixels.clone());
        let proposals = self.rpn.forward(&pyramid, images);
        let detections = box_stage.forward(&pyramid, &proposals, images);
        mask_branch.forward(&pyramid, detections, images)
    }

    /// What the detector must learn from a batch: `truths` as [`MaskRcnn::training_batch`] gives them.
    ///
    /// The draw of anchors and RoIs is the only randomness; the same `rng` gives the same losses.
    ///
    /// # Panics
    ///
    /// If there is not one truth for each image.
    pub fn losses(
        &self,
        images: &ImageBatch,
        truths: &[InstanceTruth],
        rng: &mut impl Rng,
    ) -> MaskRcnnLosses {
        let Siblings {
            first: box_stage,
            second: mask_branch,
        } = &self.roi_heads;
        let objects: Vec<_> = truths.iter().map(|truth| truth.objects.clone()).collect();
        let pyramid = self.backbone.forward(images.pixels.clone());
        let (proposals, rpn) = self.rpn.forward_train(&pyramid, images, &objects, rng);
        let (sample, stages) = box_stage.losses(&pyramid, &proposals, &objects, images, rng);
        MaskRcnnLosses {
            detector: DetectorLosses { rpn, stages },
            masks: mask_branch.loss(&pyramid, &sample, truths, images),
        }
    }

    /// The batch of pictures and their truths for a detector of `num_classes` classes: pictures and boxes resized, masks
    /// left as they are until a RoI asks for them.
    ///
    /// # Errors
    ///
    /// As [`InstanceTruth::check`] and [`ImageTransform::training_batch`].
    pub fn training_batch(
        &self,
        pictures: &[RgbPicture<'_>],
        truths: Vec<InstanceTruth>,
        num_classes: usize,
    ) -> Result<(ImageBatch, Vec<InstanceTruth>), MaskHeadError> {
        for (picture, (truth, size)) in truths
            .iter()
            .zip(pictures.iter().map(RgbPicture::size))
            .enumerate()
        {
            truth.check(picture, size, num_classes)?;
        }
        let objects: Vec<_> = truths.iter().map(|truth| truth.objects.clone()).collect();
        let (images, objects) =
            self.transform
                .training_batch(pictures, &objects, num_classes, &self.device())?;
        let resized = truths
            .into_iter()
            .zip(objects)
            .map(|(truth, objects)| InstanceTruth { objects, ..truth })
            .collect();
        Ok((images, resized))
    }

    /// The detections and masks in each picture, in its own pixels. Pictures may differ in size.
    ///
    /// ```no_run
    /// use burn::tensor::Device;
    /// use wardrobe_mask_head::MaskRcnnConfig;
    /// use wardrobe_rpn_roi::RgbPicture;
    ///
    /// let detector = MaskRcnnConfig::resnet50_fpn(14).init(&Device::flex())?.fold_batch_norm();
    /// let bytes = vec![0_u8; 640 * 480 * 3];
    /// let picture = RgbPicture { data: &bytes, width: 640, height: 480 };
    /// let found = &detector.detect(&[picture])?[0];
    /// println!("{} garments", found.len());
    /// # Ok::<(), wardrobe_mask_head::MaskHeadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ImageTransform::batch`].
    pub fn detect(
        &self,
        pictures: &[RgbPicture<'_>],
    ) -> Result<Vec<InstanceDetections>, RpnRoiError> {
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
            roi_heads: Siblings {
                first: self.roi_heads.first.fold_batch_norm(),
                second: self.roi_heads.second.fold_batch_norm(),
            },
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
