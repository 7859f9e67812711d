//! The block every network here is made of: convolution, batch norm, residual, ReLU.
//!
//! With fixed statistics (always, except when batch norm trains) the norm is multiplied into the
//! convolution's weight and bias before the convolution runs, because a pass over the weights is
//! far cheaper than one over the picture; the block is then the single fused operation
//! [`wardrobe_kernels::conv::conv2d`]. [`fold`] makes that permanent.

use burn::{
    module::{Initializer, Module, Param},
    tensor::{Device, Tensor},
};
use wardrobe_kernels::{
    conv::{Activation, ConvOptions, conv2d},
    precision::widened,
};

use crate::{
    initialisation::kaiming_normal,
    norm::{BatchNormConfig, Norm},
    watch::see,
};

/// Geometry and initialisation of a [`Conv2d`].
#[derive(Clone, Debug)]
pub struct Conv2dConfig {
    /// Channels read.
    pub in_channels: usize,
    /// Channels written.
    pub out_channels: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between output cells.
    pub stride: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Distance between kernel taps.
    pub dilation: usize,
    /// Whether there is a bias.
    pub bias: bool,
    /// Distribution of a fresh weight; a fresh bias is 0.
    pub initializer: Initializer,
}

impl Conv2dConfig {
    /// Stride 1, output of the input's size (odd `kernel`), bias, [`kaiming_normal`] weights.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel,
            stride: 1,
            padding: kernel / 2,
            dilation: 1,
            bias: true,
            initializer: kaiming_normal(),
        }
    }

    /// With another stride.
    pub fn with_stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// With or without a bias.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// With another distribution of fresh weights.
    pub fn with_initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }

    /// A fresh convolution; its weight is drawn on first use, so that loading skips the draw.
    pub fn init(&self, device: &Device) -> Conv2d {
        let area = self.kernel * self.kernel;
        Conv2d {
            weight: self.initializer.init_with(
                [
                    self.out_channels,
                    self.in_channels,
                    self.kernel,
                    self.kernel,
                ],
                Some(self.in_channels * area),
                Some(self.out_channels * area),
                device,
            ),
            bias: self
                .bias
                .then(|| Initializer::Zeros.init([self.out_channels], device)),
            options: ConvOptions {
                stride: [self.stride; 2],
                padding: [self.padding; 2],
                dilation: [self.dilation; 2],
                activation: Activation::None,
            },
        }
    }
}

/// A convolution that runs as [`wardrobe_kernels::conv::conv2d`].
#[derive(Module, Debug)]
pub struct Conv2d {
    /// `[D, C, K, K]`.
    pub weight: Param<Tensor<4>>,
    /// `[D]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// Stride, padding, dilation; the activation is the caller's.
    #[module(skip)]
    pub options: ConvOptions,
}

impl Conv2d {
    /// `activation(conv(x) + bias + residual)`; `x` `[N, C, H, W]`, `residual` and the result
    /// `[N, D, OH, OW]`.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn forward_fused(
        &self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        let options = self.options.with_activation(activation);
        see(
            &self.weight,
            conv2d(x, self.weight.val(), bias, residual, &options),
        )
    }

    /// `conv(x) + bias`.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_fused(x, None, Activation::None)
    }

    /// Channels written.
    pub fn out_channels(&self) -> usize {
        self.weight.lazy_shape()[0]
    }

    /// Channels read.
    pub fn in_channels(&self) -> usize {
        self.weight.lazy_shape()[1]
    }
}

/// `activation(norm(conv(x)) + residual)` for a convolution and a norm that are siblings in their
/// module, as `conv1` and `bn1` of a residual block are.
///
/// `x` `[N, C, H, W]`, `residual` and the result `[N, D, OH, OW]`.
///
/// # Panics
/// If the shapes do not fit together.
pub fn conv_norm(
    conv: &Conv2d,
    norm: Option<&Norm>,
    x: Tensor<4>,
    residual: Option<Tensor<4>>,
    activation: Activation,
) -> Tensor<4> {
    let Some(norm) = norm else {
        return conv.forward_fused(x, residual, activation);
    };
    if let Some(norm) = norm.training_on(&x.device()) {
        return norm.forward_train(conv.forward(x), residual, activation);
    }
    let (weight, bias) = folded(conv, norm);
    // The product is folded in f32, but computed in the type the layer was given.
    let weight = weight.cast(conv.weight.val().dtype());
    let options = conv.options.with_activation(activation);
    see(
        &conv.weight,
        conv2d(x, weight, Some(bias), residual, &options),
    )
}

/// The convolution that does what `conv` followed by `norm` (with its running statistics) does.
pub fn fold(conv: Conv2d, norm: Option<Norm>) -> Conv2d {
    let Some(norm) = norm else {
        return conv;
    };
    let (weight, bias) = folded(&conv, &norm);
    Conv2d {
        weight: Param::from_tensor(weight.detach()),
        bias: Some(Param::from_tensor(bias.detach())),
        options: conv.options,
    }
}

/// weight · scale and bias · scale + shift, from norm(conv(x)) = (w ∗ x + b) · scale + shift; in f32, whatever the weights'
/// type, as the norm is.
fn folded(conv: &Conv2d, norm: &Norm) -> (Tensor<4>, Tensor<1>) {
    let (scale, shift) = norm.affine();
    let bias = match &conv.bias {
        Some(bias) => widened(bias.val()) * scale.clone() + shift,
        None => shift,
    };
    let channels = scale.dims()[0];
    let weight = widened(conv.weight.val());
    (weight * scale.reshape([channels, 1, 1, 1]), bias)
}

/// A [`ConvNorm`]'s convolution, norm and activation.
#[derive(Clone, Debug)]
pub struct ConvNormConfig {
    /// The convolution. Its bias is dropped where there is a norm, as in torchvision's
    /// `Conv2dNormActivation`.
    pub conv: Conv2dConfig,
    /// The norm, if any.
    pub norm: Option<BatchNormConfig>,
    /// What follows.
    pub activation: Activation,
}

impl ConvNormConfig {
    /// Convolution with bias, no norm, ReLU; stride 1, output of the input's size.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self {
            conv: Conv2dConfig::new(in_channels, out_channels, kernel),
            norm: None,
            activation: Activation::Relu,
        }
    }

    /// With this norm, or none.
    pub fn with_norm(mut self, norm: Option<BatchNormConfig>) -> Self {
        self.norm = norm;
        self
    }

    /// With another activation.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// With another stride.
    pub fn with_stride(mut self, stride: usize) -> Self {
        self.conv.stride = stride;
        self
    }

    /// With another distribution of fresh weights.
    pub fn with_initializer(mut self, initializer: Initializer) -> Self {
        self.conv.initializer = initializer;
        self
    }

    /// A fresh block.
    ///
    /// # Panics
    /// If the norm's numbers are invalid.
    pub fn init(&self, device: &Device) -> ConvNorm {
        let bias = self.conv.bias && self.norm.is_none();
        ConvNorm {
            conv: self.conv.clone().with_bias(bias).init(device),
            norm: self
                .norm
                .map(|norm| norm.init(self.conv.out_channels, device)),
            activation: self.activation,
        }
    }
}

/// Convolution, optional batch norm, activation: torchvision's `Conv2dNormActivation`.
///
/// In a state dict the convolution is `0` and the norm `1`, as in the `nn.Sequential` it is there.
#[derive(Module, Debug)]
pub struct ConvNorm {
    /// The convolution.
    pub conv: Conv2d,
    /// The norm; none when folded or never there.
    pub norm: Option<Norm>,
    /// What follows.
    #[module(skip)]
    pub activation: Activation,
}

impl ConvNorm {
    /// `activation(norm(conv(x)))`, `[N, C, H, W]` → `[N, D, OH, OW]`.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        conv_norm(&self.conv, self.norm.as_ref(), x, None, self.activation)
    }

    /// `activation(norm(conv(x)) + residual)`, in one fused operation.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn forward_residual(&self, x: Tensor<4>, residual: Tensor<4>) -> Tensor<4> {
        conv_norm(
            &self.conv,
            self.norm.as_ref(),
            x,
            Some(residual),
            self.activation,
        )
    }

    /// Channels written.
    pub fn out_channels(&self) -> usize {
        self.conv.out_channels()
    }

    /// The block with its norm folded into the convolution.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            conv: fold(self.conv, self.norm),
            norm: None,
            activation: self.activation,
        }
    }
}
