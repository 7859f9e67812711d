//! What the programs in `src/bin` share: their arguments, stopping them, and the pipeline behind
//! `detect`.
//!
//! A program is its argument list and a call; the work is here, where tests reach it. Nothing in
//! this library prints except through [`pipeline::Observer`], [`training::Watch`],
//! [`quickstart::Show`], [`evaluation`] and the progress of a download ([`published`]).

pub mod arguments;
#[cfg(feature = "dashboard")]
pub mod dashboard;
pub mod evaluation;
pub mod interrupt;
pub mod output;
pub mod pipeline;
pub mod published;
pub mod quickstart;
pub mod training;
