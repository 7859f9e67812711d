//! The backend trait of convolution blocks.

use burn::backend::{Backend, backend_extension, tensor::FloatTensor};

use super::{Activation, ConvOptions, composed};

/// Convolution blocks and their gradients. The default bodies compose the backend's own operations,
/// so a backend without a fused kernel needs nothing more; convolutions of 16 bits they compute in f32.
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
        composed::in_single::<Self, 3>([x, weight, bias], |[x, weight, bias]| {
            composed::conv_bias_act::<Self>(x, weight, bias, options)
        })
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
        let tensors = [x, weight, bias, residual];
        composed::in_single::<Self, 4>(tensors, |[x, weight, bias, residual]| {
            composed::conv_bias_add_act::<Self>(x, weight, bias, residual, options)
        })
    }

    /// Gradient of `x` from the convolution's own, `grad` `[N, D, OH, OW]`; of `x` only the shape counts.
    #[fusion(default)]
    fn conv_input_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        composed::in_single::<Self, 3>([x, weight, grad], |[x, weight, grad]| {
            composed::conv_input_gradient::<Self>(x, weight, grad, options)
        })
    }

    /// Gradient of `weight`, of which only the shape counts, from the convolution's own.
    #[fusion(default)]
    fn conv_weight_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        composed::in_single::<Self, 3>([x, weight, grad], |[x, weight, grad]| {
            composed::conv_weight_gradient::<Self>(x, weight, grad, options)
        })
    }

    /// `grad` where `output`, a ReLU's, is not 0.
    #[fusion(default)]
    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::relu_gradient::<Self>(output, grad)
    }

    /// The sums `[C]` over images and cells of `x` `[N, C, H, W]`: a bias's gradient.
    #[fusion(default)]
    fn channel_sums(x: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::in_single::<Self, 1>([x], |[x]| composed::channel_sums::<Self>(x))
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

    /// Gradient of `x` from its window maxima's.
    #[fusion(default)]
    fn max_pool_gradient(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        composed::max_pool_gradient::<Self>(x, grad, kernel, stride, padding)
    }

    /// Nearest neighbour, see [`super::upsample_nearest`].
    #[fusion(default)]
    fn upsample_nearest(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        composed::upsample_nearest::<Self>(x, size)
    }

    /// Gradient of `x`, of which only the shape counts, from its upsampled map's.
    #[fusion(default)]
    fn upsample_nearest_gradient(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        composed::upsample_nearest_gradient::<Self>(x, grad, size)
    }
}
