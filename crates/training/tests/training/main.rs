//! The engine on small networks.
#![allow(clippy::unwrap_used, missing_docs)]

mod failures;
mod kill;
mod loader;
mod optimisers;
mod phases;
mod precision;
mod resume;
mod support;
