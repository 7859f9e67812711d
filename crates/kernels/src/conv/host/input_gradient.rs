//! Gradient of a convolution with respect to its input.
//!
//! At stride 1 it is itself a convolution, of the output's gradient with the kernel turned by half a turn and its channels
//! exchanged, and runs as one. At larger strides the input's cells fall into stride² phases: the cells of a phase are
//! reached by the same taps of the kernel, so each phase is a product of gathered gradients and the weights of its taps.

use rayon::prelude::*;

use super::{
    ConvShape, PackedWeights,
    direct::{SLACK, with_buffer},
    gemm::{Epilogue, PackedMatrix, gemm},
};
use crate::conv::{Activation, ConvOptions};

/// A weight in the form this gradient reads.
#[derive(Debug)]
pub enum TransposedWeights {
    /// Of a convolution of stride 1: the kernel of the reverse convolution and its geometry's padding.
    Turned(PackedWeights),
    /// Of any other: the phases in order, vertical first.
    Phases(Vec<Phase>),
}

/// The taps that reach the input's cells (y, x) with the same remainders of y and x by the stride.
#[derive(Debug)]
pub struct Phase {
    /// Kernel cells (i, j).
    taps: Vec<[usize; 2]>,
    /// `[taps·D, C]`.
    weights: PackedMatrix,
}

impl TransposedWeights {
    /// Packs `weight` `[D, C, KH, KW]`, row-major, for gradients of convolutions like `shape`.
    ///
    /// # Panics
    /// If the length is not the shape's.
    pub fn pack(weight: &[f32], shape: &ConvShape) -> Self {
        let ConvShape { c, d, kernel, .. } = *shape;
        let [kh, kw] = kernel;
        assert_eq!(weight.len(), d * c * kh * kw, "conv: weight length");
        if let Some(reverse) = reverse(shape) {
            let taps = kh * kw;
            let mut turned = vec![0.0; weight.len()];
            turned
                .par_chunks_exact_mut((d * taps).max(1))
                .enumerate()
                .for_each(|(channel, turned)| {
                    for (output, kernel) in turned.chunks_exact_mut(taps).enumerate() {
                        let from = &weight[(output * c + channel) * taps..][..taps];
                        for (to, from) in kernel.iter_mut().zip(from.iter().rev()) {
                            *to = *from;
                        }
                    }
                });
            return Self::Turned(PackedWeights::pack(&turned, &reverse));
        }
        let [rows, columns] = shape.options.stride;
        let phase = |index: usize| {
            let taps = taps(shape, [index / columns, index % columns]);
            let weights = PackedMatrix::pack(taps.len() * d, c, |row, channel| {
                let [i, j] = taps[row / d];
                weight[((row % d * c + channel) * kh + i) * kw + j]
            });
            Phase { taps, weights }
        };
        Self::Phases((0..rows * columns).map(phase).collect())
    }
}

/// The convolution that is the gradient of a convolution of stride 1.
fn reverse(shape: &ConvShape) -> Option<ConvShape> {
    let ConvOptions {
        stride,
        padding,
        dilation,
        ..
    } = shape.options;
    let mut turned = [0; 2];
    for axis in 0..2 {
        turned[axis] = (dilation[axis] * (shape.kernel[axis] - 1)).checked_sub(padding[axis])?;
    }
    let [kh, kw] = shape.kernel;
    (stride == [1, 1]).then(|| {
        let options = ConvOptions {
            stride,
            padding: turned,
            dilation,
            activation: Activation::None,
        };
        let [oh, ow] = shape.out;
        let ConvShape { n, c, d, .. } = *shape;
        ConvShape::new([n, d, oh, ow], [c, d, kh, kw], options)
    })
}

/// Kernel cells whose offset has the remainders of `phase`.
fn taps(shape: &ConvShape, phase: [usize; 2]) -> Vec<[usize; 2]> {
    let ConvOptions {
        stride,
        padding,
        dilation,
        ..
    } = shape.options;
    let reaches = |axis: usize, tap: usize| {
        (phase[axis] + padding[axis]) % stride[axis] == tap * dilation[axis] % stride[axis]
    };
    let [kh, kw] = shape.kernel;
    let mut taps = Vec::new();
    for i in (0..kh).filter(|&i| reaches(0, i)) {
        taps.extend((0..kw).filter(|&j| reaches(1, j)).map(|j| [i, j]));
    }
    taps
}

/// The gradient `[N, H, W, C]` of the input from the output's, `[N, OH, OW, D]`.
///
/// # Panics
/// If a slice has not the length its shape says, or the weights were packed for another geometry.
pub fn input_gradient(
    grad: &[f32],
    weights: &TransposedWeights,
    out: &mut [f32],
    shape: &ConvShape,
) {
    let ConvShape { n, h, w, c, .. } = *shape;
    assert_eq!(grad.len(), shape.output_len(), "conv: gradient length");
    assert_eq!(
        out.len(),
        n * h * w * c,
        "conv: length of the input's gradient"
    );
    match weights {
        TransposedWeights::Turned(weights) => {
            let reverse = reverse(shape).expect("weights packed for this geometry");
            super::conv(grad, weights, &vec![0.0; c], None, out, &reverse);
        }
        TransposedWeights::Phases(phases) => strided(grad, phases, out, shape),
    }
}

fn strided(grad: &[f32], phases: &[Phase], out: &mut [f32], shape: &ConvShape) {
    let [vertical, horizontal] = shape.options.stride;
    let ConvShape { h, w, c, d, .. } = *shape;
    let lines = out.par_chunks_exact_mut((w * c).max(1)).enumerate();
    lines.for_each(|(line, out)| {
        let (image, y) = (line / h, line % h);
        for first in 0..horizontal.min(w) {
            let phase = &phases[y % vertical * horizontal + first];
            let cells = (w - first).div_ceil(horizontal);
            let pitch = phase.taps.len() * d + SLACK;
            with_buffer(cells * (pitch + c), |buffer| {
                let (patches, products) = buffer.split_at_mut(cells * pitch);
                for (cell, patch) in patches.chunks_exact_mut(pitch).enumerate() {
                    gather(
                        grad,
                        [image, y, first + cell * horizontal],
                        &phase.taps,
                        patch,
                        shape,
                    );
                }
                // SAFETY: the buffer has `cells` rows of taps·D floats at distance `pitch`, then as many of C.
                unsafe {
                    gemm(
                        cells,
                        patches.as_ptr(),
                        pitch,
                        &phase.weights,
                        products.as_mut_ptr(),
                        c,
                        Epilogue::NONE,
                    );
                }
                for (cell, product) in products.chunks_exact(c).enumerate() {
                    let x = first + cell * horizontal;
                    out[x * c..(x + 1) * c].copy_from_slice(product);
                }
            });
        }
    });
}

/// The output's gradients that reach the input's cell (image, y, x) through `taps`; zeros outside.
fn gather(
    grad: &[f32],
    [image, y, x]: [usize; 3],
    taps: &[[usize; 2]],
    patch: &mut [f32],
    shape: &ConvShape,
) {
    let ConvOptions {
        stride,
        padding,
        dilation,
        ..
    } = shape.options;
    let ([oh, ow], d) = (shape.out, shape.d);
    for ([i, j], patch) in taps.iter().zip(patch.chunks_exact_mut(d)) {
        // Exact by the phase, where the difference is not negative.
        let row = (y + padding[0])
            .checked_sub(i * dilation[0])
            .map(|row| row / stride[0]);
        let column = (x + padding[1])
            .checked_sub(j * dilation[1])
            .map(|column| column / stride[1]);
        match (row, column) {
            (Some(row), Some(column)) if row < oh && column < ow => {
                let at = ((image * oh + row) * ow + column) * d;
                patch.copy_from_slice(&grad[at..at + d]);
            }
            _ => patch.fill(0.0),
        }
    }
}
