//! The host kernels on tensors of any backend whose memory the processor can read: Flex always,
//! LibTorch on its CPU device.

use std::{borrow::Cow, sync::Arc};

use burn::backend::{Backend, tensor::FloatTensor};

use super::{
    Activation, ConvOptions,
    host::{
        self, ConvShape, PackedWeights, direct,
        gemm::PackedMatrix,
        pool::{self, WindowOptions},
    },
    ops::composed,
};

/// A float tensor whose values may lie in host memory.
pub(super) trait HostTensor: Sized {
    /// Whether the values are single precision and in host memory: what the kernels work on.
    fn is_readable(&self) -> bool;

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

    /// A new row-major `[M, N]` tensor that `fill` writes in full.
    fn from_matrix(shape: [usize; 2], fill: impl FnOnce(&mut [f32])) -> Self;
}

/// The forms a weight may be packed in.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Form {
    Winograd,
    Direct,
    Linear,
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
    HostTensor::from_matrix([m, n], |out| {
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

/// `ConvBlockOps` by the functions of this module.
macro_rules! host_conv_blocks {
    ($backend:ty) => {
        impl $crate::conv::ConvBlockOps for $backend {
            fn conv_bias_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions,
            ) -> FloatTensor<Self> {
                host_tensor::conv_bias_act::<Self>(x, weight, bias, options)
            }

            fn conv_bias_add_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                residual: FloatTensor<Self>,
                options: ConvOptions,
            ) -> FloatTensor<Self> {
                host_tensor::conv_bias_add_act::<Self>(x, weight, bias, residual, options)
            }

            fn linear_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                activation: Activation,
            ) -> FloatTensor<Self> {
                host_tensor::linear_act::<Self>(x, weight, bias, activation)
            }

            fn channels_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
                host_tensor::channels_last(x)
            }

            fn max_pool(
                x: FloatTensor<Self>,
                kernel: usize,
                stride: usize,
                padding: usize,
            ) -> FloatTensor<Self> {
                host_tensor::max_pool::<Self>(x, kernel, stride, padding)
            }

            fn upsample_nearest(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
                host_tensor::upsample_nearest::<Self>(x, size)
            }
        }
    };
}
pub(super) use host_conv_blocks;
