//! Widths, depths and presets of the residual networks.

use burn::{nn::LinearConfig, tensor::Device};
use serde::{Deserialize, Serialize};

use super::{BasicBlock, Bottleneck, ResNet, ResidualBlock};
use crate::{conv_norm::Conv2dConfig, error::ConfigError, norm::BatchNormConfig};

/// Which block a network is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKind {
    /// Two 3×3 convolutions (ResNet-18, -34).
    Basic,
    /// 1×1, 3×3, 1×1 with four times the width at the end (ResNet-50 and deeper).
    Bottleneck,
}

impl BlockKind {
    /// Channels of a block's output over its width.
    pub const fn expansion(self) -> usize {
        match self {
            Self::Basic => 1,
            Self::Bottleneck => 4,
        }
    }
}

/// Every number of a residual network. The presets are rows of the paper's table 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// The block.
    pub block: BlockKind,
    /// Blocks per stage.
    pub blocks: [usize; 4],
    /// Width per stage; a stage's output has `widths[i] · expansion` channels.
    pub widths: [usize; 4],
    /// Width of a bottleneck's 3×3 convolution for a stage of width 64 (128 in the "wide" networks).
    pub base_width: usize,
    /// Channels of the stem.
    pub stem_width: usize,
    /// Channels of the pictures.
    pub in_channels: usize,
    /// Stages that are built, 1 … 4; a detector that does not read C5 leaves it out.
    pub stages: usize,
    /// Classes of the final linear layer; none leaves it out.
    pub num_classes: Option<usize>,
    /// The batch norm.
    pub norm: BatchNormConfig,
}

impl ResNetConfig {
    const fn preset(block: BlockKind, blocks: [usize; 4]) -> Self {
        Self {
            block,
            blocks,
            widths: [64, 128, 256, 512],
            base_width: 64,
            stem_width: 64,
            in_channels: 3,
            stages: 4,
            num_classes: None,
            norm: BatchNormConfig::trained(),
        }
    }

    /// ResNet-18, no classifier, trained batch norm (as all presets).
    pub const fn resnet18() -> Self {
        Self::preset(BlockKind::Basic, [2, 2, 2, 2])
    }

    /// ResNet-34.
    pub const fn resnet34() -> Self {
        Self::preset(BlockKind::Basic, [3, 4, 6, 3])
    }

    /// ResNet-50.
    pub const fn resnet50() -> Self {
        Self::preset(BlockKind::Bottleneck, [3, 4, 6, 3])
    }

    /// ResNet-101.
    pub const fn resnet101() -> Self {
        Self::preset(BlockKind::Bottleneck, [3, 4, 23, 3])
    }

    /// ResNet-152.
    pub const fn resnet152() -> Self {
        Self::preset(BlockKind::Bottleneck, [3, 8, 36, 3])
    }

    /// A bottleneck network of one block per stage and widths 4, 8, 12, 16, for tests and
    /// demonstrations on a CPU.
    pub const fn miniature() -> Self {
        Self {
            widths: [4, 8, 12, 16],
            stem_width: 8,
            ..Self::preset(BlockKind::Bottleneck, [1, 1, 1, 1])
        }
    }

    /// With a classifier, or without.
    pub const fn with_classes(mut self, num_classes: Option<usize>) -> Self {
        self.num_classes = num_classes;
        self
    }

    /// With another batch norm.
    pub const fn with_norm(mut self, norm: BatchNormConfig) -> Self {
        self.norm = norm;
        self
    }

    /// With only the first `stages` stages.
    pub const fn with_stages(mut self, stages: usize) -> Self {
        self.stages = stages;
        self
    }

    /// Channels of C2 … C5, as far as they are built.
    pub fn stage_channels(&self) -> Vec<usize> {
        let expansion = self.block.expansion();
        self.widths
            .iter()
            .take(self.stages)
            .map(|width| width * expansion)
            .collect()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// If a width or depth is 0, `stages` is not in 1 … 4, a classifier sits on fewer than four
    /// stages, or the norm is invalid.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = |field, value: usize| {
            if value > 0 {
                return Ok(());
            }
            Err(ConfigError::OutOfRange {
                field,
                value: 0.0,
                expected: "at least 1",
            })
        };
        for i in 0..4 {
            positive("ResNet widths", self.widths[i])?;
            positive("ResNet blocks", self.blocks[i])?;
        }
        positive("ResNet stem_width", self.stem_width)?;
        positive("ResNet in_channels", self.in_channels)?;
        positive("ResNet base_width", self.base_width)?;
        if self.block == BlockKind::Bottleneck {
            for width in self.widths {
                positive("ResNet widths × base_width / 64", self.inner_width(width))?;
            }
        }
        positive("ResNet num_classes", self.num_classes.unwrap_or(1))?;
        if !(1..=4).contains(&self.stages) {
            return Err(ConfigError::OutOfRange {
                field: "ResNet stages",
                value: self.stages as f64,
                expected: "1 to 4",
            });
        }
        if self.num_classes.is_some() && self.stages < 4 {
            return Err(ConfigError::Contradiction {
                field: "ResNet stages",
                found: vec![self.stages],
                expected: vec![4],
                reason: "a classifier",
            });
        }
        self.norm.validate()
    }

    /// A fresh network, initialised as torchvision does (with `zero_init_residual=False`).
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> ResNet {
        self.validate().unwrap_or_else(|error| panic!("{error}"));
        let stem = Conv2dConfig::new(self.in_channels, self.stem_width, 7)
            .with_stride(2)
            .with_bias(false);
        let outputs = self.stage_channels();
        let layer = |stage: usize| -> Vec<ResidualBlock> {
            if stage >= self.stages {
                return Vec::new();
            }
            let input = if stage == 0 {
                self.stem_width
            } else {
                outputs[stage - 1]
            };
            (0..self.blocks[stage])
                .map(|i| match i {
                    0 => self.block(input, stage, if stage == 0 { 1 } else { 2 }, device),
                    _ => self.block(outputs[stage], stage, 1, device),
                })
                .collect()
        };
        ResNet {
            conv1: stem.init(device),
            bn1: Some(self.norm.init(self.stem_width, device)),
            layer1: layer(0),
            layer2: layer(1),
            layer3: layer(2),
            layer4: layer(3),
            // Burn's default distribution for linear layers is PyTorch's.
            fc: self
                .num_classes
                .map(|classes| LinearConfig::new(outputs[3], classes).init(device)),
        }
    }

    /// Channels inside a bottleneck.
    const fn inner_width(&self, width: usize) -> usize {
        width * self.base_width / 64
    }

    fn block(&self, input: usize, stage: usize, stride: usize, device: &Device) -> ResidualBlock {
        let width = self.widths[stage];
        match self.block {
            BlockKind::Basic => {
                ResidualBlock::Basic(BasicBlock::new(input, width, stride, self.norm, device))
            }
            BlockKind::Bottleneck => {
                let inner = self.inner_width(width);
                let output = width * self.block.expansion();
                ResidualBlock::Bottleneck(Bottleneck::new(
                    [input, inner, output],
                    stride,
                    self.norm,
                    device,
                ))
            }
        }
    }
}
