//! Gradient of a convolution with respect to its weight.
//!
//! A product: gradients `[D, cells]` times patches `[cells, KH·KW·C]`, summed over the output's cells. The gradients are
//! transposed once; the patches are cut into panels of the columns that one tile holds, and each panel is gathered, some
//! hundred cells at a time, straight into the form the product reads. The sums are split the same way whatever the number of
//! threads, so the result is the same bit for bit.

use rayon::prelude::*;

use super::{
    ConvShape, SharedMut,
    direct::SLACK,
    gemm::{Epilogue, PackedMatrix, gemm},
    isa::IsaKind,
    layout::transpose_into,
    uninit,
};

/// Cells a panel is gathered for at a time: with the widest panel 48 KiB, which stay in the second-level cache.
const CELLS: usize = 384;

/// Tasks below which the cells are split too, so that a small weight keeps more than a few threads busy.
const TASKS: usize = 32;

/// Consecutive columns of a panel that belong to one tap.
struct Piece {
    tap: [usize; 2],
    /// First channel.
    channel: usize,
    /// Where in the panel, and how many.
    column: usize,
    len: usize,
}

/// The gradient `[D, C, KH, KW]` of the weight from `x` `[N, H, W, C]` and the output's gradient `[N, OH, OW, D]`.
///
/// # Panics
/// If a slice has not the length its shape says.
pub fn weight_gradient(x: &[f32], grad: &[f32], out: &mut [f32], shape: &ConvShape) {
    let ConvShape { n, h, w, c, d, .. } = *shape;
    let taps = shape.kernel[0] * shape.kernel[1];
    assert!(x.len() >= n * h * w * c, "conv: input too short");
    assert_eq!(grad.len(), shape.output_len(), "conv: gradient length");
    assert_eq!(
        out.len(),
        d * c * taps,
        "conv: length of the weight's gradient"
    );
    let columns = taps * c;
    let cells = n * shape.out[0] * shape.out[1];
    let pitch = cells + SLACK;
    let mut transposed = uninit(d * pitch);
    transpose_into(grad, &mut transposed, [1, cells, d], pitch);
    let width = IsaKind::detect().panel();
    let panels = columns.div_ceil(width);
    let parts = TASKS
        .div_ceil(panels.max(1))
        .min(cells.div_ceil(CELLS))
        .max(1);
    let mut sums = vec![0.0; parts * d * columns];
    let shared = SharedMut(sums.as_mut_ptr());
    let part = cells.div_ceil(CELLS).div_ceil(parts) * CELLS;
    (0..parts * panels).into_par_iter().for_each(|task| {
        let (index, first) = (task / panels, task % panels * width);
        let count = width.min(columns - first);
        let pieces = pieces(first, count, shape);
        let mut panel = PackedMatrix::zeros(CELLS, count);
        // SAFETY: each task adds to its own columns of its own part.
        let sums = unsafe { shared.get().add(index * d * columns + first) };
        let end = cells.min((index + 1) * part);
        for start in (index * part..end).step_by(CELLS) {
            let count = CELLS.min(end - start);
            let rows = panel.panel(count);
            for piece in &pieces {
                gather(x, start, piece, rows, width, shape);
            }
            // SAFETY: `transposed` has D rows at distance `pitch`, each of `cells` floats; `sums` is described above.
            unsafe {
                gemm(
                    d,
                    transposed.as_ptr().add(start),
                    pitch,
                    &panel,
                    sums,
                    columns,
                    Epilogue::ACCUMULATE,
                );
            }
        }
    });
    // Parts added in order; columns (tap, channel) become (channel, tap).
    out.par_chunks_exact_mut(columns.max(1))
        .enumerate()
        .for_each(|(row, out)| {
            for (at, value) in out.iter_mut().enumerate() {
                let column = at % taps * c + at / taps;
                let parts = sums[row * columns + column..].iter().step_by(d * columns);
                *value = parts.sum();
            }
        });
}

/// The pieces of `count` columns from `first` on.
fn pieces(first: usize, count: usize, shape: &ConvShape) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut column = 0;
    while column < count {
        let (tap, channel) = ((first + column) / shape.c, (first + column) % shape.c);
        let len = (shape.c - channel).min(count - column);
        pieces.push(Piece {
            tap: [tap / shape.kernel[1], tap % shape.kernel[1]],
            channel,
            column,
            len,
        });
        column += len;
    }
    pieces
}

/// Copies the piece of every patch from cell `start` on into `panel`, rows of `width` floats; zeros outside the input.
fn gather(
    x: &[f32],
    start: usize,
    piece: &Piece,
    panel: &mut [f32],
    width: usize,
    shape: &ConvShape,
) {
    let ([oh, ow], options) = (shape.out, &shape.options);
    // First float of the input's line under the tap; none in the padding.
    let source = |line: usize| {
        let y = (line % oh * options.stride[0] + piece.tap[0] * options.dilation[0])
            .checked_sub(options.padding[0])?;
        (y < shape.h).then(|| (line / oh * shape.h + y) * shape.w * shape.c)
    };
    let (mut line, mut column) = (start / ow, start % ow);
    let mut from = source(line);
    for panel in panel.chunks_exact_mut(width) {
        // Left of the input wraps to beyond it.
        let at = (column * options.stride[1] + piece.tap[1] * options.dilation[1])
            .wrapping_sub(options.padding[1]);
        let panel = &mut panel[piece.column..piece.column + piece.len];
        match from {
            Some(from) if at < shape.w => {
                let from = from + at * shape.c + piece.channel;
                panel.copy_from_slice(&x[from..from + piece.len]);
            }
            _ => panel.fill(0.0),
        }
        column += 1;
        if column == ow {
            (line, column) = (line + 1, 0);
            from = source(line);
        }
    }
}
