//! The synthetic wardrobe.
#![allow(clippy::unwrap_used, missing_docs)]

mod layouts;
mod wardrobe;
