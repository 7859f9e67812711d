//! Passes over single cells on the way back: through ReLU, and to a bias.

use rayon::prelude::*;

/// Floats a task handles at a time.
const BLOCK: usize = 1 << 14;

/// `grad` where the ReLU's `output` is above zero (or NaN), else 0.
///
/// # Panics
/// If the lengths differ.
pub fn relu_gradient(output: &[f32], grad: &[f32], out: &mut [f32]) {
    assert!(
        output.len() == grad.len() && out.len() == grad.len(),
        "relu_gradient: lengths"
    );
    out.par_chunks_mut(BLOCK)
        .zip(output.par_chunks(BLOCK).zip(grad.par_chunks(BLOCK)))
        .for_each(|(out, (output, grad))| {
            for ((out, &output), &grad) in out.iter_mut().zip(output).zip(grad) {
                *out = if output <= 0.0 { 0.0 } else { grad };
            }
        });
}

/// The sum over all rows of `channels` floats, block by block in order.
pub fn channel_sums(rows: &[f32], channels: usize) -> Vec<f32> {
    let block = (BLOCK / channels.max(1)).max(1) * channels.max(1);
    let partial: Vec<Vec<f32>> = rows
        .par_chunks(block)
        .map(|rows| sum_rows(rows.chunks_exact(channels), channels))
        .collect();
    sum_rows(partial.iter().map(Vec::as_slice), channels)
}

fn sum_rows<'a>(rows: impl Iterator<Item = &'a [f32]>, channels: usize) -> Vec<f32> {
    rows.fold(vec![0.0; channels], |mut sums, row| {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
        sums
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_gets_the_sum_of_its_channel() {
        // 10,000 rows (i mod 10, 1), in two blocks: 1,000 times 0 + 1 + … + 9, and 10,000.
        let rows: Vec<f32> = (0..10_000).flat_map(|i| [(i % 10) as f32, 1.0]).collect();
        assert_eq!(channel_sums(&rows, 2), [45_000.0, 10_000.0]);
        assert_eq!(channel_sums(&[], 3), [0.0; 3]);
    }

    #[test]
    fn nothing_passes_where_relu_gave_zero() {
        let mut out = [9.0; 4];
        relu_gradient(&[0.0, 2.0, -0.0, f32::NAN], &[1.0, 2.0, 3.0, 4.0], &mut out);
        assert_eq!(out, [0.0, 2.0, 0.0, 4.0]);
    }
}
