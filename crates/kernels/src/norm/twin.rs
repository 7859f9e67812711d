//! The plain-tensor form of batch norm: the oracle of the tests.

use burn::tensor::{Tensor, activation::relu};

use super::BatchNormOutput;
use crate::conv::Activation;

/// [`super::batch_norm`] in plain tensor operations.
pub fn batch_norm(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    epsilon: f64,
    activation: Activation,
) -> BatchNormOutput {
    let [n, c, h, w] = x.dims();
    let channels = |one: Tensor<1>| one.reshape([1, c, 1, 1]);
    let rows = |map: Tensor<4>| map.swap_dims(0, 1).reshape([c, n * h * w]);
    let mean: Tensor<1> = rows(x.clone()).mean_dim(1).squeeze_dim(1);
    let centred = x - channels(mean.clone());
    let variance: Tensor<1> = rows(centred.clone().powi_scalar(2))
        .mean_dim(1)
        .squeeze_dim(1);
    let scale = weight / (variance.clone() + epsilon).sqrt();
    let y = centred * channels(scale) + channels(bias);
    let y = match residual {
        Some(residual) => y + residual,
        None => y,
    };
    BatchNormOutput {
        output: match activation {
            Activation::None => y,
            Activation::Relu => relu(y),
        },
        mean: mean.detach(),
        variance: variance.detach(),
    }
}
