//! Greedy suppression, worked by hand.

use burn::tensor::{DType, IntDType};
use wardrobe_kernels::{
    device::test_device,
    suppression::{
        NmsOptions, SoftNmsMethod, SoftNmsOptions, batched_nms, iou_guided_nms, nms, soft_nms,
        top_k,
    },
};

use crate::support::{ROW, boxes, floats, groups, kept, values};

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

#[test]
#[should_panic(expected = "score threshold must be a number")]
fn a_score_threshold_that_is_no_number_panics() {
    let options = NmsOptions {
        score_threshold: Some(NAN),
        ..NmsOptions::new(0.5)
    };
    nms_of(&ROW, &[0.1, 0.2, 0.3], &options);
}

#[test]
fn groups_of_any_integer_type_are_served() {
    let device = test_device();
    let types = [DType::U8, DType::I16, DType::U32, DType::I32, DType::I64];
    for dtype in types.into_iter().filter(|it| device.supports_dtype(*it)) {
        // Groups 0 and 1: box 1 overlaps only box 0, of its own group in the second case.
        for (ids, expected) in [([0, 1, 0], vec![0, 1, 2]), ([1, 1, 0], vec![0, 2])] {
            let ids = groups(&ids, &device).cast(IntDType::from(dtype));
            let scores = floats(&[0.9, 0.8, 0.7], &device);
            let result = batched_nms(boxes(&ROW, &device), scores, ids, &NmsOptions::new(0.5));
            assert_eq!(kept(&result), expected, "{dtype:?}");
        }
    }
}
