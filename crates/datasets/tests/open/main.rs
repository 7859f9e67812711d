//! Opening data sets by their path alone.
#![allow(clippy::unwrap_used, missing_docs)]

mod parts;
mod refused;
mod synthesised;
mod tree;
mod variants;
