//! Gradients of the convolution blocks against their plain-tensor twins'.

use burn::tensor::{Device, Tensor, TensorData};
use wardrobe_kernels::{
    conv::{Activation, ConvOptions, conv2d, linear, max_pool2d, twin, upsample_nearest},
    device::test_device,
};

use crate::support::{Case, TOLERANCE, cases, relative, values};

/// Gradients that the forward cases do not tell apart: of unequal strides and paddings, of a padding beyond the kernel, of
/// cells that no window reaches, of enough cells for several blocks of sums.
pub fn more_cases() -> Vec<Case> {
    let case = |x, d, kernel, options| Case {
        x,
        d,
        kernel,
        options,
    };
    let unequal = ConvOptions {
        stride: [2, 3],
        padding: [0, 2],
        dilation: [1, 2],
        ..ConvOptions::default()
    };
    let wide = ConvOptions {
        padding: [3, 3],
        ..ConvOptions::default()
    };
    vec![
        case([2, 6, 11, 13], 7, 3, unequal),
        case([1, 4, 5, 5], 3, 2, wide),
        case([1, 5, 7, 6], 4, 1, ConvOptions::default().with_stride(3)),
        case([1, 40, 24, 37], 18, 3, ConvOptions::same(3)),
        case([3, 2, 1, 1], 2, 3, ConvOptions::same(3)),
        case([0, 8, 4, 4], 8, 3, ConvOptions::same(3)),
    ]
}

pub type Block =
    fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>, Option<Tensor<4>>, &ConvOptions) -> Tensor<4>;

/// Gradients of input, weight, residual, and bias.
pub fn gradients(case: &Case, device: &Device, block: Block) -> ([Tensor<4>; 3], Tensor<1>) {
    let Case {
        x,
        d,
        kernel,
        options,
    } = *case;
    let input = values(x, 1, device).require_grad();
    let weight = values([d, x[1], kernel, kernel], 2, device).require_grad();
    let bias = values([d], 3, device).require_grad();
    let [oh, ow] = options.output_size([x[2], x[3]], [kernel, kernel]);
    let residual = values([x[0], d, oh, ow], 4, device).require_grad();
    let y = block(
        input.clone(),
        weight.clone(),
        Some(bias.clone()),
        Some(residual.clone()),
        &options,
    );
    let seed = values(y.dims(), 5, device);
    let mut grads = (y * seed).sum().backward();
    let of = [input, weight, residual].map(|tensor| tensor.grad_remove(&mut grads).unwrap());
    (of, bias.grad_remove(&mut grads).unwrap())
}

#[test]
fn of_blocks() {
    for (index, case) in cases().iter().chain(&more_cases()).enumerate() {
        // The twin's own backward cannot take an empty batch; nothing comes back from one.
        if case.x[0] == 0 {
            let ([_, weight, _], bias) = gradients(case, &test_device().autodiff(), conv2d);
            assert!(weight.into_data().iter::<f32>().all(|value| value == 0.0));
            assert!(bias.into_data().iter::<f32>().all(|value| value == 0.0));
            continue;
        }
        let ours = gradients(case, &test_device().autodiff(), conv2d);
        let theirs = gradients(case, &Device::flex().autodiff(), twin::conv2d);
        for ((ours, theirs), of) in ours
            .0
            .into_iter()
            .zip(theirs.0)
            .zip(["input", "weight", "residual"])
        {
            let error = relative(ours, theirs);
            assert!(error < TOLERANCE, "case {index}, {of}: {error}");
        }
        let error = relative(ours.1, theirs.1);
        assert!(error < TOLERANCE, "case {index}, bias: {error}");
    }
}

/// 2×2 input (1 2 / 3 4), 2×2 kernel (1 −1 / 2 −2), one output y = 1 − 2 + 6 − 8 = −3. The gradient of the input is the
/// kernel, that of the kernel the input, that of the bias 1; behind a ReLU nothing comes back.
#[test]
fn a_hand_worked_one() {
    let device = test_device().autodiff();
    for (activation, factor) in [(Activation::None, 1.0), (Activation::Relu, 0.0)] {
        let x = Tensor::<4>::from_data([[[[1.0, 2.0], [3.0, 4.0]]]], &device).require_grad();
        let weight = Tensor::<4>::from_data([[[[1.0, -1.0], [2.0, -2.0]]]], &device).require_grad();
        let bias = Tensor::<1>::from_data([0.0], &device).require_grad();
        let options = ConvOptions::default().with_activation(activation);
        let y = conv2d(
            x.clone(),
            weight.clone(),
            Some(bias.clone()),
            None,
            &options,
        );
        let grads = y.sum().backward();
        let of = |tensor: &Tensor<4>| -> Vec<f32> {
            let gradient = tensor.grad(&grads).unwrap();
            gradient.into_data().iter::<f32>().collect()
        };
        assert_eq!(of(&x), [1.0, -1.0, 2.0, -2.0].map(|value| value * factor));
        assert_eq!(
            of(&weight),
            [1.0, 2.0, 3.0, 4.0].map(|value| value * factor)
        );
        let bias: f32 = bias.grad(&grads).unwrap().into_scalar();
        assert_eq!(bias, factor);
    }
}

/// The weight changes between two steps, and so must what was packed of it.
#[test]
fn follow_a_changed_weight() {
    let case = |scale: f32, device: &Device, block: Block| {
        let x = values([1, 32, 6, 6], 1, device).require_grad();
        let weight = values([32, 32, 3, 3], 2, device).mul_scalar(scale);
        let y = block(x.clone(), weight, None, None, &ConvOptions::same(3));
        x.grad(&y.powi_scalar(2).sum().backward()).unwrap()
    };
    for scale in [1.0, -0.5, 3.0] {
        let ours = case(scale, &test_device().autodiff(), conv2d);
        let theirs = case(scale, &Device::flex().autodiff(), twin::conv2d);
        assert!(relative(ours, theirs) < 2.0 * TOLERANCE, "scale {scale}");
    }
}

/// Only what is asked for gets a gradient.
#[test]
fn of_frozen_weights_are_none() {
    let device = test_device().autodiff();
    let x = values([1, 4, 5, 5], 1, &device).require_grad();
    let weight = values([3, 4, 3, 3], 2, &device);
    let y = conv2d(x.clone(), weight.clone(), None, None, &ConvOptions::same(3));
    let grads = y.sum().backward();
    assert!(x.grad(&grads).is_some());
    assert!(weight.grad(&grads).is_none());
}

fn assert_unary(
    shape: [usize; 4],
    ours: impl Fn(Tensor<4>) -> Tensor<4>,
    twin: impl Fn(Tensor<4>) -> Tensor<4>,
) {
    let gradient = |device: &Device, run: &dyn Fn(Tensor<4>) -> Tensor<4>| {
        let x = values(shape, 1, device).require_grad();
        let y = run(x.clone());
        let seed = values(y.dims(), 5, device);
        x.grad(&(y * seed).sum().backward()).unwrap()
    };
    let found = gradient(&test_device().autodiff(), &ours);
    let expected = gradient(&Device::flex().autodiff(), &twin);
    let error = relative(found, expected);
    assert!(error < 1e-6, "{shape:?}: {error}");
}

#[test]
fn of_pooling_and_upsampling() {
    for (shape, kernel, stride, padding) in [
        ([2, 5, 11, 8], 3, 2, 1),
        ([1, 17, 6, 6], 2, 2, 0),
        ([1, 4, 5, 7], 1, 2, 0),
        ([1, 33, 4, 4], 3, 1, 1),
    ] {
        assert_unary(
            shape,
            |x| max_pool2d(x, kernel, stride, padding),
            |x| twin::max_pool2d(x, kernel, stride, padding),
        );
    }
    for (shape, size) in [
        ([2, 3, 4, 5], [8, 10]),
        ([1, 20, 3, 7], [5, 13]),
        ([1, 2, 1, 1], [3, 2]),
    ] {
        assert_unary(
            shape,
            |x| upsample_nearest(x, size),
            |x| twin::upsample_nearest(x, size),
        );
    }
}

/// The first of equal cells wins, row by row, as in torch: window (1 5 / 5 5) hands all to its second cell.
#[test]
fn a_tie_goes_to_the_first_cell() {
    let device = test_device().autodiff();
    let x = Tensor::<4>::from_data([[[[1.0, 5.0], [5.0, 5.0]]]], &device).require_grad();
    let grads = max_pool2d(x.clone(), 2, 2, 0).sum().backward();
    let found: Vec<f32> = x.grad(&grads).unwrap().into_data().iter::<f32>().collect();
    assert_eq!(found, [0.0, 1.0, 0.0, 0.0]);
}

/// A window of nothing but −∞ still hands its gradient to a cell; a NaN among numbers takes it (shader languages need not
/// know NaN, and their comparisons pass over it).
#[test]
fn infinities_and_nan_are_cells_too() {
    let device = test_device().autodiff();
    let gradient = |cells: [f32; 4]| -> Vec<f32> {
        let x = Tensor::<4>::from_data(TensorData::new(cells.to_vec(), [1, 1, 2, 2]), &device);
        let x = x.require_grad();
        let grads = max_pool2d(x.clone(), 2, 2, 0).sum().backward();
        x.grad(&grads).unwrap().into_data().iter::<f32>().collect()
    };
    assert_eq!(gradient([f32::NEG_INFINITY; 4]).iter().sum::<f32>(), 1.0);
    if std::env::var("WARDROBE_BACKEND").as_deref() != Ok("wgpu") {
        assert_eq!(gradient([1.0, 2.0, f32::NAN, 3.0]), [0.0, 0.0, 1.0, 0.0]);
    }
}

#[test]
fn of_linear_layers() {
    let gradients =
        |device: &Device,
         run: fn(Tensor<2>, Tensor<2>, Option<Tensor<1>>, Activation) -> Tensor<2>| {
            let x = values([9, 40], 1, device).require_grad();
            let weight = values([40, 21], 2, device).require_grad();
            let bias = values([21], 3, device).require_grad();
            let y = run(
                x.clone(),
                weight.clone(),
                Some(bias.clone()),
                Activation::Relu,
            );
            let seed = values(y.dims(), 5, device);
            let grads = (y * seed).sum().backward();
            let of = [x, weight].map(|tensor| tensor.grad(&grads).unwrap());
            (of, bias.grad(&grads).unwrap())
        };
    let ours = gradients(&test_device().autodiff(), linear);
    let theirs = gradients(&Device::flex().autodiff(), twin::linear);
    for (ours, theirs) in ours.0.into_iter().zip(theirs.0) {
        assert!(relative(ours, theirs) < TOLERANCE);
    }
    assert!(relative(ours.1, theirs.1) < TOLERANCE);
}
