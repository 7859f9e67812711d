//! ResNet-18 … 152: He et al., Deep Residual Learning for Image Recognition (2015), table 1.
//!
//! One departure from the paper, torchvision's own: a [`Bottleneck`] strides in its 3×3 convolution,
//! not in its first 1×1 ("ResNet v1.5"). Field names are torchvision's, so a state dict's names are
//! paths into these modules.

mod block;
mod config;

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Tensor, module::adaptive_avg_pool2d},
};
use wardrobe_kernels::{
    conv::{Activation, channels_last, max_pool2d},
    precision::widened,
};

pub use block::{BasicBlock, Bottleneck, ResidualBlock};
pub use config::{BlockKind, ResNetConfig};

use crate::{
    conv_norm::{Conv2d, conv_norm, fold},
    linear::apply_linear,
    norm::Norm,
};

/// Window, stride and padding of the max pool after the stem (table 1 of the paper).
const STEM_POOL: [usize; 3] = [3, 2, 1];

/// A residual network; see [`ResNetConfig`].
#[derive(Module, Debug)]
pub struct ResNet {
    /// The 7×7 stem, stride 2.
    pub conv1: Conv2d,
    /// Its norm; none when folded.
    pub bn1: Option<Norm>,
    /// Blocks of stride 4 in total.
    pub layer1: Vec<ResidualBlock>,
    /// Blocks of stride 8 in total.
    pub layer2: Vec<ResidualBlock>,
    /// Blocks of stride 16 in total.
    pub layer3: Vec<ResidualBlock>,
    /// Blocks of stride 32 in total.
    pub layer4: Vec<ResidualBlock>,
    /// The classifier, if the config has classes.
    pub fc: Option<Linear>,
}

impl ResNet {
    /// Class scores before softmax `[N, num_classes]` of pictures `[N, 3, H, W]`; without classes in
    /// the config the pooled features `[N, C]`; in f32 whatever the weights' type, as the means are.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use wardrobe_backbones::resnet::ResNetConfig;
    ///
    /// let device = Device::flex();
    /// let net = ResNetConfig::miniature().with_classes(Some(5)).init(&device).fold_batch_norm();
    /// assert_eq!(net.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 5]);
    /// ```
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = widened(self.layers().fold(self.stem(x), run));
        let [n, c, _, _] = x.dims();
        let pooled = adaptive_avg_pool2d(x, [1, 1]).reshape([n, c]);
        match &self.fc {
            Some(fc) => widened(apply_linear(fc, pooled)),
            None => pooled,
        }
    }

    /// The outputs of the built stages, C2 first: stage i is `[N, widths[i] · expansion, H/s, W/s]`
    /// with s = 4, 8, 16, 32 (sizes rounded up).
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    pub fn stages(&self, x: Tensor<4>) -> Vec<Tensor<4>> {
        let mut outputs = Vec::with_capacity(4);
        let mut x = self.stem(x);
        for layer in self.layers() {
            x = run(x, layer);
            outputs.push(x.clone());
        }
        outputs
    }

    /// The same network with every batch norm folded into its convolution: a forward pass is then
    /// convolution, bias, residual and ReLU only. For inference; the norms are gone.
    pub fn fold_batch_norm(self) -> Self {
        let layer = |blocks: Vec<ResidualBlock>| {
            blocks
                .into_iter()
                .map(ResidualBlock::fold_batch_norm)
                .collect()
        };
        Self {
            conv1: fold(self.conv1, self.bn1),
            bn1: None,
            layer1: layer(self.layer1),
            layer2: layer(self.layer2),
            layer3: layer(self.layer3),
            layer4: layer(self.layer4),
            fc: self.fc,
        }
    }

    /// Leaves only the last `trainable` of {stem convolution, layer1 … layer4} trainable, as
    /// torchvision's `trainable_layers` (3 in its detectors): 0 freezes all, 5 nothing. The stem's norm
    /// is trainable only with 5.
    pub fn with_trainable_layers(mut self, trainable: usize) -> Self {
        let freeze = |blocks: Vec<ResidualBlock>, needed: usize| {
            if trainable < needed {
                blocks.freeze()
            } else {
                blocks
            }
        };
        self.layer4 = freeze(self.layer4, 1);
        self.layer3 = freeze(self.layer3, 2);
        self.layer2 = freeze(self.layer2, 3);
        self.layer1 = freeze(self.layer1, 4);
        if trainable < 5 {
            self.conv1 = self.conv1.freeze();
            self.bn1 = self.bn1.freeze();
        }
        self
    }

    fn stem(&self, x: Tensor<4>) -> Tensor<4> {
        let x = channels_last(x);
        let x = conv_norm(&self.conv1, self.bn1.as_ref(), x, None, Activation::Relu);
        let [kernel, stride, padding] = STEM_POOL;
        max_pool2d(x, kernel, stride, padding)
    }

    /// The stages that were built.
    fn layers(&self) -> impl Iterator<Item = &[ResidualBlock]> {
        [&self.layer1, &self.layer2, &self.layer3, &self.layer4]
            .into_iter()
            .map(Vec::as_slice)
            .filter(|blocks| !blocks.is_empty())
    }
}

fn run(x: Tensor<4>, layer: &[ResidualBlock]) -> Tensor<4> {
    layer.iter().fold(x, |x, block| block.forward(x))
}
