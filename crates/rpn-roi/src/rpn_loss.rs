//! What the first stage learns from: sampled anchors that should, or should not, become proposals.
//!
//! Legend: N images, B anchors of an image over all levels, S anchors drawn from the batch, P positives among them.
//! *Faster R-CNN*, equation 1, as torchvision has it: binary cross-entropy, mean over S; smooth L1 of the codes of the
//! positives, summed and divided by S.

use burn::tensor::Tensor;
use rand::Rng;
use wardrobe_losses::{binary_cross_entropy, smooth_l1};

use crate::assignment::{assign, sampler_labels};
use crate::box_coder::BoxCoder;
use crate::config::{RpnConfig, SMOOTH_L1_BETA};
use crate::constants::{box_tensor, constant, int_tensor};
use crate::ground_truth::GroundTruth;
use crate::matcher::Matcher;
use crate::rpn_head::LevelPrediction;
use crate::sampler::sample;

/// The two losses of the first stage, one number `[1]` each.
#[derive(Debug, Clone)]
pub struct RpnLosses {
    /// Is there an object?
    pub objectness: Tensor<1>,
    /// Where is it?
    pub boxes: Tensor<1>,
}

/// The anchors of a batch that make the loss, under numbers `image · B + anchor`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct AnchorSample {
    /// P positives, then S − P background, each image after image.
    positives: Vec<usize>,
    negatives: Vec<usize>,
    /// The object of each positive.
    objects: Vec<[f32; 4]>,
}

impl AnchorSample {
    /// Matches and draws, image by image; `anchors` `[B, 4]` are those of every image.
    pub(crate) fn draw(
        anchors: &Tensor<2>,
        truths: &[GroundTruth],
        config: &RpnConfig,
        rng: &mut impl Rng,
    ) -> Self {
        let matcher = Matcher::new(&config.matcher);
        let count = anchors.dims()[0];
        let mut all = Self::default();
        for (image, truth) in truths.iter().enumerate() {
            let matches = assign(anchors, truth, &matcher);
            let drawn = sample(&sampler_labels(&matches), &config.sampler, rng);
            let number = |anchor: &usize| image * count + anchor;
            all.positives.extend(drawn.positives.iter().map(number));
            all.negatives.extend(drawn.negatives.iter().map(number));
            all.objects.extend(
                drawn
                    .positives
                    .iter()
                    .map(|&anchor| truth.boxes[matches[anchor] as usize]),
            );
        }
        all
    }

    /// The losses of what the head said on each level.
    pub(crate) fn losses(
        &self,
        predictions: &[LevelPrediction],
        anchors: &Tensor<2>,
        coder: &BoxCoder,
    ) -> RpnLosses {
        let (positives, drawn) = (
            self.positives.len(),
            self.positives.len() + self.negatives.len(),
        );
        let levels = |of: fn(&LevelPrediction) -> Tensor<3>| {
            Tensor::cat(predictions.iter().map(of).collect::<Vec<_>>(), 1)
        };
        let logits = levels(|level| level.objectness().unsqueeze_dim(2));
        let [images, count, _] = logits.dims();
        let device = logits.device();
        let logits = logits.reshape([images * count]);
        let codes = levels(LevelPrediction::all_codes).reshape([images * count, 4]);
        if drawn == 0 {
            return RpnLosses {
                objectness: logits.sum() * 0.0,
                boxes: codes.sum() * 0.0,
            };
        }
        let numbers = self.positives.iter().chain(&self.negatives).copied();
        let wanted: Vec<f32> = (0..drawn).map(|row| f32::from(row < positives)).collect();
        let wanted = Tensor::<1>::from_floats(wanted.as_slice(), &device);
        let objectness =
            binary_cross_entropy(logits.select(0, int_tensor(numbers, &device)), wanted).mean();
        let boxes = if positives == 0 {
            codes.sum() * 0.0
        } else {
            let plain = anchors.device();
            let rows = self.positives.iter().map(|number| number % count);
            let references = anchors.clone().select(0, int_tensor(rows, &plain));
            let targets = coder.encode(box_tensor(&self.objects, &plain), references);
            let found = codes.select(0, int_tensor(self.positives.iter().copied(), &device));
            smooth_l1(found, constant(targets, &device), SMOOTH_L1_BETA).sum() / drawn as f32
        };
        RpnLosses { objectness, boxes }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use crate::config::SamplerConfig;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn each_image_draws_from_its_own_objects() {
        // Anchors 0 and 2 fit the first picture's object (IoU 1 and .8), 1 is apart; the second picture is a negative.
        let anchors = Tensor::<2>::from_floats(
            [
                [0.0, 0.0, 10.0, 10.0],
                [50.0, 50.0, 60.0, 60.0],
                [0.0, 0.0, 10.0, 8.0],
            ],
            &test_device(),
        );
        let truths = [
            GroundTruth {
                boxes: vec![[0.0, 0.0, 10.0, 10.0]],
                labels: vec![1],
                ignored: vec![],
            },
            GroundTruth::default(),
        ];
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let drawn = AnchorSample::draw(&anchors, &truths, &RpnConfig::default(), &mut rng);
        assert_eq!(drawn.positives, [0, 2]);
        assert_eq!(drawn.negatives, [1, 3, 4, 5]);
        assert_eq!(drawn.objects, [[0.0, 0.0, 10.0, 10.0]; 2]);
        let few = RpnConfig {
            sampler: SamplerConfig {
                per_image: 2,
                positive_fraction: 0.5,
            },
            ..RpnConfig::default()
        };
        let drawn = AnchorSample::draw(&anchors, &truths, &few, &mut rng);
        assert_eq!((drawn.positives.len(), drawn.negatives.len()), (1, 3));
    }
}
