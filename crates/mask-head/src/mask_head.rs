//! The convolutions between a cut-out and its masks.
//!
//! Legend: R RoIs, S×S the cut-out (14×14).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use wardrobe_backbones::conv_norm::{ConvNorm, ConvNormConfig};
use wardrobe_backbones::norm::BatchNormConfig;

use crate::config::MaskConfig;

/// 3×3 convolutions with ReLU, with batch norm between in torchvision's v2 (*Mask R-CNN*, figure 4; `MaskRCNNHeads`).
#[derive(Module, Debug)]
pub struct MaskHead {
    /// The convolutions under torchvision's indices.
    pub sequential: Vec<ConvNorm>,
}

impl MaskHead {
    /// A fresh head for cut-outs of `channels` channels.
    pub fn new(config: &MaskConfig, channels: usize, device: &Device) -> Self {
        let norm = config
            .norm_epsilon
            .map(|epsilon| BatchNormConfig::trained().with_epsilon(epsilon));
        let inputs = std::iter::once(&channels).chain(&config.layers);
        let convolution = |(from, to): (&usize, &usize)| {
            ConvNormConfig::new(*from, *to, 3)
                .with_norm(norm)
                .init(device)
        };
        Self {
            sequential: inputs.zip(&config.layers).map(convolution).collect(),
        }
    }

    /// `[R, channels, S, S]` → `[R, layers.last(), S, S]`.
    ///
    /// # Panics
    ///
    /// If the channels are not those the head was made for.
    pub fn forward(&self, pooled: Tensor<4>) -> Tensor<4> {
        self.sequential
            .iter()
            .fold(pooled, |x, convolution| convolution.forward(x))
    }

    /// The head with its batch norm folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            sequential: self
                .sequential
                .into_iter()
                .map(ConvNorm::fold_batch_norm)
                .collect(),
        }
    }
}
