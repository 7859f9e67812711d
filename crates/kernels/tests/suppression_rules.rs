//! The rules of suppression, worked by hand.
#![allow(clippy::unwrap_used, missing_docs)]

mod suppression_support;

use burn::tensor::{Int, Tensor};
use suppression_support::{boxes, floats, groups, kept, values};
use wardrobe_kernels::{
    device::test_device,
    suppression::{
        NmsOptions, SoftNmsMethod, SoftNmsOptions, batched_nms, iou_guided_nms, nms, soft_nms,
        top_k,
    },
};

const NAN: f32 = f32::NAN;

/// `nms` of lists.
fn nms_of(corners: &[[f32; 4]], scores: &[f32], options: &NmsOptions) -> Vec<i64> {
    let device = test_device();
    kept(&nms(
        boxes(corners, &device),
        floats(scores, &device),
        options,
    ))
}

/// Three boxes in a row, 10 × 10, each 2 further right: neighbours have IoU 80 / 120 = 0.67, the
/// outer two 60 / 140 = 0.43.
const ROW: [[f32; 4]; 3] = [[0., 0., 10., 10.], [2., 0., 12., 10.], [4., 0., 14., 10.]];

#[test]
fn a_suppressed_box_suppresses_nothing() {
    // 0 removes 1; 2 overlaps only 1 enough, and 1 is gone.
    assert_eq!(
        nms_of(&ROW, &[0.9, 0.8, 0.7], &NmsOptions::new(0.5)),
        [0, 2]
    );
    // 1 is best and removes both neighbours.
    assert_eq!(nms_of(&ROW, &[0.8, 0.9, 0.7], &NmsOptions::new(0.5)), [1]);
    assert_eq!(
        nms_of(&ROW, &[0.7, 0.8, 0.9], &NmsOptions::new(0.7)),
        [2, 1, 0]
    );
}

#[test]
fn an_iou_equal_to_the_threshold_suppresses_not() {
    // 50 / 100 = 0.5 exactly.
    let corners = [[0., 0., 10., 10.], [0., 0., 10., 5.]];
    assert_eq!(nms_of(&corners, &[0.9, 0.8], &NmsOptions::new(0.5)), [0, 1]);
    let below = NmsOptions::new(0.5 - f32::EPSILON);
    assert_eq!(nms_of(&corners, &[0.9, 0.8], &below), [0]);
}

#[test]
fn equal_scores_rank_by_index() {
    let apart: Vec<[f32; 4]> = (0..5)
        .map(|i| [20. * i as f32, 0., 20. * i as f32 + 9., 9.])
        .collect();
    let scores = [0.5, 0.7, 0.5, 0.7, 0.5];
    assert_eq!(
        nms_of(&apart, &scores, &NmsOptions::new(0.5)),
        [1, 3, 0, 2, 4]
    );
    // Of equal boxes with equal scores the first stays.
    assert_eq!(nms_of(&[ROW[0]; 4], &[0.5; 4], &NmsOptions::new(0.5)), [0]);
    // −0 equals +0.
    assert_eq!(nms_of(&[ROW[0]; 2], &[-0., 0.], &NmsOptions::new(0.5)), [0]);
}

#[test]
fn a_nan_score_is_not_kept_and_suppresses_nothing() {
    let corners = [ROW[0]; 3];
    assert_eq!(
        nms_of(&corners, &[NAN, 0.2, 0.1], &NmsOptions::new(0.5)),
        [1]
    );
    assert!(nms_of(&corners, &[NAN; 3], &NmsOptions::new(0.5)).is_empty());
    // −∞ is a score.
    assert_eq!(
        nms_of(&corners[..1], &[f32::NEG_INFINITY], &NmsOptions::new(0.5)),
        [0]
    );
}

#[test]
fn a_nan_box_overlaps_nothing() {
    let corners = [[NAN, 0., 10., 10.], ROW[0], [0., 0., 10., NAN], ROW[0]];
    assert_eq!(
        nms_of(&corners, &[0.9, 0.8, 0.7, 0.6], &NmsOptions::new(0.)),
        [0, 1, 2]
    );
}

#[test]
fn boxes_without_area_and_inverted_ones_suppress_nothing() {
    let point = [5., 5., 5., 5.];
    let inverted = [10., 10., 0., 0.];
    let corners = [point, point, inverted, inverted, ROW[0]];
    let scores = [0.9, 0.8, 0.7, 0.6, 0.5];
    assert_eq!(
        nms_of(&corners, &scores, &NmsOptions::new(0.)),
        [0, 1, 2, 3, 4]
    );
}

#[test]
fn coordinates_out_of_the_frame_and_huge_are_ordinary() {
    let corners = [
        [-30., -30., -20., -20.],
        [-30., -30., -20., -21.],
        [1e9, 1e9, 2e9, 2e9],
        [1e9, 1e9, 2e9, 1.9e9],
    ];
    assert_eq!(
        nms_of(&corners, &[0.9, 0.8, 0.7, 0.6], &NmsOptions::new(0.5)),
        [0, 2]
    );
}

#[test]
fn empty_and_single() {
    assert!(nms_of(&[], &[], &NmsOptions::new(0.5)).is_empty());
    assert_eq!(nms_of(&[ROW[1]], &[0.1], &NmsOptions::new(0.5)), [0]);
}

#[test]
fn a_score_threshold_admits_only_what_is_above() {
    let options = NmsOptions {
        iou_threshold: 0.5,
        score_threshold: Some(0.5),
    };
    let apart = [ROW[0], [20., 0., 30., 10.], [40., 0., 50., 10.]];
    assert_eq!(nms_of(&apart, &[0.5, 0.51, NAN], &options), [1]);
}

#[test]
fn groups_do_not_see_each_other() {
    let device = test_device();
    let corners = boxes(&[ROW[0]; 6], &device);
    let scores = floats(&[0.1, 0.6, 0.3, 0.4, 0.5, 0.2], &device);
    let ids = groups(&[7, -1, 7, 1_000_000, -1, 7], &device);
    let result = batched_nms(corners, scores, ids, &NmsOptions::new(0.5));
    assert_eq!(kept(&result), [1, 3, 2]);
    let first: Vec<i64> = result.first(2).into_data().iter().collect();
    assert_eq!(first, [1, 3]);
    assert_eq!(result.first(9).dims(), [3]);
    assert_eq!(result.first(0).dims(), [0]);
    assert!(!result.is_empty());
}

#[test]
fn the_order_has_the_type_of_the_groups() {
    let device = test_device();
    let ids = groups(&[0, 1], &device);
    let options = NmsOptions::new(0.5);
    let corners = boxes(&ROW[..2], &device);
    let result = batched_nms(corners, floats(&[0.1, 0.2], &device), ids.clone(), &options);
    assert_eq!(result.order.dtype(), ids.dtype());
    assert_eq!(result.count.dtype(), ids.dtype());
}

#[test]
fn autodiff_devices_are_served() {
    let device = test_device().autodiff();
    let corners = boxes(&ROW, &device).require_grad();
    let scores = floats(&[0.9, 0.8, 0.7], &device);
    let ids = groups(&[0; 3], &device);
    let options = NmsOptions::new(0.5);
    assert_eq!(
        kept(&nms(corners.clone(), scores.clone(), &options)),
        [0, 2]
    );
    let guided = iou_guided_nms(
        corners.clone(),
        scores.clone(),
        scores.clone(),
        ids.clone(),
        &options,
    );
    assert_eq!(kept(&guided.0), [0, 2]);
    let soft = SoftNmsOptions {
        method: SoftNmsMethod::Gaussian { sigma: 0.5 },
        score_threshold: 0.,
    };
    assert_eq!(soft_nms(corners, scores.clone(), ids, &soft).0.len(), 3);
    assert_eq!(values(top_k(scores.reshape([1, 3]), 1).0), [0.9]);
}

#[test]
#[should_panic(expected = "boxes [N, 4] [3, 4], scores [N] [2]")]
fn mismatched_counts_panic_with_both_shapes() {
    let device = test_device();
    let _ = nms(
        boxes(&ROW, &device),
        floats(&[0.1, 0.2], &device),
        &NmsOptions::new(0.5),
    );
}

#[test]
#[should_panic(expected = "must not be negative")]
fn a_negative_threshold_panics() {
    nms_of(&ROW, &[0.1, 0.2, 0.3], &NmsOptions::new(-0.1));
}

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

/// `iou_guided_nms` of lists in one group: (kept, their scores).
fn guided_of(
    corners: &[[f32; 4]],
    scores: &[f32],
    localisation: &[f32],
    options: &NmsOptions,
) -> (Vec<i64>, Vec<f32>) {
    let device = test_device();
    let (result, taken) = iou_guided_nms(
        boxes(corners, &device),
        floats(scores, &device),
        floats(localisation, &device),
        groups(&vec![0; scores.len()], &device),
        options,
    );
    let (indices, mut taken) = (kept(&result), values(taken));
    assert!(
        taken
            .split_off(indices.len())
            .iter()
            .all(|&score| score == 0.)
    );
    (indices, taken)
}

#[test]
fn the_best_localised_box_takes_the_best_score_of_its_cluster() {
    let options = NmsOptions::new(0.5);
    // 1 is best localised, suppresses 0 and 2 (IoU 0.67 both), and takes 0.9.
    let result = guided_of(&ROW, &[0.9, 0.5, 0.7], &[0.3, 0.8, 0.4], &options);
    assert_eq!(result, (vec![1], vec![0.9]));
    // 0 first: suppresses 1 and takes 0.8; 2 is left with its own score and ranks first by it.
    let result = guided_of(&ROW, &[0.2, 0.8, 0.9], &[0.8, 0.7, 0.6], &options);
    assert_eq!(result, (vec![2, 0], vec![0.9, 0.8]));
    // A suppressed box hands over only once: 2 overlaps 1, but 1 went to 0.
    let result = guided_of(&ROW, &[0.2, 0.8, 0.1], &[0.8, 0.7, 0.6], &options);
    assert_eq!(result, (vec![0, 2], vec![0.8, 0.1]));
}

#[test]
fn equal_taken_over_scores_stay_in_the_order_of_localisation() {
    let apart = [ROW[0], [20., 0., 30., 10.], [40., 0., 50., 10.]];
    let result = guided_of(&apart, &[0.5; 3], &[0.1, 0.3, 0.2], &NmsOptions::new(0.5));
    assert_eq!(result.0, [1, 2, 0]);
}

#[test]
fn boxes_that_take_no_part_hand_over_nothing() {
    let equal = [ROW[0]; 3];
    let options = NmsOptions::new(0.5);
    let result = guided_of(&equal, &[0.9, 0.5, NAN], &[NAN, 0.5, 0.9], &options);
    assert_eq!(result, (vec![1], vec![0.5]));
    let above = NmsOptions {
        iou_threshold: 0.5,
        score_threshold: Some(0.5),
    };
    let result = guided_of(&equal, &[0.9, 0.5, 0.6], &[0.1, 0.9, 0.8], &above);
    assert_eq!(result, (vec![2], vec![0.9]));
    assert_eq!(guided_of(&[], &[], &[], &options), (vec![], vec![]));
}

/// `top_k` of one row: (values, indices).
fn top_of(row: &[f32], k: usize) -> (Vec<f32>, Vec<i64>) {
    let device = test_device();
    let (best, indices) = top_k(floats(row, &device).reshape([1, row.len()]), k);
    assert_eq!((best.dims(), indices.dims()), ([1, k], [1, k]));
    (values(best), indices.into_data().iter().collect())
}

#[test]
fn top_k_descends_with_ties_by_index() {
    let row = [0.3, 0.9, 0.3, -1., 0.9];
    assert_eq!(top_of(&row, 3), (vec![0.9, 0.9, 0.3], vec![1, 4, 0]));
    assert_eq!(top_of(&row, 5).1, [1, 4, 0, 2, 3]);
    assert_eq!(top_of(&[0., -0., 0.], 3).1, [0, 1, 2]);
}

#[test]
fn top_k_has_nan_last() {
    let row = [NAN, 0.1, NAN, f32::NEG_INFINITY, f32::INFINITY];
    assert_eq!(top_of(&row, 5).1, [4, 1, 3, 0, 2]);
    let (best, indices) = top_of(&[NAN, NAN], 1);
    assert!(best[0].is_nan());
    assert_eq!(indices, [0]);
}

#[test]
fn top_k_of_nothing() {
    let device = test_device();
    let (best, indices) = top_k(Tensor::<2>::zeros([3, 4], &device), 0);
    assert_eq!((best.dims(), indices.dims()), ([3, 0], [3, 0]));
    let (best, _) = top_k(Tensor::<2>::empty([0, 4], &device), 2);
    assert_eq!(best.dims(), [0, 2]);
    let (best, _): (Tensor<2>, Tensor<2, Int>) = top_k(Tensor::<2>::empty([2, 0], &device), 0);
    assert_eq!(best.dims(), [2, 0]);
}

#[test]
#[should_panic(expected = "k = 5")]
fn top_k_beyond_the_row_panics() {
    top_of(&[0.1; 4], 5);
}
