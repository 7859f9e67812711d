#![allow(clippy::unwrap_used, missing_docs)]
use super::*;
use crate::config::BoxCoderConfig;
use crate::detections::Detection;
use crate::test_support::{corners, proposals_of_one_image};
use wardrobe_kernels::device::test_device;

const SIZE: ImageSize = ImageSize::new(100, 100);

fn coder() -> BoxCoder {
    BoxCoder::new(&BoxCoderConfig::new([1.0; 4]))
}

/// One image whose boxes stay where they are (codes of zero).
fn one_image(boxes: &[[f32; 4]], probabilities: &[&[f32]]) -> (Judgement, Proposals) {
    let device = test_device();
    let (rows, classes) = (boxes.len(), probabilities[0].len());
    let flat: Vec<f32> = probabilities
        .iter()
        .flat_map(|row| row.iter().copied())
        .collect();
    let judgement = Judgement {
        probabilities: Tensor::<1>::from_floats(flat.as_slice(), &device).reshape([rows, classes]),
        codes: Tensor::zeros([rows, 4 * classes], &device),
    };
    (judgement, proposals_of_one_image(boxes, &device))
}

fn found(
    judgement: &Judgement,
    proposals: &Proposals,
    config: &PostprocessConfig,
) -> Vec<Detection> {
    let all = postprocess(judgement, proposals, &[SIZE], &coder(), config, None);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].size, SIZE);
    all[0].to_vec()
}

fn labels_and_scores(found: &[Detection]) -> Vec<(usize, f32)> {
    found.iter().map(|d| (d.label, d.score)).collect()
}

const LEFT: [f32; 4] = [0.0, 0.0, 10.0, 10.0];
const RIGHT: [f32; 4] = [50.0, 0.0, 60.0, 10.0];

#[test]
fn every_class_of_a_proposal_is_a_detection_of_its_own() {
    // Background never; the threshold is exclusive: 0.05 itself is out.
    let (judgement, proposals) = one_image(&[LEFT, RIGHT], &[&[0.1, 0.6, 0.3], &[0.9, 0.05, 0.06]]);
    let found = found(&judgement, &proposals, &PostprocessConfig::default());
    assert_eq!(labels_and_scores(&found), [(1, 0.6), (2, 0.3), (2, 0.06)]);
    assert_eq!(found[2].bbox, RIGHT);
}

#[test]
fn suppression_stays_within_a_class() {
    // Boxes of IoU 0.9: class 1 keeps the better, class 2 its only candidate.
    let near = [0.0, 0.0, 10.0, 9.0];
    let (judgement, proposals) = one_image(&[LEFT, near], &[&[0.3, 0.3, 0.4], &[0.2, 0.8, 0.0]]);
    let found = found(&judgement, &proposals, &PostprocessConfig::default());
    assert_eq!(labels_and_scores(&found), [(1, 0.8), (2, 0.4)]);
}

#[test]
fn ties_go_to_the_lower_proposal_then_the_lower_class() {
    let (judgement, proposals) = one_image(&[LEFT, RIGHT], &[&[0.0, 0.4, 0.4], &[0.0, 0.4, 0.0]]);
    let found = found(&judgement, &proposals, &PostprocessConfig::default());
    let order: Vec<_> = found.iter().map(|d| (d.bbox[0], d.label)).collect();
    assert_eq!(order, [(0.0, 1), (0.0, 2), (50.0, 1)]);
}

#[test]
fn the_best_are_kept() {
    let config = PostprocessConfig {
        detections: 2,
        ..PostprocessConfig::default()
    };
    let (judgement, proposals) = one_image(&[LEFT, RIGHT], &[&[0.0, 0.2, 0.3], &[0.0, 0.4, 0.1]]);
    let found = found(&judgement, &proposals, &config);
    assert_eq!(labels_and_scores(&found), [(1, 0.4), (2, 0.3)]);
}

#[test]
fn nan_and_splinters_never_pass() {
    let thin = [20.0, 20.0, 20.001, 40.0];
    let outside = [200.0, 0.0, 220.0, 10.0];
    let (judgement, proposals) = one_image(
        &[LEFT, thin, outside, RIGHT],
        &[&[0.0, f32::NAN], &[0.0, 0.9], &[0.0, 0.8], &[0.0, 0.7]],
    );
    // The box outside is clipped to the border and has no width left.
    let found = found(&judgement, &proposals, &PostprocessConfig::default());
    assert_eq!(labels_and_scores(&found), [(1, 0.7)]);
}

#[test]
fn nothing_above_the_threshold_is_nothing_found() {
    let (judgement, proposals) = one_image(&[LEFT], &[&[0.99, 0.01]]);
    assert!(found(&judgement, &proposals, &PostprocessConfig::default()).is_empty());
}

#[test]
fn the_code_of_the_detected_class_moves_the_box() {
    let (mut judgement, proposals) = one_image(&[LEFT], &[&[0.0, 0.3, 0.7]]);
    let device = test_device();
    // Class 1 moves by one width to the right, class 2 by two heights down; background would move far away.
    let codes = [9.0, 9.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0];
    judgement.codes = Tensor::from_floats([codes], &device);
    let each = found(&judgement, &proposals, &PostprocessConfig::default());
    assert_eq!(each[0].bbox, [0.0, 20.0, 10.0, 30.0]);
    assert_eq!(each[1].bbox, [10.0, 0.0, 20.0, 10.0]);
    // One box for all classes.
    judgement.codes = Tensor::from_floats([[1.0, 0.0, 0.0, 0.0]], &device);
    let shared = found(&judgement, &proposals, &PostprocessConfig::default());
    assert!(shared.iter().all(|d| d.bbox == [10.0, 0.0, 20.0, 10.0]));
}

#[test]
fn iou_guidance_keeps_the_better_box_and_the_better_score() {
    let near = [0.0, 0.0, 10.0, 9.0];
    let (judgement, proposals) = one_image(
        &[LEFT, near, RIGHT],
        &[&[0.1, 0.9], &[0.4, 0.6], &[0.3, 0.7]],
    );
    // Judged by the box itself: near lies better (0.8) than LEFT (0.2), with which it overlaps by 0.9.
    let localise = |image: usize, boxes: Tensor<2>, labels: Tensor<1, Int>| {
        assert_eq!((image, labels.dims()), (0, [3]));
        let iou: Vec<f32> = corners(boxes)
            .iter()
            .map(|corners| match corners {
                [0.0, _, _, 9.0] => 0.8,
                [0.0, ..] => 0.2,
                _ => 0.5,
            })
            .collect();
        Tensor::from_floats(iou.as_slice(), &test_device())
    };
    let config = PostprocessConfig {
        suppression: Suppression::IouGuided,
        ..PostprocessConfig::default()
    };
    // It stays and takes LEFT's 0.9.
    let all = postprocess(
        &judgement,
        &proposals,
        &[SIZE],
        &coder(),
        &config,
        Some(&localise),
    );
    let found = all[0].to_vec();
    assert_eq!(labels_and_scores(&found), [(1, 0.9), (1, 0.7)]);
    assert_eq!(found[0].bbox, near);
}

#[test]
fn rows_beyond_the_count_are_silent_and_images_do_not_mix() {
    let device = test_device();
    let proposals = Proposals {
        boxes: Tensor::<3>::from_floats([[LEFT, RIGHT], [LEFT, LEFT]], &device),
        scores: Tensor::ones([2, 2], &device),
        counts: vec![2, 1],
    };
    let judgement = Judgement {
        probabilities: Tensor::from_floats(
            [[0.0, 0.5], [0.0, 0.9], [0.0, 0.7], [0.0, 0.99]],
            &device,
        ),
        codes: Tensor::zeros([4, 8], &device),
    };
    let config = PostprocessConfig::default();
    let all = postprocess(
        &judgement,
        &proposals,
        &[SIZE, SIZE],
        &coder(),
        &config,
        None,
    );
    assert_eq!(labels_and_scores(&all[0].to_vec()), [(1, 0.9), (1, 0.5)]);
    assert_eq!(labels_and_scores(&all[1].to_vec()), [(1, 0.7)]);
}

#[test]
fn no_proposal_is_no_detection() {
    let device = test_device();
    let proposals = Proposals {
        boxes: Tensor::zeros([2, 0, 4], &device),
        scores: Tensor::zeros([2, 0], &device),
        counts: vec![0, 0],
    };
    let judgement = Judgement {
        probabilities: Tensor::zeros([0, 3], &device),
        codes: Tensor::zeros([0, 12], &device),
    };
    let config = PostprocessConfig::default();
    let all = postprocess(
        &judgement,
        &proposals,
        &[SIZE, SIZE],
        &coder(),
        &config,
        None,
    );
    assert_eq!(all.iter().map(Detections::len).collect::<Vec<_>>(), [0, 0]);
}
