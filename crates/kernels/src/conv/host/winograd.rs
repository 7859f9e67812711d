//! 3×3 convolution of stride 1 by Winograd's minimal filtering F(4×4, 3×3).
//!
//! Lavin and Gray, "Fast algorithms for convolutional neural networks" (CVPR 2016), §4.3: a 4×4
//! tile of outputs is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A of the 3×3 kernel g and the 6×6 input tile d, with
//! interpolation points 0, ±1, ±2, ∞. Summed over channels, the 36 element-wise products become 36
//! matrix products, tiles × channels × outputs.
//!
//! Per block of `TILES` tiles a thread transforms the inputs (V), multiplies (M), and transforms
//! back, adding bias and residual on the way out; V and M stay in its share of the cache.

use rayon::prelude::*;

use super::{
    ConvShape, SharedMut,
    direct::with_buffer,
    gemm::{Epilogue, PackedMatrix, gemm},
    isa::{Isa, IsaKind, with_isa},
    lanes::{LANES, Lanes},
};
use crate::conv::Activation;

/// Output cells along a tile's side.
const OUT: usize = 4;
/// Input cells along a tile's side, OUT + 3 − 1.
const SIDE: usize = 6;
/// Products a tile.
const POINTS: usize = SIDE * SIDE;
/// Tiles a thread handles at a time: four register tiles of 12 rows.
const TILES: usize = 48;
/// See `direct::SLACK`.
const SLACK: usize = 16;

/// G g Gᵀ of every kernel: one `[C, D]` matrix a point.
#[derive(Debug)]
pub struct WinogradWeights {
    points: Vec<PackedMatrix>,
}

impl WinogradWeights {
    /// Transforms `weight` `[D, C, 3, 3]`.
    ///
    /// # Panics
    /// If the length is not D·C·9.
    pub fn pack(weight: &[f32], d: usize, c: usize) -> Self {
        assert_eq!(weight.len(), d * c * 9, "winograd: weight length");
        let mut points: Vec<_> = (0..POINTS).map(|_| PackedMatrix::zeros(c, d)).collect();
        let panels: Vec<_> = points.iter_mut().map(PackedMatrix::writer).collect();
        // Sixteen kernels of one input channel at a time: a panel is a multiple of 16 wide.
        (0..c).into_par_iter().for_each(|channel| {
            for first in (0..d).step_by(LANES) {
                let mut taps = [Lanes::ZERO; 9];
                for (lane, kernel) in (first..d.min(first + LANES)).enumerate() {
                    let kernel = &weight[(kernel * c + channel) * 9..][..9];
                    for (taps, value) in taps.iter_mut().zip(kernel) {
                        taps.0[lane] = *value;
                    }
                }
                let columns: [_; 3] =
                    std::array::from_fn(|x| filter([taps[x], taps[3 + x], taps[6 + x]]));
                for row in 0..SIDE {
                    let values = filter(columns.map(|column| column[row]));
                    for (column, value) in values.into_iter().enumerate() {
                        // SAFETY: each input channel writes its own row of every point.
                        unsafe { panels[row * SIDE + column].store(channel, first, value) };
                    }
                }
            }
        });
        Self { points }
    }
}

/// G of three taps.
#[inline(always)]
fn filter([a, b, c]: [Lanes; 3]) -> [Lanes; SIDE] {
    let near = (a + c) * (-1.0 / 6.0);
    let far = a * (1.0 / 24.0) + c * (1.0 / 6.0);
    let (odd_near, odd_far) = (b * (1.0 / 6.0), b * (1.0 / 12.0));
    [
        a * 0.25,
        near - odd_near,
        near + odd_near,
        far + odd_far,
        far - odd_far,
        c,
    ]
}

/// Bᵀ of six cells.
#[inline(always)]
fn forward([d0, d1, d2, d3, d4, d5]: [Lanes; SIDE]) -> [Lanes; SIDE] {
    let (even, odd) = (d4 - d2 * 4.0, d3 - d1 * 4.0);
    let (near, far) = (d4 - d2, (d3 - d1) * 2.0);
    [
        d0 * 4.0 - d2 * 5.0 + d4,
        even + odd,
        even - odd,
        near + far,
        near - far,
        d1 * 4.0 - d3 * 5.0 + d5,
    ]
}

/// Aᵀ of six products.
#[inline(always)]
fn inverse([m0, m1, m2, m3, m4, m5]: [Lanes; SIDE]) -> [Lanes; OUT] {
    let (near_sum, near_difference) = (m1 + m2, m1 - m2);
    let (far_sum, far_difference) = (m3 + m4, m3 - m4);
    [
        m0 + near_sum + far_sum,
        near_difference + far_difference * 2.0,
        near_sum + far_sum * 4.0,
        near_difference + far_difference * 8.0 + m5,
    ]
}

/// A tile of outputs: its image and first output cell.
#[derive(Clone, Copy)]
struct Tile {
    image: usize,
    y: usize,
    x: usize,
}

impl Tile {
    fn at(index: usize, shape: &ConvShape) -> Self {
        let (rows, columns) = (shape.out[0].div_ceil(OUT), shape.out[1].div_ceil(OUT));
        Self {
            image: index / (rows * columns),
            y: index / columns % rows * OUT,
            x: index % columns * OUT,
        }
    }
}

/// See [`super::conv`].
pub fn conv(
    x: &[f32],
    weights: &WinogradWeights,
    bias: &[f32],
    residual: Option<&[f32]>,
    out: &mut [f32],
    shape: &ConvShape,
) {
    let tiles = shape.n * shape.out[0].div_ceil(OUT) * shape.out[1].div_ceil(OUT);
    let shared = SharedMut(out.as_mut_ptr());
    let (pitch, depth) = (shape.c + SLACK, shape.d);
    let isa = IsaKind::detect();
    (0..tiles.div_ceil(TILES))
        .into_par_iter()
        .for_each(|block| {
            let first = block * TILES;
            let count = TILES.min(tiles - first);
            with_buffer(POINTS * TILES * (pitch + depth), |buffer| {
                let (v, m) = buffer.split_at_mut(POINTS * TILES * pitch);
                transform_inputs(isa, x, v, first, count, shape);
                for (point, weights) in weights.points.iter().enumerate() {
                    // SAFETY: V holds `count` rows of C floats at distance `pitch` a point, M as many
                    // of D floats.
                    unsafe {
                        gemm(
                            count,
                            v.as_ptr().add(point * TILES * pitch),
                            pitch,
                            weights,
                            m.as_mut_ptr().add(point * TILES * depth),
                            depth,
                            Epilogue::NONE,
                        );
                    }
                }
                transform_outputs(isa, m, shared, bias, residual, first, count, shape);
            });
        });
}

with_isa!(transform_inputs => inputs(
    x: &[f32], v: &mut [f32], first: usize, count: usize, shape: &ConvShape,
));

/// V of `count` tiles from `first` on: `v[point][tile][channel]`.
#[inline(always)]
#[allow(clippy::extra_unused_type_parameters)] // the instruction set is the caller's
fn inputs<I: Isa>(x: &[f32], v: &mut [f32], first: usize, count: usize, shape: &ConvShape) {
    let (c, pitch) = (shape.c, shape.c + SLACK);
    let [pad_y, pad_x] = shape.options.padding.map(|padding| padding as isize);
    for index in 0..count {
        let tile = Tile::at(first + index, shape);
        // Offsets of the 6×6 input cells; None in the padding.
        let mut cells = [None; POINTS];
        for (point, cell) in cells.iter_mut().enumerate() {
            let y = (tile.y + point / SIDE) as isize - pad_y;
            let x = (tile.x + point % SIDE) as isize - pad_x;
            if (0..shape.h as isize).contains(&y) && (0..shape.w as isize).contains(&x) {
                *cell = Some(((tile.image * shape.h + y as usize) * shape.w + x as usize) * c);
            }
        }
        for channel in (0..c).step_by(LANES) {
            let lanes = LANES.min(c - channel);
            let mut half = [[Lanes::ZERO; SIDE]; SIDE];
            for (column, half) in half.iter_mut().enumerate() {
                let mut d = [Lanes::ZERO; SIDE];
                for (row, d) in d.iter_mut().enumerate() {
                    if let Some(cell) = cells[row * SIDE + column] {
                        *d = Lanes::load(&x[cell + channel..cell + channel + lanes]);
                    }
                }
                *half = forward(d);
            }
            for row in 0..SIDE {
                let mut d = [Lanes::ZERO; SIDE];
                for (d, column) in d.iter_mut().zip(&half) {
                    *d = column[row];
                }
                for (column, values) in forward(d).into_iter().enumerate() {
                    // The pitch has a vector of slack, so whole vectors may be written.
                    let at = ((row * SIDE + column) * TILES + index) * pitch + channel;
                    values.store(&mut v[at..at + LANES]);
                }
            }
        }
    }
}

with_isa!(transform_outputs => outputs(
    m: &[f32], out: SharedMut, bias: &[f32], residual: Option<&[f32]>,
    first: usize, count: usize, shape: &ConvShape,
));

/// Outputs of `count` tiles from `first` on, from `m[point][tile][output channel]`.
#[inline(always)]
#[allow(clippy::extra_unused_type_parameters)] // as above
#[allow(clippy::too_many_arguments)]
fn outputs<I: Isa>(
    m: &[f32],
    out: SharedMut,
    bias: &[f32],
    residual: Option<&[f32]>,
    first: usize,
    count: usize,
    shape: &ConvShape,
) {
    let (d, [oh, ow]) = (shape.d, shape.out);
    for index in 0..count {
        let tile = Tile::at(first + index, shape);
        for channel in (0..d).step_by(LANES) {
            let lanes = LANES.min(d - channel);
            let bias = Lanes::load(&bias[channel..channel + lanes]);
            let mut half = [[Lanes::ZERO; OUT]; SIDE];
            for (column, half) in half.iter_mut().enumerate() {
                let mut products = [Lanes::ZERO; SIDE];
                for (row, products) in products.iter_mut().enumerate() {
                    let at = ((row * SIDE + column) * TILES + index) * d + channel;
                    *products = Lanes::load(&m[at..at + lanes]);
                }
                *half = inverse(products);
            }
            for row in 0..OUT.min(oh - tile.y) {
                let mut products = [Lanes::ZERO; SIDE];
                for (products, column) in products.iter_mut().zip(&half) {
                    *products = column[row];
                }
                let values = inverse(products);
                for (column, value) in values.into_iter().enumerate().take(ow - tile.x) {
                    let cell = (tile.image * oh + tile.y + row) * ow + tile.x + column;
                    let at = cell * d + channel;
                    let mut value = value + bias;
                    if let Some(residual) = residual {
                        value = value + Lanes::load(&residual[at..at + lanes]);
                    }
                    if shape.options.activation == Activation::Relu {
                        value = value.relu();
                    }
                    // SAFETY: every output cell belongs to one tile, and every tile to one block.
                    value
                        .store(unsafe { std::slice::from_raw_parts_mut(out.get().add(at), lanes) });
                }
            }
        }
    }
}
