//! Inputs, cases and comparison of the tests of convolution blocks.

use burn::tensor::{Device, Tensor, TensorData};
use wardrobe_kernels::conv::{Activation, ConvOptions};

/// Values in [−1, 1) from a small generator, so that every backend sees the same numbers.
pub fn values<const D: usize>(shape: [usize; D], seed: u32, device: &Device) -> Tensor<D> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let data: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    Tensor::from_data(TensorData::new(data, shape), device)
}

/// Largest absolute difference over the largest magnitude of `b`; the two may be of different devices.
pub fn relative<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let (a, b) = (a.into_data(), b.into_data());
    let (mut largest, mut difference) = (1e-6_f32, 0.0_f32);
    for (a, b) in a.iter::<f32>().zip(b.iter::<f32>()) {
        // `max` would pass over a NaN.
        assert!(!(a - b).is_nan(), "{a} and {b}");
        largest = largest.max(b.abs());
        difference = difference.max((a - b).abs());
    }
    difference / largest
}

/// The same values where the twins run: one oracle for all backends.
pub fn oracle<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    Tensor::from_data(tensor.to_data(), &Device::flex())
}

/// Direct summation rounds differently in another order; Winograd's transforms about ten times more.
pub const TOLERANCE: f32 = 2e-5;

pub struct Case {
    pub x: [usize; 4],
    pub d: usize,
    pub kernel: usize,
    pub options: ConvOptions,
}

pub fn cases() -> Vec<Case> {
    let relu = |options: ConvOptions| options.with_activation(Activation::Relu);
    let case = |x, d, kernel, options| Case {
        x,
        d,
        kernel,
        options,
    };
    vec![
        // Winograd's form: whole tiles, ragged tiles, a map smaller than a tile, odd channels.
        case([1, 32, 8, 8], 32, 3, relu(ConvOptions::same(3))),
        case([2, 40, 9, 7], 33, 3, ConvOptions::same(3)),
        case([1, 32, 2, 3], 64, 3, relu(ConvOptions::same(3))),
        case([1, 35, 7, 11], 32, 3, ConvOptions::default()),
        // Patches: few channels, stride, dilation, a large kernel, a block boundary.
        case(
            [1, 3, 21, 17],
            8,
            7,
            relu(
                ConvOptions {
                    padding: [3, 3],
                    ..ConvOptions::default()
                }
                .with_stride(2),
            ),
        ),
        case(
            [2, 5, 9, 8],
            6,
            3,
            ConvOptions {
                padding: [2, 2],
                dilation: [2, 2],
                ..ConvOptions::default()
            },
        ),
        case([1, 32, 9, 9], 32, 3, ConvOptions::same(3).with_stride(2)),
        // Rows in place, and 1024 channels, whose rows are copied.
        case([2, 16, 7, 9], 20, 1, relu(ConvOptions::default())),
        case([1, 1024, 3, 3], 5, 1, ConvOptions::default()),
        case([1, 8, 6, 6], 12, 1, ConvOptions::default().with_stride(2)),
    ]
}
