//! RoI operations on values worked by hand and on inputs that go wrong elsewhere.

use crate::support::{Numbers, assert_close, device, rois, tracking, values};
use burn::tensor::{Int, Tensor};
use wardrobe_kernels::roi::{
    LevelAssignment, RoiAlignOptions, RoiPoolOptions, SampleReduction, assign_levels, prroi_pool,
    pyramid_roi_align, roi_align, roi_pool,
};

/// The plane x + 10·y on 4×4 cells: a bilinear sample at (x, y) is x + 10·y, and the mean over any
/// bin inside is the value at its centre.
fn plane(device: &burn::tensor::Device) -> Tensor<4> {
    let cells = (0..16)
        .map(|i| (i % 4 + 10 * (i / 4)) as f32)
        .collect::<Vec<_>>();
    Tensor::<1>::from_floats(cells.as_slice(), device).reshape([1, 1, 4, 4])
}

#[track_caller]
fn assert_values(actual: Tensor<4>, expected: &[f32]) {
    let actual = values(actual);
    assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        assert!((a - e).abs() < 1e-5, "{actual:?}, expected {expected:?}");
    }
}

#[test]
fn average_of_a_plane_is_its_value_at_the_centre() {
    let device = device();
    let boxes = rois(&[[0.0, 0.0, 0.0, 2.0, 2.0]], &device);
    // Bins of 1×1 cell, samples at ¼ and ¾: centres ½ and 1½ → ½ + 5, 1½ + 5, ½ + 15, 1½ + 15.
    let pooled = roi_align(
        plane(&device),
        boxes.clone(),
        &RoiAlignOptions::new([2, 2], 1.0),
    );
    assert_values(pooled, &[5.5, 6.5, 15.5, 16.5]);
    // Aligned: everything half a cell up and left, the samples at −¼ clamped to 0. Along an axis:
    // the means of (0, ¼) and of (¾, 1¼) are ⅛ and 1.
    let options = RoiAlignOptions::new([2, 2], 1.0).with_aligned(true);
    let pooled = roi_align(plane(&device), boxes, &options);
    assert_values(
        pooled,
        &[0.125 + 1.25, 1.0 + 1.25, 0.125 + 10.0, 1.0 + 10.0],
    );
}

#[test]
fn the_largest_sample_of_a_plane_is_the_last() {
    let device = device();
    let boxes = rois(&[[0.0, 0.0, 0.0, 2.0, 2.0]], &device);
    let options = RoiAlignOptions::new([1, 1], 1.0).with_reduction(SampleReduction::Max);
    // Samples at ½ and 1½ on both axes.
    assert_values(roi_align(plane(&device), boxes, &options), &[16.5]);
}

#[test]
fn samples_beyond_one_cell_outside_are_zero() {
    let device = device();
    let ones = Tensor::<4>::ones([1, 1, 4, 4], &device);
    // x samples at −2 (out), 0 (in); y samples at 1 and 3: half of them count.
    let boxes = rois(&[[0.0, -3.0, 0.0, 1.0, 4.0]], &device);
    let options = RoiAlignOptions::new([1, 1], 1.0);
    assert_values(roi_align(ones.clone(), boxes.clone(), &options), &[0.5]);
    // Of negative values the zeros outside are the largest.
    let options = options.with_reduction(SampleReduction::Max);
    assert_values(roi_align(ones.neg(), boxes, &options), &[0.0]);
}

#[test]
fn boxes_that_are_not_aligned_are_at_least_one_cell() {
    let device = device();
    // A point at (1, 1) becomes [1, 2]: centre 1½.
    let point = rois(&[[0.0, 1.0, 1.0, 1.0, 1.0]], &device);
    let options = RoiAlignOptions::new([1, 1], 1.0);
    assert_values(roi_align(plane(&device), point.clone(), &options), &[16.5]);
    // Aligned it stays a point, at ½; adaptive sampling then takes no sample at all.
    let options = options.with_aligned(true);
    assert_values(roi_align(plane(&device), point.clone(), &options), &[5.5]);
    let options = options.with_sampling_ratio(0);
    assert_values(roi_align(plane(&device), point.clone(), &options), &[0.0]);
    let options = options.with_reduction(SampleReduction::Max);
    assert_values(roi_align(plane(&device), point, &options), &[0.0]);
}

#[test]
fn quantised_maxima_of_a_plane() {
    let device = device();
    // Cells 0…3 on both axes in bins of two: the lower right cell of each.
    let boxes = rois(&[[0.0, 0.0, 0.0, 3.0, 3.0]], &device);
    let options = RoiPoolOptions::new([2, 2], 1.0);
    assert_values(
        roi_pool(plane(&device), boxes, &options),
        &[11.0, 13.0, 31.0, 33.0],
    );
    // Halves round away from zero: 0.5 → 1, 1.5 → 2; bins of one cell.
    let boxes = rois(&[[0.0, 0.5, 0.5, 1.5, 1.5]], &device);
    assert_values(
        roi_pool(plane(&device), boxes, &options),
        &[11.0, 12.0, 21.0, 22.0],
    );
    // Right of the map every bin is empty.
    let boxes = rois(&[[0.0, 10.0, 0.0, 12.0, 3.0]], &device);
    assert_values(roi_pool(plane(&device), boxes, &options), &[0.0; 4]);
}

#[test]
fn the_first_of_equal_maxima_takes_the_gradient() {
    let device = tracking();
    let features = Tensor::<4>::ones([1, 1, 2, 3], &device).require_grad();
    let boxes = rois(&[[0.0, 0.0, 0.0, 2.0, 1.0]], &device);
    let pooled = roi_pool(features.clone(), boxes, &RoiPoolOptions::new([1, 1], 1.0));
    let gradient = features.grad(&pooled.sum().backward()).unwrap();
    assert_values(gradient, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn precise_pooling_of_a_plane_and_its_slope_in_the_box() {
    let device = tracking();
    // In cells: [1, 2] on both axes, centre 1½.
    let boxes = rois(&[[0.0, 2.0, 2.0, 4.0, 4.0]], &device).require_grad();
    let options = RoiPoolOptions::new([1, 1], 0.5);
    let pooled = prroi_pool(plane(&device), boxes.clone(), &options);
    assert_values(pooled.clone(), &[16.5]);
    // The value is (x1 + x2) / 2 + 10·(y1 + y2) / 2 in cells, half of it per pixel.
    let gradient = values(boxes.grad(&pooled.sum().backward()).unwrap());
    for (actual, expected) in gradient.iter().zip([0.0, 0.25, 2.5, 0.25, 2.5]) {
        assert!((actual - expected).abs() < 1e-5, "{gradient:?}");
    }
}

#[test]
fn precise_pooling_integrates_the_fall_to_zero_outside() {
    let device = device();
    // One cell of value 1: its hat has the integral 1 per axis over a box of length 2.
    let one = Tensor::<4>::ones([1, 1, 1, 1], &device);
    let boxes = rois(
        &[[0.0, -1.0, -1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0, 0.0]],
        &device,
    );
    let options = RoiPoolOptions::new([1, 1], 1.0);
    // The second box is inverted and has no area.
    assert_values(prroi_pool(one, boxes, &options), &[0.25, 0.0]);
}

#[test]
fn no_rois_give_an_empty_result_and_a_gradient_of_zeros() {
    let device = tracking();
    let options = RoiAlignOptions::new([7, 5], 0.25);
    let pool = RoiPoolOptions::new([7, 5], 0.25);
    for which in 0..3 {
        let features = Numbers::new(1).tensor([2, 3, 8, 8], &device).require_grad();
        let none = Tensor::<2>::zeros([0, 5], &device);
        let pooled = match which {
            0 => roi_align(features.clone(), none, &options),
            1 => roi_pool(features.clone(), none, &pool),
            _ => prroi_pool(features.clone(), none, &pool),
        };
        assert_eq!(pooled.dims(), [0, 3, 7, 5]);
        let gradient = features.grad(&pooled.sum().backward()).unwrap();
        assert_values(gradient, &[0.0; 2 * 3 * 8 * 8]);
    }
}

/// Boxes that must not be read: not a number, infinite, of no such image.
const VOID: [[f32; 5]; 8] = [
    [f32::NAN, 0.0, 0.0, 8.0, 8.0],
    [0.0, f32::NAN, 0.0, 8.0, 8.0],
    [0.0, 0.0, 0.0, f32::INFINITY, 8.0],
    [0.0, 0.0, f32::NEG_INFINITY, 8.0, 8.0],
    [-1.0, 0.0, 0.0, 8.0, 8.0],
    [2.0, 0.0, 0.0, 8.0, 8.0],
    [1e9, 0.0, 0.0, 8.0, 8.0],
    [f32::INFINITY, 0.0, 0.0, 8.0, 8.0],
];

#[test]
fn void_rois_are_zero_and_pass_no_gradient() {
    let device = tracking();
    let pool = RoiPoolOptions::new([2, 2], 0.5);
    let align = RoiAlignOptions::new([2, 2], 0.5);
    let operations: [&dyn Fn(Tensor<4>, Tensor<2>) -> Tensor<4>; 5] = [
        &|f, r| roi_align(f, r, &align),
        &|f, r| roi_align(f, r, &align.clone().with_sampling_ratio(0)),
        &|f, r| roi_align(f, r, &align.clone().with_reduction(SampleReduction::Max)),
        &|f, r| roi_pool(f, r, &pool),
        &|f, r| prroi_pool(f, r, &pool),
    ];
    for (which, operation) in operations.iter().enumerate() {
        let features = Numbers::new(2)
            .tensor([2, 20, 8, 8], &device)
            .require_grad();
        let pooled = operation(features.clone(), rois(&VOID, &device));
        assert_eq!(pooled.dims(), [VOID.len(), 20, 2, 2]);
        assert!(
            values(pooled.clone()).iter().all(|&v| v == 0.0),
            "operation {which}"
        );
        let gradient = features.grad(&pooled.sum().backward()).unwrap();
        assert!(
            values(gradient).iter().all(|&v| v == 0.0),
            "operation {which}"
        );
    }
}

#[test]
fn rois_of_levels_that_do_not_exist_are_zero() {
    let device = device();
    let levels = [
        Tensor::<4>::ones([1, 4, 8, 8], &device),
        Tensor::ones([1, 4, 4, 4], &device),
    ];
    let boxes = rois(&[[0.0, 1.0, 1.0, 6.0, 6.0]; 4], &device);
    let level_of = Tensor::<1, Int>::from_ints([0, 1, 2, -1], &device);
    let options = RoiAlignOptions::new([1, 1], 1.0).with_scales(vec![1.0, 0.5]);
    let pooled = pyramid_roi_align(&levels, boxes, level_of, &options);
    let expected = [1.0, 0.0].map(|value| [value; 8]).concat();
    assert_values(pooled, &expected);
}

#[test]
fn huge_boxes_end_and_stay_finite() {
    let device = device();
    let features = Tensor::<4>::ones([1, 17, 6, 7], &device);
    let boxes = rois(
        &[
            [0.0, -1e6, -1e6, 1e6, 1e6],
            [0.0, -1e30, -1e30, 1e30, 1e30],
            [0.0, f32::MIN, f32::MIN, f32::MAX, f32::MAX],
            [0.0, 1e30, 1e30, -1e30, -1e30],
        ],
        &device,
    );
    let pool = RoiPoolOptions::new([3, 2], 0.5);
    let mut results = vec![
        roi_pool(features.clone(), boxes.clone(), &pool),
        prroi_pool(features.clone(), boxes.clone(), &pool),
    ];
    // Fixed sampling only: what an adaptive grid makes of them is the next test's.
    for aligned in [false, true] {
        for reduction in [SampleReduction::Average, SampleReduction::Max] {
            let options = RoiAlignOptions::new([3, 2], 0.5)
                .with_aligned(aligned)
                .with_reduction(reduction);
            results.push(roi_align(features.clone(), boxes.clone(), &options));
        }
    }
    for result in results {
        assert!(values(result).iter().all(|v| (0.0..=1.0).contains(v)));
    }
}

/// Every backend visits only the samples in the frame.
#[test]
fn huge_boxes_with_adaptive_sampling() {
    let device = device();
    let features = Tensor::<4>::ones([1, 3, 6, 6], &device);
    // 3e6 cells, one sample each, of which the 8 at −1 … 6 or the 7 between them see the map.
    let boxes = rois(
        &[[0.0, -1e6, -1e6, 2e6, 2e6], [0.0, -1e30, -1e30, 1e30, 1e30]],
        &device,
    );
    let options = RoiAlignOptions::new([1, 1], 1.0).with_sampling_ratio(0);
    let pooled = values(roi_align(features, boxes, &options));
    let share = |cells: f32| (cells / 3e6).powi(2);
    assert!(
        pooled[..3]
            .iter()
            .all(|v| (share(6.0)..=share(8.1)).contains(v)),
        "{pooled:?}"
    );
    assert!(
        pooled[3..].iter().all(|v| (0.0..=1e-20).contains(v)),
        "{pooled:?}"
    );
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let device = tracking();
    let boxes = Numbers::new(5).rois(40, 2, 80.0, 60.0);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut numbers = Numbers::new(6);
            let features = numbers.tensor([2, 37, 15, 20], &device).require_grad();
            let options = RoiAlignOptions::new([5, 4], 0.25);
            let pooled = roi_align(features.clone(), rois(&boxes, &device), &options);
            let weights = numbers.tensor(pooled.dims(), &device);
            let gradient = features
                .grad(&(pooled.clone() * weights).sum().backward())
                .unwrap();
            (values(pooled), values(gradient))
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(7));
}

#[test]
fn gradients_survive_checkpointing() {
    let gradient = |device: &burn::tensor::Device| {
        let mut numbers = Numbers::new(9);
        let leaf = numbers.tensor([1, 5, 9, 9], device).require_grad();
        let boxes = rois(&numbers.rois(6, 1, 36.0, 36.0), device);
        // Memory-bound neighbours are what checkpointing recomputes.
        let features = leaf.clone().exp() * 2.0;
        let options = RoiAlignOptions::new([3, 3], 0.25).with_reduction(SampleReduction::Max);
        let pooled = roi_align(features, boxes, &options).exp();
        leaf.grad(&pooled.sum().backward()).unwrap()
    };
    let plain = gradient(&tracking());
    assert_close(
        gradient(&tracking().gradient_checkpointing()),
        plain,
        1e-4,
        "gradient",
    );
}

#[test]
fn levels_of_canonical_sizes() {
    let device = device();
    let sides = [1.0, 111.9, 112.0, 223.9, 224.0, 447.9, 448.0, 10_000.0];
    let mut boxes: Vec<[f32; 5]> = sides
        .iter()
        .map(|&s| [0.0, 7.0, 3.0, 7.0 + s, 3.0 + s])
        .collect();
    boxes.push([0.0, 5.0, 5.0, 5.0, 5.0]); // no area
    boxes.push([0.0, 300.0, 0.0, 0.0, 300.0]); // inverted
    boxes.push([0.0, f32::NAN, 0.0, 300.0, 300.0]);
    let levels = assign_levels(rois(&boxes, &device), &LevelAssignment::default());
    let levels: Vec<i64> = levels.into_data().iter().collect();
    assert_eq!(levels, [0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 0]);
}

#[test]
#[should_panic(expected = "rois must be [K, 5], got [3, 4]")]
fn rois_need_five_columns() {
    let device = device();
    let boxes = Tensor::<2>::zeros([3, 4], &device);
    let _ = roi_align(plane(&device), boxes, &RoiAlignOptions::new([1, 1], 1.0));
}

#[test]
#[should_panic(expected = "1 levels but 2 scales")]
fn levels_need_a_scale_each() {
    let device = device();
    let options = RoiAlignOptions::new([1, 1], 1.0).with_scales(vec![1.0, 0.5]);
    let _ = roi_align(plane(&device), Tensor::zeros([1, 5], &device), &options);
}

#[test]
#[should_panic(expected = "scale must be finite and positive, got NaN")]
fn scales_must_be_numbers() {
    let device = device();
    let options = RoiPoolOptions::new([1, 1], f32::NAN);
    let _ = roi_pool(plane(&device), Tensor::zeros([1, 5], &device), &options);
}

#[test]
fn both_layouts_of_many_channels_give_the_same_bits() {
    let device = device();
    let mut numbers = Numbers::new(12);
    // More than one block of each width that the host kernels take.
    let [n, c, h, w] = [2, 340, 9, 11];
    let stored = numbers.tensor([n, h, w, c], &device);
    let view = stored.clone().permute([0, 3, 1, 2]);
    let planar = Tensor::<4>::from_data(view.to_data(), &device);
    let boxes = rois(&numbers.rois(12, n, 44.0, 36.0), &device);
    let options = RoiAlignOptions::new([3, 2], 0.25);
    let of_view = roi_align(view, boxes.clone(), &options);
    assert_close(of_view, roi_align(planar, boxes, &options), 0.0, "layouts");
}
