//! Suppression on slices in pure Rust: what the CPU backends run.
//!
//! Boxes are `[x1, y1, x2, y2]` one after the other, `4·N` numbers. Every function gives exactly what
//! the definition over all pairs gives; the speed comes from comparing only pairs that can overlap
//! enough (`grid.rs`), from lanes of 16 boxes (`columns.rs`) and from treating groups in parallel.

mod columns;
mod greedy;
mod grid;
mod groups;
mod rank;
mod soft;

pub use greedy::{iou_guided_nms, nms};
pub use rank::top_k;
pub use soft::soft_nms;

/// Box `index` of a slice of boxes.
fn box_at(boxes: &[f32], index: usize) -> [f32; 4] {
    let at = 4 * index;
    [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]]
}
