//! The loader as its users see it.
#![allow(clippy::unwrap_used, missing_docs)]

mod ending;
mod faults;
mod memory;
mod order;
mod resuming;
mod samples;
mod transforms;
