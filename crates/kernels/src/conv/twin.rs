//! The plain-tensor form of the convolution blocks: the oracle of the tests.

use burn::tensor::{
    Tensor,
    activation::relu,
    module::{conv2d as burn_conv2d, max_pool2d as burn_max_pool2d},
    ops::MaxPoolOptions,
};

use super::{Activation, ConvOptions, ops::geometry};

/// [`super::conv2d`] in plain tensor operations.
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<4>>,
    options: &ConvOptions,
) -> Tensor<4> {
    let y = burn_conv2d(x, weight, bias, geometry(options));
    let y = match residual {
        Some(residual) => y + residual,
        None => y,
    };
    match options.activation {
        Activation::None => y,
        Activation::Relu => relu(y),
    }
}

/// [`super::max_pool2d`] in plain tensor operations.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let options = MaxPoolOptions::new([kernel; 2])
        .with_stride([stride; 2])
        .with_padding([padding; 2]);
    burn_max_pool2d(x, options)
}
