//! The plain-tensor form of the convolution blocks: the oracle of the tests.

use burn::tensor::{
    Int, Tensor,
    activation::relu,
    module::{conv2d as burn_conv2d, max_pool2d as burn_max_pool2d},
    ops::MaxPoolOptions,
};

use super::{Activation, ConvOptions, composed::geometry};

/// [`super::conv2d`] in plain tensor operations.
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<4>>,
    options: &ConvOptions,
) -> Tensor<4> {
    let y = burn_conv2d(x, weight, bias, geometry(options));
    let y = match residual {
        Some(residual) => y + residual,
        None => y,
    };
    activate(y, options.activation)
}

/// [`super::max_pool2d`] in plain tensor operations.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let options = MaxPoolOptions::new([kernel; 2])
        .with_stride([stride; 2])
        .with_padding([padding; 2]);
    burn_max_pool2d(x, options)
}

/// [`super::linear`] in plain tensor operations.
pub fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let y = x.matmul(weight);
    activate(
        match bias {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        },
        activation,
    )
}

/// [`super::upsample_nearest`] in plain tensor operations: gathered rows, then gathered columns.
pub fn upsample_nearest(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let device = x.device();
    let source = |from: usize, to: usize| -> Tensor<1, Int> {
        let scale = from as f32 / to as f32;
        let cells: Vec<i32> = (0..to)
            .map(|cell| ((cell as f32 * scale) as usize).min(from - 1) as i32)
            .collect();
        Tensor::from_data(cells.as_slice(), &device)
    };
    x.select(2, source(h, size[0]))
        .select(3, source(w, size[1]))
}

fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::None => x,
        Activation::Relu => relu(x),
    }
}
