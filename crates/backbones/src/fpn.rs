//! The feature pyramid: Lin et al., Feature Pyramid Networks for Object Detection (2017), fig. 3.
//!
//! Legend: C a body's stage, M the merged map, P a level; the index i counts from the finest.
//! `M[i] = inner[i](C[i]) + upsample(M[i + 1])`, `P[i] = layer[i](M[i])`, and P6 subsamples P5
//! (section 4.1, footnote). Upsampling is nearest: cell j of n reads cell ⌊j · m / n⌋ of the m coarser ones.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};
use wardrobe_kernels::conv::{Activation, max_pool2d, upsample_nearest};

use crate::{
    backbone::Pyramid,
    conv_norm::{ConvNorm, ConvNormConfig},
    error::ConfigError,
    initialisation::pyramid_uniform,
    norm::BatchNormConfig,
};

/// Every number of a feature pyramid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FpnConfig {
    /// Channels of the stages that are read, finest first.
    pub in_channels: Vec<usize>,
    /// Channels of every level (256 in the paper, section 3).
    pub out_channels: usize,
    /// Norm after every convolution (torchvision's v2 detectors); none means biases instead.
    pub norm: Option<BatchNormConfig>,
    /// Whether a further level subsamples the coarsest by 2 (P6 of the paper).
    pub extra_pool: bool,
}

impl FpnConfig {
    /// 256 channels, no norm, extra level.
    pub fn new(in_channels: Vec<usize>) -> Self {
        Self {
            in_channels,
            out_channels: 256,
            norm: None,
            extra_pool: true,
        }
    }

    /// With a norm after every convolution, or none.
    pub fn with_norm(mut self, norm: Option<BatchNormConfig>) -> Self {
        self.norm = norm;
        self
    }

    /// With another number of channels per level.
    pub fn with_out_channels(mut self, out_channels: usize) -> Self {
        self.out_channels = out_channels;
        self
    }

    /// Levels of the pyramid.
    pub fn levels(&self) -> usize {
        self.in_channels.len() + usize::from(self.extra_pool)
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// If no stage is read, a channel count is 0, or the norm is invalid.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let channels = self.in_channels.iter().chain([&self.out_channels]);
        if self.in_channels.is_empty() || channels.min() == Some(&0) {
            return Err(ConfigError::OutOfRange {
                field: "FPN channels",
                value: 0.0,
                expected: "at least one stage, of at least one channel each",
            });
        }
        self.norm.map_or(Ok(()), |norm| norm.validate())
    }

    /// A fresh pyramid, initialised as torchvision does.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Fpn {
        self.validate().unwrap_or_else(|error| panic!("{error}"));
        let block = |input: usize, kernel: usize| {
            ConvNormConfig::new(input, self.out_channels, kernel)
                .with_norm(self.norm)
                .with_activation(Activation::None)
                .with_initializer(pyramid_uniform())
                .init(device)
        };
        Fpn {
            inner_blocks: self.in_channels.iter().map(|&c| block(c, 1)).collect(),
            layer_blocks: self
                .in_channels
                .iter()
                .map(|_| block(self.out_channels, 3))
                .collect(),
            extra_pool: self.extra_pool,
        }
    }
}

/// A feature pyramid; see [`FpnConfig`].
#[derive(Module, Debug)]
pub struct Fpn {
    /// 1×1 lateral convolutions, finest first.
    pub inner_blocks: Vec<ConvNorm>,
    /// 3×3 output convolutions, finest first.
    pub layer_blocks: Vec<ConvNorm>,
    /// Whether a further level subsamples the coarsest.
    pub extra_pool: bool,
}

impl Fpn {
    /// Stages C2 … (finest first, `[N, in_channels[i], H_i, W_i]`) → levels P2 … of the same sizes and
    /// `out_channels` channels, and one of half the last size if `extra_pool`.
    ///
    /// # Panics
    /// If the number of stages or their channels are not the config's.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use wardrobe_backbones::fpn::FpnConfig;
    ///
    /// let device = Device::flex();
    /// let fpn = FpnConfig::new(vec![8, 16]).with_out_channels(4).init(&device);
    /// let stages = vec![Tensor::zeros([1, 8, 12, 12], &device), Tensor::zeros([1, 16, 6, 6], &device)];
    /// let sizes: Vec<_> = fpn.forward(stages).levels.iter().map(|p| p.dims()).collect();
    /// assert_eq!(sizes, [[1, 4, 12, 12], [1, 4, 6, 6], [1, 4, 3, 3]]);
    /// ```
    pub fn forward(&self, stages: Vec<Tensor<4>>) -> Pyramid {
        assert_eq!(
            stages.len(),
            self.inner_blocks.len(),
            "FPN: got {} stages for {} lateral convolutions",
            stages.len(),
            self.inner_blocks.len()
        );
        let mut levels = Vec::with_capacity(stages.len() + 1);
        let mut merged: Option<Tensor<4>> = None;
        let blocks = self.inner_blocks.iter().zip(&self.layer_blocks);
        for (stage, (inner, layer)) in stages.into_iter().zip(blocks).rev() {
            let [_, _, height, width] = stage.dims();
            let lateral = match merged {
                None => inner.forward(stage),
                Some(coarser) => {
                    inner.forward_residual(stage, upsample_nearest(coarser, [height, width]))
                }
            };
            levels.push(layer.forward(lateral.clone()));
            merged = Some(lateral);
        }
        levels.reverse();
        if self.extra_pool {
            let coarsest = levels[levels.len() - 1].clone();
            levels.push(max_pool2d(coarsest, 1, 2, 0));
        }
        Pyramid { levels }
    }

    /// Channels of every level.
    pub fn out_channels(&self) -> usize {
        self.inner_blocks[0].out_channels()
    }

    /// The pyramid with its norms folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        let fold =
            |blocks: Vec<ConvNorm>| blocks.into_iter().map(ConvNorm::fold_batch_norm).collect();
        Self {
            inner_blocks: fold(self.inner_blocks),
            layer_blocks: fold(self.layer_blocks),
            extra_pool: self.extra_pool,
        }
    }
}
