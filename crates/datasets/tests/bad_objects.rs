//! What readers of boxes and masks say about bad files, and what they leave out when asked to.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "bad/check.rs"]
mod check;
#[path = "bad/coco.rs"]
mod coco;
#[path = "bad/folders.rs"]
mod folders;
