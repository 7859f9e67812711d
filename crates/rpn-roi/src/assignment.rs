//! Each box's answer: the object it stands for, background, or nothing at all.
//!
//! The matching runs on the device, one IoU matrix an image; what comes back is one number per box, because the draw that
//! follows is the host's. Nothing here has a gradient.

use burn::tensor::Tensor;
use wardrobe_kernels::boxes::box_iou;

use crate::constants::box_tensor;
use crate::ground_truth::GroundTruth;
use crate::matcher::{BACKGROUND, IGNORED, Matcher};

/// A background box with this share of itself inside an ignored region is left out (MMDetection's `ignore_iof_thr`; the
/// COCO protocol forgives detections on crowds likewise).
const IGNORED_SHARE: f32 = 0.5;

/// For boxes `[B, 4]` without autodiff: the index of the truth each stands for, [`BACKGROUND`], or [`IGNORED`].
pub(crate) fn assign(boxes: &Tensor<2>, truth: &GroundTruth, matcher: &Matcher) -> Vec<i64> {
    let device = boxes.device();
    let iou = box_iou(box_tensor(&truth.boxes, &device), boxes.clone());
    let matches = matcher.matches(iou);
    let matches = if truth.ignored.is_empty() {
        matches
    } else {
        let hidden = share_inside(boxes, &box_tensor(&truth.ignored, &device))
            .greater_equal_elem(IGNORED_SHARE);
        let background = matches.clone().equal_elem(BACKGROUND);
        matches.mask_fill(background.bool_and(hidden), IGNORED)
    };
    matches.into_data().iter().collect()
}

/// `[B]`: the largest share of each box that lies inside one of `regions` `[K, 4]`.
fn share_inside(boxes: &Tensor<2>, regions: &Tensor<2>) -> Tensor<1> {
    let (count, regions_count) = (boxes.dims()[0], regions.dims()[0]);
    let corner = |of: &Tensor<2>, axis| of.clone().narrow(1, axis, 1);
    let column = |axis| corner(boxes, axis).expand([count, regions_count]);
    let row = |axis| {
        corner(regions, axis)
            .reshape([1, regions_count])
            .expand([count, regions_count])
    };
    let overlap = |low: usize| {
        (column(low + 2).min_pair(row(low + 2)) - column(low).max_pair(row(low))).clamp_min(0.0)
    };
    let sides = boxes.clone().narrow(1, 2, 2) - boxes.clone().narrow(1, 0, 2);
    let area = (sides.clone().narrow(1, 0, 1) * sides.narrow(1, 1, 1)).clamp_min(f32::MIN_POSITIVE);
    ((overlap(0) * overlap(1)) / area).max_dim(1).squeeze_dim(1)
}

/// What the sampler reads: 1 for a box that stands for an object, 0 for background, −1 for one that is left out.
pub(crate) fn sampler_labels(matches: &[i64]) -> Vec<i64> {
    matches
        .iter()
        .map(|&found| match found {
            IGNORED => -1,
            BACKGROUND => 0,
            _ => 1,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use crate::config::MatcherConfig;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn background_inside_an_ignored_region_is_left_out() {
        let matcher = Matcher::new(&MatcherConfig {
            positive: 0.5,
            negative: 0.5,
            low_quality: false,
        });
        let boxes = [
            [0.0, 0.0, 10.0, 10.0],
            [20.0, 0.0, 30.0, 10.0],
            [26.0, 0.0, 36.0, 10.0],
            [22.0, 0.0, 32.0, 10.0],
        ];
        let truth = GroundTruth {
            boxes: vec![[0.0, 0.0, 10.0, 9.0], [22.0, 0.0, 32.0, 10.0]],
            labels: vec![1, 2],
            ignored: vec![[0.0, 0.0, 30.0, 50.0]],
        };
        let boxes = Tensor::from_floats(boxes, &test_device());
        // IoU .9 with truth 0; 8/12 with truth 1; 6/14 with truth 1 and 4/10 ignored: background; truth 1 itself, though
        // 8/10 of it lies in the ignored region.
        let matches = assign(&boxes, &truth, &matcher);
        assert_eq!(matches, [0, 1, BACKGROUND, 1]);
        assert_eq!(sampler_labels(&matches), [1, 1, 0, 1]);
        let alone = GroundTruth {
            boxes: vec![],
            labels: vec![],
            ignored: truth.ignored,
        };
        let matches = assign(&boxes, &alone, &matcher);
        assert_eq!(matches, [IGNORED, IGNORED, BACKGROUND, IGNORED]);
        assert_eq!(sampler_labels(&matches), [-1, -1, 0, -1]);
    }

    #[test]
    fn without_truth_all_is_background() {
        let matcher = Matcher::new(&MatcherConfig {
            positive: 0.7,
            negative: 0.3,
            low_quality: true,
        });
        let boxes = Tensor::<2>::ones([3, 4], &test_device());
        assert_eq!(
            assign(&boxes, &GroundTruth::default(), &matcher),
            [BACKGROUND; 3]
        );
    }
}
