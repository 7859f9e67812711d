//! Box overlaps and mask pasting on slices in pure Rust: what the CPU backends run.
//!
//! Boxes are `[x1, y1, x2, y2]` one after the other, `4·N` numbers.

mod overlap;
mod paste;

pub use overlap::{box_iou, generalized_box_iou};
pub use paste::{PastedMask, paste_mask, paste_masks};
