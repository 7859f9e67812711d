//! Convolution as gathered patches times packed weights.
//!
//! A patch is the kernel's window over the padded input, laid out (kh, kw, c); `ROWS` patches are
//! gathered at a time into a buffer of the thread and multiplied while it is in cache. A 1×1 kernel
//! of stride 1 without padding needs no gathering: its patches are the input's rows.

use std::cell::RefCell;

use rayon::prelude::*;

use super::{
    ConvShape, SharedMut,
    gemm::{Epilogue, PackedMatrix, gemm},
};

/// Patches a thread handles at a time: eight register tiles of 12 rows.
const ROWS: usize = 96;

/// Floats of slack at the end of a gathered patch. Rows at a distance that is a multiple of the
/// cache's 4 KiB period would all compete for one set of eight lines.
pub(super) const SLACK: usize = 16;

thread_local! {
    static PATCHES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` with a buffer of the thread that has at least `len` floats of arbitrary content.
pub(super) fn with_buffer<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    PATCHES.with_borrow_mut(|buffer| {
        if buffer.len() < len {
            *buffer = vec![0.0; len];
        }
        work(&mut buffer[..len])
    })
}

/// Packs `[D, C, KH, KW]` as a `[KH·KW·C, D]` matrix.
///
/// # Panics
/// If the length is not the shape's.
pub fn pack(weight: &[f32], shape: &ConvShape) -> PackedMatrix {
    let [kh, kw] = shape.kernel;
    let taps = kh * kw;
    assert_eq!(
        weight.len(),
        shape.d * shape.c * taps,
        "conv: weight length"
    );
    PackedMatrix::pack(taps * shape.c, shape.d, |row, d| {
        let (tap, c) = (row / shape.c, row % shape.c);
        weight[(d * shape.c + c) * taps + tap]
    })
}

/// See [`super::conv`].
pub fn conv(
    x: &[f32],
    weights: &PackedMatrix,
    bias: &[f32],
    residual: Option<&[f32]>,
    out: &mut [f32],
    shape: &ConvShape,
) {
    let cells = shape.n * shape.out[0] * shape.out[1];
    let (k, d) = (weights.k(), weights.n());
    let shared = SharedMut(out.as_mut_ptr());
    let in_place = shape.kernel == [1, 1]
        && shape.options.stride == [1, 1]
        && shape.options.padding == [0, 0]
        && k % 1024 != 0;
    (0..cells.div_ceil(ROWS)).into_par_iter().for_each(|block| {
        let start = block * ROWS;
        let rows = ROWS.min(cells - start);
        let epilogue = Epilogue {
            bias: Some(bias),
            residual: residual.map(|residual| residual[start * d..].as_ptr()),
            activation: shape.options.activation,
            accumulate: false,
        };
        // SAFETY: each block writes its own `rows` rows of the output.
        let c = unsafe { shared.get().add(start * d) };
        if in_place {
            let a = x[start * k..(start + rows) * k].as_ptr();
            // SAFETY: the slice has `rows` rows of k floats.
            unsafe { gemm(rows, a, k, weights, c, d, epilogue) };
        } else {
            let pitch = k + SLACK;
            with_buffer(ROWS * pitch, |patches| {
                for (row, patch) in patches.chunks_exact_mut(pitch).take(rows).enumerate() {
                    gather(x, start + row, &mut patch[..k], shape);
                }
                // SAFETY: the buffer has `rows` rows of k floats at distance `pitch`.
                unsafe { gemm(rows, patches.as_ptr(), pitch, weights, c, d, epilogue) };
            });
        }
    });
}

/// Copies the patch of output cell `cell` (counted over images) to `patch`.
fn gather(x: &[f32], cell: usize, patch: &mut [f32], shape: &ConvShape) {
    let ([oh, ow], c) = (shape.out, shape.c);
    let (image, inside) = (cell / (oh * ow), cell % (oh * ow));
    let options = &shape.options;
    // Position of the window's first tap; negative inside the padding.
    let top = (inside / ow * options.stride[0]) as isize - options.padding[0] as isize;
    let left = (inside % ow * options.stride[1]) as isize - options.padding[1] as isize;
    let picture = &x[image * shape.h * shape.w * c..(image + 1) * shape.h * shape.w * c];
    let row_len = shape.kernel[1] * c;
    for (tap, row) in patch.chunks_exact_mut(row_len).enumerate() {
        let y = top + (tap * options.dilation[0]) as isize;
        if y < 0 || y >= shape.h as isize {
            row.fill(0.0);
            continue;
        }
        let line = &picture[y as usize * shape.w * c..(y as usize + 1) * shape.w * c];
        let inside = left >= 0 && left as usize + shape.kernel[1] <= shape.w;
        if options.dilation[1] == 1 && inside {
            row.copy_from_slice(&line[left as usize * c..left as usize * c + row_len]);
            continue;
        }
        for (tap, cell) in row.chunks_exact_mut(c).enumerate() {
            let x = left + (tap * options.dilation[1]) as isize;
            if x < 0 || x >= shape.w as isize {
                cell.fill(0.0);
            } else {
                cell.copy_from_slice(&line[x as usize * c..(x as usize + 1) * c]);
            }
        }
    }
}
