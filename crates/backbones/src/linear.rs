//! Fully connected layers in the type of their weights.

use burn::{
    nn::Linear,
    tensor::{Tensor, module::linear},
};
use wardrobe_kernels::precision::product_type;

use crate::watch::see;

/// `x · weight + bias`: [`Linear::forward`] on inputs of any type. Where `x` and the weights are of two, f32 gives way
/// ([`product_type`]).
///
/// # Panics
/// If the width of `x` is not what the layer reads.
///
/// # Example
/// ```
/// use burn::{nn::LinearConfig, tensor::{DType, Device, FloatDType, Tensor}};
/// use wardrobe_backbones::linear::apply_linear;
///
/// let device = Device::flex();
/// let layer = LinearConfig::new(3, 2).init(&device);
/// let x = Tensor::<2>::ones([4, 3], &device);
/// assert_eq!(apply_linear(&layer, x.clone()).dtype(), DType::F32);
/// assert_eq!(apply_linear(&layer, x.cast(FloatDType::BF16)).dtype(), DType::BF16);
/// ```
pub fn apply_linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    let weight = layer.weight.val();
    let dtype = product_type(x.dtype(), weight.dtype());
    let bias = layer.bias.as_ref().map(|bias| bias.val().cast(dtype));
    see(
        &layer.weight,
        linear(x.cast(dtype), weight.cast(dtype), bias),
    )
}
