//! The second stage of Cascade R-CNN: several box branches in a row, each fed with the boxes of the one before.
//!
//! Legend: N images, R RoIs, C classes with background 0, T stages. *Cascade R-CNN*, section 4: stage t is trained on
//! proposals of IoU ≥ `u_t`, so each stage is at home with boxes as good as it gets. At test the probabilities are the mean
//! over the stages, each judging its own input boxes, and the boxes are the last stage's (Detectron2's `CascadeROIHeads`).

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use wardrobe_backbones::Pyramid;
use wardrobe_losses::ClassLoss;

use crate::box_coder::BoxCoder;
use crate::box_geometry::clip;
use crate::box_head::BoxHead;
use crate::box_loss::{RoiLosses, roi_losses};
use crate::box_predictor::{BoxPrediction, BoxPredictor};
use crate::config::{
    BoxCoderConfig, BoxHeadConfig, BoxLoss, MatcherConfig, PostprocessConfig, RoiPoolerConfig,
    SamplerConfig, Suppression, require,
};
use crate::constants::without_autodiff;
use crate::detections::Detections;
use crate::error::RpnRoiError;
use crate::ground_truth::GroundTruth;
use crate::image_batch::ImageBatch;
use crate::postprocess::{Judgement, postprocess};
use crate::proposals::Proposals;
use crate::roi_pooler::RoiPooler;
use crate::roi_sample::RoiSample;

/// One stage of the cascade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CascadeStageConfig {
    /// Box code of this stage's input boxes.
    pub coder: BoxCoderConfig,
    /// Who is positive while this stage trains.
    pub matcher: MatcherConfig,
}

impl CascadeStageConfig {
    fn new(iou: f32, weights: [f32; 4]) -> Self {
        let matcher = MatcherConfig {
            positive: iou,
            negative: iou,
            low_quality: false,
        };
        Self {
            coder: BoxCoderConfig::new(weights),
            matcher,
        }
    }
}

/// The stages and what they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CascadeHeadsConfig {
    /// 7×7 cut-outs.
    pub pooler: RoiPoolerConfig,
    /// The network before the predictors, one of its own for each stage.
    pub head: BoxHeadConfig,
    /// The stages in order: IoU .5, .6, .7 and coder weights (10, 10, 5, 5) times 1, 2, 3 (sections 4.2 and 5.1).
    pub stages: Vec<CascadeStageConfig>,
    /// From predictions to detections; one box serves all classes.
    pub postprocess: PostprocessConfig,
    /// 512 proposals an image, a quarter of them positive at most.
    pub sampler: SamplerConfig,
    /// Loss of the classes, in every stage.
    #[serde(default)]
    pub class_loss: ClassLoss,
    /// Loss of the boxes, in every stage.
    #[serde(default)]
    pub box_loss: BoxLoss,
}

impl CascadeHeadsConfig {
    /// The paper's three stages over `levels` levels.
    pub fn new(levels: usize) -> Self {
        Self {
            pooler: RoiPoolerConfig::new(7, levels),
            head: BoxHeadConfig::two_mlp(),
            stages: vec![
                CascadeStageConfig::new(0.5, [10.0, 10.0, 5.0, 5.0]),
                CascadeStageConfig::new(0.6, [20.0, 20.0, 10.0, 10.0]),
                CascadeStageConfig::new(0.7, [30.0, 30.0, 15.0, 15.0]),
            ],
            postprocess: PostprocessConfig::default(),
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
        require(
            !self.stages.is_empty(),
            "cascade.stages",
            self.stages.len(),
            "at least 1",
        )?;
        for stage in &self.stages {
            stage.coder.validate()?;
            stage.matcher.validate()?;
        }
        self.postprocess.validate()?;
        let suppression = self.postprocess.suppression;
        require(
            suppression == Suppression::Standard,
            "postprocess.suppression",
            suppression,
            "Standard in a cascade",
        )?;
        self.sampler.validate()?;
        self.box_loss.validate()
    }
}

/// T box branches.
#[derive(Module, Debug)]
pub struct CascadeHeads {
    /// Features of a cut-out, stage by stage.
    pub box_head: Vec<BoxHead>,
    /// Class and box, stage by stage.
    pub box_predictor: Vec<BoxPredictor>,
    #[module(skip)]
    settings: CascadeSettings,
}

#[derive(Debug, Clone)]
struct CascadeSettings {
    config: CascadeHeadsConfig,
    pooler: RoiPooler,
    coders: Vec<BoxCoder>,
}

impl CascadeHeads {
    /// Fresh heads for a pyramid of `channels` channels.
    pub fn new(
        config: &CascadeHeadsConfig,
        channels: usize,
        num_classes: usize,
        device: &Device,
    ) -> Self {
        let side = config.pooler.output_size;
        let features = config.head.features();
        let stages = || config.stages.iter();
        Self {
            box_head: stages()
                .map(|_| BoxHead::new(&config.head, channels, side, device))
                .collect(),
            box_predictor: stages()
                .map(|_| BoxPredictor::new(features, num_classes, true, device))
                .collect(),
            settings: CascadeSettings {
                config: config.clone(),
                pooler: RoiPooler::new(&config.pooler),
                coders: stages().map(|stage| BoxCoder::new(&stage.coder)).collect(),
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
        let CascadeSettings { config, coders, .. } = &self.settings;
        let last = coders.len() - 1;
        let mut input = proposals.clone();
        let mut prediction = self.stage(0, pyramid, &input, images);
        let mut sum = softmax(prediction.logits.clone(), 1);
        for stage in 1..=last {
            input = refine(&input, &prediction, &coders[stage - 1], images);
            prediction = self.stage(stage, pyramid, &input, images);
            sum = sum + softmax(prediction.logits.clone(), 1);
        }
        let judgement = Judgement {
            probabilities: sum / coders.len() as f32,
            codes: prediction.codes,
        };
        postprocess(
            &judgement,
            &input,
            &images.sizes,
            &coders[last],
            &config.postprocess,
            None,
        )
    }

    /// What stage `index` says of `proposals`.
    fn stage(
        &self,
        index: usize,
        pyramid: &Pyramid,
        proposals: &Proposals,
        images: &ImageBatch,
    ) -> BoxPrediction {
        let pooled = self
            .settings
            .pooler
            .forward(pyramid, proposals.rois(), images);
        self.box_predictor[index].forward(self.box_head[index].forward(pooled))
    }

    /// Draws the RoIs the first stage learns from, and hands them on with what each stage must learn: a later stage from
    /// the same RoIs, moved by the one before and matched more strictly.
    ///
    /// The losses add up, and the features receive the mean of the stages' gradients (Detectron2's `_ScaleGradient`; the
    /// authors' code averages the losses and scales up the heads' rates, which is the same). Where nothing was drawn they are 0.
    ///
    /// # Panics
    ///
    /// If there is not one ground truth for each image.
    pub fn losses(
        &self,
        pyramid: &Pyramid,
        proposals: &Proposals,
        truths: &[GroundTruth],
        images: &ImageBatch,
        rng: &mut impl Rng,
    ) -> (RoiSample, Vec<RoiLosses>) {
        let CascadeSettings {
            config,
            pooler,
            coders,
        } = &self.settings;
        let device = images.pixels.device();
        let matcher = &config.stages[0].matcher;
        let drawn = RoiSample::draw(proposals, truths, matcher, &config.sampler, rng);
        let share = 1.0 / coders.len() as f32;
        let mut sample = drawn.clone();
        let mut losses = Vec::with_capacity(coders.len());
        for (stage, coder) in coders.iter().enumerate() {
            let (head, predictor) = (&self.box_head[stage], &self.box_predictor[stage]);
            if sample.is_empty() {
                losses.push(RoiLosses::of_nothing(head, predictor, &device));
                continue;
            }
            let rois = sample.roi_tensor(&device);
            let pooled = pooler.forward(pyramid, rois, images);
            let pooled = pooled.clone() * share + pooled.detach() * (1.0 - share);
            let prediction = predictor.forward(head.forward(pooled));
            let next = match config.stages.get(stage + 1) {
                Some(next) => {
                    let moved = refine_sample(&sample, &prediction, coder, images);
                    sample.refined(moved, truths, &next.matcher)
                }
                None => sample.clone(),
            };
            losses.push(stage_losses(prediction, &sample, coder, config));
            sample = next;
        }
        (drawn, losses)
    }

    /// The heads with batch norm folded into their convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            box_head: self
                .box_head
                .into_iter()
                .map(BoxHead::fold_batch_norm)
                .collect(),
            ..self
        }
    }

    /// The settings.
    pub const fn config(&self) -> &CascadeHeadsConfig {
        &self.settings.config
    }
}

fn stage_losses(
    prediction: BoxPrediction,
    sample: &RoiSample,
    coder: &BoxCoder,
    config: &CascadeHeadsConfig,
) -> RoiLosses {
    let CascadeHeadsConfig {
        class_loss,
        box_loss,
        ..
    } = config;
    roi_losses(prediction, sample, coder, class_loss, *box_loss)
}

/// The boxes `[R, 4]` a stage makes of the RoIs it learnt from, clipped to the pictures; without gradient.
fn refine_sample(
    sample: &RoiSample,
    prediction: &BoxPrediction,
    coder: &BoxCoder,
    images: &ImageBatch,
) -> Tensor<2> {
    let codes = without_autodiff(prediction.codes.clone());
    let boxes = coder.decode(codes, sample.rois.clone().narrow(1, 1, 4));
    let mut start = 0;
    let mut clipped = Vec::new();
    for (&count, &size) in sample.counts.iter().zip(&images.sizes) {
        if count > 0 {
            clipped.push(clip(boxes.clone().narrow(0, start, count), size));
            start += count;
        }
    }
    Tensor::cat(clipped, 0)
}

/// The boxes a stage makes of its input, clipped to the pictures: the input of the next stage.
fn refine(
    input: &Proposals,
    prediction: &BoxPrediction,
    coder: &BoxCoder,
    images: &ImageBatch,
) -> Proposals {
    let boxes = coder.decode(prediction.codes.clone(), input.flat_boxes());
    let rows = input.rows();
    let clipped = images
        .sizes
        .iter()
        .enumerate()
        .map(|(image, size)| clip(boxes.clone().narrow(0, image * rows, rows), *size));
    input.with_boxes(Tensor::cat(clipped.collect(), 0))
}

#[cfg(test)]
mod tests;
