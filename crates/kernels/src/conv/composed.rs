//! The methods of [`super::ConvBlockOps`] as compositions of a backend's own operations.

use burn::{
    backend::{Backend, TensorMetadata, tensor::FloatTensor},
    tensor::{
        FloatDType, IntDType, Shape,
        ops::{ConvOptions as BurnConvOptions, InterpolateMode, InterpolateOptions},
    },
};

use super::{Activation, ConvOptions};
use crate::precision::is_half;

/// Runs `compute` in f32 where the tensors are of 16 bits, and rounds its result: not every backend counts its sums in f32,
/// and one of 16 bits stops growing after some hundred terms.
pub(super) fn in_single<B: Backend, const N: usize>(
    tensors: [FloatTensor<B>; N],
    compute: impl FnOnce([FloatTensor<B>; N]) -> FloatTensor<B>,
) -> FloatTensor<B> {
    let dtype = tensors[0].dtype();
    if !is_half(dtype) {
        return compute(tensors);
    }
    let single = tensors.map(|tensor| B::float_cast(tensor, FloatDType::F32));
    B::float_cast(compute(single), dtype.into())
}

/// Burn's form of the geometry.
pub(super) fn geometry(options: &ConvOptions) -> BurnConvOptions<2> {
    BurnConvOptions::new(options.stride, options.padding, options.dilation, 1)
}

/// Applies the activation with the backend's own operation.
fn activate<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
    }
}

fn nearest() -> InterpolateOptions {
    InterpolateOptions::new(InterpolateMode::Nearest)
}

pub(super) fn conv_bias_act<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let y = B::conv2d(x, weight, Some(bias), geometry(&options));
    activate::<B>(y, options.activation)
}

pub(super) fn conv_bias_add_act<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let y = B::conv2d(x, weight, Some(bias), geometry(&options));
    activate::<B>(B::float_add(y, residual), options.activation)
}

pub(super) fn conv_input_gradient<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    B::conv2d_x_backward(x, weight, grad, geometry(&options))
}

pub(super) fn conv_weight_gradient<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    B::conv2d_weight_backward(x, weight, grad, geometry(&options))
}

pub(super) fn relu_gradient<B: Backend>(
    output: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    B::relu_backward(output, grad)
}

pub(super) fn channel_sums<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let [n, c, h, w] = x.shape().dims();
    // Channels first, the rest in one row each.
    let rows = B::float_reshape(B::float_swap_dims(x, 0, 1), Shape::from([c, n * h * w]));
    B::float_reshape(B::float_sum_dim(rows, 1), Shape::from([c]))
}

pub(super) fn linear_act<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    activation: Activation,
) -> FloatTensor<B> {
    let columns = bias.shape()[0];
    let bias = B::float_reshape(bias, Shape::from([1, columns]));
    activate::<B>(B::float_add(B::float_matmul(x, weight), bias), activation)
}

pub(super) fn max_pool<B: Backend>(
    x: FloatTensor<B>,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    B::max_pool2d(x, [kernel; 2], [stride; 2], [padding; 2], [1, 1], false)
}

pub(super) fn max_pool_gradient<B: Backend>(
    x: FloatTensor<B>,
    grad: FloatTensor<B>,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    let (kernel, stride, padding) = ([kernel; 2], [stride; 2], [padding; 2]);
    let pooled = B::max_pool2d_with_indices(
        x.clone(),
        kernel,
        stride,
        padding,
        [1, 1],
        false,
        IntDType::I32,
    );
    B::max_pool2d_with_indices_backward(
        x,
        kernel,
        stride,
        padding,
        [1, 1],
        false,
        grad,
        pooled.indices,
    )
    .x_grad
}

pub(super) fn upsample_nearest<B: Backend>(x: FloatTensor<B>, size: [usize; 2]) -> FloatTensor<B> {
    B::interpolate(x, size, nearest())
}

pub(super) fn upsample_nearest_gradient<B: Backend>(
    x: FloatTensor<B>,
    grad: FloatTensor<B>,
    size: [usize; 2],
) -> FloatTensor<B> {
    B::interpolate_backward(x, grad, size, nearest())
}
