//! The engine on small networks.
#![allow(clippy::unwrap_used, missing_docs)]

mod optimisers;
mod resume;
mod support;
