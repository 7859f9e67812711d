//! Recipes carried out in miniature.

#![allow(clippy::unwrap_used, missing_docs)]

mod bad_pictures;
mod classifier;
mod data;
mod detector;
mod experiments;
mod start;
mod support;
