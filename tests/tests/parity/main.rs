//! Everything against torchvision's numbers (README.md lists what and how near), and partial loads of its checkpoints.
#![allow(clippy::unwrap_used, missing_docs)]

mod backbones;
mod detections;
mod exports;
mod fpn;
mod heads;
mod parameters;
mod partial_weights;
mod rpn;
mod training;
mod transform;
