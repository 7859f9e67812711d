//! Batch norm against its plain-tensor twin, forward and gradient.

use burn::tensor::{Device, Tensor, TensorData};
use wardrobe_kernels::{
    conv::{Activation, channels_last},
    device::test_device,
    norm::{BatchNormOutput, batch_norm, twin},
};

use crate::support::{relative, values};

/// Single-precision sums of a few thousand values in another order.
const TOLERANCE: f32 = 2e-5;

type Norm =
    fn(Tensor<4>, Tensor<1>, Tensor<1>, Option<Tensor<4>>, f64, Activation) -> BatchNormOutput;

/// Few channels, channels that fill no vector, one cell a picture, more rows than a block of sums has.
const SHAPES: [[usize; 4]; 5] = [
    [2, 3, 5, 4],
    [1, 17, 9, 11],
    [4, 40, 1, 1],
    [3, 64, 16, 20],
    [1, 1, 130, 140],
];

/// Output, mean, variance, and the gradients of input, residual, weight and bias.
fn run(
    shape: [usize; 4],
    with_residual: bool,
    activation: Activation,
    device: &Device,
    norm: Norm,
) -> ([Tensor<4>; 3], [Tensor<1>; 4]) {
    let device = device.clone().autodiff();
    // Means away from 0, as of maps behind a ReLU.
    let x = values(shape, 1, &device).add_scalar(3.0).require_grad();
    let weight = values([shape[1]], 2, &device).require_grad();
    let bias = values([shape[1]], 3, &device).require_grad();
    let residual = values(shape, 4, &device).require_grad();
    let given = with_residual.then(|| residual.clone());
    let normalised = norm(
        x.clone(),
        weight.clone(),
        bias.clone(),
        given,
        1e-5,
        activation,
    );
    let seed = values(shape, 5, &device);
    let grads = (normalised.output.clone() * seed).sum().backward();
    let of_residual = residual
        .grad(&grads)
        .unwrap_or_else(|| Tensor::zeros(shape, &device));
    (
        [normalised.output, x.grad(&grads).unwrap(), of_residual],
        [
            normalised.mean,
            normalised.variance,
            weight.grad(&grads).unwrap(),
            bias.grad(&grads).unwrap(),
        ],
    )
}

#[test]
fn agrees_with_the_twin() {
    for shape in SHAPES {
        for (with_residual, activation) in [
            (false, Activation::None),
            (false, Activation::Relu),
            (true, Activation::None),
            (true, Activation::Relu),
        ] {
            let ours = run(shape, with_residual, activation, &test_device(), batch_norm);
            let theirs = run(
                shape,
                with_residual,
                activation,
                &Device::flex(),
                twin::batch_norm,
            );
            let case = format!("{shape:?}, residual {with_residual}, {activation:?}");
            let maps = ours.0.into_iter().zip(theirs.0);
            for ((ours, theirs), what) in maps.zip(["output", "of x", "of the residual"]) {
                let error = relative(ours, theirs);
                assert!(error < TOLERANCE, "{case}, {what}: {error}");
            }
            let vectors = ours.1.into_iter().zip(theirs.1);
            for ((ours, theirs), what) in vectors.zip(["mean", "variance", "of weight", "of bias"])
            {
                let error = relative(ours, theirs);
                assert!(error < TOLERANCE, "{case}, {what}: {error}");
            }
        }
    }
}

/// The layout in memory changes nothing.
#[test]
fn channels_last_maps_give_the_same() {
    let device = test_device();
    let x = values([2, 20, 6, 7], 1, &device);
    let (weight, bias) = (values([20], 2, &device), values([20], 3, &device));
    let norm = |x| {
        batch_norm(
            x,
            weight.clone(),
            bias.clone(),
            None,
            1e-5,
            Activation::Relu,
        )
        .output
    };
    assert_eq!(relative(norm(channels_last(x.clone())), norm(x)), 0.0);
}

/// Values 1, 3 of one channel: mean 2, variance 1, x̂ = −1, 1. With weight 2 and bias 1: −1, 3. For the gradient g = (1, 0):
/// bias 1, weight −1, input 2 · (g − ½ − x̂ · (−½)) = (0, 0): two values' x̂ never changes.
#[test]
fn a_hand_worked_one() {
    let device = test_device().autodiff();
    let x = Tensor::<4>::from_data([[[[1.0, 3.0]]]], &device).require_grad();
    let weight = Tensor::<1>::from_data([2.0], &device).require_grad();
    let bias = Tensor::<1>::from_data([1.0], &device).require_grad();
    let found = batch_norm(
        x.clone(),
        weight.clone(),
        bias.clone(),
        None,
        0.0,
        Activation::None,
    );
    let list = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
    assert_eq!(list(found.output.to_data()), [-1.0, 3.0]);
    assert_eq!(list(found.mean.into_data()), [2.0]);
    assert_eq!(list(found.variance.into_data()), [1.0]);
    let seed = Tensor::<4>::from_data([[[[1.0, 0.0]]]], &device);
    let grads = (found.output * seed).sum().backward();
    assert_eq!(list(x.grad(&grads).unwrap().into_data()), [0.0, 0.0]);
    assert_eq!(list(weight.grad(&grads).unwrap().into_data()), [-1.0]);
    assert_eq!(list(bias.grad(&grads).unwrap().into_data()), [1.0]);
}

/// A constant channel has variance 0: ε keeps it finite, and the output is the bias.
#[test]
fn a_constant_channel_is_its_bias() {
    let device = test_device();
    let x = Tensor::<4>::full([2, 1, 3, 3], 7.0, &device);
    let found = batch_norm(
        x,
        Tensor::ones([1], &device),
        Tensor::full([1], 0.25, &device),
        None,
        1e-5,
        Activation::None,
    );
    assert!(
        found
            .output
            .into_data()
            .iter::<f32>()
            .all(|value| value == 0.25)
    );
}

/// A NaN spoils its own channel alone.
#[test]
fn nan_stays_in_its_channel() {
    let device = test_device();
    let mut data: Vec<f32> = (0..24).map(|value| value as f32).collect();
    data[3] = f32::NAN;
    let x = Tensor::<4>::from_data(TensorData::new(data, [1, 2, 3, 4]), &device);
    let found = batch_norm(
        x,
        Tensor::ones([2], &device),
        Tensor::zeros([2], &device),
        None,
        1e-5,
        Activation::None,
    );
    for (index, value) in found.output.into_data().iter::<f32>().enumerate() {
        assert_eq!(value.is_nan(), index < 12, "value {index}");
    }
}

#[test]
#[should_panic(
    expected = "batch_norm: weight and bias must have one value per channel of [1, 2, 3, 3]"
)]
fn vectors_that_do_not_fit_are_named() {
    let device = test_device();
    let ones = Tensor::<1>::ones([3], &device);
    let x = Tensor::<4>::zeros([1, 2, 3, 3], &device);
    let _ = batch_norm(x, ones.clone(), ones, None, 1e-5, Activation::None);
}
