//! Every RoI operation against its plain-tensor twin: values and gradients.
#![allow(clippy::unwrap_used, missing_docs)]

mod roi_support;

use burn::tensor::{Int, Tensor, TensorData};
use proptest::prelude::*;
use roi_support::{Numbers, assert_close, device, rois, tracking};
use wardrobe_kernels::roi::{
    RoiAlignOptions, RoiPoolOptions, SampleReduction, prroi_pool, pyramid_roi_align, roi_align,
    roi_pool, twin,
};

/// Sums of at most a few dozen products of values in −1…1.
const VALUES: f32 = 5e-6;
/// Sums over all bins that touch a cell; box gradients also add over channels.
const GRADIENTS: f32 = 1e-4;

/// Channel counts below, at and between the blocks of 16 and 64 that the host kernels take.
const CHANNELS: [usize; 6] = [1, 3, 5, 16, 21, 70];

/// Values and feature gradients of two forms of one operation.
fn compare(
    features: [usize; 4],
    boxes: &[[f32; 5]],
    fast: impl Fn(Tensor<4>, Tensor<2>) -> Tensor<4>,
    plain: impl Fn(Tensor<4>, Tensor<2>) -> Tensor<4>,
    what: &str,
) {
    let device = tracking();
    let mut numbers = Numbers::new(features[1] as u32 + 11);
    let data = numbers.tensor(features, &roi_support::device());
    let leaf = || Tensor::<4>::from_data(data.to_data(), &device).require_grad();
    let (a, b) = (leaf(), leaf());
    let (fast, plain) = (
        fast(a.clone(), rois(boxes, &device)),
        plain(b.clone(), rois(boxes, &device)),
    );
    assert_close(fast.clone(), plain.clone(), VALUES, what);
    let weights = numbers.tensor(fast.dims(), &device);
    let fast = (fast * weights.clone()).sum().backward();
    let plain = (plain * weights).sum().backward();
    assert_close(
        a.grad(&fast).unwrap(),
        b.grad(&plain).unwrap(),
        GRADIENTS,
        what,
    );
}

#[test]
fn align_average() {
    let boxes = Numbers::new(3).rois(23, 2, 68.0, 52.0);
    for channels in CHANNELS {
        for aligned in [false, true] {
            for ratio in [0, 2] {
                let options = RoiAlignOptions::new([4, 3], 0.25)
                    .with_sampling_ratio(ratio)
                    .with_aligned(aligned);
                compare(
                    [2, channels, 13, 19],
                    &boxes,
                    |f, r| roi_align(f, r, &options),
                    |f, r| twin::roi_align(f, r, &options),
                    &format!("{channels} channels, {options:?}"),
                );
            }
        }
    }
}

#[test]
fn align_maximum() {
    let boxes = Numbers::new(4).rois(23, 2, 68.0, 52.0);
    for channels in CHANNELS {
        for ratio in [0, 1, 3] {
            let options = RoiAlignOptions::new([4, 3], 0.25)
                .with_sampling_ratio(ratio)
                .with_aligned(true)
                .with_reduction(SampleReduction::Max);
            compare(
                [2, channels, 13, 19],
                &boxes,
                |f, r| roi_align(f, r, &options),
                |f, r| twin::roi_align(f, r, &options),
                &format!("{channels} channels, {options:?}"),
            );
        }
    }
}

#[test]
fn pool() {
    let boxes = Numbers::new(5).rois(23, 2, 68.0, 52.0);
    for channels in CHANNELS {
        let options = RoiPoolOptions::new([4, 3], 0.25);
        compare(
            [2, channels, 13, 19],
            &boxes,
            |f, r| roi_pool(f, r, &options),
            |f, r| twin::roi_pool(f, r, &options),
            &format!("{channels} channels"),
        );
    }
}

#[test]
fn precise() {
    let boxes = Numbers::new(6).rois(23, 2, 68.0, 52.0);
    for channels in CHANNELS {
        let options = RoiPoolOptions::new([4, 3], 0.25);
        compare(
            [2, channels, 13, 19],
            &boxes,
            |f, r| prroi_pool(f, r, &options),
            |f, r| twin::prroi_pool(f, r, &options),
            &format!("{channels} channels"),
        );
    }
}

#[test]
fn precise_box_gradients() {
    let device = tracking();
    for channels in CHANNELS {
        let mut numbers = Numbers::new(7);
        let mut boxes = numbers.rois(23, 2, 68.0, 52.0);
        // Every bin ends on a cell, where the hats of the neighbours have their corners.
        boxes[0] = [0.0, 8.0, 8.0, 32.0, 24.0];
        let features = numbers.tensor([2, channels, 13, 19], &device);
        let weights = numbers.tensor([23, channels, 4, 3], &device);
        let options = RoiPoolOptions::new([4, 3], 0.25);
        let (a, b) = (
            rois(&boxes, &device).require_grad(),
            rois(&boxes, &device).require_grad(),
        );
        let fast = prroi_pool(features.clone(), a.clone(), &options) * weights.clone();
        let plain = twin::prroi_pool(features, b.clone(), &options) * weights;
        let fast = a.grad(&fast.sum().backward()).unwrap();
        let plain = b.grad(&plain.sum().backward()).unwrap();
        assert_close(fast, plain, GRADIENTS, &format!("{channels} channels"));
    }
}

#[test]
fn pyramids_of_one_to_four_levels() {
    let device = tracking();
    let mut numbers = Numbers::new(8);
    let all = [[2, 6, 24, 32], [2, 6, 12, 16], [2, 6, 6, 8], [2, 6, 3, 4]];
    for reduction in [SampleReduction::Average, SampleReduction::Max] {
        for count in 1..=4 {
            let boxes = numbers.rois(31, 2, 128.0, 96.0);
            // One index too many: a RoI of a level that does not exist is void.
            let level_of: Vec<i32> = (0..31).map(|k| k % (count as i32 + 1)).collect();
            let level_of = Tensor::<1, Int>::from_data(TensorData::new(level_of, [31]), &device);
            let scales = (0..count).map(|level| 0.25 / (1 << level) as f32).collect();
            let options = RoiAlignOptions::new([3, 3], 0.25)
                .with_scales(scales)
                .with_reduction(reduction);
            let data: Vec<Tensor<4>> = all[..count]
                .iter()
                .map(|&shape| numbers.tensor(shape, &roi_support::device()))
                .collect();
            let leaves = || -> Vec<Tensor<4>> {
                let leaf = |t: &Tensor<4>| Tensor::from_data(t.to_data(), &device).require_grad();
                data.iter().map(leaf).collect()
            };
            let (a, b) = (leaves(), leaves());
            let boxes = rois(&boxes, &device);
            let fast = pyramid_roi_align(&a, boxes.clone(), level_of.clone(), &options);
            let plain = twin::pyramid_roi_align(&b, boxes, level_of, &options);
            assert_close(fast.clone(), plain.clone(), VALUES, "values");
            let weights = numbers.tensor(fast.dims(), &device);
            let fast = (fast * weights.clone()).sum().backward();
            let plain = (plain * weights).sum().backward();
            for (level, (a, b)) in a.iter().zip(&b).enumerate() {
                let what = format!("{reduction:?}, level {level} of {count}");
                assert_close(
                    a.grad(&fast).unwrap(),
                    b.grad(&plain).unwrap(),
                    GRADIENTS,
                    &what,
                );
            }
        }
    }
}

/// Any box over, beside or around a map, in pixels of an image of 40 × 32.
fn any_box() -> impl Strategy<Value = [f32; 5]> {
    let image = prop_oneof![9 => 0.0f32..2.0, 1 => Just(-1.0f32), 1 => Just(2.0f32)];
    let corner = || prop_oneof![8 => -30.0f32..70.0, 1 => Just(0.0f32), 1 => Just(16.0f32)];
    (image, corner(), corner(), corner(), corner())
        .prop_map(|(i, a, b, c, d)| [i.floor(), a, b, c, d])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_boxes_pool_as_their_twin(
        boxes in prop::collection::vec(any_box(), 1..6),
        size in (1usize..5, 1usize..5),
        ratio in 0usize..4,
        aligned: bool,
        maximum: bool,
        seed: u32,
    ) {
        let device = device();
        let features = Numbers::new(seed).tensor([2, 3, 8, 10], &device);
        let boxes = rois(&boxes, &device);
        let reduction = if maximum { SampleReduction::Max } else { SampleReduction::Average };
        let options = RoiAlignOptions::new([size.0, size.1], 0.25)
            .with_sampling_ratio(ratio)
            .with_aligned(aligned)
            .with_reduction(reduction);
        assert_close(
            roi_align(features.clone(), boxes.clone(), &options),
            twin::roi_align(features.clone(), boxes.clone(), &options),
            VALUES,
            "align",
        );
        let options = RoiPoolOptions::new([size.0, size.1], 0.25);
        assert_close(
            roi_pool(features.clone(), boxes.clone(), &options),
            twin::roi_pool(features.clone(), boxes.clone(), &options),
            0.0,
            "pool",
        );
        // Bins much smaller than a cell cancel in the twin, which computes in f32.
        assert_close(
            prroi_pool(features.clone(), boxes.clone(), &options),
            twin::prroi_pool(features, boxes, &options),
            2e-4,
            "precise",
        );
    }
}
