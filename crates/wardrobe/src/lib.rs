#![doc = include_str!("../README.md")]

pub mod architecture;
pub mod detector;
pub mod error;
pub mod instance;
mod released;

pub use architecture::{Architecture, UnknownArchitecture};
pub use burn::tensor::Device;
pub use detector::{Detector, DetectorOptions};
pub use error::DetectorError;
pub use instance::{AsRgb, Instance};
pub use wardrobe_datasets::{DecodeLimits, MaskRegion, Picture, read_picture};
pub use wardrobe_kernels::device::{BackendError, BackendKind};
pub use wardrobe_rpn_roi::{RgbPicture, config::Suppression};

pub use wardrobe_backbones as backbones;
pub use wardrobe_datasets as datasets;
pub use wardrobe_kernels as kernels;
pub use wardrobe_losses as losses;
pub use wardrobe_mask_head as mask_head;
pub use wardrobe_metrics as metrics;
pub use wardrobe_recipes as recipes;
pub use wardrobe_rpn_roi as rpn_roi;
pub use wardrobe_training as training;
