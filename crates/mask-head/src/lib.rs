//! The mask branch and Mask R-CNN for Burn.
//!
//! # The chapter
//!
//! Mask R-CNN is a box detector with one more head. For each detection the features under its *final* box are cut out
//! ([`wardrobe_rpn_roi::roi_pooler`], 14×14), four convolutions read them ([`mask_head`]), and a predictor draws one 28×28
//! mask per class ([`mask_predictor`]), of which only the detected class's is used. [`mask_branch`] is that line;
//! [`mask_rcnn`] puts it behind Faster R-CNN or Cascade R-CNN; [`paste`] lays the small masks into the picture.
//!
//! | file | its one idea |
//! |---|---|
//! | [`config`] | every number, with its source |
//! | [`mask_head`], [`mask_predictor`] | cut-out → masks |
//! | [`mask_branch`] | detections → masks |
//! | [`instance_detections`], [`paste`] | what the caller gets |
//! | [`instance_truth`], `mask_loss` | training: what is there, what a RoI sees of it |
//! | [`siblings`] | torchvision's parameter names without torchvision's one big module |
//! | [`mask_rcnn`] | the diagram |
//!
//! # Legend
//!
//! N images, D detections of an image, R detections of a batch, C classes with background 0, S×S the cut-out (14×14), M×M
//! the mask (28×28, M = 2S). Masks are probabilities; a pixel belongs to the object above ½.

pub mod config;
pub mod error;
pub mod instance_detections;
pub mod instance_truth;
pub mod mask_branch;
pub mod mask_head;
mod mask_loss;
pub mod mask_predictor;
pub mod mask_rcnn;
pub mod paste;
pub mod siblings;

pub use error::MaskHeadError;
pub use instance_detections::InstanceDetections;
pub use instance_truth::{InstanceTruth, TruthMask};
pub use mask_rcnn::{DetectorConfig, MaskRcnn, MaskRcnnConfig, MaskRcnnLosses};
pub use paste::Instance;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
