//! The backend trait of batch norm.
// Built without any backend, the generated dispatch uses no argument.
#![allow(unused_variables)]

use burn::backend::{Backend, ExtensionType, backend_extension, tensor::FloatTensor};

use super::composed;
use crate::conv::{Activation, ConvBlockOps};

/// A normalised tensor and the statistics it was normalised by.
#[derive(Debug, ExtensionType)]
#[extension_type(fusion: cfg(feature = "cube"))]
pub struct Normalised<B: Backend> {
    /// `[N, C, H, W]`.
    pub output: FloatTensor<B>,
    /// `[C]`.
    pub mean: FloatTensor<B>,
    /// `[C]`, biased.
    pub variance: FloatTensor<B>,
}

/// Gradients of a batch norm's inputs.
#[derive(Debug, ExtensionType)]
#[extension_type(fusion: cfg(feature = "cube"))]
pub struct NormGradients<B: Backend> {
    /// `[N, C, H, W]`.
    pub x: FloatTensor<B>,
    /// `[C]`.
    pub weight: FloatTensor<B>,
    /// `[C]`.
    pub bias: FloatTensor<B>,
}

/// Batch norm by the batch's statistics. The default bodies compose the backend's own operations.
///
/// Maps may be of 16 bits, and what is made of them is then too; vectors are f32 beside them.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(feature = "cube"),
    Autodiff
)]
pub trait NormOps: ConvBlockOps {
    /// See [`super::batch_norm`].
    #[fusion(default)]
    fn batch_norm_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalised<Self> {
        composed::batch_norm_act(x, weight, bias, epsilon, activation)
    }

    /// The same with a residual.
    #[fusion(default)]
    fn batch_norm_add_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalised<Self> {
        composed::batch_norm_add_act(x, weight, bias, residual, epsilon, activation)
    }

    /// Gradients before residual and activation from that of the output; `mean` and `variance` are the forward pass's.
    #[fusion(default)]
    fn batch_norm_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormGradients<Self> {
        composed::batch_norm_gradients(x, weight, mean, variance, grad, epsilon)
    }
}
