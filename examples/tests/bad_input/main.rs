//! Each bad input has a message that names it and the remedy, no panic, and no output file.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod annotations;
mod outputs;
mod pictures;
mod settings;
mod weights;
