//! Transforms as their users see them.
#![allow(clippy::unwrap_used)]

mod fixtures;
mod geometry;
mod input;
mod rules;
