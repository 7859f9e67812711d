//! Kernels against their twins, and properties that hold for any input.

use crate::support::{Noise, boxes, floats, groups, kept, oracle, values};
use burn::tensor::{Device, Int, Tensor};
use proptest::prelude::*;
use wardrobe_kernels::{
    device::test_device,
    suppression::{
        NmsOptions, SoftNmsMethod, SoftNmsOptions, batched_nms, iou_guided_nms, nms, soft_nms,
        top_k, twin,
    },
};

/// Boxes that overlap a lot, scores in steps of 0.01 (ties) and some NaN, three groups.
struct Case {
    corners: Vec<[f32; 4]>,
    scores: Vec<f32>,
    localisation: Vec<f32>,
    groups: Vec<i32>,
}

impl Case {
    fn new(count: usize, seed: u64) -> Self {
        let mut noise = Noise(seed);
        let mut scores: Vec<f32> = (0..count)
            .map(|_| (noise.next() * 100.).floor() / 100.)
            .collect();
        let mut localisation: Vec<f32> = (0..count)
            .map(|_| (noise.next() * 50.).floor() / 50.)
            .collect();
        for at in (3..count).step_by(23) {
            scores[at] = f32::NAN;
            localisation[at - 3] = f32::NAN;
        }
        Self {
            corners: (0..count).map(|_| noise.corners(150., 60.)).collect(),
            groups: (0..count).map(|_| (noise.next() * 3.) as i32 - 1).collect(),
            scores,
            localisation,
        }
    }

    /// Boxes, scores and groups.
    fn input(&self, device: &Device) -> (Tensor<2>, Tensor<1>, Tensor<1, Int>) {
        (
            boxes(&self.corners, device),
            floats(&self.scores, device),
            groups(&self.groups, device),
        )
    }
}

fn options() -> [NmsOptions; 3] {
    let mut above = NmsOptions::new(0.3);
    above.score_threshold = Some(0.4);
    [NmsOptions::new(0.), NmsOptions::new(0.5), above]
}

#[test]
fn nms_equals_its_twin() {
    let device = test_device();
    for (seed, count) in [(1, 1), (2, 50), (3, 400), (4, 900)] {
        let case = Case::new(count, seed);
        for options in options() {
            let (b, s, g) = case.input(&oracle());
            let expected = kept(&twin::nms(b, s, g, &options));
            let (b, s, g) = case.input(&device);
            assert_eq!(
                kept(&batched_nms(b, s, g, &options)),
                expected,
                "{count} {options:?}"
            );
        }
    }
}

#[test]
fn guided_suppression_equals_its_twin() {
    let device = test_device();
    for (seed, count) in [(5, 1), (6, 50), (7, 400), (8, 900)] {
        let case = Case::new(count, seed);
        for options in options() {
            let (b, s, g) = case.input(&oracle());
            let l = floats(&case.localisation, &oracle());
            let (expected, expected_scores) = twin::iou_guided_nms(b, s, l, g, &options);
            let (b, s, g) = case.input(&device);
            let l = floats(&case.localisation, &device);
            let (actual, scores) = iou_guided_nms(b, s, l, g, &options);
            assert_eq!(kept(&actual), kept(&expected), "{count} {options:?}");
            assert_eq!(values(scores), values(expected_scores));
        }
    }
}

#[test]
fn soft_suppression_equals_its_twin() {
    let device = test_device();
    for (seed, count) in [(9, 1), (10, 50), (11, 300)] {
        let mut case = Case::new(count, seed);
        // Distinct scores far enough apart that rounding in a decay cannot swap two picks often;
        // where products come closer than that, the scores still agree.
        for (at, score) in case.scores.iter_mut().enumerate() {
            *score += at as f32 * 1e-5;
        }
        for method in [
            SoftNmsMethod::Linear { iou_threshold: 0.3 },
            SoftNmsMethod::Gaussian { sigma: 0.5 },
        ] {
            let options = SoftNmsOptions {
                method,
                score_threshold: 0.05,
            };
            let (b, s, g) = case.input(&oracle());
            let (expected, expected_scores) = twin::soft_nms(b, s, g, &options);
            let (b, s, g) = case.input(&device);
            let (actual, scores) = soft_nms(b, s, g, &options);
            assert_eq!(kept(&actual), kept(&expected), "{count} {options:?}");
            for (a, e) in values(scores).into_iter().zip(values(expected_scores)) {
                // Up to some tens of rounded products.
                assert!((a - e).abs() < 1e-5, "{a} {e}");
            }
        }
    }
}

#[test]
fn top_k_equals_its_twin() {
    let device = test_device();
    for (seed, rows, columns) in [(12, 1, 1), (13, 3, 40), (14, 2, 3000usize)] {
        let mut noise = Noise(seed);
        let mut row: Vec<f32> = (0..rows * columns)
            .map(|_| (noise.next() * 500.).floor() - 250.)
            .collect();
        for at in (0..row.len()).step_by(11) {
            row[at] = f32::NAN;
        }
        let input = |device: &Device| floats(&row, device).reshape([rows, columns]);
        for k in [1, columns.div_ceil(3), columns] {
            let (best, indices) = top_k(input(&device), k);
            let (expected, expected_indices) = twin::top_k(input(&oracle()), k);
            let list =
                |indices: Tensor<2, Int>| indices.into_data().iter::<i64>().collect::<Vec<_>>();
            assert_eq!(list(indices), list(expected_indices), "{k} of {columns}");
            let bits = |v: Vec<f32>| v.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(values(best)), bits(values(expected)));
        }
    }
}

fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |b: [f32; 4]| (b[2] - b[0]) * (b[3] - b[1]);
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.);
    width * height / (area(a) + area(b) - width * height)
}

/// `nms` of lists, in one group.
fn nms_of(corners: &[[f32; 4]], scores: &[f32], threshold: f32) -> Vec<i64> {
    let device = test_device();
    let options = NmsOptions::new(threshold);
    kept(&nms(
        boxes(corners, &device),
        floats(scores, &device),
        &options,
    ))
}

/// Boxes and distinct scores.
fn scene() -> impl Strategy<Value = (Vec<[f32; 4]>, Vec<f32>)> {
    (1usize..400, any::<u64>(), 20f32..300.).prop_map(|(count, seed, extent)| {
        let mut noise = Noise(seed);
        let corners: Vec<_> = (0..count).map(|_| noise.corners(extent, 70.)).collect();
        // 401 is a prime above the count: such a stride walks through all scores once.
        let scores = (0..count).map(|i| (i * 401 % count) as f32 / count as f32);
        (corners, scores.collect())
    })
}

/// The same with an order to put them in.
fn scene_and_order() -> impl Strategy<Value = (Vec<[f32; 4]>, Vec<f32>, Vec<usize>)> {
    scene().prop_flat_map(|(corners, scores)| {
        let order: Vec<usize> = (0..corners.len()).collect();
        (Just(corners), Just(scores), Just(order).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kept_boxes_overlap_at_most_by_the_threshold((corners, scores) in scene(), threshold in 0f32..1.) {
        let kept = nms_of(&corners, &scores, threshold);
        prop_assert!(!kept.is_empty());
        for (at, &a) in kept.iter().enumerate() {
            for &b in &kept[..at] {
                // The GPU may divide to within 2.5 units in the last place (WGSL, 15.7.4).
                prop_assert!(iou(corners[a as usize], corners[b as usize]) <= threshold + 1e-6);
                prop_assert!(scores[b as usize] >= scores[a as usize]);
            }
        }
    }

    #[test]
    fn suppressing_again_changes_nothing((corners, scores) in scene(), threshold in 0f32..1.) {
        let kept = nms_of(&corners, &scores, threshold);
        let corners: Vec<_> = kept.iter().map(|&i| corners[i as usize]).collect();
        let scores: Vec<_> = kept.iter().map(|&i| scores[i as usize]).collect();
        let again = nms_of(&corners, &scores, threshold);
        prop_assert_eq!(again, (0..kept.len() as i64).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        (corners, scores, order) in scene_and_order(),
        threshold in 0f32..1.,
    ) {
        let moved_corners: Vec<_> = order.iter().map(|&from| corners[from]).collect();
        let moved_scores: Vec<_> = order.iter().map(|&from| scores[from]).collect();
        let moved = nms_of(&moved_corners, &moved_scores, threshold);
        let back: Vec<i64> = moved.into_iter().map(|at| order[at as usize] as i64).collect();
        prop_assert_eq!(nms_of(&corners, &scores, threshold), back);
    }

    #[test]
    fn batched_is_each_group_by_itself((corners, scores) in scene(), count in 1usize..6) {
        let device = test_device();
        let ids: Vec<i32> = (0..corners.len()).map(|i| (i * 7 % count) as i32).collect();
        let result = batched_nms(
            boxes(&corners, &device),
            floats(&scores, &device),
            groups(&ids, &device),
            &NmsOptions::new(0.5),
        );
        let mut expected: Vec<i64> = Vec::new();
        for group in 0..count as i32 {
            let members: Vec<usize> = (0..ids.len()).filter(|&i| ids[i] == group).collect();
            let corners: Vec<_> = members.iter().map(|&i| corners[i]).collect();
            let scores: Vec<_> = members.iter().map(|&i| scores[i]).collect();
            let kept = nms_of(&corners, &scores, 0.5);
            expected.extend(kept.into_iter().map(|at| members[at as usize] as i64));
        }
        expected.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
        prop_assert_eq!(kept(&result), expected);
    }
}
