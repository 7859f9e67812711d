//! Window maximum and nearest upsampling over rows, and their gradients.

use rayon::prelude::*;

use super::SharedMut;

/// A pooling window's side, step and padding, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct WindowOptions {
    /// Side.
    pub kernel: usize,
    /// Step.
    pub stride: usize,
    /// Cells of −∞ on each side.
    pub padding: usize,
}

impl WindowOptions {
    /// Output cells for `size` input cells.
    ///
    /// # Panics
    /// If the padded input is smaller than the window.
    pub fn output_size(self, size: usize) -> usize {
        let padded = size + 2 * self.padding;
        assert!(
            padded >= self.kernel,
            "max_pool2d: a window of {} does not fit an input of {padded} padded cells",
            self.kernel
        );
        (padded - self.kernel) / self.stride + 1
    }

    /// The input's cells under the window of output cell `cell`.
    fn clip(self, cell: usize, limit: usize) -> std::ops::Range<usize> {
        let start = (cell * self.stride).saturating_sub(self.padding);
        start..(cell * self.stride + self.kernel - self.padding).min(limit)
    }
}

/// Maximum of every window, `[N, H, W, C]` → `out` `[N, OH, OW, C]`, padding counting as −∞. NaN wins
/// over numbers, as in the other backends.
///
/// # Panics
/// If `x` is shorter than its shape, or the padded input smaller than the window.
pub fn max_pool(
    x: &[f32],
    [n, h, w, c]: [usize; 4],
    out: &mut [f32],
    [oh, ow]: [usize; 2],
    options: WindowOptions,
) {
    assert!(x.len() >= n * h * w * c, "max_pool: input too short");
    assert_eq!(out.len(), n * oh * ow * c, "max_pool: output length");
    out.par_chunks_exact_mut((ow * c).max(1))
        .enumerate()
        .for_each(|(line, out)| {
            let image = &x[line / oh * h * w * c..(line / oh + 1) * h * w * c];
            for (column, out) in out.chunks_exact_mut(c).enumerate() {
                out.fill(f32::NEG_INFINITY);
                for y in options.clip(line % oh, h) {
                    for x in options.clip(column, w) {
                        let cell = &image[(y * w + x) * c..(y * w + x + 1) * c];
                        for (out, &value) in out.iter_mut().zip(cell) {
                            if value > *out || value.is_nan() {
                                *out = value;
                            }
                        }
                    }
                }
            }
        });
}

/// The nearest cell of a smaller map for every cell of a larger one, `[N, H, W, C]` →
/// `[N, OH, OW, C]`: cell floor(o · H / OH), in single precision as the reference computes it.
///
/// # Panics
/// If `x` is shorter than its shape.
pub fn upsample_nearest(
    x: &[f32],
    [n, h, w, c]: [usize; 4],
    out: &mut [f32],
    [oh, ow]: [usize; 2],
) {
    assert!(
        x.len() >= n * h * w * c,
        "upsample_nearest: input too short"
    );
    assert_eq!(
        out.len(),
        n * oh * ow * c,
        "upsample_nearest: output length"
    );
    let columns: Vec<usize> = (0..ow).map(|cell| nearest(cell, w, ow)).collect();
    out.par_chunks_exact_mut((ow * c).max(1))
        .enumerate()
        .for_each(|(line, out)| {
            let row = line / oh * h + nearest(line % oh, h, oh);
            let x = &x[row * w * c..(row + 1) * w * c];
            for (out, &column) in out.chunks_exact_mut(c).zip(&columns) {
                out.copy_from_slice(&x[column * c..(column + 1) * c]);
            }
        });
}

/// Channels whose gradients a task carries back: one cache line of each cell.
const CHANNELS: usize = 16;

/// Gradient of [`max_pool`] with respect to `x`: each window hands its own to the first of its largest cells, row by row; a
/// NaN counts as largest, the last one of several.
///
/// # Panics
/// If a slice has not the length its shape says.
pub fn max_pool_gradient(
    x: &[f32],
    [n, h, w, c]: [usize; 4],
    grad: &[f32],
    [oh, ow]: [usize; 2],
    options: WindowOptions,
    out: &mut [f32],
) {
    assert!(x.len() >= n * h * w * c, "max_pool: input too short");
    assert_eq!(grad.len(), n * oh * ow * c, "max_pool: gradient length");
    assert_eq!(
        out.len(),
        n * h * w * c,
        "max_pool: length of the input's gradient"
    );
    out.fill(0.0);
    let shared = SharedMut(out.as_mut_ptr());
    let groups = c.div_ceil(CHANNELS);
    (0..n * groups).into_par_iter().for_each(|task| {
        let (image, first) = (task / groups, task % groups * CHANNELS);
        let lanes = CHANNELS.min(c - first);
        let offset = |cell: usize| (image * h * w + cell) * c + first;
        for window in 0..oh * ow {
            let mut largest = [f32::NEG_INFINITY; CHANNELS];
            let mut winner = [usize::MAX; CHANNELS];
            for y in options.clip(window / ow, h) {
                for x_cell in options.clip(window % ow, w) {
                    let cell = y * w + x_cell;
                    let values = &x[offset(cell)..][..lanes];
                    for (lane, &value) in values.iter().enumerate() {
                        // As in the forward pass; −∞ wins where nothing else is.
                        if value > largest[lane] || value.is_nan() || winner[lane] == usize::MAX {
                            (largest[lane], winner[lane]) = (value, cell);
                        }
                    }
                }
            }
            let grad = &grad[(image * oh * ow + window) * c + first..][..lanes];
            for (lane, value) in grad.iter().enumerate() {
                if winner[lane] != usize::MAX {
                    // SAFETY: the task owns these channels of its image; the winner is a cell of it.
                    unsafe { *shared.get().add(offset(winner[lane]) + lane) += value };
                }
            }
        }
    });
}

/// Gradient of [`upsample_nearest`] with respect to `x` `[N, H, W, C]`: the sum over the cells that copied a cell.
///
/// # Panics
/// If `grad` has not the length of `[N, OH, OW, C]`.
pub fn upsample_nearest_gradient(
    grad: &[f32],
    [n, h, w, c]: [usize; 4],
    [oh, ow]: [usize; 2],
    out: &mut [f32],
) {
    assert_eq!(
        grad.len(),
        n * oh * ow * c,
        "upsample_nearest: gradient length"
    );
    assert_eq!(
        out.len(),
        n * h * w * c,
        "upsample_nearest: length of the input's gradient"
    );
    out.fill(0.0);
    out.par_chunks_exact_mut((w * c).max(1))
        .enumerate()
        .for_each(|(line, out)| {
            for y in (0..oh).filter(|&y| nearest(y, h, oh) == line % h) {
                let row = line / h * oh + y;
                let grad = &grad[row * ow * c..(row + 1) * ow * c];
                for (column, grad) in grad.chunks_exact(c).enumerate() {
                    let cell = nearest(column, w, ow);
                    for (out, value) in out[cell * c..(cell + 1) * c].iter_mut().zip(grad) {
                        *out += value;
                    }
                }
            }
        });
}

/// The cell of `from` that the cell of a map of `to` copies.
fn nearest(cell: usize, from: usize, to: usize) -> usize {
    let scale = from as f32 / to as f32;
    ((cell as f32 * scale) as usize).min(from - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_clipped_at_the_border() {
        // 1×3×3, kernel 3, stride 2, padding 1: the corners' windows are the 2×2 corners.
        let x: Vec<f32> = (1..=9).map(|value| value as f32).collect();
        let options = WindowOptions {
            kernel: 3,
            stride: 2,
            padding: 1,
        };
        let mut y = [0.0; 4];
        max_pool(
            &x,
            [1, 3, 3, 1],
            &mut y,
            [options.output_size(3); 2],
            options,
        );
        assert_eq!(y, [5.0, 6.0, 8.0, 9.0]);
    }

    #[test]
    fn nearest_takes_the_floor() {
        // 2 → 5 cells: floor(0, .4, .8, 1.2, 1.6) = 0 0 0 1 1.
        let mut y = [0.0; 5];
        upsample_nearest(&[3.0, 7.0], [1, 1, 2, 1], &mut y, [1, 5]);
        assert_eq!(y, [3.0, 3.0, 3.0, 7.0, 7.0]);
    }
}
