//! What Flex and LibTorch's CPU share of the backend trait.

/// [`ConvBlockOps`](super::ConvBlockOps) by the functions of [`super::host_tensor`].
macro_rules! host_conv_blocks {
    ($backend:ty) => {
        impl $crate::conv::ConvBlockOps for $backend {
            fn conv_bias_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions,
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 3>([x, weight, bias], |[x, weight, bias]| {
                    host_tensor::conv_bias_act::<Self>(x, weight, bias, options)
                })
            }

            fn conv_bias_add_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                residual: FloatTensor<Self>,
                options: ConvOptions,
            ) -> FloatTensor<Self> {
                let tensors = [x, weight, bias, residual];
                host_tensor::in_single::<Self, 4>(tensors, |[x, weight, bias, residual]| {
                    host_tensor::conv_bias_add_act::<Self>(x, weight, bias, residual, options)
                })
            }

            fn conv_input_gradient(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                grad: FloatTensor<Self>,
                options: ConvOptions,
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 2>([weight, grad], |[weight, grad]| {
                    host_tensor::conv_input_gradient::<Self>(x, weight, grad, options)
                })
            }

            fn conv_weight_gradient(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                grad: FloatTensor<Self>,
                options: ConvOptions,
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 3>([x, weight, grad], |[x, weight, grad]| {
                    host_tensor::conv_weight_gradient::<Self>(x, weight, grad, options)
                })
            }

            fn relu_gradient(
                output: FloatTensor<Self>,
                grad: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 2>([output, grad], |[output, grad]| {
                    host_tensor::relu_gradient::<Self>(output, grad)
                })
            }

            fn channel_sums(x: FloatTensor<Self>) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 1>([x], |[x]| host_tensor::channel_sums::<Self>(x))
            }

            fn linear_act(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                activation: Activation,
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 3>([x, weight, bias], |[x, weight, bias]| {
                    host_tensor::linear_act::<Self>(x, weight, bias, activation)
                })
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
                host_tensor::in_single::<Self, 1>([x], |[x]| {
                    host_tensor::max_pool::<Self>(x, kernel, stride, padding)
                })
            }

            fn max_pool_gradient(
                x: FloatTensor<Self>,
                grad: FloatTensor<Self>,
                kernel: usize,
                stride: usize,
                padding: usize,
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 2>([x, grad], |[x, grad]| {
                    host_tensor::max_pool_gradient::<Self>(x, grad, kernel, stride, padding)
                })
            }

            fn upsample_nearest_gradient(
                x: FloatTensor<Self>,
                grad: FloatTensor<Self>,
                size: [usize; 2],
            ) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 1>([grad], |[grad]| {
                    host_tensor::upsample_nearest_gradient::<Self>(x, grad, size)
                })
            }

            fn upsample_nearest(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
                host_tensor::in_single::<Self, 1>([x], |[x]| {
                    host_tensor::upsample_nearest::<Self>(x, size)
                })
            }
        }
    };
}
pub(super) use host_conv_blocks;
