//! CubeCL kernels of the box family: one unit per value.
// Kernel code is the subset of Rust that CubeCL translates: no `mem::swap`, no let chains.
#![allow(
    clippy::collapsible_if,
    clippy::manual_swap,
    clippy::manual_div_ceil,
    clippy::manual_midpoint
)]

mod paste;

use burn::{backend::tensor::FloatTensor, tensor::DType};
use burn_cubecl::{CubeBackend, tensor::CubeTensor};
use cubecl::prelude::*;

use super::BoxOps;
use crate::cube::{divide, empty, floats, per_element};

/// Bits of a NaN. A kernel argument, because WGSL refuses a literal one and does not promise 0/0.
const NAN: u32 = 0x7fc0_0000;

/// `a / b` as IEEE 754 has it: by 0, infinite or NaN.
#[cube]
fn ratio(a: f32, b: f32, nan: u32) -> f32 {
    let mut result = divide(a, b);
    if b == 0.0f32 {
        let a_bits = u32::reinterpret(a);
        let magnitude = a_bits & 0x7fff_ffff;
        let mut bits = nan;
        if magnitude > 0 && magnitude <= 0x7f80_0000 {
            let sign = (a_bits ^ u32::reinterpret(b)) & 0x8000_0000;
            bits = (nan & 0x7f80_0000) | sign;
        }
        result = f32::reinterpret(bits);
    }
    result
}

#[cube(launch)]
fn iou_kernel(
    a: &[f32],
    b: &[f32],
    output: &mut [f32],
    columns: u32,
    nan: u32,
    #[comptime] generalized: bool,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let i = ABSOLUTE_POS / columns as usize * 4;
    let j = ABSOLUTE_POS % columns as usize * 4;
    let area_a = (a[i + 2] - a[i]) * (a[i + 3] - a[i + 1]);
    let area_b = (b[j + 2] - b[j]) * (b[j + 3] - b[j + 1]);
    let width = max(min(a[i + 2], b[j + 2]) - max(a[i], b[j]), 0.0f32);
    let height = max(min(a[i + 3], b[j + 3]) - max(a[i + 1], b[j + 1]), 0.0f32);
    let inter = width * height;
    let union = (area_a + area_b) - inter;
    let mut value = ratio(inter, union, nan);
    if generalized {
        let hull_width = max(max(a[i + 2], b[j + 2]) - min(a[i], b[j]), 0.0f32);
        let hull_height = max(max(a[i + 3], b[j + 3]) - min(a[i + 1], b[j + 1]), 0.0f32);
        let hull = hull_width * hull_height;
        value -= ratio(hull - union, hull, nan);
    }
    output[ABSOLUTE_POS] = value;
}

fn pairwise(a: CubeTensor, b: CubeTensor, generalized: bool) -> CubeTensor {
    let (a, b) = (floats(a), floats(b));
    let (rows, columns) = (a.meta.shape()[0], b.meta.shape()[0]);
    let output = empty(&a, [rows, columns], DType::F32);
    let (count, dim) = per_element(&a, rows * columns);
    iou_kernel::launch(
        &output.client,
        count,
        dim,
        a.into_buffer_arg(),
        b.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        columns as u32,
        NAN,
        generalized,
    );
    output
}

impl BoxOps for CubeBackend {
    fn box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        pairwise(a, b, false)
    }

    fn generalized_box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        pairwise(a, b, true)
    }

    fn paste_masks(
        masks: FloatTensor<Self>,
        boxes: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        paste::paste_masks(masks, boxes, size)
    }
}
