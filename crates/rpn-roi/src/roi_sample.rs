//! What the second stage learns from: proposals and ground truth, matched and drawn.
//!
//! Legend: N images, R RoIs drawn from the batch, P positives among them, C classes with background 0. *Fast R-CNN*,
//! section 2.3; as in torchvision the ground truth joins the proposals, so that there is something to learn from the first
//! step on.

use burn::tensor::{Device, Int, Tensor};
use rand::Rng;

use crate::assignment::{assign, sampler_labels};
use crate::config::{MatcherConfig, SamplerConfig};
use crate::constants::{box_tensor, constant, int_tensor, without_autodiff};
use crate::ground_truth::GroundTruth;
use crate::matcher::Matcher;
use crate::proposals::Proposals;
use crate::sampler::{Sample, sample};

/// A RoI that stands for an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Positive {
    /// Its row among the R.
    pub row: usize,
    /// The image of the batch.
    pub image: usize,
    /// The object, as its place in the image's [`GroundTruth`].
    pub object: usize,
    /// The object's class, from 1.
    pub label: usize,
    /// The object's box.
    pub truth: [f32; 4],
}

/// The RoIs of a batch that make the loss: the contract of every head that learns.
#[derive(Debug, Clone)]
pub struct RoiSample {
    /// `[R, 5]`: image index, then the box; without gradient.
    pub rois: Tensor<2>,
    /// R classes, 0 for background.
    pub labels: Vec<usize>,
    /// How many of the RoIs are of each image; they stand image after image.
    pub counts: Vec<usize>,
    /// The RoIs that stand for an object, in the order of their rows.
    pub positives: Vec<Positive>,
}

impl RoiSample {
    /// Adds the ground truth to the proposals, matches, and draws from each image.
    ///
    /// # Panics
    ///
    /// If there is not one ground truth for each image.
    pub fn draw(
        proposals: &Proposals,
        truths: &[GroundTruth],
        matcher: &MatcherConfig,
        sampler: &SamplerConfig,
        rng: &mut impl Rng,
    ) -> Self {
        assert_eq!(
            proposals.counts.len(),
            truths.len(),
            "proposals of {} images for {} ground truths",
            proposals.counts.len(),
            truths.len()
        );
        let boxes = without_autodiff(proposals.boxes.clone());
        let device = boxes.device();
        let matcher = Matcher::new(matcher);
        let mut drawn = Self::none(&device);
        for (image, truth) in truths.iter().enumerate() {
            let mut candidates = Vec::with_capacity(2);
            if proposals.counts[image] > 0 {
                let own = boxes.clone().narrow(0, image, 1).squeeze_dim::<2>(0);
                candidates.push(own.narrow(0, 0, proposals.counts[image]));
            }
            if !truth.boxes.is_empty() {
                candidates.push(box_tensor(&truth.boxes, &device));
            }
            if candidates.is_empty() {
                drawn.counts.push(0);
                continue;
            }
            let candidates = Tensor::cat(candidates, 0);
            let matches = assign(&candidates, truth, &matcher);
            let Sample {
                positives,
                negatives,
            } = sample(&sampler_labels(&matches), sampler, rng);
            let mut rows = [positives, negatives].concat();
            rows.sort_unstable();
            let matches: Vec<i64> = rows.iter().map(|&row| matches[row]).collect();
            let chosen = candidates.select(0, int_tensor(rows, &device));
            drawn.push_image(truth, &matches, chosen);
        }
        drawn
    }

    /// The same RoIs with better boxes `[R, 4]`, matched anew and none left out: what a later stage of a cascade learns
    /// from.
    ///
    /// # Panics
    ///
    /// If there is not one box for each RoI, or one ground truth for each image.
    pub fn refined(
        &self,
        boxes: Tensor<2>,
        truths: &[GroundTruth],
        matcher: &MatcherConfig,
    ) -> Self {
        assert_eq!(
            (boxes.dims()[0], truths.len()),
            (self.len(), self.counts.len()),
            "boxes and ground truths for {} RoIs of {} images",
            self.len(),
            self.counts.len()
        );
        let boxes = without_autodiff(boxes);
        let matcher = Matcher::new(matcher);
        let mut matched = Self::none(&boxes.device());
        for (truth, &count) in truths.iter().zip(&self.counts) {
            if count == 0 {
                matched.counts.push(0);
                continue;
            }
            let own = boxes.clone().narrow(0, matched.len(), count);
            let matches = assign(&own, truth, &matcher);
            matched.push_image(truth, &matches, own);
        }
        matched
    }

    fn none(device: &Device) -> Self {
        Self {
            rois: Tensor::zeros([0, 5], device),
            labels: Vec::new(),
            counts: Vec::new(),
            positives: Vec::new(),
        }
    }

    /// Adds the boxes `[K, 4]` of the next image with what each stands for.
    fn push_image(&mut self, truth: &GroundTruth, matches: &[i64], boxes: Tensor<2>) {
        let image = self.counts.len();
        for &found in matches {
            let Ok(object) = usize::try_from(found) else {
                self.labels.push(0);
                continue;
            };
            let label = truth.labels[object];
            self.positives.push(Positive {
                row: self.labels.len(),
                image,
                object,
                label,
                truth: truth.boxes[object],
            });
            self.labels.push(label);
        }
        self.counts.push(matches.len());
        let index = Tensor::full([matches.len(), 1], image as f32, &boxes.device());
        let rois = Tensor::cat(vec![index, boxes], 1);
        self.rois = if self.rois.dims()[0] == 0 {
            rois
        } else {
            Tensor::cat(vec![self.rois.clone(), rois], 0)
        };
    }

    /// R, the number of RoIs.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether nothing was drawn.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The RoIs `[R, 5]` as a constant on `device`.
    pub fn roi_tensor(&self, device: &Device) -> Tensor<2> {
        constant(self.rois.clone(), device)
    }

    /// The classes `[R]` on `device`.
    pub fn label_tensor(&self, device: &Device) -> Tensor<1, Int> {
        int_tensor(self.labels.iter().copied(), device)
    }

    /// The rows of the positives `[P]` on `device`.
    pub fn positive_rows(&self, device: &Device) -> Tensor<1, Int> {
        int_tensor(self.positives.iter().map(|positive| positive.row), device)
    }

    /// The RoIs of the positives `[P, 5]`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn positive_rois(&self) -> Tensor<2> {
        self.rois
            .clone()
            .select(0, self.positive_rows(&self.rois.device()))
    }

    /// The objects' boxes of the positives `[P, 4]`, beside the RoIs.
    pub fn positive_truths(&self) -> Tensor<2> {
        let boxes: Vec<_> = self
            .positives
            .iter()
            .map(|positive| positive.truth)
            .collect();
        box_tensor(&boxes, &self.rois.device())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use wardrobe_kernels::device::test_device;

    const MATCHER: MatcherConfig = MatcherConfig {
        positive: 0.5,
        negative: 0.5,
        low_quality: false,
    };

    fn proposals() -> Proposals {
        let boxes = [
            [[0.0, 0.0, 10.0, 9.0], [40.0, 0.0, 50.0, 10.0]],
            [[5.0, 5.0, 9.0, 9.0], [0.0, 0.0, 10.0, 10.0]],
        ];
        Proposals {
            boxes: Tensor::<3>::from_floats(boxes, &test_device()),
            scores: Tensor::zeros([2, 2], &test_device()),
            counts: vec![2, 1],
        }
    }

    fn truths() -> Vec<GroundTruth> {
        let object = GroundTruth {
            boxes: vec![[100.0, 0.0, 120.0, 20.0], [0.0, 0.0, 10.0, 10.0]],
            labels: vec![3, 7],
            ignored: vec![],
        };
        vec![object, GroundTruth::default()]
    }

    fn rows(sample: &RoiSample) -> Vec<Vec<f32>> {
        let values = sample.rois.clone().into_data().try_to_vec::<f32>().unwrap();
        values.chunks_exact(5).map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn the_truth_joins_the_proposals() {
        let sampler = SamplerConfig {
            per_image: 100,
            positive_fraction: 1.0,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let drawn = RoiSample::draw(&proposals(), &truths(), &MATCHER, &sampler, &mut rng);
        // Two proposals and two truths of the first image; one proposal of the second, whose other row counts for nothing.
        assert_eq!(drawn.labels, [7, 0, 3, 7, 0]);
        let expected = [
            [0.0, 0.0, 0.0, 10.0, 9.0],
            [0.0, 40.0, 0.0, 50.0, 10.0],
            [0.0, 100.0, 0.0, 120.0, 20.0],
            [0.0, 0.0, 0.0, 10.0, 10.0],
            [1.0, 5.0, 5.0, 9.0, 9.0],
        ];
        assert_eq!(rows(&drawn), expected);
        let objects: Vec<_> = drawn.positives.iter().map(|p| (p.row, p.object)).collect();
        assert_eq!(objects, [(0, 1), (2, 0), (3, 1)]);
        assert_eq!(drawn.positives[1].truth, [100.0, 0.0, 120.0, 20.0]);
    }

    #[test]
    fn the_draw_is_bounded_and_follows_its_seed() {
        let sampler = SamplerConfig {
            per_image: 2,
            positive_fraction: 0.5,
        };
        let draw = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            RoiSample::draw(&proposals(), &truths(), &MATCHER, &sampler, &mut rng)
        };
        for seed in 0..8 {
            let drawn = draw(seed);
            // One positive and the only background box of the first image, the only proposal of the second.
            assert_eq!((drawn.len(), drawn.positives.len()), (3, 1));
            assert_eq!(rows(&drawn), rows(&draw(seed)));
        }
    }

    #[test]
    fn a_later_stage_keeps_its_rois() {
        let sampler = SamplerConfig {
            per_image: 100,
            positive_fraction: 1.0,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let drawn = RoiSample::draw(&proposals(), &truths(), &MATCHER, &sampler, &mut rng);
        assert_eq!(drawn.counts, [4, 1]);
        let boxes = drawn.rois.clone().narrow(1, 1, 4);
        let same = drawn.refined(boxes.clone(), &truths(), &MATCHER);
        assert_eq!(same.labels, drawn.labels);
        let strict = MatcherConfig {
            positive: 0.95,
            negative: 0.95,
            low_quality: false,
        };
        // IoU .9 is not enough any more; all boxes moved far to the right stand for nothing.
        let stricter = drawn.refined(boxes.clone(), &truths(), &strict);
        assert_eq!(stricter.labels, [0, 0, 3, 7, 0]);
        let apart = drawn.refined(boxes + 500.0, &truths(), &MATCHER);
        assert!(apart.positives.is_empty());
        assert_eq!(rows(&apart)[4], [1.0, 505.0, 505.0, 509.0, 509.0]);
    }

    #[test]
    fn nothing_proposed_and_nothing_there() {
        let none = Proposals::none(2, &test_device());
        let truths = vec![GroundTruth::default(); 2];
        let sampler = SamplerConfig {
            per_image: 4,
            positive_fraction: 0.5,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let drawn = RoiSample::draw(&none, &truths, &MATCHER, &sampler, &mut rng);
        assert!(drawn.is_empty());
        assert_eq!(drawn.rois.dims(), [0, 5]);
        let refined = drawn.refined(Tensor::zeros([0, 4], &test_device()), &truths, &MATCHER);
        assert_eq!(refined.counts, [0, 0]);
    }
}
