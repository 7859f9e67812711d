//! Losses of detectors and classifiers.
//!
//! Every function is pure: tensors in, a tensor out, differentiable in its predictions. Those that return one number per
//! element leave the sum or the mean to the caller, because detectors divide by counts of their own (torchvision's box loss
//! by all sampled boxes, not by the positive ones).
//!
//! Legend: R rows (RoIs, anchors, pictures), C classes. Boxes are `[x1, y1, x2, y2]`, continuous, without the `+1` of
//! pixel-inclusive formats.

mod binary;
mod boxes;
mod classes;

pub use binary::{binary_cross_entropy, sigmoid_focal};
pub use boxes::{generalized_iou_loss, iou_loss, smooth_l1};
pub use classes::{ClassLoss, LossSettingError, class_balanced_weights, soft_cross_entropy};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
