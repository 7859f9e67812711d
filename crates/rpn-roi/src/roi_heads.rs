//! The second stage of Faster R-CNN: pool, read, predict, postprocess.
//!
//! Legend: N images, R RoIs, C classes with background 0.

use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use rand::Rng;
use wardrobe_backbones::Pyramid;

use crate::box_coder::BoxCoder;
use crate::box_head::BoxHead;
use crate::box_loss::{RoiLosses, roi_losses};
use crate::box_predictor::BoxPredictor;
use crate::config::RoiHeadsConfig;
use crate::detections::Detections;
use crate::ground_truth::GroundTruth;
use crate::image_batch::ImageBatch;
use crate::iou_head::IouHead;
use crate::postprocess::{Judgement, postprocess};
use crate::proposals::Proposals;
use crate::roi_pooler::RoiPooler;
use crate::roi_sample::{RoiSample, constant};

/// Box branch: one pooler, one head, one predictor, and an IoU head where asked for.
#[derive(Module, Debug)]
pub struct RoiHeads {
    /// Features of a cut-out.
    pub box_head: BoxHead,
    /// Class and box.
    pub box_predictor: BoxPredictor,
    /// Predicted IoU.
    pub iou_head: Option<IouHead>,
    #[module(skip)]
    settings: RoiSettings,
}

#[derive(Debug, Clone)]
struct RoiSettings {
    config: RoiHeadsConfig,
    pooler: RoiPooler,
    coder: BoxCoder,
}

impl RoiHeads {
    /// Fresh heads for a pyramid of `channels` channels.
    pub fn new(
        config: &RoiHeadsConfig,
        channels: usize,
        num_classes: usize,
        device: &Device,
    ) -> Self {
        let side = config.pooler.output_size;
        let inputs = channels * side * side;
        Self {
            box_head: BoxHead::new(&config.head, channels, side, device),
            box_predictor: BoxPredictor::new(
                config.head.features(),
                num_classes,
                config.class_agnostic,
                device,
            ),
            iou_head: config
                .iou_head
                .map(|features| IouHead::new(inputs, features, num_classes, device)),
            settings: RoiSettings {
                config: config.clone(),
                pooler: RoiPooler::new(&config.pooler),
                coder: BoxCoder::new(&config.coder),
            },
        }
    }

    /// The detections of each image, in pixels of the resized images.
    pub fn forward(
        &self,
        pyramid: &Pyramid,
        proposals: &Proposals,
        images: &ImageBatch,
    ) -> Vec<Detections> {
        if proposals.is_empty() {
            return Detections::none_in(images);
        }
        let judgement = self.judge(pyramid, proposals, images);
        let RoiSettings { config, coder, .. } = &self.settings;
        postprocess(
            &judgement,
            proposals,
            &images.sizes,
            coder,
            &config.postprocess,
        )
    }

    /// What the heads say of the proposals.
    pub fn judge(
        &self,
        pyramid: &Pyramid,
        proposals: &Proposals,
        images: &ImageBatch,
    ) -> Judgement {
        let pooled = self
            .settings
            .pooler
            .forward(pyramid, proposals.rois(), images);
        let localisation = self
            .iou_head
            .as_ref()
            .map(|head| head.forward(pooled.clone()));
        let prediction = self.box_predictor.forward(self.box_head.forward(pooled));
        Judgement {
            probabilities: softmax(prediction.logits, 1),
            codes: prediction.codes,
            localisation,
        }
    }

    /// The RoIs of a batch to learn from, by this branch's matcher and sampler.
    ///
    /// # Panics
    ///
    /// If there is not one ground truth for each image.
    pub fn draw(
        &self,
        proposals: &Proposals,
        truths: &[GroundTruth],
        rng: &mut impl Rng,
    ) -> RoiSample {
        let RoiHeadsConfig {
            matcher, sampler, ..
        } = &self.settings.config;
        RoiSample::draw(proposals, truths, matcher, sampler, rng)
    }

    /// What the heads must learn from the RoIs of `sample`.
    ///
    /// # Panics
    ///
    /// If nothing was drawn.
    pub fn losses(&self, pyramid: &Pyramid, sample: &RoiSample, images: &ImageBatch) -> RoiLosses {
        assert!(!sample.is_empty(), "a loss needs at least one RoI");
        let RoiSettings {
            config,
            pooler,
            coder,
        } = &self.settings;
        let rois = constant(sample.rois.clone(), &images.pixels.device());
        let pooled = pooler.forward(pyramid, rois, images);
        let prediction = self.box_predictor.forward(self.box_head.forward(pooled));
        roi_losses(
            prediction,
            sample,
            coder,
            &config.class_loss,
            config.box_loss,
        )
    }

    /// The heads with batch norm folded into their convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            box_head: self.box_head.fold_batch_norm(),
            ..self
        }
    }

    /// The settings.
    pub const fn config(&self) -> &RoiHeadsConfig {
        &self.settings.config
    }
}
