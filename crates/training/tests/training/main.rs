//! The engine on small networks.
#![allow(clippy::unwrap_used, missing_docs)]

mod by_hand;
mod failures;
mod kill;
mod loader;
mod optimisers;
mod parallel;
mod phases;
mod precision;
mod resume;
mod support;
mod threads;
