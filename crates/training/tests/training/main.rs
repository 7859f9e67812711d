//! The engine on small networks.
#![allow(clippy::unwrap_used, missing_docs)]

mod failures;
mod kill;
mod optimisers;
mod phases;
mod resume;
mod support;
