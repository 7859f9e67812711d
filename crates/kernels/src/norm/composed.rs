//! The methods of [`super::NormOps`] as compositions of a backend's own operations.
//!
//! 16-bit maps are normalised in f32: by the backend's own kernel, if it has one, and rounded once.

use burn::{
    backend::{Backend, TensorMetadata, tensor::FloatTensor},
    tensor::FloatDType,
};

use super::{NormGradients, NormOps, Normalised};
use crate::{conv::Activation, precision::is_half};

fn activate<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
    }
}

fn single<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::float_cast(x, FloatDType::F32)
}

/// The map in another type; the statistics stay as they are.
fn rounded<B: NormOps>(normalised: Normalised<B>, dtype: FloatDType) -> Normalised<B> {
    Normalised {
        output: B::float_cast(normalised.output, dtype),
        ..normalised
    }
}

pub(super) fn batch_norm_act<B: NormOps>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    let dtype = x.dtype();
    if is_half(dtype) {
        let normalised = B::batch_norm_act(single::<B>(x), weight, bias, epsilon, activation);
        return rounded::<B>(normalised, dtype.into());
    }
    let normalised = B::batch_norm_train(x, weight, bias, epsilon);
    Normalised {
        output: activate::<B>(normalised.output, activation),
        mean: normalised.mean,
        variance: normalised.variance,
    }
}

pub(super) fn batch_norm_add_act<B: NormOps>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    let dtype = x.dtype();
    if is_half(dtype) {
        let [x, residual] = [x, residual].map(single::<B>);
        let normalised = B::batch_norm_add_act(x, weight, bias, residual, epsilon, activation);
        return rounded::<B>(normalised, dtype.into());
    }
    let normalised = batch_norm_act::<B>(x, weight, bias, epsilon, Activation::None);
    Normalised {
        output: activate::<B>(B::float_add(normalised.output, residual), activation),
        ..normalised
    }
}

pub(super) fn batch_norm_gradients<B: NormOps>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
) -> NormGradients<B> {
    let dtype = x.dtype();
    if is_half(dtype) {
        let [x, grad] = [x, grad].map(single::<B>);
        let gradients = B::batch_norm_gradients(x, weight, mean, variance, grad, epsilon);
        return NormGradients {
            x: B::float_cast(gradients.x, dtype.into()),
            ..gradients
        };
    }
    let grads = B::batch_norm_train_backward(x, weight, mean, variance, epsilon, grad);
    NormGradients {
        x: grads.x_grad,
        weight: grads.gamma_grad,
        bias: grads.beta_grad,
    }
}
