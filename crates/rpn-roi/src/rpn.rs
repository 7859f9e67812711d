//! The region proposal network: from the pyramid to proposals.
//!
//! Legend: N images, L levels, A anchors per cell, M anchors chosen on a level, K proposals of an image. *Faster R-CNN*,
//! section 3.1; the order of the steps is torchvision's:
//!
//! 1. the head's logits and codes on every level;
//! 2. the best M anchors of each level, by logit;
//! 3. their boxes (only theirs are decoded);
//! 4. clipped to the picture, splinters and low scores out;
//! 5. suppression within each level;
//! 6. the best K of the image.

use burn::module::Module;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor};
use rand::Rng;
use wardrobe_backbones::Pyramid;
use wardrobe_kernels::suppression::{NmsOptions, batched_nms, top_k};

use crate::anchors::{AnchorGenerator, AnchorGrid};
use crate::box_coder::BoxCoder;
use crate::box_geometry::{clip, is_large_enough};
use crate::config::{ProposalLimits, RpnConfig};
use crate::ground_truth::GroundTruth;
use crate::image_batch::{ImageBatch, ImageSize};
use crate::proposals::Proposals;
use crate::rpn_head::{LevelPrediction, RpnHead};
use crate::rpn_loss::{AnchorSample, RpnLosses};

/// Below every probability: the score of a box that must not be kept …
pub(crate) const REJECTED: f32 = -1.0;
/// … and the threshold that stands between it and the lowest probability.
pub(crate) const NOT_REJECTED: f32 = -0.5;

/// The region proposal network.
#[derive(Module, Debug)]
pub struct Rpn {
    /// Logits and codes.
    pub head: RpnHead,
    #[module(skip)]
    settings: RpnSettings,
}

#[derive(Debug, Clone)]
struct RpnSettings {
    config: RpnConfig,
    anchors: AnchorGenerator,
    coder: BoxCoder,
}

/// The chosen anchors of one level, or of all: `[N, M, 4]` boxes, `[N, M]` logits, `[M]` levels.
struct Candidates {
    boxes: Tensor<3>,
    logits: Tensor<2>,
    levels: Tensor<1, Int>,
}

impl Rpn {
    /// A fresh network for a pyramid of `channels` channels.
    pub fn new(config: &RpnConfig, channels: usize, device: &Device) -> Self {
        Self {
            head: RpnHead::new(config, channels, device),
            settings: RpnSettings {
                config: config.clone(),
                anchors: AnchorGenerator::new(&config.anchors),
                coder: BoxCoder::new(&config.coder),
            },
        }
    }

    /// The proposals of a batch, at test.
    ///
    /// # Panics
    ///
    /// If the pyramid has not one level for each list of anchor sizes.
    pub fn forward(&self, pyramid: &Pyramid, images: &ImageBatch) -> Proposals {
        let predictions = self.predict(pyramid);
        self.propose(&predictions, images, self.settings.config.test)
    }

    /// The proposals of a batch while training, without gradient, and what the head must learn from it.
    ///
    /// # Panics
    ///
    /// As [`Rpn::forward`], or if there is not one ground truth for each image.
    pub fn forward_train(
        &self,
        pyramid: &Pyramid,
        images: &ImageBatch,
        truths: &[GroundTruth],
        rng: &mut impl Rng,
    ) -> (Proposals, RpnLosses) {
        assert_eq!(
            images.len(),
            truths.len(),
            "{} images for {} ground truths",
            images.len(),
            truths.len()
        );
        let RpnSettings { config, coder, .. } = &self.settings;
        let predictions = self.predict(pyramid);
        let proposals = self.propose(&predictions, images, config.training);
        let anchors = self.all_anchors(&predictions, images);
        let losses =
            AnchorSample::draw(&anchors, truths, config, rng).losses(&predictions, &anchors, coder);
        (proposals, losses)
    }

    /// Step 1 on every level.
    fn predict(&self, pyramid: &Pyramid) -> Vec<LevelPrediction> {
        let (levels, expected) = (&pyramid.levels, self.settings.anchors.levels());
        assert_eq!(
            levels.len(),
            expected,
            "{} levels for anchors of {expected} levels",
            levels.len()
        );
        levels
            .iter()
            .map(|features| self.head.forward(features.clone()))
            .collect()
    }

    /// Steps 2 to 6.
    fn propose(
        &self,
        predictions: &[LevelPrediction],
        images: &ImageBatch,
        limits: ProposalLimits,
    ) -> Proposals {
        let candidates = predictions
            .iter()
            .enumerate()
            .map(|(level, prediction)| {
                self.candidates(
                    level,
                    prediction,
                    images.padded(),
                    limits.before_suppression,
                )
            })
            .collect();
        self.select(&Candidates::join(candidates), &images.sizes, limits)
    }

    /// `[B, 4]`: the anchors of an image, level after level, without autodiff.
    fn all_anchors(&self, predictions: &[LevelPrediction], images: &ImageBatch) -> Tensor<2> {
        let device = images.pixels.device();
        let device = if device.is_autodiff() {
            device.inner()
        } else {
            device
        };
        let level = |(level, prediction): (usize, &LevelPrediction)| {
            let grid = AnchorGrid::new(prediction.cells(), images.padded());
            self.settings.anchors.all(level, &grid, &device)
        };
        Tensor::cat(
            predictions
                .iter()
                .enumerate()
                .map(level)
                .collect::<Vec<_>>(),
            0,
        )
    }

    /// Steps 2 and 3 on one level.
    fn candidates(
        &self,
        level: usize,
        prediction: &LevelPrediction,
        padded: ImageSize,
        limit: usize,
    ) -> Candidates {
        let RpnSettings { anchors, coder, .. } = &self.settings;
        let objectness = prediction.objectness().detach();
        let [images, count] = objectness.dims();
        let chosen = limit.min(count);
        let (logits, indices) = top_k(objectness, chosen);
        let grid = AnchorGrid::new(prediction.cells(), padded);
        let codes = prediction.codes(&indices).detach();
        let references = anchors.gather(level, &grid, indices.reshape([images * chosen]));
        let boxes = coder.decode(codes, references);
        let levels = Tensor::full([chosen], level as i64, &boxes.device());
        Candidates {
            boxes: boxes.reshape([images, chosen, 4]),
            logits,
            levels,
        }
    }

    /// Steps 4 to 6 for every image; reads back the N counts and nothing else.
    fn select(
        &self,
        candidates: &Candidates,
        sizes: &[ImageSize],
        limits: ProposalLimits,
    ) -> Proposals {
        let (rows, counts): (Vec<_>, Vec<_>) = sizes
            .iter()
            .enumerate()
            .map(|(image, size)| {
                self.select_image(candidates, image, *size, limits.after_suppression)
            })
            .unzip();
        let counts: Vec<usize> = Tensor::cat(counts, 0)
            .into_data()
            .iter::<i64>()
            .map(|count| (count.max(0) as usize).min(limits.after_suppression))
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return Proposals::none(sizes.len(), &candidates.boxes.device());
        }
        let rows = Tensor::stack::<3>(rows, 0).narrow(1, 0, most);
        Proposals {
            boxes: rows.clone().narrow(2, 0, 4),
            scores: rows.narrow(2, 4, 1).squeeze_dim(2),
            counts,
        }
    }

    /// `[K, 5]` boxes with their probabilities, best first, and how many of the rows count.
    fn select_image(
        &self,
        all: &Candidates,
        image: usize,
        size: ImageSize,
        limit: usize,
    ) -> (Tensor<2>, Tensor<1, Int>) {
        let config = &self.settings.config;
        let boxes = clip(all.boxes.clone().narrow(0, image, 1).squeeze_dim(0), size);
        let scores = sigmoid(all.logits.clone().narrow(0, image, 1).squeeze_dim(0));
        let good = is_large_enough(&boxes, config.min_size)
            .bool_and(scores.clone().greater_equal_elem(config.score_threshold));
        let scores: Tensor<1> = scores.mask_fill(good.bool_not(), REJECTED);
        let options = NmsOptions {
            iou_threshold: config.nms_threshold,
            score_threshold: Some(NOT_REJECTED),
        };
        let kept = batched_nms(boxes.clone(), scores.clone(), all.levels.clone(), &options);
        let limit = limit.min(scores.dims()[0]);
        let order = kept.order.narrow(0, 0, limit).clamp_min(0);
        let rows = Tensor::cat(vec![boxes, scores.unsqueeze_dim(1)], 1);
        (rows.select(0, order), kept.count)
    }

    /// Where the parameters are.
    pub fn device(&self) -> Device {
        self.head.cls_logits.weight.lazy_device()
    }

    /// The settings.
    pub const fn config(&self) -> &RpnConfig {
        &self.settings.config
    }
}

impl Candidates {
    /// The candidates of all levels, level after level.
    fn join(levels: Vec<Self>) -> Self {
        let mut boxes = Vec::with_capacity(levels.len());
        let mut logits = Vec::with_capacity(levels.len());
        let mut numbers = Vec::with_capacity(levels.len());
        for level in levels {
            boxes.push(level.boxes);
            logits.push(level.logits);
            numbers.push(level.levels);
        }
        Self {
            boxes: Tensor::cat(boxes, 1),
            logits: Tensor::cat(logits, 1),
            levels: Tensor::cat(numbers, 0),
        }
    }
}

#[cfg(test)]
mod tests;
