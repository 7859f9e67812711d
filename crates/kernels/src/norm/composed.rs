//! The methods of [`super::NormOps`] as compositions of a backend's own operations.

use burn::backend::{Backend, tensor::FloatTensor};

use super::{NormGradients, Normalised};
use crate::conv::Activation;

fn activate<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
    }
}

pub(super) fn batch_norm_act<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    let normalised = B::batch_norm_train(x, weight, bias, epsilon);
    Normalised {
        output: activate::<B>(normalised.output, activation),
        mean: normalised.mean,
        variance: normalised.variance,
    }
}

pub(super) fn batch_norm_add_act<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    let normalised = batch_norm_act::<B>(x, weight, bias, epsilon, Activation::None);
    Normalised {
        output: activate::<B>(B::float_add(normalised.output, residual), activation),
        ..normalised
    }
}

pub(super) fn batch_norm_gradients<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
) -> NormGradients<B> {
    let grads = B::batch_norm_train_backward(x, weight, mean, variance, epsilon, grad);
    NormGradients {
        x: grads.x_grad,
        weight: grads.gamma_grad,
        bias: grads.beta_grad,
    }
}
