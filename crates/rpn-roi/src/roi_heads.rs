//! The second stage of Faster R-CNN: pool, read, predict, postprocess.
//!
//! Legend: N images, R RoIs, C classes with background 0.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use wardrobe_backbones::Pyramid;
use wardrobe_backbones::zero::zero_of;
use wardrobe_losses::smooth_l1;

use crate::box_coder::BoxCoder;
use crate::box_head::BoxHead;
use crate::box_loss::{RoiLosses, roi_losses};
use crate::box_predictor::BoxPredictor;
use crate::config::RoiHeadsConfig;
use crate::detections::Detections;
use crate::ground_truth::GroundTruth;
use crate::image_batch::ImageBatch;
use crate::iou_head::IouHead;
use crate::iou_sample::IouSample;
use crate::localiser::Localiser;
use crate::postprocess::{Judgement, Localise, postprocess};
use crate::proposals::Proposals;
use crate::roi_pooler::RoiPooler;
use crate::roi_sample::RoiSample;

/// Where the IoU head's smooth L1 turns from square to line (*Fast R-CNN*, equation 3; the paper names no other).
const IOU_BETA: f32 = 1.0;

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
    /// What the IoU head reads, if there is one.
    iou_pooler: Option<RoiPooler>,
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
        Self {
            box_head: BoxHead::new(&config.head, channels, side, device),
            box_predictor: BoxPredictor::new(
                config.head.features(),
                num_classes,
                config.class_agnostic,
                device,
            ),
            iou_head: config.iou_head.as_ref().map(|iou_head| {
                let side = iou_head.pooler.output_size;
                IouHead::new(
                    channels * side * side,
                    iou_head.features,
                    num_classes,
                    device,
                )
            }),
            settings: RoiSettings {
                config: config.clone(),
                pooler: RoiPooler::new(&config.pooler),
                iou_pooler: config
                    .iou_head
                    .as_ref()
                    .map(|iou_head| RoiPooler::new(&iou_head.pooler)),
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
        let localiser = self.localiser(pyramid, images);
        let localise = localiser
            .map(|localiser| move |image, boxes, labels| localiser.iou(image, boxes, labels));
        let found = postprocess(
            &judgement,
            proposals,
            &images.sizes,
            coder,
            &config.postprocess,
            localise.as_ref().map(|localise| localise as &Localise<'_>),
        );
        let refinement = config.iou_head.as_ref().and_then(|head| head.refinement);
        match (localiser, refinement) {
            (Some(localiser), Some(refinement)) => found
                .into_iter()
                .enumerate()
                .map(|(image, found)| localiser.refine(image, found, &refinement))
                .collect(),
            _ => found,
        }
    }

    /// The IoU head over this batch, if there is one.
    fn localiser<'a>(
        &'a self,
        pyramid: &'a Pyramid,
        images: &'a ImageBatch,
    ) -> Option<Localiser<'a>> {
        let head = self.iou_head.as_ref()?;
        let pooler = self.settings.iou_pooler.as_ref()?;
        Some(Localiser {
            head,
            pooler,
            pyramid,
            images,
        })
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
        let prediction = self.box_predictor.forward(self.box_head.forward(pooled));
        Judgement {
            probabilities: softmax(prediction.logits, 1),
            codes: prediction.codes,
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

    /// What the heads must learn from the RoIs of `sample`; 0 where nothing was drawn.
    pub fn losses(
        &self,
        pyramid: &Pyramid,
        sample: &RoiSample,
        truths: &[GroundTruth],
        images: &ImageBatch,
        rng: &mut impl Rng,
    ) -> RoiLosses {
        let RoiSettings {
            config,
            pooler,
            coder,
            ..
        } = &self.settings;
        let device = images.pixels.device();
        let drawn = if sample.is_empty() {
            RoiLosses::of_nothing(&self.box_head, &self.box_predictor, &device)
        } else {
            let pooled = pooler.forward(pyramid, sample.roi_tensor(&device), images);
            let prediction = self.box_predictor.forward(self.box_head.forward(pooled));
            let (class_loss, box_loss) = (&config.class_loss, config.box_loss);
            roi_losses(prediction, sample, coder, class_loss, box_loss)
        };
        RoiLosses {
            iou: self.iou_loss(pyramid, truths, images, rng),
            ..drawn
        }
    }

    /// Smooth L1 of the predicted from the true IoU of moved ground truth, both normalised; 0 without objects.
    fn iou_loss(
        &self,
        pyramid: &Pyramid,
        truths: &[GroundTruth],
        images: &ImageBatch,
        rng: &mut impl Rng,
    ) -> Option<Tensor<1>> {
        let localiser = self.localiser(pyramid, images)?;
        let config = self.settings.config.iou_head.as_ref()?;
        let device = images.pixels.device();
        let drawn = IouSample::draw(truths, &images.sizes, &config.sampler, rng);
        if drawn.is_empty() {
            return Some(zero_of(localiser.head, &device));
        }
        let rois = drawn.roi_tensor(&device);
        let pooled = localiser.pooler.forward(pyramid, rois, images);
        let predicted = localiser.head.forward(pooled);
        let predicted = predicted.gather(1, drawn.label_tensor(&device));
        let distance = smooth_l1(predicted, drawn.target_tensor(&device), IOU_BETA);
        Some(distance.mean() * config.loss_weight)
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
