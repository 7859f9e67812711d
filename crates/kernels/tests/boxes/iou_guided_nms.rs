//! Suppression guided by localisation, worked by hand.

use wardrobe_kernels::{
    device::test_device,
    suppression::{NmsOptions, iou_guided_nms},
};

use crate::support::{ROW, boxes, floats, groups, kept, values};

const NAN: f32 = f32::NAN;

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
