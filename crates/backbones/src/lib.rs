//! VGG, ResNet and feature pyramids for Burn, with torchvision's weights in and out.
//!
//! - [`resnet`]: ResNet-18 … 152 (the v1.5 form), [`vgg`]: VGG-16 with and without batch norm.
//! - [`fpn`]: the feature pyramid network; [`backbone`]: a body and its pyramid as one module.
//! - [`conv_norm`] and [`norm`]: the convolution block every network here is made of, and
//!   `fold_batch_norm`, which turns batch norm into the convolution's own weights.
//! - [`weights`]: strict and partial loading of `.safetensors`, `.pth` and `.pt` files under
//!   torchvision's names, and export to files that torchvision loads with `strict=True`.
//!
//! # Legend
//! N images, C channels, H×W cells. `C2 … C5` are the outputs of a ResNet's four stages (strides 4, 8,
//! 16, 32), `P2 … P6` the levels of the pyramid over them. Pictures are RGB, `[N, 3, H, W]`, already
//! standardised.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use wardrobe_backbones::backbone::BackboneConfig;
//!
//! let device = Device::flex();
//! let backbone = BackboneConfig::resnet_fpn_miniature().init(&device);
//! let pyramid = backbone.forward(Tensor::zeros([1, 3, 64, 96], &device));
//! assert_eq!(pyramid.levels[0].dims(), [1, backbone.out_channels(), 16, 24]);
//! ```

// A variant is one layer or one network, made once and never moved in bulk; boxes are no Burn modules.
#![allow(clippy::large_enum_variant)]

pub mod backbone;
pub mod conv_norm;
pub mod error;
pub mod fpn;
pub mod initialisation;
pub mod linear;
pub mod norm;
pub mod resnet;
pub mod vgg;
pub mod watch;
pub mod weights;
pub mod zero;

pub use backbone::{Backbone, BackboneConfig, Pyramid, ResNetFpn};
pub use conv_norm::{Conv2d, Conv2dConfig, ConvNorm, ConvNormConfig};
pub use error::{ConfigError, WeightsError};
pub use fpn::{Fpn, FpnConfig};
pub use norm::{BatchNormConfig, Norm};
pub use resnet::{ResNet, ResNetConfig};
pub use vgg::{Vgg, VggConfig};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
