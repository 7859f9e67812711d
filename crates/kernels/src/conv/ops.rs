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
    #[cfg_attr(feature = "cube", fusion(default))]
    fn conv_bias_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        activate::<Self>(
            Self::conv2d(x, weight, Some(bias), geometry(&options)),
            options.activation,
        )
    }

    /// `activation(conv(x, weight) + bias + residual)`.
    #[cfg_attr(feature = "cube", fusion(default))]
    fn conv_bias_add_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        let sum = Self::float_add(
            Self::conv2d(x, weight, Some(bias), geometry(&options)),
            residual,
        );
        activate::<Self>(sum, options.activation)
    }

    /// The same tensor, channels-last in memory where that is faster.
    #[cfg_attr(feature = "cube", fusion(default))]
    fn channels_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        x
    }

    /// Window maximum, see [`super::max_pool2d`].
    #[cfg_attr(feature = "cube", fusion(default))]
    fn max_pool(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        Self::max_pool2d(x, [kernel; 2], [stride; 2], [padding; 2], [1, 1], false)
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
