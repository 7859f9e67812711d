//! Convolution with its bias, residual addition and ReLU in one call, and the layout hint that
//! keeps a network channels-last where the backend profits.
//!
//! A convolution block of every network here is `activation(conv(x) + bias + residual)`. Written as
//! one operation, the additions ride on the convolution's own pass over its output, and no
//! intermediate picture-sized tensor exists.

mod autodiff;
mod composed;
#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
pub mod host;
#[cfg(any(feature = "flex", feature = "tch"))]
mod host_blocks;
#[cfg(any(feature = "flex", feature = "tch"))]
pub(crate) mod host_tensor;
mod ops;
#[cfg(feature = "tch")]
mod tch;
pub mod twin;

use burn::{backend::Dispatch, tensor::Tensor};
use serde::{Deserialize, Serialize};

use crate::precision::product_type;
pub(crate) use autodiff::activated;
pub use ops::ConvBlockOps;

/// What follows the convolution, its bias and the residual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// max(x, 0).
    Relu,
}

/// Geometry of a two-dimensional convolution, `[vertical, horizontal]`, and its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConvOptions {
    /// Step between output cells, in input cells.
    pub stride: [usize; 2],
    /// Zeros added on each side.
    pub padding: [usize; 2],
    /// Distance between kernel taps.
    pub dilation: [usize; 2],
    /// Applied after bias and residual.
    pub activation: Activation,
}

impl Default for ConvOptions {
    /// Stride 1, no padding, dilation 1, no activation.
    fn default() -> Self {
        Self {
            stride: [1, 1],
            padding: [0, 0],
            dilation: [1, 1],
            activation: Activation::None,
        }
    }
}

impl ConvOptions {
    /// Stride 1 and half-kernel padding: the output has the input's size for odd `kernel`.
    pub fn same(kernel: usize) -> Self {
        Self {
            padding: [kernel / 2; 2],
            ..Self::default()
        }
    }

    /// With the same stride in both directions.
    pub fn with_stride(mut self, stride: usize) -> Self {
        self.stride = [stride; 2];
        self
    }

    /// With an activation.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Output height and width for an input of `size` and a kernel of `kernel` cells,
    /// floor((size + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1.
    ///
    /// # Panics
    /// If the dilated kernel is larger than the padded input.
    pub fn output_size(&self, size: [usize; 2], kernel: [usize; 2]) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let padded = size[axis] + 2 * self.padding[axis];
            let extent = self.dilation[axis] * (kernel[axis] - 1) + 1;
            assert!(
                padded >= extent,
                "conv2d: a kernel of extent {extent} does not fit an input of {padded} padded cells"
            );
            (padded - extent) / self.stride[axis] + 1
        })
    }
}

/// `activation(conv(x, weight) + bias + residual)`.
///
/// `x` `[N, C, H, W]`, `weight` `[D, C, KH, KW]`, `bias` `[D]`, `residual` and the result
/// `[N, D, OH, OW]`. Differentiable in every input. Values agree with the plain-tensor form
/// ([`twin::conv2d`]) to rounding; on the CPU 3×3 kernels may run as Winograd's F(4×4, 3×3), whose
/// error is about ten times that of direct summation and still below 1e-5 of the largest output.
///
/// Where `x` and `weight` are of two types, f32 gives way ([`product_type`]); `bias` and `residual` follow.
///
/// # Panics
/// If the shapes do not fit together.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::conv::{Activation, ConvOptions, conv2d};
///
/// let device = Device::flex();
/// let x = Tensor::<4>::ones([1, 2, 5, 5], &device);
/// let weight = Tensor::<4>::ones([3, 2, 3, 3], &device);
/// let options = ConvOptions::same(3).with_activation(Activation::Relu);
/// let y = conv2d(x, weight, None, None, &options);
/// assert_eq!(y.dims(), [1, 3, 5, 5]);
/// ```
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<4>>,
    options: &ConvOptions,
) -> Tensor<4> {
    let ([n, c, h, w], [d, wc, kh, kw]) = (x.dims(), weight.dims());
    assert_eq!(
        c,
        wc,
        "conv2d: input {:?} has {c} channels, weight {:?} takes {wc}",
        x.dims(),
        weight.dims()
    );
    let [oh, ow] = options.output_size([h, w], [kh, kw]);
    if let Some(bias) = &bias {
        assert_eq!(
            bias.dims(),
            [d],
            "conv2d: bias must have one value per output channel"
        );
    }
    let bias = bias.unwrap_or_else(|| Tensor::zeros([d], &weight.device()));
    let dtype = product_type(x.dtype(), weight.dtype());
    let (x, weight, bias) = (
        x.cast(dtype).into_dispatch(),
        weight.cast(dtype).into_dispatch(),
        bias.cast(dtype).into_dispatch(),
    );
    Tensor::from_dispatch(match residual {
        None => <Dispatch as ConvBlockOps>::conv_bias_act(x, weight, bias, *options),
        Some(residual) => {
            assert_eq!(
                residual.dims(),
                [n, d, oh, ow],
                "conv2d: the residual must have the output's shape"
            );
            let residual = residual.cast(dtype).into_dispatch();
            <Dispatch as ConvBlockOps>::conv_bias_add_act(x, weight, bias, residual, *options)
        }
    })
}

/// `activation(x · weight + bias)`: `x` `[M, K]`, `weight` `[K, N]` (Burn's layout of a linear
/// layer), `bias` `[N]`; result `[M, N]`. Types as in [`conv2d`].
///
/// # Panics
/// If the shapes do not fit together.
pub fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let ([_, k], [wk, n]) = (x.dims(), weight.dims());
    let bias = bias.unwrap_or_else(|| Tensor::zeros([n], &weight.device()));
    assert_eq!(
        (k, [n]),
        (wk, bias.dims()),
        "linear: input {:?}, weight {:?} and bias {:?} do not fit",
        x.dims(),
        weight.dims(),
        bias.dims()
    );
    let dtype = product_type(x.dtype(), weight.dtype());
    Tensor::from_dispatch(<Dispatch as ConvBlockOps>::linear_act(
        x.cast(dtype).into_dispatch(),
        weight.cast(dtype).into_dispatch(),
        bias.cast(dtype).into_dispatch(),
        activation,
    ))
}

/// The nearest cell of `x` for every cell of a map of `size` `[OH, OW]`: cell floor(o · H / OH).
/// `[N, C, H, W]` → `[N, C, OH, OW]`; keeps the layout.
pub fn upsample_nearest(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ConvBlockOps>::upsample_nearest(
        x.into_dispatch(),
        size,
    ))
}

/// Asks for the channels-last memory layout where convolutions run faster on it. Shape and values
/// stay as they are; convolutions keep the layout of their input, so one call at the door is enough.
pub fn channels_last(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ConvBlockOps>::channels_last(x.into_dispatch()))
}

/// Largest value of every `kernel`×`kernel` window, padding counting as −∞; `[N, C, H, W]` in,
/// `[N, C, OH, OW]` out with OH = floor((H + 2·padding − kernel) / stride) + 1. Keeps the layout.
///
/// # Panics
/// If the padded input is smaller than the window, or `padding` exceeds half the window.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    assert!(
        2 * padding <= kernel,
        "max_pool2d: padding {padding} exceeds half the window {kernel}"
    );
    Tensor::from_dispatch(<Dispatch as ConvBlockOps>::max_pool(
        x.into_dispatch(),
        kernel,
        stride,
        padding,
    ))
}
