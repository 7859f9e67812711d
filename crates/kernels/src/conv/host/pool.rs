//! Window maximum and nearest upsampling over rows.

use rayon::prelude::*;

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
    let WindowOptions {
        kernel,
        stride,
        padding,
    } = options;
    assert!(x.len() >= n * h * w * c, "max_pool: input too short");
    assert_eq!(out.len(), n * oh * ow * c, "max_pool: output length");
    let clip = |cell: usize, limit: usize| {
        let start = (cell * stride).saturating_sub(padding);
        start..(cell * stride + kernel - padding).min(limit)
    };
    out.par_chunks_exact_mut((ow * c).max(1))
        .enumerate()
        .for_each(|(line, out)| {
            let image = &x[line / oh * h * w * c..(line / oh + 1) * h * w * c];
            for (column, out) in out.chunks_exact_mut(c).enumerate() {
                out.fill(f32::NEG_INFINITY);
                for y in clip(line % oh, h) {
                    for x in clip(column, w) {
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
    let source = |cell: usize, from: usize, to: usize| {
        let scale = from as f32 / to as f32;
        ((cell as f32 * scale) as usize).min(from - 1)
    };
    let columns: Vec<usize> = (0..ow).map(|cell| source(cell, w, ow)).collect();
    out.par_chunks_exact_mut((ow * c).max(1))
        .enumerate()
        .for_each(|(line, out)| {
            let row = line / oh * h + source(line % oh, h, oh);
            let x = &x[row * w * c..(row + 1) * w * c];
            for (out, &column) in out.chunks_exact_mut(c).zip(&columns) {
                out.copy_from_slice(&x[column * c..(column + 1) * c]);
            }
        });
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
