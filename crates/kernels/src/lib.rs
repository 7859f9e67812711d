//! RoIAlign, RoI pooling, the NMS family, box IoU, mask pasting, fused convolution and batch norm for Burn.
//!
//! Each family is a folder: `mod.rs` holds the public functions and their options, `ops.rs` the one
//! backend trait, `twin.rs` the same operation in plain tensor operations (the oracle of the tests),
//! and one file per backend (`flex.rs`, `tch.rs`, `cube.rs`, `autodiff.rs`) the fast version.
//! Nothing outside this crate names a backend: [`device`] turns a name into a device.
//!
//! # Conventions
//! - Boxes are `[x1, y1, x2, y2]` in pixels, continuous coordinates, width = x2 − x1 (no "+ 1").
//! - RoIs are `[image, x1, y1, x2, y2]`, the image index stored as a float.
//! - N images, K RoIs, C channels, H×W feature cells, PH×PW pooled bins.
#![cfg_attr(feature = "tch", allow(deprecated))]
// The slice kernels index without bounds checks where a comment proves the range.
#![allow(unsafe_code)]

pub mod boxes;
pub mod conv;
#[cfg(feature = "cube")]
mod cube;
pub mod device;
pub mod generator;
pub mod host;
pub mod norm;
pub mod precision;
mod recompute;
pub mod roi;
pub mod suppression;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
