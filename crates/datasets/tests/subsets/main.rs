//! Subsets of a generated DeepFashion.
#![allow(clippy::unwrap_used, missing_docs)]

mod placing;
mod refused;
mod selecting;
mod source;
