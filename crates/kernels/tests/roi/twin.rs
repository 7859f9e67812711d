//! Every RoI operation against its plain-tensor twin: values and gradients.

use crate::support::{Numbers, assert_close, device, oracle, rois, tracking};
use burn::tensor::Device;
use burn::tensor::{Int, Tensor, TensorData};
use proptest::prelude::*;
use wardrobe_kernels::roi::{
    RoiAlignOptions, RoiPoolOptions, SampleReduction, prroi_pool, pyramid_roi_align, roi_align,
    roi_pool, twin,
};

/// Sums of at most a few dozen products of values in −1…1, at coordinates up to 20 cells whose last place
/// (2e-6) a fused multiply-add may round the other way, on slopes of up to 2 a cell and axis.
const VALUES: f32 = 2e-5;
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
    let (device, cpu) = (tracking(), oracle().autodiff());
    let seed = features[1] as u32 + 11;
    let leaf = |device: &Device| Numbers::new(seed).tensor(features, device).require_grad();
    let (a, b) = (leaf(&device), leaf(&cpu));
    let (fast, plain) = (
        fast(a.clone(), rois(boxes, &device)),
        plain(b.clone(), rois(boxes, &cpu)),
    );
    assert_close(fast.clone(), plain.clone(), VALUES, what);
    let weights = |device: &Device| Numbers::new(seed + 1).tensor(fast.dims(), device);
    let (at_device, at_cpu) = (weights(&device), weights(&cpu));
    let fast = (fast * at_device).sum().backward();
    let plain = (plain * at_cpu).sum().backward();
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
    for channels in CHANNELS {
        let mut boxes = Numbers::new(7).rois(23, 2, 68.0, 52.0);
        // Every bin ends on a cell, where the hats of the neighbours have their corners.
        boxes[0] = [0.0, 8.0, 8.0, 32.0, 24.0];
        let options = RoiPoolOptions::new([4, 3], 0.25);
        let gradient = |device: Device, pool: fn(_, _, &RoiPoolOptions) -> Tensor<4>| {
            let mut numbers = Numbers::new(8);
            let features = numbers.tensor([2, channels, 13, 19], &device);
            let weights = numbers.tensor([23, channels, 4, 3], &device);
            let boxes = rois(&boxes, &device).require_grad();
            let pooled: Tensor<4> = pool(features, boxes.clone(), &options) * weights;
            boxes.grad(&pooled.sum().backward()).unwrap()
        };
        let fast = gradient(tracking(), prroi_pool);
        let plain = gradient(oracle().autodiff(), twin::prroi_pool);
        assert_close(fast, plain, GRADIENTS, &format!("{channels} channels"));
    }
}

#[test]
fn pyramids_of_one_to_four_levels() {
    let (device, cpu) = (tracking(), oracle().autodiff());
    let mut numbers = Numbers::new(8);
    let all = [[2, 6, 24, 32], [2, 6, 12, 16], [2, 6, 6, 8], [2, 6, 3, 4]];
    for reduction in [SampleReduction::Average, SampleReduction::Max] {
        for count in 1..=4 {
            let boxes = numbers.rois(31, 2, 128.0, 96.0);
            // One index too many: a RoI of a level that does not exist is void.
            let level_of: Vec<i32> = (0..31).map(|k| k % (count as i32 + 1)).collect();
            let level_of = |device: &Device| {
                Tensor::<1, Int>::from_data(TensorData::new(level_of.clone(), [31]), device)
            };
            let scales = (0..count).map(|level| 0.25 / (1 << level) as f32).collect();
            let options = RoiAlignOptions::new([3, 3], 0.25)
                .with_scales(scales)
                .with_reduction(reduction);
            let data: Vec<Tensor<4>> = all[..count]
                .iter()
                .map(|&shape| numbers.tensor(shape, &oracle()))
                .collect();
            let leaves = |device: &Device| -> Vec<Tensor<4>> {
                let leaf = |t: &Tensor<4>| Tensor::from_data(t.to_data(), device).require_grad();
                data.iter().map(leaf).collect()
            };
            let (a, b) = (leaves(&device), leaves(&cpu));
            let fast = pyramid_roi_align(&a, rois(&boxes, &device), level_of(&device), &options);
            let plain = twin::pyramid_roi_align(&b, rois(&boxes, &cpu), level_of(&cpu), &options);
            assert_close(fast.clone(), plain.clone(), VALUES, "values");
            let weights = numbers.tensor(fast.dims(), &cpu);
            let at_device = Tensor::from_data(weights.to_data(), &device);
            let fast = (fast * at_device).sum().backward();
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
        let input = |device: &Device| {
            (Numbers::new(seed).tensor([2, 3, 8, 10], device), rois(&boxes, device))
        };
        let (features, at_device) = input(&device());
        let (plain, boxes) = input(&oracle());
        let reduction = if maximum { SampleReduction::Max } else { SampleReduction::Average };
        let options = RoiAlignOptions::new([size.0, size.1], 0.25)
            .with_sampling_ratio(ratio)
            .with_aligned(aligned)
            .with_reduction(reduction);
        assert_close(
            roi_align(features.clone(), at_device.clone(), &options),
            twin::roi_align(plain.clone(), boxes.clone(), &options),
            VALUES,
            "align",
        );
        let options = RoiPoolOptions::new([size.0, size.1], 0.25);
        assert_close(
            roi_pool(features.clone(), at_device.clone(), &options),
            twin::roi_pool(plain.clone(), boxes.clone(), &options),
            0.0,
            "pool",
        );
        // Bins much smaller than a cell cancel in the twin, which computes in f32.
        assert_close(
            prroi_pool(features, at_device, &options),
            twin::prroi_pool(plain, boxes, &options),
            2e-4,
            "precise",
        );
    }
}
