//! Gradients of RoI pooling on the test device against the CPU, both in one binary, and twice in a
//! row: the gathering kernels have one order of summation.

use burn::tensor::{Device, Int, Tensor, TensorData};
use wardrobe_kernels::{
    device::test_device,
    roi::{
        RoiAlignOptions, RoiPoolOptions, SampleReduction, prroi_pool, pyramid_roi_align, roi_pool,
    },
};

use crate::support::values;

/// RoIs of two images: inside, across the border, tiny, inverted, outside, of no image, not finite.
const ROIS: [[f32; 5]; 9] = [
    [0.0, 3.0, 5.0, 60.0, 41.0],
    [1.0, -20.0, -10.0, 30.0, 90.0],
    [0.0, 33.3, 21.7, 35.1, 22.0],
    [1.0, 40.0, 40.0, 20.0, 10.0],
    [0.0, 500.0, 500.0, 600.0, 600.0],
    [2.0, 0.0, 0.0, 30.0, 30.0],
    [1.0, 0.0, f32::NAN, 30.0, 30.0],
    [1.0, -400.0, -300.0, 500.0, 400.0],
    [0.0, 8.0, 8.0, 24.0, 24.0],
];
/// The largest RoI spans 225 cells, whose last place is 1.5e-5: rounded the other way by a fused
/// multiply-add, on a slope of up to 2 a cell and axis, it moves a sample by 6e-5.
const TOLERANCE: f32 = 1e-4;

const LEVELS: [i32; 9] = [0, 1, 0, 1, 0, 0, 1, 1, 1];

fn assert_close(left: &[f32], right: &[f32], what: &str) {
    assert_eq!(left.len(), right.len(), "{what}");
    for (place, (a, b)) in left.iter().zip(right).enumerate() {
        assert!(
            (a - b).abs() <= TOLERANCE * b.abs().max(1.0),
            "{what} at {place}: {a} and {b}"
        );
    }
}

/// Pooled values and the gradients of their weighted sum in both levels.
fn align(device: &Device, levels: [Tensor<4>; 2], options: &RoiAlignOptions) -> [Vec<f32>; 3] {
    let device = device.clone().autodiff();
    let levels = levels.map(|level| Tensor::from_data(level.into_data(), &device).require_grad());
    let rois = Tensor::<2>::from_floats(ROIS, &device);
    let level_of = Tensor::<1, Int>::from_ints(LEVELS, &device);
    let pooled = pyramid_roi_align(&levels, rois, level_of, options);
    let [k, c, h, w] = pooled.dims();
    let weights = Tensor::<1, Int>::arange(0..(k * c * h * w) as i64, &device)
        .float()
        .sin()
        .reshape([k, c, h, w]);
    let gradients = (pooled.clone() * weights).sum().backward();
    let [l0, l1] = levels.map(|level| values(level.grad(&gradients).unwrap()));
    [values(pooled.inner()), l0, l1]
}

/// Two levels of the same values at every run: chance would now and then put two samples so close that
/// rounding decides which is the maximum.
fn maps(device: &Device) -> [Tensor<4>; 2] {
    [[2, 6, 17, 21], [2, 6, 9, 11]].map(|shape| {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|i| ((i * i % 1013) as f32).sin()).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    })
}

#[test]
fn roi_align_and_its_gradient_agree_with_the_cpu() {
    let (cpu, device) = (Device::flex(), test_device());
    let levels = maps(&cpu);
    for aligned in [false, true] {
        for ratio in [0, 2, 3] {
            for reduction in [SampleReduction::Average, SampleReduction::Max] {
                let options = RoiAlignOptions::new([3, 5], 0.25)
                    .with_scales(vec![0.25, 0.125])
                    .with_sampling_ratio(ratio)
                    .with_aligned(aligned)
                    .with_reduction(reduction);
                let expected = align(&cpu, levels.clone(), &options);
                let found = align(&device, levels.clone(), &options);
                for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert_close(found, expected, &format!("{options:?}, result {i}"));
                }
                assert_eq!(
                    found,
                    align(&device, levels.clone(), &options),
                    "{options:?} again"
                );
            }
        }
    }
}

#[test]
fn a_channels_last_map_is_read_by_its_strides() {
    let device = test_device();
    let [planar, _] = maps(&device);
    let last = planar.clone().permute([0, 2, 3, 1]);
    // The same values: a permuted view of a copy that lies channels last.
    let last = (last * 1.0).permute([0, 3, 1, 2]);
    let rois = || Tensor::<2>::from_floats(ROIS, &device);
    let level_of = || Tensor::<1, Int>::zeros([ROIS.len()], &device);
    let options = RoiAlignOptions::new([4, 4], 0.25);
    let a = pyramid_roi_align(std::slice::from_ref(&planar), rois(), level_of(), &options);
    let b = pyramid_roi_align(std::slice::from_ref(&last), rois(), level_of(), &options);
    assert_close(&values(a), &values(b), "roi_align");
    let options = RoiPoolOptions::new([4, 4], 0.25);
    let a = roi_pool(planar, rois(), &options);
    let b = roi_pool(last, rois(), &options);
    assert_eq!(values(a), values(b));
}

type Pool = fn(Tensor<4>, Tensor<2>, &RoiPoolOptions) -> Tensor<4>;

/// Pooled values and the gradients in features and (if there are any) RoIs.
fn pool(device: &Device, map: &Tensor<4>, operation: Pool) -> [Vec<f32>; 3] {
    let device = device.clone().autodiff();
    let map = Tensor::<4>::from_data(map.clone().into_data(), &device).require_grad();
    let rois = Tensor::<2>::from_floats(ROIS, &device).require_grad();
    let pooled = operation(
        map.clone(),
        rois.clone(),
        &RoiPoolOptions::new([3, 5], 0.25),
    );
    let [k, c, h, w] = pooled.dims();
    let weights = Tensor::<1, Int>::arange(0..(k * c * h * w) as i64, &device)
        .float()
        .cos()
        .reshape([k, c, h, w]);
    let gradients = (pooled.clone() * weights).sum().backward();
    let of_rois = rois.grad(&gradients).map_or_else(Vec::new, |grad| {
        grad.into_data().try_to_vec::<f32>().unwrap()
    });
    [
        values(pooled.inner()),
        values(map.grad(&gradients).unwrap()),
        of_rois,
    ]
}

#[test]
fn roi_pool_and_precise_pooling_agree_with_the_cpu() {
    let (cpu, device) = (Device::flex(), test_device());
    let [map, _] = maps(&cpu);
    for (name, operation) in [
        ("roi_pool", roi_pool as Pool),
        ("prroi_pool", prroi_pool as Pool),
    ] {
        let expected = pool(&cpu, &map, operation);
        let found = pool(&device, &map, operation);
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_close(found, expected, &format!("{name}, result {i}"));
        }
        assert_eq!(found, pool(&device, &map, operation), "{name} again");
    }
}
