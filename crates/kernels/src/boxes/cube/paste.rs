//! Mask pasting: one unit per pixel.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::cube::{divide, empty, finite, floats, per_element};

/// Where a pixel of a grown box reads the mask along one axis.
#[derive(CubeType)]
struct Source {
    /// Cells of the mask with its border of one zero.
    low: i32,
    high: i32,
    high_weight: f32,
    inside: bool,
}

/// A corner without its fraction. Corners may be far outside what an i32 holds: the host's end where an i64 does.
#[cube]
fn whole(corner: f32) -> f32 {
    let mut whole = max(min(corner, 9.223_372e18f32), -9.223_372e18f32);
    // Larger ones have no fraction.
    if whole > -16_777_216.0f32 && whole < 16_777_216.0f32 {
        whole = f32::cast_from(i32::cast_from(whole));
    }
    whole
}

/// `low`, `high`: the corners of the box on this axis; `cells`: the mask's side with its border.
#[cube]
fn source(pixel: usize, low: f32, high: f32, growth: f32, cells: i32) -> Source {
    let half = (high - low) * 0.5f32 * growth;
    let centre = (high + low) * 0.5f32;
    let first = whole(centre - half);
    let last = whole(centre + half);
    let length = max(last - first + 1.0f32, 1.0f32);
    let pixel = f32::cast_from(pixel as i32);
    let place = pixel - first;
    let scale = divide(f32::cast_from(cells), length);
    let position = max(scale * (place + 0.5f32) - 0.5f32, 0.0f32);
    let cell = min(i32::cast_from(position), cells - 1);
    Source {
        low: cell,
        high: min(cell + 1, cells - 1),
        high_weight: position - f32::cast_from(cell),
        inside: place >= 0.0f32 && pixel <= last,
    }
}

/// A cell of the bordered mask.
#[cube]
fn cell(masks: &[f32], base: usize, side: usize, y: i32, x: i32) -> f32 {
    let mut value = 0.0f32;
    if y > 0 && x > 0 && y <= side as i32 && x <= side as i32 {
        value = masks[base + (y as usize - 1) * side + (x as usize - 1)];
    }
    value
}

#[cube(launch)]
fn paste_kernel(
    masks: &[f32],
    boxes: &[f32],
    output: &mut [f32],
    side: u32,
    height: u32,
    width: u32,
    growth: f32,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let pixel_x = ABSOLUTE_POS % width as usize;
    let rest = ABSOLUTE_POS / width as usize;
    let pixel_y = rest % height as usize;
    let k = rest / height as usize;
    let side = side as usize;
    let mut value = 0.0f32;
    let x1 = boxes[k * 4];
    let y1 = boxes[k * 4 + 1];
    let x2 = boxes[k * 4 + 2];
    let y2 = boxes[k * 4 + 3];
    if finite(x1) && finite(y1) && finite(x2) && finite(y2) {
        let y = source(pixel_y, y1, y2, growth, side as i32 + 2);
        let x = source(pixel_x, x1, x2, growth, side as i32 + 2);
        if y.inside && x.inside {
            let base = k * side * side;
            let top = (1.0f32 - x.high_weight) * cell(masks, base, side, y.low, x.low)
                + x.high_weight * cell(masks, base, side, y.low, x.high);
            let bottom = (1.0f32 - x.high_weight) * cell(masks, base, side, y.high, x.low)
                + x.high_weight * cell(masks, base, side, y.high, x.high);
            value = (1.0f32 - y.high_weight) * top + y.high_weight * bottom;
        }
    }
    output[ABSOLUTE_POS] = value;
}

/// `[K, H, W]`.
pub(super) fn paste_masks(
    masks: CubeTensor,
    boxes: CubeTensor,
    [height, width]: [usize; 2],
) -> CubeTensor {
    let (masks, boxes) = (floats(masks), floats(boxes));
    let [number, side, _] = masks.meta.shape().dims();
    let output = empty(&masks, [number, height, width], DType::F32);
    let (count, dim) = per_element(&masks, number * height * width);
    paste_kernel::launch(
        &output.client,
        count,
        dim,
        masks.into_buffer_arg(),
        boxes.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        side as u32,
        height as u32,
        width as u32,
        (side + 2) as f32 / side as f32,
    );
    output
}
