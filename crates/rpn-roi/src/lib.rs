//! Region proposals, RoI heads, Faster R-CNN and Cascade R-CNN for Burn.
//!
//! # The chapter
//!
//! A picture becomes a pyramid of feature maps. At each cell of each map the *region proposal network* ([`rpn`]) asks for
//! every *anchor* ([`anchors`]) whether a thing is there and how the anchor must move to fit it ([`box_coder`]); the best
//! boxes, thinned by non-maximum suppression, are the [`proposals`]. For each proposal the features under it are cut out
//! ([`roi_pooler`]), a head reads them ([`box_head`]), and two predictors give a class and a better box ([`box_predictor`]);
//! [`postprocess`] turns these into [`detections`]. [`faster_rcnn`] is that line; [`cascade_rcnn`] walks its second half
//! three times, each time from better boxes. A further head (masks, attributes, landmarks) is a further file that reads
//! what a [`roi_pooler::RoiPooler`] cuts out.
//!
//! | file | its one idea |
//! |---|---|
//! | [`config`] | every number, with its source |
//! | [`image_batch`], [`transform`] | pictures → padded batch |
//! | [`anchors`], [`box_coder`] | where boxes start, how they move |
//! | [`rpn_head`], [`rpn`], [`proposals`] | the first stage |
//! | [`roi_pooler`] | the contract of every head |
//! | [`box_head`], [`box_predictor`], [`iou_head`], [`localiser`], [`roi_heads`], [`cascade_head`] | the second stage |
//! | [`postprocess`], [`detections`] | what the caller gets |
//! | [`faster_rcnn`], [`cascade_rcnn`] | the diagrams |
//! | [`ground_truth`], [`matcher`], [`sampler`], [`roi_sample`] | training: what is there, who is positive, who is drawn |
//! | [`rpn_loss`], [`box_loss`], [`losses`] | training: what each stage minimises |
//!
//! # Legend
//!
//! N images, L levels, H×W a feature map, A anchors per cell, M anchors chosen before suppression, K proposals per image,
//! R = N·K RoIs, C classes with background 0, D detections, G ground-truth boxes. A *code* is `(dx, dy, dw, dh)`, a *box* is
//! `[x1, y1, x2, y2]` in pixels of the resized image, continuous, no `+1`. *Objectness* is the RPN's logit or probability.
//!
//! The one reference is torchvision 0.24; weights trained there give the same detections here.

pub mod anchors;
mod assignment;
pub mod box_coder;
mod box_geometry;
pub mod box_head;
pub mod box_loss;
pub mod box_predictor;
pub mod cascade_head;
pub mod cascade_rcnn;
pub mod config;
pub mod constants;
pub mod detections;
pub mod error;
pub mod faster_rcnn;
pub mod ground_truth;
pub mod image_batch;
pub mod iou_head;
mod iou_sample;
pub mod localiser;
pub mod losses;
pub mod matcher;
pub mod postprocess;
pub mod proposals;
pub mod roi_heads;
pub mod roi_pooler;
pub mod roi_sample;
pub mod rpn;
pub mod rpn_head;
pub mod rpn_loss;
pub mod sampler;
#[cfg(test)]
mod test_support;
pub mod transform;

pub use cascade_rcnn::{CascadeRcnn, CascadeRcnnConfig};
pub use detections::{Detection, Detections};
pub use error::RpnRoiError;
pub use faster_rcnn::{FasterRcnn, FasterRcnnConfig};
pub use ground_truth::GroundTruth;
pub use image_batch::{ImageBatch, ImageSize, RgbPicture};
pub use losses::DetectorLosses;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
