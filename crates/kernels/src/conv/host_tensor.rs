//! The host kernels on tensors of any backend whose memory the processor can read: Flex always,
//! LibTorch on its CPU device.

use std::{borrow::Cow, sync::Arc};

use burn::{
    backend::{Backend, tensor::FloatTensor},
    tensor::FloatDType,
};

use super::{
    Activation, ConvOptions, composed,
    host::{
        self, ConvShape, PackedWeights,
        cache::Form,
        direct,
        gemm::PackedMatrix,
        input_gradient::{self, TransposedWeights},
        pointwise,
        pool::{self, WindowOptions},
        weight_gradient,
    },
};

/// A float tensor whose values may lie in host memory.
pub(crate) trait HostTensor: Sized {
    /// Whether the values are single precision and in host memory: what the kernels work on.
    fn is_readable(&self) -> bool;

    /// The type of 16-bit values in host memory, which the kernels compute on in f32.
    fn half(&self) -> Option<FloatDType>;

    /// Sizes of a tensor of rank D.
    fn sizes<const D: usize>(&self) -> [usize; D];

    /// Values of an `[N, C, H, W]` tensor in channels-last order, borrowed if they lie so.
    fn rows(&self) -> Cow<'_, [f32]>;

    /// Values in row-major order, borrowed if they lie so.
    fn values(&self) -> Cow<'_, [f32]>;

    /// The packing of this weight in form `form`, from the cache or made by `pack`.
    fn packed<P: Send + Sync + 'static>(
        &self,
        form: Form,
        pack: impl FnOnce(&[f32]) -> P,
    ) -> Arc<P>;

    /// A new `[N, C, H, W]` tensor, channels-last in memory, that `fill` writes in full.
    fn from_rows(shape: [usize; 4], fill: impl FnOnce(&mut [f32])) -> Self;

    /// A new row-major tensor that `fill` writes in full.
    fn from_values<const D: usize>(shape: [usize; D], fill: impl FnOnce(&mut [f32])) -> Self;
}

/// Runs `compute` in f32 where the tensors are of 16 bits in host memory, and rounds its result.
pub(super) fn in_single<B: Backend<FloatTensorPrimitive: HostTensor>, const N: usize>(
    tensors: [FloatTensor<B>; N],
    compute: impl FnOnce([FloatTensor<B>; N]) -> FloatTensor<B>,
) -> FloatTensor<B> {
    let Some(dtype) = tensors[0].half() else {
        return compute(tensors);
    };
    let single = tensors.map(|tensor| B::float_cast(tensor, FloatDType::F32));
    B::float_cast(compute(single), dtype)
}

fn readable<T: HostTensor>(tensors: &[&T]) -> bool {
    tensors.iter().all(|tensor| tensor.is_readable())
}

fn conv<T: HostTensor>(
    x: &T,
    weight: &T,
    bias: &T,
    residual: Option<&T>,
    options: ConvOptions,
) -> T {
    let shape = ConvShape::new(x.sizes(), weight.sizes(), options);
    let form = if shape.suits_winograd() {
        Form::Winograd
    } else {
        Form::Direct
    };
    let weights = weight.packed(form, |values| PackedWeights::pack(values, &shape));
    let residual = residual.map(T::rows);
    T::from_rows([shape.n, shape.d, shape.out[0], shape.out[1]], |out| {
        let (x, bias) = (x.rows(), bias.values());
        host::conv(&x, &weights, &bias, residual.as_deref(), out, &shape);
    })
}

pub(super) fn conv_bias_act<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    if readable(&[&x, &weight, &bias]) {
        conv(&x, &weight, &bias, None, options)
    } else {
        composed::conv_bias_act::<B>(x, weight, bias, options)
    }
}

pub(super) fn conv_bias_add_act<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    if readable(&[&x, &weight, &bias, &residual]) {
        conv(&x, &weight, &bias, Some(&residual), options)
    } else {
        composed::conv_bias_add_act::<B>(x, weight, bias, residual, options)
    }
}

pub(super) fn conv_input_gradient<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    if !readable(&[&weight, &grad]) {
        return composed::conv_input_gradient::<B>(x, weight, grad, options);
    }
    let shape = ConvShape::new(x.sizes(), weight.sizes(), options);
    let form = Form::Transposed(options.with_activation(Activation::None));
    let weights = weight.packed(form, |values| TransposedWeights::pack(values, &shape));
    HostTensor::from_rows(x.sizes(), |out| {
        input_gradient::input_gradient(&grad.rows(), &weights, out, &shape);
    })
}

pub(super) fn conv_weight_gradient<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    if !readable(&[&x, &weight, &grad]) {
        return composed::conv_weight_gradient::<B>(x, weight, grad, options);
    }
    let sizes: [usize; 4] = weight.sizes();
    let shape = ConvShape::new(x.sizes(), sizes, options);
    HostTensor::from_values(sizes, |out| {
        weight_gradient::weight_gradient(&x.rows(), &grad.rows(), out, &shape);
    })
}

pub(super) fn relu_gradient<B: Backend<FloatTensorPrimitive: HostTensor>>(
    output: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    if !readable(&[&output, &grad]) {
        return composed::relu_gradient::<B>(output, grad);
    }
    HostTensor::from_rows(grad.sizes(), |out| {
        pointwise::relu_gradient(&output.rows(), &grad.rows(), out);
    })
}

pub(super) fn channel_sums<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
) -> FloatTensor<B> {
    if !x.is_readable() {
        return composed::channel_sums::<B>(x);
    }
    let [_, c, _, _] = x.sizes();
    HostTensor::from_values([c], |out| {
        out.copy_from_slice(&pointwise::channel_sums(&x.rows(), c));
    })
}

pub(super) fn linear_act<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    activation: Activation,
) -> FloatTensor<B> {
    if !readable(&[&x, &weight, &bias]) {
        return composed::linear_act::<B>(x, weight, bias, activation);
    }
    let ([m, k], [_, n]) = (x.sizes(), weight.sizes());
    // A linear layer is a 1×1 convolution over m pictures of one cell.
    let options = ConvOptions::default().with_activation(activation);
    let shape = ConvShape::new([m, k, 1, 1], [n, k, 1, 1], options);
    let weights = weight.packed(Form::Linear, |values| {
        PackedMatrix::pack(k, n, |row, column| values[row * n + column])
    });
    HostTensor::from_values([m, n], |out| {
        direct::conv(&x.values(), &weights, &bias.values(), None, out, &shape);
    })
}

pub(super) fn channels_last<T: HostTensor>(x: T) -> T {
    if !x.is_readable() {
        return x;
    }
    let shape = x.sizes();
    match x.rows() {
        Cow::Borrowed(_) => {}
        Cow::Owned(values) => return T::from_rows(shape, |out| out.copy_from_slice(&values)),
    }
    x
}

pub(super) fn max_pool<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    if !x.is_readable() {
        return composed::max_pool::<B>(x, kernel, stride, padding);
    }
    let [n, c, h, w] = x.sizes();
    let options = WindowOptions {
        kernel,
        stride,
        padding,
    };
    let size = [options.output_size(h), options.output_size(w)];
    HostTensor::from_rows([n, c, size[0], size[1]], |out| {
        pool::max_pool(&x.rows(), [n, h, w, c], out, size, options);
    })
}

pub(super) fn max_pool_gradient<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    grad: FloatTensor<B>,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    if !readable(&[&x, &grad]) {
        return composed::max_pool_gradient::<B>(x, grad, kernel, stride, padding);
    }
    let ([n, c, h, w], [_, _, oh, ow]) = (x.sizes(), grad.sizes());
    let options = WindowOptions {
        kernel,
        stride,
        padding,
    };
    HostTensor::from_rows([n, c, h, w], |out| {
        pool::max_pool_gradient(
            &x.rows(),
            [n, h, w, c],
            &grad.rows(),
            [oh, ow],
            options,
            out,
        );
    })
}

pub(super) fn upsample_nearest_gradient<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    grad: FloatTensor<B>,
    size: [usize; 2],
) -> FloatTensor<B> {
    if !grad.is_readable() {
        return composed::upsample_nearest_gradient::<B>(x, grad, size);
    }
    let [n, c, h, w] = x.sizes();
    HostTensor::from_rows([n, c, h, w], |out| {
        pool::upsample_nearest_gradient(&grad.rows(), [n, h, w, c], size, out);
    })
}

pub(super) fn upsample_nearest<B: Backend<FloatTensorPrimitive: HostTensor>>(
    x: FloatTensor<B>,
    size: [usize; 2],
) -> FloatTensor<B> {
    if !x.is_readable() {
        return composed::upsample_nearest::<B>(x, size);
    }
    let [n, c, h, w] = x.sizes();
    HostTensor::from_rows([n, c, size[0], size[1]], |out| {
        pool::upsample_nearest(&x.rows(), [n, h, w, c], out, size);
    })
}

/// Whether strides describe channels-last memory of `[N, C, H, W]` sizes. The stride of an axis of
/// one element says nothing.
pub(super) fn is_channels_last([n, c, h, w]: [usize; 4], strides: [usize; 4]) -> bool {
    let expected = [h * w * c, 1, w * c, c];
    [n, c, h, w]
        .iter()
        .zip(strides.iter().zip(expected))
        .all(|(&size, (&stride, expected))| size == 1 || stride == expected)
}
