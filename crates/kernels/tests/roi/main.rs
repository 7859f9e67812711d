//! RoIAlign, RoI pooling and precise RoI pooling.
#![allow(clippy::unwrap_used, missing_docs)]

mod against_cpu;
mod edges;
mod fixtures;
mod nan;
mod support;
mod threads;
mod twin;

#[path = "../support/same_bits.rs"]
mod same_bits;
