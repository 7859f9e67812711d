//! A body and its pyramid as one module: what a detector puts under its RPN and its heads.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::ConfigError,
    fpn::{Fpn, FpnConfig},
    norm::BatchNormConfig,
    resnet::{ResNet, ResNetConfig},
    vgg::{VggConfig, VggFeatures},
};

/// Feature maps of one batch, finest first (P2 … P6 for a ResNet with FPN; one level for VGG).
#[derive(Clone, Debug)]
pub struct Pyramid {
    /// `[N, C, H_i, W_i]`, all with the same C.
    pub levels: Vec<Tensor<4>>,
}

impl Pyramid {
    /// Height and width of every level.
    pub fn sizes(&self) -> Vec<[usize; 2]> {
        self.levels
            .iter()
            .map(|level| {
                let [_, _, height, width] = level.dims();
                [height, width]
            })
            .collect()
    }
}

/// Which backbone, with all its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BackboneConfig {
    /// A residual network under a feature pyramid.
    ResNetFpn {
        /// The residual network; its classifier and the stages above the last returned one are not
        /// built.
        body: ResNetConfig,
        /// Stages the pyramid reads, 1-based and ascending (torchvision's `returned_layers`).
        returned_stages: Vec<usize>,
        /// The pyramid.
        fpn: FpnConfig,
    },
    /// VGG's convolutions without the last max pool (stride 16), one level.
    Vgg(VggConfig),
}

impl BackboneConfig {
    /// All four stages of `body` under a pyramid of 256 channels.
    pub fn resnet_fpn(body: ResNetConfig) -> Self {
        let fpn = FpnConfig::new(body.stage_channels());
        Self::ResNetFpn {
            body,
            returned_stages: vec![1, 2, 3, 4],
            fpn,
        }
    }

    /// ResNet-50 with frozen batch norm of the given ε under a plain pyramid: the backbone of
    /// torchvision's `fasterrcnn_resnet50_fpn` and `maskrcnn_resnet50_fpn`. ε is 0 for their `COCO_V1`
    /// weights and 1e-5 when starting from ImageNet weights.
    pub fn resnet50_fpn(epsilon: f64) -> Self {
        let norm = BatchNormConfig::frozen().with_epsilon(epsilon);
        Self::resnet_fpn(ResNetConfig::resnet50().with_norm(norm))
    }

    /// ResNet-50 with trained batch norm in body and pyramid: the backbone of torchvision's
    /// `…_resnet50_fpn_v2`.
    pub fn resnet50_fpn_v2() -> Self {
        let norm = BatchNormConfig::trained();
        Self::resnet_fpn(ResNetConfig::resnet50().with_norm(norm)).with_fpn_norm(Some(norm))
    }

    /// [`ResNetConfig::miniature`] with frozen batch norm under a pyramid of 16 channels.
    pub fn resnet_fpn_miniature() -> Self {
        let body = ResNetConfig::miniature().with_norm(BatchNormConfig::frozen());
        let fpn = FpnConfig::new(body.stage_channels()).with_out_channels(16);
        Self::ResNetFpn {
            body,
            returned_stages: vec![1, 2, 3, 4],
            fpn,
        }
    }

    /// VGG-16's convolutions, the trunk of the papers' Faster R-CNN.
    pub fn vgg16() -> Self {
        Self::Vgg(VggConfig::vgg16())
    }

    /// With a norm in the pyramid, or none; a VGG has no pyramid and stays as it is.
    pub fn with_fpn_norm(mut self, norm: Option<BatchNormConfig>) -> Self {
        if let Self::ResNetFpn { fpn, .. } = &mut self {
            fpn.norm = norm;
        }
        self
    }

    /// Channels of every level.
    pub fn out_channels(&self) -> usize {
        match self {
            Self::ResNetFpn { fpn, .. } => fpn.out_channels,
            Self::Vgg(config) => config.out_channels(),
        }
    }

    /// Number of levels.
    pub fn levels(&self) -> usize {
        match self {
            Self::ResNetFpn { fpn, .. } => fpn.levels(),
            Self::Vgg(_) => 1,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// If the parts are invalid, or the pyramid does not read the channels of the returned stages.
    pub fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Self::Vgg(config) => config.validate(),
            Self::ResNetFpn {
                body,
                returned_stages,
                fpn,
            } => {
                let ascending = returned_stages.windows(2).all(|pair| pair[0] < pair[1]);
                let known = returned_stages.iter().all(|stage| (1..=4).contains(stage));
                if !ascending || !known || returned_stages.is_empty() {
                    return Err(ConfigError::Contradiction {
                        field: "returned_stages",
                        found: returned_stages.clone(),
                        expected: vec![1, 2, 3, 4],
                        reason: "a list of ascending stages out of 1 to 4, such as the default,",
                    });
                }
                built(body, returned_stages).validate()?;
                fpn.validate()?;
                let channels = built(body, returned_stages).stage_channels();
                let expected: Vec<usize> = returned_stages
                    .iter()
                    .map(|stage| channels[stage - 1])
                    .collect();
                if fpn.in_channels == expected {
                    return Ok(());
                }
                Err(ConfigError::Contradiction {
                    field: "FPN in_channels",
                    found: fpn.in_channels.clone(),
                    expected,
                    reason: "the body's returned stages",
                })
            }
        }
    }

    /// A fresh backbone, initialised as torchvision does.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Backbone {
        self.validate().unwrap_or_else(|error| panic!("{error}"));
        match self {
            Self::ResNetFpn {
                body,
                returned_stages,
                fpn,
            } => Backbone::ResNetFpn(ResNetFpn {
                body: built(body, returned_stages).init(device),
                fpn: fpn.init(device),
                returned_stages: returned_stages.clone(),
            }),
            Self::Vgg(config) => Backbone::Vgg(config.init_trunk(device)),
        }
    }
}

/// The body as far as a detector needs it.
fn built(body: &ResNetConfig, returned_stages: &[usize]) -> ResNetConfig {
    let stages = returned_stages.last().copied().unwrap_or(4);
    body.clone().with_stages(stages).with_classes(None)
}

/// Any backbone; see [`BackboneConfig`].
#[derive(Module, Debug)]
pub enum Backbone {
    /// See [`BackboneConfig::ResNetFpn`]. State-dict names `body.*`, `fpn.*`.
    ResNetFpn(ResNetFpn),
    /// See [`BackboneConfig::Vgg`]. State-dict names `{i}.*`.
    Vgg(VggFeatures),
}

impl Backbone {
    /// Standardised pictures `[N, 3, H, W]` → feature maps, finest first.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    pub fn forward(&self, images: Tensor<4>) -> Pyramid {
        match self {
            Self::ResNetFpn(net) => net.forward(images),
            Self::Vgg(trunk) => Pyramid {
                levels: vec![trunk.forward(images)],
            },
        }
    }

    /// Channels of every level.
    pub fn out_channels(&self) -> usize {
        match self {
            Self::ResNetFpn(net) => net.fpn.out_channels(),
            Self::Vgg(trunk) => trunk.out_channels(),
        }
    }

    /// The backbone with every batch norm folded into its convolution.
    pub fn fold_batch_norm(self) -> Self {
        match self {
            Self::ResNetFpn(net) => Self::ResNetFpn(ResNetFpn {
                body: net.body.fold_batch_norm(),
                fpn: net.fpn.fold_batch_norm(),
                returned_stages: net.returned_stages,
            }),
            Self::Vgg(trunk) => Self::Vgg(trunk.fold_batch_norm()),
        }
    }
}

/// A residual network under a feature pyramid.
#[derive(Module, Debug)]
pub struct ResNetFpn {
    /// The residual network.
    pub body: ResNet,
    /// The pyramid.
    pub fpn: Fpn,
    /// Stages the pyramid reads, 1-based.
    #[module(skip)]
    pub returned_stages: Vec<usize>,
}

impl ResNetFpn {
    /// Standardised pictures `[N, 3, H, W]` → P2 … P6.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    pub fn forward(&self, images: Tensor<4>) -> Pyramid {
        let mut stages: Vec<Option<Tensor<4>>> =
            self.body.stages(images).into_iter().map(Some).collect();
        let returned = self
            .returned_stages
            .iter()
            .filter_map(|stage| stages[stage - 1].take())
            .collect();
        self.fpn.forward(returned)
    }
}
