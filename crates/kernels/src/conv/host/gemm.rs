//! Rows times packed weights.

use super::{
    SharedMut,
    isa::{Isa, IsaKind, MAX_TILE, with_isa},
    lanes::{LANES, Lanes},
};
use crate::conv::Activation;
use rayon::prelude::*;

/// Length of a summation block: 12 rows of A (18 KiB) stay in the first-level cache while a panel
/// (48 KiB) streams from the second.
const K_BLOCK: usize = 384;

/// A `[K, N]` matrix cut into panels of the instruction set's width, each panel `[K, NR]`
/// contiguous, the last one padded with zeros.
#[derive(Debug)]
pub struct PackedMatrix {
    isa: IsaKind,
    k: usize,
    n: usize,
    panels: Vec<f32>,
}

impl PackedMatrix {
    /// The matrix of zeros.
    pub fn zeros(k: usize, n: usize) -> Self {
        let isa = IsaKind::detect();
        let width = isa.panel();
        let panels = vec![0.0; n.div_ceil(width) * width * k];
        Self { isa, k, n, panels }
    }

    /// Packs the matrix whose element (k, n) is `at(k, n)`.
    pub fn pack(k: usize, n: usize, at: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let mut matrix = Self::zeros(k, n);
        let width = matrix.isa.panel();
        let panels = matrix.panels.par_chunks_exact_mut((width * k).max(1));
        panels.enumerate().for_each(|(index, panel)| {
            let first = index * width;
            let columns = width.min(n - first);
            for (step, row) in panel.chunks_exact_mut(width).enumerate() {
                for (column, value) in row.iter_mut().enumerate().take(columns) {
                    *value = at(step, first + column);
                }
            }
        });
        matrix
    }

    /// The only panel of a matrix of at most one panel's columns, as a matrix of `k` rows: `[k, width]`, to be filled anew.
    ///
    /// # Panics
    /// If the matrix has several panels or was made with fewer rows.
    pub(super) fn panel(&mut self, k: usize) -> &mut [f32] {
        let width = self.isa.panel();
        assert!(self.n <= width, "gemm: one panel");
        self.k = k;
        &mut self.panels[..width * k]
    }

    /// A handle through which several threads fill the matrix, each its own rows.
    pub(super) fn writer(&mut self) -> PanelWriter {
        PanelWriter {
            width: self.isa.panel(),
            k: self.k,
            panels: SharedMut(self.panels.as_mut_ptr()),
        }
    }

    /// Length of the summation.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Columns.
    pub fn n(&self) -> usize {
        self.n
    }
}

/// See [`PackedMatrix::writer`].
#[derive(Clone, Copy)]
pub(super) struct PanelWriter {
    width: usize,
    k: usize,
    panels: SharedMut,
}

impl PanelWriter {
    /// Writes sixteen columns of row `k` from column `n`, a multiple of 16, on.
    ///
    /// # Safety
    /// The matrix must outlive the writer's use, `k` and `n` lie inside it, and no other thread
    /// write the same row.
    pub unsafe fn store(self, k: usize, n: usize, values: Lanes) {
        debug_assert!(k < self.k && n.is_multiple_of(LANES) && self.width.is_multiple_of(LANES));
        let at = (n / self.width * self.k + k) * self.width + n % self.width;
        // SAFETY: panels are padded to whole widths, which are multiples of 16.
        let out = unsafe { std::slice::from_raw_parts_mut(self.panels.get().add(at), LANES) };
        values.store(out);
    }
}

/// What happens to a sum before it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// Added to every row; one value a column.
    pub bias: Option<&'a [f32]>,
    /// Added element by element; laid out as the result.
    pub residual: Option<*const f32>,
    /// Applied last.
    pub activation: Activation,
    /// Whether the sums are added to what is stored, not stored in its place.
    pub accumulate: bool,
}

impl Epilogue<'_> {
    /// Stores the sums as they are.
    pub const NONE: Self = Self {
        bias: None,
        residual: None,
        activation: Activation::None,
        accumulate: false,
    };

    /// Adds the sums to what is stored.
    pub const ACCUMULATE: Self = Self {
        accumulate: true,
        ..Self::NONE
    };
}

/// `c[m][n] = epilogue(Σ_k a[m·lda + k] · b[k][n])` for `m` rows, stored at distance `ldc`.
///
/// # Safety
/// `a` must be readable for `m` rows of `b.k()` floats at distance `lda`; `c` writable (and the
/// residual readable) for `m` rows of `b.n()` floats at distance `ldc`, and nobody else may touch
/// those rows meanwhile.
pub unsafe fn gemm(
    m: usize,
    a: *const f32,
    lda: usize,
    b: &PackedMatrix,
    c: *mut f32,
    ldc: usize,
    epilogue: Epilogue<'_>,
) {
    // An instruction set never changes while a program runs, so the packing's is the processor's.
    run(b.isa, m, a, lda, b, c, ldc, epilogue);
}

with_isa!(run => blocks(
    m: usize,
    a: *const f32,
    lda: usize,
    b: &PackedMatrix,
    c: *mut f32,
    ldc: usize,
    epilogue: Epilogue<'_>,
));

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn blocks<I: Isa>(
    m: usize,
    a: *const f32,
    lda: usize,
    b: &PackedMatrix,
    c: *mut f32,
    ldc: usize,
    epilogue: Epilogue<'_>,
) {
    let mut tile = [0.0_f32; MAX_TILE];
    let blocks = b.k.div_ceil(K_BLOCK).max(1);
    for block in 0..blocks {
        let start = block * K_BLOCK;
        let depth = K_BLOCK.min(b.k - start);
        let (first, last) = (block == 0, block + 1 == blocks);
        for index in 0..b.n.div_ceil(I::NR) {
            let panel = &b.panels[index * I::NR * b.k..];
            let column = index * I::NR;
            let columns = I::NR.min(b.n - column);
            let mut row = 0;
            while row < m {
                let rows = I::MR.min(m - row);
                // SAFETY: `row + rows ≤ m`, `start + depth ≤ k`, the panel has k rows; the
                // caller's ranges for `a`.
                unsafe {
                    let a = a.add(row * lda + start);
                    I::tile(
                        rows,
                        depth,
                        a,
                        lda,
                        panel.as_ptr().add(start * I::NR),
                        &mut tile,
                    );
                }
                for (offset, sums) in tile.chunks_exact(I::NR).take(rows).enumerate() {
                    let at = (row + offset) * ldc + column;
                    // SAFETY: `column + columns ≤ n`; the caller's ranges for `c`.
                    let out = unsafe { std::slice::from_raw_parts_mut(c.add(at), columns) };
                    if first && !epilogue.accumulate {
                        out.copy_from_slice(&sums[..columns]);
                    } else {
                        add(out, &sums[..columns]);
                    }
                    if last {
                        // SAFETY: the residual is laid out as `c`.
                        let residual = epilogue.residual.map(|residual| unsafe {
                            std::slice::from_raw_parts(residual.add(at), columns)
                        });
                        finish(out, &epilogue, column, residual);
                    }
                }
                row += rows;
            }
        }
    }
}

#[inline(always)]
fn add(out: &mut [f32], values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += value;
    }
}

/// Bias, residual and activation on one stored row piece that starts at `column`.
#[inline(always)]
fn finish(out: &mut [f32], epilogue: &Epilogue<'_>, column: usize, residual: Option<&[f32]>) {
    if let Some(bias) = epilogue.bias {
        add(out, &bias[column..column + out.len()]);
    }
    if let Some(residual) = residual {
        add(out, residual);
    }
    if epilogue.activation == Activation::Relu {
        relu(out);
    }
}

/// max(x, 0) in place; NaN stays NaN, as in the other backends.
#[inline(always)]
fn relu(values: &mut [f32]) {
    for value in values {
        *value = if *value < 0.0 { 0.0 } else { *value };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ_k over plain loops.
    fn reference(m: usize, k: usize, n: usize, a: &[f32], b: &[f32]) -> Vec<f32> {
        let mut c = vec![0.0; m * n];
        for row in 0..m {
            for column in 0..n {
                c[row * n + column] = (0..k).map(|i| a[row * k + i] * b[i * n + column]).sum();
            }
        }
        c
    }

    #[test]
    fn agrees_with_plain_loops_at_every_remainder() {
        for (m, k, n) in [
            (1, 1, 1),
            (12, 3, 32),
            (13, 385, 33),
            (25, 800, 47),
            (5, 0, 3),
        ] {
            let a: Vec<f32> = (0..m * k)
                .map(|i| ((i * 7 % 23) as f32 - 11.0) / 8.0)
                .collect();
            let b: Vec<f32> = (0..k * n)
                .map(|i| ((i * 5 % 19) as f32 - 9.0) / 8.0)
                .collect();
            let bias: Vec<f32> = (0..n).map(|i| i as f32 / 4.0).collect();
            let residual: Vec<f32> = (0..m * n).map(|i| (i % 5) as f32 - 2.0).collect();
            let packed = PackedMatrix::pack(k, n, |row, column| b[row * n + column]);
            let mut c = vec![f32::NAN; m * n];
            let epilogue = Epilogue {
                bias: Some(&bias),
                residual: Some(residual.as_ptr()),
                activation: Activation::Relu,
                accumulate: false,
            };
            // SAFETY: the vectors have m rows of k and n floats.
            unsafe { gemm(m, a.as_ptr(), k, &packed, c.as_mut_ptr(), n, epilogue) };
            let sums = reference(m, k, n, &a, &b);
            for (index, value) in c.iter().enumerate() {
                let expected = (sums[index] + bias[index % n] + residual[index]).max(0.0);
                assert!(
                    (value - expected).abs() <= 1e-3,
                    "{m}x{k}x{n} at {index}: {value} {expected}"
                );
            }
        }
    }
}
