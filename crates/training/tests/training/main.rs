//! The engine on small networks.
#![allow(clippy::unwrap_used, missing_docs)]

mod resume;
mod support;
