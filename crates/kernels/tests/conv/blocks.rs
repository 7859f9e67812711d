//! Convolution blocks against their plain-tensor twins, forward.

use burn::tensor::{Tensor, TensorData};
use wardrobe_kernels::{
    conv::{
        Activation, ConvOptions, channels_last, conv2d, linear, max_pool2d, twin, upsample_nearest,
    },
    device::test_device,
};

use crate::support::{Case, TOLERANCE, cases, oracle, relative, values};

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
