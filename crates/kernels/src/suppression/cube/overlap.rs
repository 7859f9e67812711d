//! IoU of two boxes with a fixed order of operations.

use cubecl::prelude::*;

use crate::cube::{divide, finite};

/// Numbers per box in the ranked geometry: x1, y1, x2, y2, area.
pub(super) const BOX: usize = 5;

/// Area of the box at `at`.
#[cube]
pub(super) fn area(boxes: &[f32], at: usize) -> f32 {
    (boxes[at + 2] - boxes[at]) * (boxes[at + 3] - boxes[at + 1])
}

/// Area that the boxes at `a` and `b` share.
#[cube]
pub(super) fn shared_area(boxes: &[f32], a: usize, b: usize) -> f32 {
    let width = min(boxes[a + 2], boxes[b + 2]) - max(boxes[a], boxes[b]);
    let height = min(boxes[a + 3], boxes[b + 3]) - max(boxes[a + 1], boxes[b + 1]);
    max(width, 0.0f32) * max(height, 0.0f32)
}

/// A quotient that may not exist.
#[derive(CubeType)]
pub(super) struct Overlap {
    pub iou: f32,
    /// False for 0/0 and for boxes that are not finite.
    pub exists: bool,
}

/// IoU from the areas of two boxes and of what they share.
#[cube]
pub(super) fn overlap(area_a: f32, area_b: f32, shared: f32) -> Overlap {
    let union = (area_a + area_b) - shared;
    let exists = finite(union) && union != 0.0f32;
    let mut iou = 0.0f32;
    if exists && shared != 0.0f32 {
        iou = divide(shared, union);
    }
    Overlap { iou, exists }
}

/// Does ranked box `a` suppress ranked box `b`?
#[cube]
pub(super) fn suppresses(
    geometry: &[f32],
    groups: &[i32],
    a: usize,
    b: usize,
    threshold: f32,
) -> bool {
    let mut result = false;
    if groups[a] == groups[b] {
        let shared = shared_area(geometry, a * BOX, b * BOX);
        let found = overlap(geometry[a * BOX + 4], geometry[b * BOX + 4], shared);
        result = found.exists && found.iou > threshold;
    }
    result
}
