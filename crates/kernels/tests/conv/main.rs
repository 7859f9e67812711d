//! Convolution blocks, batch norm, 16-bit forms of both and gradient checkpointing over them.
#![allow(clippy::unwrap_used, missing_docs)]

mod blocks;
mod checkpointing;
mod gradients;
mod half;
mod norm;
mod support;
mod threads;

#[path = "../support/same_bits.rs"]
mod same_bits;
