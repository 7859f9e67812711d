//! Detections → masks: pool, read, predict.
//!
//! Legend: N images, D detections of an image, R detections of the batch, M×M the mask.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use wardrobe_backbones::Pyramid;
use wardrobe_backbones::zero::zero_of;
use wardrobe_losses::binary_cross_entropy;
use wardrobe_rpn_roi::constants::{constant, int_tensor};
use wardrobe_rpn_roi::roi_pooler::RoiPooler;
use wardrobe_rpn_roi::roi_sample::RoiSample;
use wardrobe_rpn_roi::{Detections, ImageBatch};

use crate::config::MaskConfig;
use crate::instance_detections::InstanceDetections;
use crate::instance_truth::InstanceTruth;
use crate::mask_head::MaskHead;
use crate::mask_loss::mask_targets;
use crate::mask_predictor::MaskPredictor;

/// The mask branch: a pooler, a head and a predictor.
#[derive(Module, Debug)]
pub struct MaskBranch {
    /// Features of a cut-out.
    pub mask_head: MaskHead,
    /// Masks.
    pub mask_predictor: MaskPredictor,
    #[module(skip)]
    settings: MaskSettings,
}

#[derive(Debug, Clone)]
struct MaskSettings {
    config: MaskConfig,
    pooler: RoiPooler,
}

impl MaskBranch {
    /// A fresh branch for a pyramid of `channels` channels.
    pub fn new(config: &MaskConfig, channels: usize, num_classes: usize, device: &Device) -> Self {
        let features = config.layers.last().copied().unwrap_or(channels);
        Self {
            mask_head: MaskHead::new(config, channels, device),
            mask_predictor: MaskPredictor::new(features, config.reduced, num_classes, device),
            settings: MaskSettings {
                config: config.clone(),
                pooler: RoiPooler::new(&config.pooler),
            },
        }
    }

    /// Masks for the detections of each image; boxes are in pixels of the resized images, as the pyramid is.
    ///
    /// # Panics
    ///
    /// If there are not as many lists of detections as images.
    pub fn forward(
        &self,
        pyramid: &Pyramid,
        found: Vec<Detections>,
        images: &ImageBatch,
    ) -> Vec<InstanceDetections> {
        assert_eq!(
            found.len(),
            images.len(),
            "detections of {} images for a batch of {}",
            found.len(),
            images.len()
        );
        let side = self.settings.config.mask_size();
        if found.iter().all(Detections::is_empty) {
            let none = Tensor::zeros([0, side, side], &images.pixels.device());
            return found
                .into_iter()
                .map(|detections| InstanceDetections {
                    detections,
                    masks: none.clone(),
                })
                .collect();
        }
        let labels = Tensor::cat(
            nonempty(&found)
                .map(|(_, found)| found.labels.clone())
                .collect(),
            0,
        );
        let pooled = self.settings.pooler.forward(pyramid, rois(&found), images);
        let masks = self
            .mask_predictor
            .forward_class(self.mask_head.forward(pooled), labels);
        split(found, &masks)
    }

    /// The mask loss `[1]` of the positives of `sample`; 0 without positives.
    ///
    /// # Panics
    ///
    /// If there is not one truth for each image.
    pub fn loss(
        &self,
        pyramid: &Pyramid,
        sample: &RoiSample,
        truths: &[InstanceTruth],
        images: &ImageBatch,
    ) -> Tensor<1> {
        let device = images.pixels.device();
        if sample.positives.is_empty() {
            return zero_of(self, &device);
        }
        let side = self.settings.config.mask_size();
        let targets = mask_targets(sample, truths, images, side);
        let count = sample.positives.len();
        let labels = int_tensor(
            sample.positives.iter().map(|positive| positive.label),
            &device,
        );
        let rois = constant(sample.positive_rois(), &device);
        let pooled = self.settings.pooler.forward(pyramid, rois, images);
        let logits = self
            .mask_predictor
            .class_logits(self.mask_head.forward(pooled), labels);
        let targets = constant(targets.reshape([count, side * side]), &device);
        binary_cross_entropy(logits.reshape([count, side * side]), targets).mean()
    }

    /// The branch with its batch norm folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            mask_head: self.mask_head.fold_batch_norm(),
            ..self
        }
    }

    /// The settings.
    pub const fn config(&self) -> &MaskConfig {
        &self.settings.config
    }
}

fn nonempty(found: &[Detections]) -> impl Iterator<Item = (usize, &Detections)> {
    found
        .iter()
        .enumerate()
        .filter(|(_, found)| !found.is_empty())
}

/// RoIs `[R, 5]` of all detections, image after image.
fn rois(found: &[Detections]) -> Tensor<2> {
    let of_image = |(image, found): (usize, &Detections)| {
        let index = Tensor::full([found.len(), 1], image as f32, &found.boxes.device());
        Tensor::cat(vec![index, found.boxes.clone()], 1)
    };
    Tensor::cat(nonempty(found).map(of_image).collect(), 0)
}

/// Hands each image its masks out of `[R, M, M]`.
fn split(found: Vec<Detections>, masks: &Tensor<3>) -> Vec<InstanceDetections> {
    let [_, height, width] = masks.dims();
    let mut first = 0;
    found
        .into_iter()
        .map(|detections| {
            let count = detections.len();
            let own = match count {
                0 => Tensor::zeros([0, height, width], &masks.device()),
                _ => masks.clone().narrow(0, first, count),
            };
            first += count;
            InstanceDetections {
                detections,
                masks: own,
            }
        })
        .collect()
}
