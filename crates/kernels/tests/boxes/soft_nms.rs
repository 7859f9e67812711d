//! Soft suppression, worked by hand.

use wardrobe_kernels::{
    device::test_device,
    suppression::{SoftNmsMethod, SoftNmsOptions, soft_nms},
};

use crate::support::{ROW, boxes, floats, groups, kept, values};

const NAN: f32 = f32::NAN;

/// `soft_nms` of lists in one group: (kept, their scores).
fn soft_of(
    corners: &[[f32; 4]],
    scores: &[f32],
    method: SoftNmsMethod,
    score_threshold: f32,
) -> (Vec<i64>, Vec<f32>) {
    let device = test_device();
    let options = SoftNmsOptions {
        method,
        score_threshold,
    };
    let ids = groups(&vec![3; scores.len()], &device);
    let (result, lowered) = soft_nms(
        boxes(corners, &device),
        floats(scores, &device),
        ids,
        &options,
    );
    let (indices, mut lowered) = (kept(&result), values(lowered));
    assert_eq!(lowered.len(), scores.len());
    assert!(
        lowered
            .split_off(indices.len())
            .iter()
            .all(|&score| score == 0.)
    );
    (indices, lowered)
}

fn assert_close(actual: &[f32], expected: &[f32]) {
    assert_eq!(actual.len(), expected.len(), "{actual:?} {expected:?}");
    for (a, e) in actual.iter().zip(expected) {
        // A handful of `f32` products of numbers below 1, and one `exp`.
        assert!((a - e).abs() < 1e-6, "{actual:?} {expected:?}");
    }
}

#[test]
fn linear_decay_compounds() {
    // Box 0 lowers 1 by 1 − 0.5 and 2 by 1 − 0.5; then 1 (0.45) lowers 2 once more. Boxes 1 and 2
    // are equal: IoU 1 lowers to 0, which is dropped at a threshold of 0.
    let half = [0., 0., 10., 5.];
    let method = SoftNmsMethod::Linear { iou_threshold: 0.3 };
    let (indices, scores) = soft_of(&[ROW[0], half, half], &[1., 0.9, 0.8], method, 0.);
    assert_eq!(indices, [0, 1]);
    assert_close(&scores, &[1., 0.45]);
    // ROW: 0 (0.9) lowers 1 by 1 − 80/120 = 1/3 to 0.8/3 and 2 by 1 − 60/140 = 4/7 to 2.8/7 = 0.4;
    // then 2 lowers 1 by 1/3 to 0.8/9.
    let (indices, scores) = soft_of(&ROW, &[0.9, 0.8, 0.7], method, 0.01);
    assert_eq!(indices, [0, 2, 1]);
    assert_close(&scores, &[0.9, 0.4, 0.8 / 9.]);
    // An overlap up to the threshold costs nothing: 60/140 < 0.5.
    let method = SoftNmsMethod::Linear { iou_threshold: 0.5 };
    let (indices, scores) = soft_of(&[ROW[0], ROW[2]], &[0.9, 0.7], method, 0.01);
    assert_eq!(indices, [0, 1]);
    assert_close(&scores, &[0.9, 0.7]);
}

#[test]
fn gaussian_decay_compounds() {
    let method = SoftNmsMethod::Gaussian { sigma: 0.5 };
    let (near, far) = (80f32 / 120., 60f32 / 140.);
    let decay = |iou: f32| (-iou * iou / 0.5).exp();
    // After 0: 1 has 0.8 · 0.411 = 0.329, 2 has 0.7 · 0.692 = 0.485.
    let (indices, scores) = soft_of(&ROW, &[0.9, 0.8, 0.7], method, 0.01);
    assert_eq!(indices, [0, 2, 1]);
    assert_close(
        &scores,
        &[0.9, 0.7 * decay(far), 0.8 * decay(near) * decay(near)],
    );
    // 0.8 · 0.411² = 0.135 is not above 0.2.
    let (indices, _) = soft_of(&ROW, &[0.9, 0.8, 0.7], method, 0.2);
    assert_eq!(indices, [0, 2]);
}

#[test]
fn soft_suppression_drops_nan_scores_and_spares_strange_boxes() {
    let point = [5., 5., 5., 5.];
    let corners = [point, point, [NAN, 0., 1., 1.], ROW[0], ROW[0]];
    for method in [
        SoftNmsMethod::Linear { iou_threshold: 0. },
        SoftNmsMethod::Gaussian { sigma: 0.5 },
    ] {
        let (indices, scores) = soft_of(&corners, &[0.9, 0.8, 0.7, NAN, 0.6], method, 0.1);
        assert_eq!(indices, [0, 1, 2, 4]);
        assert_close(&scores, &[0.9, 0.8, 0.7, 0.6]);
    }
    let method = SoftNmsMethod::Gaussian { sigma: 0.5 };
    assert!(soft_of(&corners, &[NAN; 5], method, 0.1).0.is_empty());
    assert!(soft_of(&[], &[], method, 0.1).0.is_empty());
    // Nothing is above the threshold.
    assert!(soft_of(&ROW, &[0.1; 3], method, 0.1).0.is_empty());
}

#[test]
fn soft_suppression_stays_within_groups_and_ranks_over_all() {
    let device = test_device();
    let options = SoftNmsOptions {
        method: SoftNmsMethod::Linear { iou_threshold: 0.3 },
        score_threshold: 0.05,
    };
    let half = [0., 0., 10., 5.];
    // Group 1: 0.9 lowers 0.8 to 0.4. Group 2: 0.5 lowers 0.8 … no, 0.8 is best there.
    let (result, scores) = soft_nms(
        boxes(&[ROW[0], ROW[0], half, half], &device),
        floats(&[0.9, 0.8, 0.8, 0.5], &device),
        groups(&[1, 2, 1, 2], &device),
        &options,
    );
    assert_eq!(kept(&result), [0, 1, 2, 3]);
    assert_close(&values(scores), &[0.9, 0.8, 0.4, 0.25]);
}

#[test]
#[should_panic(expected = "score threshold must not be negative")]
fn a_negative_score_threshold_panics() {
    // A decay would raise the scores it lets in.
    let method = SoftNmsMethod::Linear { iou_threshold: 0.3 };
    let _ = soft_of(&ROW, &[-1., -2., -3.], method, -10.);
}
