//! The two residual blocks: ReLU(F(x) + shortcut(x)).

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use wardrobe_kernels::conv::Activation::{None as Identity, Relu};

use crate::{
    conv_norm::{Conv2d, Conv2dConfig, ConvNorm, ConvNormConfig, conv_norm, fold},
    norm::{BatchNormConfig, Norm},
};

/// Either block.
#[derive(Module, Debug)]
pub enum ResidualBlock {
    /// See [`BasicBlock`].
    Basic(BasicBlock),
    /// See [`Bottleneck`].
    Bottleneck(Bottleneck),
}

impl ResidualBlock {
    /// `[N, C, H, W]` → `[N, D, H/stride, W/stride]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Basic(block) => block.forward(x),
            Self::Bottleneck(block) => block.forward(x),
        }
    }

    /// The block with its norms folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        match self {
            Self::Basic(block) => Self::Basic(block.fold_batch_norm()),
            Self::Bottleneck(block) => Self::Bottleneck(block.fold_batch_norm()),
        }
    }
}

fn convolution(
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    device: &Device,
) -> Conv2d {
    Conv2dConfig::new(input, output, kernel)
        .with_stride(stride)
        .with_bias(false)
        .init(device)
}

/// The 1×1 projection of the shortcut (option B of the paper), only where shapes differ.
fn downsample(
    input: usize,
    output: usize,
    stride: usize,
    norm: BatchNormConfig,
    device: &Device,
) -> Option<ConvNorm> {
    (stride != 1 || input != output).then(|| {
        ConvNormConfig::new(input, output, 1)
            .with_stride(stride)
            .with_norm(Some(norm))
            .with_activation(Identity)
            .init(device)
    })
}

fn shortcut(downsample: Option<&ConvNorm>, x: Tensor<4>) -> Tensor<4> {
    match downsample {
        Some(projection) => projection.forward(x),
        None => x,
    }
}

/// Two 3×3 convolutions; the first strides.
#[derive(Module, Debug)]
pub struct BasicBlock {
    /// 3×3, strides.
    pub conv1: Conv2d,
    /// Norm of `conv1`; none when folded.
    pub bn1: Option<Norm>,
    /// 3×3.
    pub conv2: Conv2d,
    /// Norm of `conv2`; none when folded.
    pub bn2: Option<Norm>,
    /// Projection of the shortcut.
    pub downsample: Option<ConvNorm>,
}

impl BasicBlock {
    /// A fresh block from `input` to `width` channels.
    pub fn new(
        input: usize,
        width: usize,
        stride: usize,
        norm: BatchNormConfig,
        device: &Device,
    ) -> Self {
        Self {
            conv1: convolution(input, width, 3, stride, device),
            bn1: Some(norm.init(width, device)),
            conv2: convolution(width, width, 3, 1, device),
            bn2: Some(norm.init(width, device)),
            downsample: downsample(input, width, stride, norm, device),
        }
    }

    /// `[N, C, H, W]` → `[N, width, H/stride, W/stride]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = conv_norm(&self.conv1, self.bn1.as_ref(), x.clone(), None, Relu);
        let shortcut = shortcut(self.downsample.as_ref(), x);
        conv_norm(&self.conv2, self.bn2.as_ref(), y, Some(shortcut), Relu)
    }

    /// The block with its norms folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            conv1: fold(self.conv1, self.bn1),
            bn1: None,
            conv2: fold(self.conv2, self.bn2),
            bn2: None,
            downsample: self.downsample.map(ConvNorm::fold_batch_norm),
        }
    }
}

/// 1×1 down, 3×3, 1×1 up; the 3×3 strides (v1.5).
#[derive(Module, Debug)]
pub struct Bottleneck {
    /// 1×1, to the inner width.
    pub conv1: Conv2d,
    /// Norm of `conv1`; none when folded.
    pub bn1: Option<Norm>,
    /// 3×3, strides.
    pub conv2: Conv2d,
    /// Norm of `conv2`; none when folded.
    pub bn2: Option<Norm>,
    /// 1×1, to the output width.
    pub conv3: Conv2d,
    /// Norm of `conv3`; none when folded.
    pub bn3: Option<Norm>,
    /// Projection of the shortcut.
    pub downsample: Option<ConvNorm>,
}

impl Bottleneck {
    /// A fresh block through `[input, inner, output]` channels.
    pub fn new(
        [input, inner, output]: [usize; 3],
        stride: usize,
        norm: BatchNormConfig,
        device: &Device,
    ) -> Self {
        Self {
            conv1: convolution(input, inner, 1, 1, device),
            bn1: Some(norm.init(inner, device)),
            conv2: convolution(inner, inner, 3, stride, device),
            bn2: Some(norm.init(inner, device)),
            conv3: convolution(inner, output, 1, 1, device),
            bn3: Some(norm.init(output, device)),
            downsample: downsample(input, output, stride, norm, device),
        }
    }

    /// `[N, C, H, W]` → `[N, output, H/stride, W/stride]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = conv_norm(&self.conv1, self.bn1.as_ref(), x.clone(), None, Relu);
        let y = conv_norm(&self.conv2, self.bn2.as_ref(), y, None, Relu);
        let shortcut = shortcut(self.downsample.as_ref(), x);
        conv_norm(&self.conv3, self.bn3.as_ref(), y, Some(shortcut), Relu)
    }

    /// The block with its norms folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            conv1: fold(self.conv1, self.bn1),
            bn1: None,
            conv2: fold(self.conv2, self.bn2),
            bn2: None,
            conv3: fold(self.conv3, self.bn3),
            bn3: None,
            downsample: self.downsample.map(ConvNorm::fold_batch_norm),
        }
    }
}
