//! The way between NCHW and channels-last memory.

use rayon::prelude::*;

use super::{SharedMut, uninit};

/// Side of the square block that is transposed at a time: two 4 KiB blocks stay in the first-level
/// cache.
const BLOCK: usize = 32;

/// `[N, R, S]` → `[N, S, R]`, blockwise and in parallel. With R channels and S cells this is NCHW →
/// NHWC, the other way round its inverse.
///
/// # Panics
/// If `x` is shorter than N·R·S.
pub fn transpose(x: &[f32], n: usize, r: usize, s: usize) -> Vec<f32> {
    let mut out = uninit(n * r * s);
    transpose_into(x, &mut out, [n, r, s], r);
    out
}

/// `[N, R, S]` → `[N, S, R]`, the rows of the result at distance `pitch` ≥ R; what lies between them is not written.
///
/// # Panics
/// If `x` or `out` is shorter than that.
pub fn transpose_into(x: &[f32], out: &mut [f32], [n, r, s]: [usize; 3], pitch: usize) {
    assert!(x.len() >= n * r * s, "transpose: input too short");
    assert!(
        pitch >= r && out.len() >= n * s * pitch,
        "transpose: output too short"
    );
    if r == 0 {
        return;
    }
    let shared = SharedMut(out.as_mut_ptr());
    let stripes = s.div_ceil(BLOCK);
    (0..n * stripes).into_par_iter().for_each(|stripe| {
        let (image, start) = (stripe / stripes, stripe % stripes * BLOCK);
        let end = s.min(start + BLOCK);
        let x = &x[image * r * s..(image + 1) * r * s];
        // SAFETY: a stripe writes output rows `start..end` of its image, and nobody else does.
        let out = unsafe {
            std::slice::from_raw_parts_mut(
                shared.get().add((image * s + start) * pitch),
                (end - start) * pitch,
            )
        };
        for first in (0..r).step_by(BLOCK) {
            let rows = first..r.min(first + BLOCK);
            for (offset, out) in out.chunks_exact_mut(pitch).enumerate() {
                for row in rows.clone() {
                    out[row] = x[row * s + start + offset];
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_and_returns() {
        let (n, r, s) = (2, 35, 67);
        let x: Vec<f32> = (0..n * r * s).map(|i| i as f32).collect();
        let y = transpose(&x, n, r, s);
        // Image 1, row 3, column 40 → image 1, row 40, column 3.
        assert_eq!(y[s * r + 40 * r + 3], x[r * s + 3 * s + 40]);
        assert_eq!(transpose(&y, n, s, r), x);
    }
}
