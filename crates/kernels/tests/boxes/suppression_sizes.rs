//! Sizes at which the device kernels change gear: more boxes than a block, rows longer than a sort
//! block, groups across blocks. They hold on every backend.

use burn::tensor::{Int, Tensor, TensorData};
use wardrobe_kernels::{
    device::test_device,
    suppression::{
        NmsOptions, SoftNmsMethod, SoftNmsOptions, batched_nms, iou_guided_nms, soft_nms, top_k,
    },
};

use crate::support;

/// A small linear congruential generator in 0..1 (Numerical Recipes, "quick and dirty").
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1u32 << 24) as f32
    }
}

/// `number` boxes of 8 to 40 pixels on a square of `side`, scores in steps of 1/512 (many ties).
fn scene(number: usize, side: f32) -> (Vec<[f32; 4]>, Vec<f32>) {
    let mut noise = Noise(7);
    (0..number)
        .map(|_| {
            let [x, y] = [noise.next() * side, noise.next() * side];
            let [w, h] = [8.0 + noise.next() * 32.0, 8.0 + noise.next() * 32.0];
            let score = (noise.next() * 512.0).floor() / 512.0;
            ([x, y, x + w, y + h], score)
        })
        .unzip()
}

fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |b: [f32; 4]| (b[2] - b[0]) * (b[3] - b[1]);
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let inter = width * height;
    inter / ((area(a) + area(b)) - inter)
}

/// Indices by descending score, lower index first.
fn ranking(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

/// The definition of greedy suppression, in the given order.
fn greedy(boxes: &[[f32; 4]], groups: &[i32], order: &[usize], threshold: f32) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for &i in order {
        let free = kept
            .iter()
            .all(|&k| groups[k] != groups[i] || iou(boxes[k], boxes[i]) <= threshold);
        if free {
            kept.push(i);
        }
    }
    kept
}

fn indices<const D: usize>(order: Tensor<D, Int>) -> Vec<usize> {
    order
        .into_data()
        .iter::<i64>()
        .map(|i| i as usize)
        .collect()
}

#[test]
fn nms_over_three_blocks_equals_the_definition() {
    // 2048 boxes are one block: 2048 + 2048 + 904.
    let (boxes, scores) = scene(5000, 900.0);
    let groups: Vec<i32> = (0..5000).map(|i| i % 3 - 1).collect();
    let kept = batched_nms(
        support::boxes(&boxes, &test_device()),
        support::floats(&scores, &test_device()),
        support::groups(&groups, &test_device()),
        &NmsOptions::new(0.4),
    );
    let expected = greedy(&boxes, &groups, &ranking(&scores), 0.4);
    assert!(
        expected.len() > 2100,
        "the scene must keep more than one block: {}",
        expected.len()
    );
    let order = indices(kept.order.clone());
    assert_eq!(order[..expected.len()], expected);
    assert_eq!(kept.len(), expected.len());
    assert_eq!(order[expected.len()] as i64, -1);
}

#[test]
fn nms_at_the_edges_of_blocks_and_words() {
    for number in [1, 2, 31, 32, 33, 1023, 1024, 1025, 2047, 2048, 2049] {
        let (boxes, scores) = scene(number, 200.0);
        let groups = vec![0; number];
        let kept = batched_nms(
            support::boxes(&boxes, &test_device()),
            support::floats(&scores, &test_device()),
            support::groups(&groups, &test_device()),
            &NmsOptions {
                iou_threshold: 0.5,
                score_threshold: Some(0.25),
            },
        );
        let order: Vec<usize> = ranking(&scores)
            .into_iter()
            .filter(|&i| scores[i] > 0.25)
            .collect();
        assert_eq!(
            indices(kept.indices()),
            greedy(&boxes, &groups, &order, 0.5),
            "{number} boxes"
        );
    }
}

#[test]
fn iou_guided_over_two_blocks_equals_the_definition() {
    let (boxes, scores) = scene(3000, 300.0);
    let mut noise = Noise(11);
    let mut localisation: Vec<f32> = (0..3000).map(|_| noise.next()).collect();
    localisation[5] = f32::NAN;
    let groups: Vec<i32> = (0..3000).map(|i| i % 2).collect();
    let (kept, taken) = iou_guided_nms(
        support::boxes(&boxes, &test_device()),
        support::floats(&scores, &test_device()),
        support::floats(&localisation, &test_device()),
        support::groups(&groups, &test_device()),
        &NmsOptions {
            iou_threshold: 0.3,
            score_threshold: Some(0.1),
        },
    );
    let order: Vec<usize> = ranking(&localisation)
        .into_iter()
        .filter(|&i| !localisation[i].is_nan() && scores[i] > 0.1)
        .collect();
    let keepers = greedy(&boxes, &groups, &order, 0.3);
    let mut best: Vec<f32> = vec![f32::MIN; keepers.len()];
    for &i in &order {
        let cluster = keepers
            .iter()
            .position(|&k| k == i || (groups[k] == groups[i] && iou(boxes[k], boxes[i]) > 0.3))
            .unwrap();
        best[cluster] = best[cluster].max(scores[i]);
    }
    let result: Vec<usize> = ranking(&best);
    let expected: Vec<usize> = result.iter().map(|&r| keepers[r]).collect();
    assert_eq!(indices(kept.indices()), expected);
    let taken = taken.into_data().try_to_vec::<f32>().unwrap();
    for (place, &r) in result.iter().enumerate() {
        assert_eq!(taken[place], best[r], "place {place}");
    }
    assert_eq!(taken[result.len()], 0.0);
}

#[test]
fn soft_nms_with_more_boxes_than_units_equals_the_definition() {
    let (boxes, mut scores) = scene(600, 150.0);
    scores[17] = f32::NAN;
    let groups: Vec<i32> = (0..600).map(|i| i % 2).collect();
    let options = SoftNmsOptions {
        method: SoftNmsMethod::Linear { iou_threshold: 0.3 },
        score_threshold: 0.2,
    };
    let (kept, taken) = soft_nms(
        support::boxes(&boxes, &test_device()),
        support::floats(&scores, &test_device()),
        support::groups(&groups, &test_device()),
        &options,
    );
    let mut current = scores.clone();
    let mut left: Vec<usize> = (0..600).filter(|&i| scores[i] > 0.2).collect();
    let mut expected = Vec::new();
    while let Some(best) = left
        .iter()
        .copied()
        .reduce(|a, b| if current[b] > current[a] { b } else { a })
    {
        expected.push((best, current[best]));
        left.retain(|&i| i != best);
        for &i in &left {
            let overlap = iou(boxes[best], boxes[i]);
            if groups[i] == groups[best] && overlap > 0.3 {
                current[i] *= 1.0 - overlap;
            }
        }
        left.retain(|&i| current[i] > 0.2);
    }
    let order: Vec<usize> = expected.iter().map(|&(i, _)| i).collect();
    assert_eq!(indices(kept.indices()), order);
    let taken = taken.into_data().try_to_vec::<f32>().unwrap();
    for (place, &(_, score)) in expected.iter().enumerate() {
        assert!((taken[place] - score).abs() < 1e-6, "place {place}");
    }
}

#[test]
fn top_k_of_long_rows_with_ties_and_nan() {
    // 3 rows of 70,001; k above a sort block of 1024; values in steps of 1/1000, so ties at the cut.
    let (rows, columns, k) = (3, 70_001, 1500);
    let mut noise = Noise(3);
    let mut values: Vec<f32> = (0..rows * columns)
        .map(|_| (noise.next() * 1000.0).floor() / 1000.0 - 0.5)
        .collect();
    values[4] = f32::NAN;
    values[columns] = f32::INFINITY;
    // The last row has fewer than k numbers: the rest is NaN.
    for value in &mut values[2 * columns + 1000..] {
        *value = f32::NAN;
    }
    let tensor = Tensor::<2>::from_data(
        TensorData::new(values.clone(), [rows, columns]),
        &test_device(),
    );
    let (best, places) = top_k(tensor, k);
    let best = best.into_data().try_to_vec::<f32>().unwrap();
    let places = indices(places);
    for row in 0..rows {
        let line = &values[row * columns..(row + 1) * columns];
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by(|&a, &b| {
            line[a].is_nan().cmp(&line[b].is_nan()).then(
                line[b]
                    .partial_cmp(&line[a])
                    .unwrap_or(std::cmp::Ordering::Equal),
            )
        });
        assert_eq!(places[row * k..(row + 1) * k], order[..k], "row {row}");
        for (place, &column) in order[..k].iter().enumerate() {
            assert_eq!(
                best[row * k + place].to_bits(),
                line[column].to_bits(),
                "row {row}"
            );
        }
    }
}
