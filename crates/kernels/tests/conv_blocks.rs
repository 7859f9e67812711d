//! Convolution blocks against their plain-tensor twins, forward and gradient.
#![allow(missing_docs, clippy::unwrap_used)]

use burn::tensor::{Device, Tensor, TensorData};
use wardrobe_kernels::{
    conv::{
        Activation, ConvOptions, channels_last, conv2d, linear, max_pool2d, twin, upsample_nearest,
    },
    device::test_device,
};

/// Values in [−1, 1) from a small generator, so that every backend sees the same numbers.
fn values<const D: usize>(shape: [usize; D], seed: u32, device: &Device) -> Tensor<D> {
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
fn relative<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
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
fn oracle<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    Tensor::from_data(tensor.to_data(), &Device::flex())
}

/// Direct summation rounds differently in another order; Winograd's transforms about ten times more.
const TOLERANCE: f32 = 2e-5;

struct Case {
    x: [usize; 4],
    d: usize,
    kernel: usize,
    options: ConvOptions,
}

fn cases() -> Vec<Case> {
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

#[test]
fn agrees_with_the_twin() {
    let device = test_device();
    for (
        index,
        Case {
            x,
            d,
            kernel,
            options,
        },
    ) in cases().into_iter().enumerate()
    {
        let input = values(x, 1, &device);
        let weight = values([d, x[1], kernel, kernel], 2, &device);
        let bias = values([d], 3, &device);
        let plain = conv2d(input.clone(), weight.clone(), None, None, &options);
        let expected = twin::conv2d(oracle(&input), oracle(&weight), None, None, &options);
        assert!(
            relative(plain.clone(), expected) < TOLERANCE,
            "case {index}"
        );

        let residual = values(plain.dims(), 4, &device);
        for input in [input.clone(), channels_last(input)] {
            let full = conv2d(
                input.clone(),
                weight.clone(),
                Some(bias.clone()),
                Some(residual.clone()),
                &options,
            );
            let expected = twin::conv2d(
                oracle(&input),
                oracle(&weight),
                Some(oracle(&bias)),
                Some(oracle(&residual)),
                &options,
            );
            assert!(
                relative(full, expected) < TOLERANCE,
                "case {index} with bias and residual"
            );
        }
    }
}

#[test]
fn gradients_agree_with_the_twin() {
    // Autodiff composes every block alike: a 3×3, a strided 7×7 and a copied 1×1 stand for all.
    for (
        index,
        Case {
            x,
            d,
            kernel,
            options,
        },
    ) in cases().into_iter().enumerate().step_by(4)
    {
        let gradients = |device: Device,
                         run: fn(
            Tensor<4>,
            Tensor<4>,
            Option<Tensor<1>>,
            Option<Tensor<4>>,
            &ConvOptions,
        ) -> Tensor<4>| {
            let input = values(x, 1, &device).require_grad();
            let weight = values([d, x[1], kernel, kernel], 2, &device).require_grad();
            let bias = values([d], 3, &device).require_grad();
            let size = options.output_size([x[2], x[3]], [kernel, kernel]);
            let residual = values([x[0], d, size[0], size[1]], 4, &device).require_grad();
            let y = run(
                input.clone(),
                weight.clone(),
                Some(bias.clone()),
                Some(residual.clone()),
                &options,
            );
            let seed = values(y.dims(), 5, &device);
            let mut grads = (y * seed).sum().backward();
            (
                input.grad_remove(&mut grads).unwrap(),
                weight.grad_remove(&mut grads).unwrap(),
                bias.grad_remove(&mut grads).unwrap(),
                residual.grad_remove(&mut grads).unwrap(),
            )
        };
        let (ours, theirs) = (
            gradients(test_device().autodiff(), conv2d),
            gradients(Device::flex().autodiff(), twin::conv2d),
        );
        assert!(
            relative(ours.0, theirs.0) < TOLERANCE,
            "case {index}: input"
        );
        assert!(
            relative(ours.1, theirs.1) < TOLERANCE,
            "case {index}: weight"
        );
        assert!(relative(ours.2, theirs.2) < TOLERANCE, "case {index}: bias");
        assert!(
            relative(ours.3, theirs.3) < TOLERANCE,
            "case {index}: residual"
        );
    }
}

#[test]
fn a_hand_worked_convolution() {
    let device = test_device();
    // 2×2 input, 2×2 kernel of ones, one output: 1 + 2 + 3 + 4 = 10; − 4 bias = 6; − 7 residual
    // = −1; ReLU gives 0.
    let x = Tensor::<4>::from_data([[[[1.0, 2.0], [3.0, 4.0]]]], &device);
    let weight = Tensor::<4>::ones([1, 1, 2, 2], &device);
    let bias = Tensor::<1>::from_data([-4.0], &device);
    let residual = Tensor::<4>::from_data([[[[-7.0]]]], &device);
    let mut options = ConvOptions::default();
    let y = conv2d(
        x.clone(),
        weight.clone(),
        Some(bias.clone()),
        None,
        &options,
    );
    assert_eq!(y.into_scalar::<f32>(), 6.0);
    let y = conv2d(
        x.clone(),
        weight.clone(),
        Some(bias.clone()),
        Some(residual.clone()),
        &options,
    );
    assert_eq!(y.into_scalar::<f32>(), -1.0);
    options.activation = Activation::Relu;
    let y = conv2d(x, weight, Some(bias), Some(residual), &options);
    assert_eq!(y.into_scalar::<f32>(), 0.0);
}

#[test]
fn a_changed_weight_is_a_new_weight() {
    // The CPU keeps packed weights; a weight changed in place must not meet the old packing.
    let device = test_device();
    let x = values([1, 32, 4, 4], 1, &device);
    let options = ConvOptions::same(3);
    let mut weight = values([32, 32, 3, 3], 2, &device);
    for step in 0..3 {
        let y = conv2d(x.clone(), weight.clone(), None, None, &options);
        let expected = twin::conv2d(oracle(&x), oracle(&weight), None, None, &options);
        assert!(relative(y, expected) < TOLERANCE, "step {step}");
        weight = weight.mul_scalar(-0.5).add_scalar(0.25);
    }
}

#[test]
fn nan_reaches_only_its_window() {
    let device = test_device();
    let mut data = vec![0.5_f32; 64];
    data[0] = f32::NAN;
    let x = Tensor::<4>::from_data(TensorData::new(data, [1, 1, 8, 8]), &device);
    let weight = Tensor::<4>::ones([1, 1, 3, 3], &device);
    let y: Vec<f32> = conv2d(x, weight, None, None, &ConvOptions::same(3))
        .into_data()
        .try_into_vec()
        .unwrap();
    for (index, value) in y.iter().enumerate() {
        let touched = index / 8 <= 1 && index % 8 <= 1;
        assert_eq!(value.is_nan(), touched, "cell {index}");
    }
}

#[test]
fn pooling_upsampling_and_linear_agree_with_their_twins() {
    let device = test_device();
    for (shape, kernel, stride, padding) in [
        ([2, 5, 11, 8], 3, 2, 1),
        ([1, 17, 6, 6], 2, 2, 0),
        ([1, 4, 5, 7], 1, 2, 0),
    ] {
        let x = values(shape, 1, &device);
        let expected = twin::max_pool2d(oracle(&x), kernel, stride, padding);
        assert_eq!(
            relative(max_pool2d(x, kernel, stride, padding), expected),
            0.0
        );
    }
    for (shape, size) in [
        ([2, 3, 4, 5], [8, 10]),
        ([1, 20, 3, 7], [5, 13]),
        ([1, 2, 1, 1], [3, 2]),
    ] {
        let x = values(shape, 1, &device);
        let expected = twin::upsample_nearest(oracle(&x), size);
        assert_eq!(relative(upsample_nearest(x, size), expected), 0.0);
    }
    for (m, k, n) in [(1, 3, 5), (130, 40, 33), (7, 2048, 3)] {
        let x = values([m, k], 1, &device);
        let (weight, bias) = (values([k, n], 2, &device), values([n], 3, &device));
        let expected = twin::linear(
            oracle(&x),
            oracle(&weight),
            Some(oracle(&bias)),
            Activation::Relu,
        );
        assert!(relative(linear(x, weight, Some(bias), Activation::Relu), expected) < TOLERANCE);
    }
}

#[test]
#[should_panic(expected = "conv2d: input [1, 2, 4, 4] has 2 channels, weight [1, 3, 1, 1] takes 3")]
fn channels_that_do_not_fit_are_named() {
    let device = test_device();
    let x = Tensor::<4>::zeros([1, 2, 4, 4], &device);
    let weight = Tensor::<4>::zeros([1, 3, 1, 1], &device);
    let _ = conv2d(x, weight, None, None, &ConvOptions::default());
}
