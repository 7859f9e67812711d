//! The backend trait of convolution blocks.

use burn::{
    backend::{Backend, backend_extension, tensor::FloatTensor},
    tensor::ops::ConvOptions as BurnConvOptions,
};

use super::{Activation, ConvOptions};

/// Convolution blocks. The default bodies compose the backend's own operations, so a backend
/// without a fused kernel, and autodiff, need nothing more.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(feature = "cube"),
    Autodiff
)]
pub trait ConvBlockOps: Backend {
    /// `activation(conv(x, weight) + bias)`.
    #[fusion(default)]
    fn conv_bias_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        composed::conv_bias_act::<Self>(x, weight, bias, options)
    }

    /// `activation(conv(x, weight) + bias + residual)`.
    #[fusion(default)]
    fn conv_bias_add_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        composed::conv_bias_add_act::<Self>(x, weight, bias, residual, options)
    }

    /// `activation(x · weight + bias)`, see [`super::linear`].
    #[fusion(default)]
    fn linear_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        composed::linear_act::<Self>(x, weight, bias, activation)
    }

    /// The same tensor, channels-last in memory where that is faster.
    #[fusion(default)]
    fn channels_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        x
    }

    /// Window maximum, see [`super::max_pool2d`].
    #[fusion(default)]
    fn max_pool(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        composed::max_pool::<Self>(x, kernel, stride, padding)
    }

    /// Nearest neighbour, see [`super::upsample_nearest`].
    #[fusion(default)]
    fn upsample_nearest(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        composed::upsample_nearest::<Self>(x, size)
    }
}

/// Burn's form of the geometry.
pub(super) fn geometry(options: &ConvOptions) -> BurnConvOptions<2> {
    BurnConvOptions::new(options.stride, options.padding, options.dilation, 1)
}

/// Applies the activation with the backend's own operation.
pub(super) fn activate<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
    }
}

/// The trait's methods as compositions of a backend's own operations.
pub(super) mod composed {
    use burn::{
        backend::{Backend, TensorMetadata, tensor::FloatTensor},
        tensor::{
            Shape,
            ops::{InterpolateMode, InterpolateOptions},
        },
    };

    use super::{Activation, ConvOptions, activate, geometry};

    pub fn conv_bias_act<B: Backend>(
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        options: ConvOptions,
    ) -> FloatTensor<B> {
        let y = B::conv2d(x, weight, Some(bias), geometry(&options));
        activate::<B>(y, options.activation)
    }

    pub fn conv_bias_add_act<B: Backend>(
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        residual: FloatTensor<B>,
        options: ConvOptions,
    ) -> FloatTensor<B> {
        let y = B::conv2d(x, weight, Some(bias), geometry(&options));
        activate::<B>(B::float_add(y, residual), options.activation)
    }

    pub fn linear_act<B: Backend>(
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        activation: Activation,
    ) -> FloatTensor<B> {
        let columns = bias.shape()[0];
        let bias = B::float_reshape(bias, Shape::from([1, columns]));
        activate::<B>(B::float_add(B::float_matmul(x, weight), bias), activation)
    }

    pub fn max_pool<B: Backend>(
        x: FloatTensor<B>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<B> {
        B::max_pool2d(x, [kernel; 2], [stride; 2], [padding; 2], [1, 1], false)
    }

    pub fn upsample_nearest<B: Backend>(x: FloatTensor<B>, size: [usize; 2]) -> FloatTensor<B> {
        B::interpolate(x, size, InterpolateOptions::new(InterpolateMode::Nearest))
    }
}
