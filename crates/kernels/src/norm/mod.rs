//! Batch norm with the batch's own statistics, the residual addition and ReLU behind it as one operation.
//!
//! Where statistics are fixed, a norm is part of the convolution before it ([`crate::conv`]); only training
//! with batch statistics needs passes of its own, and these keep channels-last maps as they are.
//!
//! Legend: N images of H×W cells and C channels, n = N·H·W values a channel.

mod autodiff;
mod composed;
#[cfg(feature = "cube")]
mod cube;
#[cfg(any(feature = "flex", feature = "tch"))]
mod host;
#[cfg(any(feature = "flex", feature = "tch"))]
mod host_tensor;
mod ops;
pub mod twin;

use burn::{backend::Dispatch, tensor::Tensor};

use crate::{conv::Activation, precision::widened};
pub use ops::{NormGradients, NormOps, Normalised};

/// What [`batch_norm`] gives.
#[derive(Clone, Debug)]
pub struct BatchNormOutput {
    /// `[N, C, H, W]`.
    pub output: Tensor<4>,
    /// Of each channel `[C]`; no gradient passes through it.
    pub mean: Tensor<1>,
    /// Of each channel `[C]`, biased (over n, not n − 1), without ε; no gradient passes through it.
    pub variance: Tensor<1>,
}

/// `activation((x − mean) / √(variance + ε) · weight + bias + residual)`, mean and biased variance taken over images and
/// cells of `x`.
///
/// `x`, `residual` and the result `[N, C, H, W]`, `weight` and `bias` `[C]`. Differentiable in all of them, the dependence
/// of the statistics on `x` included. A channel without a value has NaN statistics.
///
/// A 16-bit `x` gives an output of its type; weight, bias, the statistics and all arithmetic are f32.
///
/// # Panics
/// If the shapes do not fit together.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::{conv::Activation, norm::batch_norm};
///
/// let device = Device::flex();
/// // Mean 2, variance 1: −1 and 1, doubled, plus 1; ReLU.
/// let x = Tensor::<4>::from_data([[[[1.0, 3.0]]]], &device);
/// let (weight, bias) = (Tensor::full([1], 2.0, &device), Tensor::ones([1], &device));
/// let normalised = batch_norm(x, weight, bias, None, 0.0, Activation::Relu);
/// assert_eq!(normalised.output.into_data().iter::<f32>().collect::<Vec<_>>(), [0.0, 3.0]);
/// ```
pub fn batch_norm(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    epsilon: f64,
    activation: Activation,
) -> BatchNormOutput {
    let channels = x.dims()[1];
    assert_eq!(
        (weight.dims(), bias.dims()),
        ([channels], [channels]),
        "batch_norm: weight and bias must have one value per channel of {:?}",
        x.dims()
    );
    let shape = x.dims();
    let dtype = x.dtype();
    let (x, weight, bias) = (
        x.into_dispatch(),
        widened(weight).into_dispatch(),
        widened(bias).into_dispatch(),
    );
    let Normalised {
        output,
        mean,
        variance,
    } = match residual {
        None => <Dispatch as NormOps>::batch_norm_act(x, weight, bias, epsilon, activation),
        Some(residual) => {
            assert_eq!(
                residual.dims(),
                shape,
                "batch_norm: the residual must have the input's shape"
            );
            let residual = residual.cast(dtype).into_dispatch();
            <Dispatch as NormOps>::batch_norm_add_act(
                x, weight, bias, residual, epsilon, activation,
            )
        }
    };
    BatchNormOutput {
        output: Tensor::from_dispatch(output),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}
