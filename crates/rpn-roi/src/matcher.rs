//! Which ground truth does each box answer for?
//!
//! Legend: G ground-truth boxes, B boxes (anchors or proposals). Pure: an IoU matrix in, one number per box out.
//! *Faster R-CNN*, section 3.1.2; thresholds are `≥ positive` and `< negative`. Ties: the lower ground truth wins.

use burn::tensor::{Int, Tensor};

use crate::config::MatcherConfig;

/// The match of a box that is background.
pub const BACKGROUND: i64 = -1;
/// The match of a box between the two thresholds, left out of the loss.
pub const IGNORED: i64 = -2;

/// Assigns boxes to ground truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matcher {
    config: MatcherConfig,
}

impl Matcher {
    /// A matcher with these thresholds.
    pub const fn new(config: &MatcherConfig) -> Self {
        Self { config: *config }
    }

    /// For an IoU matrix `[G, B]`: the ground truth of each box `[B]`, or [`BACKGROUND`], or [`IGNORED`].
    ///
    /// With low-quality matches, every box that is the best of some ground truth (ties included, IoU above 0) is matched to
    /// the ground truth *it* overlaps most, which need not be that one. A NaN counts as no overlap; without ground truth
    /// everything is background.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use wardrobe_rpn_roi::{config::MatcherConfig, matcher::Matcher};
    ///
    /// let matcher = Matcher::new(&MatcherConfig { positive: 0.7, negative: 0.3, low_quality: false });
    /// let iou = Tensor::from_floats([[0.8, 0.5, 0.1]], &Device::flex());
    /// assert_eq!(matcher.matches(iou).into_data().iter::<i64>().collect::<Vec<_>>(), [0, -2, -1]);
    /// ```
    pub fn matches(&self, iou: Tensor<2>) -> Tensor<1, Int> {
        let [truths, boxes] = iou.dims();
        let device = iou.device();
        if truths == 0 || boxes == 0 {
            return Tensor::full([boxes], BACKGROUND, &device);
        }
        let iou = iou.clone().mask_fill(iou.is_nan(), 0.0);
        let (best, truth) = iou.clone().max_dim_with_indices(0);
        let MatcherConfig {
            positive,
            negative,
            low_quality,
        } = self.config;
        let matches = truth
            .clone()
            .mask_fill(best.clone().lower_elem(positive), IGNORED)
            .mask_fill(best.lower_elem(negative), BACKGROUND);
        let matches = if low_quality {
            let reached = iou.clone().max_dim(1).expand([truths, boxes]);
            let is_best = iou.clone().equal(reached).bool_and(iou.greater_elem(0.0));
            matches.mask_where(is_best.any_dim(0), truth)
        } else {
            matches
        };
        matches.squeeze_dim(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    fn matches<const B: usize, const G: usize>(low_quality: bool, iou: [[f32; B]; G]) -> Vec<i64> {
        let matcher = Matcher::new(&MatcherConfig {
            positive: 0.7,
            negative: 0.3,
            low_quality,
        });
        matcher
            .matches(Tensor::from_floats(iou, &test_device()))
            .into_data()
            .iter()
            .collect()
    }

    #[test]
    fn thresholds_include_their_lower_end() {
        // ≥ 0.7 is a match, ≥ 0.3 is ignored, below is background.
        assert_eq!(
            matches(false, [[0.7, 0.69, 0.3, 0.29]]),
            [0, IGNORED, IGNORED, BACKGROUND]
        );
    }

    #[test]
    fn equal_overlaps_go_to_the_first_truth() {
        assert_eq!(matches(false, [[0.8, 0.7], [0.8, 0.9]]), [0, 1]);
    }

    #[test]
    fn the_best_boxes_of_a_truth_are_matched_with_ties() {
        // Truth 0 reaches 0.2 with boxes 0 and 2: both are matched. Truth 1 reaches 0.9 with box 1.
        assert_eq!(
            matches(true, [[0.2, 0.1, 0.2, 0.1], [0.1, 0.9, 0.0, 0.4]]),
            [0, 1, 0, IGNORED]
        );
        // Truth 0's best box (1) overlaps truth 1 more, and goes there.
        assert_eq!(matches(true, [[0.1, 0.4], [0.0, 0.6]]), [BACKGROUND, 1]);
    }

    #[test]
    fn a_truth_nobody_touches_claims_nobody() {
        assert_eq!(matches(true, [[0.0, 0.0], [0.1, 0.8]]), [BACKGROUND, 1]);
    }

    #[test]
    fn nan_is_no_overlap() {
        assert_eq!(matches(true, [[f32::NAN, 0.8]]), [BACKGROUND, 0]);
    }

    #[test]
    fn without_truth_all_is_background() {
        let matcher = Matcher::new(&MatcherConfig {
            positive: 0.5,
            negative: 0.5,
            low_quality: true,
        });
        let found: Vec<i64> = matcher
            .matches(Tensor::zeros([0, 3], &test_device()))
            .into_data()
            .iter()
            .collect();
        assert_eq!(found, [BACKGROUND; 3]);
        assert_eq!(
            matcher
                .matches(Tensor::zeros([2, 0], &test_device()))
                .dims(),
            [0]
        );
    }
}
