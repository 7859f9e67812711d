//! Recipes carried out in miniature.

#![allow(clippy::unwrap_used, missing_docs)]

mod classifier;
mod detector;
mod start;
mod support;
