//! The host kernels on tensors whose memory the processor can read.

use burn::backend::{Backend, tensor::FloatTensor};

use super::{
    NormGradients, NormOps, Normalised, composed,
    host::{self, Moments},
};
use crate::conv::{Activation, host_tensor::HostTensor};

fn vector<T: HostTensor>(values: &[f32]) -> T {
    T::from_values([values.len()], |out| out.copy_from_slice(values))
}

fn normalised<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    residual: Option<&FloatTensor<B>>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    let (rows, weight, bias) = (x.rows(), weight.values(), bias.values());
    let residual = residual.map(HostTensor::rows);
    let moments = host::moments(&rows, weight.len());
    let output = HostTensor::from_rows(x.sizes(), |out| {
        let affine = [&*weight, &*bias];
        host::normalise(
            &rows,
            &moments,
            affine,
            residual.as_deref(),
            epsilon,
            activation,
            out,
        );
    });
    Normalised {
        output,
        mean: vector(&moments.mean),
        variance: vector(&moments.variance),
    }
}

pub(super) fn batch_norm_act<B: NormOps<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    if x.is_readable() && weight.is_readable() && bias.is_readable() {
        normalised::<B>(&x, &weight, &bias, None, epsilon, activation)
    } else {
        composed::batch_norm_act(x, weight, bias, epsilon, activation)
    }
}

pub(super) fn batch_norm_add_act<B: NormOps<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalised<B> {
    let readable = [&x, &weight, &bias, &residual];
    if readable.into_iter().all(HostTensor::is_readable) {
        normalised::<B>(&x, &weight, &bias, Some(&residual), epsilon, activation)
    } else {
        composed::batch_norm_add_act(x, weight, bias, residual, epsilon, activation)
    }
}

pub(super) fn batch_norm_gradients<B: NormOps<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
) -> NormGradients<B> {
    let readable = [&x, &weight, &mean, &variance, &grad];
    if !readable.into_iter().all(HostTensor::is_readable) {
        return composed::batch_norm_gradients(x, weight, mean, variance, grad, epsilon);
    }
    let moments = Moments {
        mean: mean.values().into_owned(),
        variance: variance.values().into_owned(),
    };
    let mut vectors = [Vec::new(), Vec::new()];
    let of_x = HostTensor::from_rows(x.sizes(), |out| {
        let (rows, grad) = (x.rows(), grad.rows());
        vectors = host::gradients(&rows, &moments, &weight.values(), &grad, epsilon, out);
    });
    let [of_weight, of_bias] = vectors;
    NormGradients {
        x: of_x,
        weight: vector(&of_weight),
        bias: vector(&of_bias),
    }
}

/// `NormOps` by the functions of this module.
macro_rules! host_norms {
    ($backend:ty) => {
        impl NormOps for $backend {
            fn batch_norm_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                epsilon: f64,
                activation: Activation,
            ) -> Normalised<Self> {
                batch_norm_act(x, weight, bias, epsilon, activation)
            }

            fn batch_norm_add_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                residual: FloatTensor<Self>,
                epsilon: f64,
                activation: Activation,
            ) -> Normalised<Self> {
                batch_norm_add_act(x, weight, bias, residual, epsilon, activation)
            }

            fn batch_norm_gradients(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                grad: FloatTensor<Self>,
                epsilon: f64,
            ) -> NormGradients<Self> {
                batch_norm_gradients(x, weight, mean, variance, grad, epsilon)
            }
        }
    };
}

#[cfg(feature = "flex")]
host_norms!(burn::backend::Flex);
#[cfg(feature = "tch")]
host_norms!(burn::backend::LibTorch);
