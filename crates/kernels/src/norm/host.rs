//! Slice kernels of batch norm: channels-last rows, parallel over blocks of them.
//!
//! Sums run in single precision inside a block and in double precision over the blocks, in order: the same bits whatever the
//! number of threads.

use rayon::prelude::*;

use crate::conv::Activation;

/// Floats a task handles at a time: 64 KiB, which stay in the second-level cache.
const BLOCK: usize = 1 << 14;

/// Mean and biased variance of each channel.
pub(super) struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// Whole rows of `channels` floats in a block.
fn block(channels: usize) -> usize {
    (BLOCK / channels.max(1)).max(1) * channels.max(1)
}

/// Σ over blocks of what `sum` adds up in `channels` floats for one of them.
fn sums(
    blocks: impl IndexedParallelIterator<Item = (usize, usize)>,
    width: usize,
    sum: impl Fn(std::ops::Range<usize>, &mut [f32]) + Sync,
) -> Vec<f64> {
    let parts: Vec<Vec<f32>> = blocks
        .map(|(start, end)| {
            let mut part = vec![0.0; width];
            sum(start..end, &mut part);
            part
        })
        .collect();
    let mut total = vec![0.0_f64; width];
    for part in parts {
        for (total, value) in total.iter_mut().zip(part) {
            *total += f64::from(value);
        }
    }
    total
}

/// Starts and ends of the blocks of `len` floats.
fn blocks(len: usize, channels: usize) -> impl IndexedParallelIterator<Item = (usize, usize)> {
    let block = block(channels);
    (0..len.div_ceil(block))
        .into_par_iter()
        .map(move |index| (index * block, len.min((index + 1) * block)))
}

/// The statistics of `rows` of `channels` floats.
pub(super) fn moments(rows: &[f32], channels: usize) -> Moments {
    let count = (rows.len() / channels.max(1)) as f64;
    let mean: Vec<f32> = sums(blocks(rows.len(), channels), channels, |range, part| {
        for row in rows[range].chunks_exact(channels) {
            for (sum, value) in part.iter_mut().zip(row) {
                *sum += value;
            }
        }
    })
    .into_iter()
    .map(|sum| (sum / count) as f32)
    .collect();
    let variance = sums(blocks(rows.len(), channels), channels, |range, part| {
        for row in rows[range].chunks_exact(channels) {
            for ((sum, value), mean) in part.iter_mut().zip(row).zip(&mean) {
                let centred = value - mean;
                *sum += centred * centred;
            }
        }
    });
    Moments {
        variance: variance
            .into_iter()
            .map(|sum| (sum / count) as f32)
            .collect(),
        mean,
    }
}

/// 1 / √(variance + ε) of each channel.
fn inverse_deviation(variance: &[f32], epsilon: f64) -> Vec<f32> {
    variance
        .iter()
        .map(|&variance| (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32)
        .collect()
}

/// `out = activation((rows − mean) / √(variance + ε) · weight + bias + residual)`.
pub(super) fn normalise(
    rows: &[f32],
    moments: &Moments,
    [weight, bias]: [&[f32]; 2],
    residual: Option<&[f32]>,
    epsilon: f64,
    activation: Activation,
    out: &mut [f32],
) {
    let channels = weight.len();
    let scale: Vec<f32> = inverse_deviation(&moments.variance, epsilon)
        .iter()
        .zip(weight)
        .map(|(inverse, weight)| inverse * weight)
        .collect();
    let block = block(channels);
    out.par_chunks_mut(block)
        .enumerate()
        .for_each(|(index, out)| {
            let range = index * block..index * block + out.len();
            let rows = rows[range.clone()].chunks_exact(channels);
            for (out, row) in out.chunks_exact_mut(channels).zip(rows) {
                let per_channel = moments.mean.iter().zip(&scale).zip(bias);
                for ((out, value), ((mean, scale), bias)) in
                    out.iter_mut().zip(row).zip(per_channel)
                {
                    *out = (value - mean) * scale + bias;
                }
            }
            if let Some(residual) = residual {
                for (out, value) in out.iter_mut().zip(&residual[range]) {
                    *out += value;
                }
            }
            if activation == Activation::Relu {
                for out in out {
                    // NaN stays NaN, as in the other backends.
                    *out = if *out < 0.0 { 0.0 } else { *out };
                }
            }
        });
}

/// Gradients of weight and bias; that of the input goes to `out`.
///
/// With x̂ the normalised input: bias Σg, weight Σg·x̂, input weight/σ · (g − Σg/n − x̂ · Σg·x̂/n).
pub(super) fn gradients(
    rows: &[f32],
    moments: &Moments,
    weight: &[f32],
    grad: &[f32],
    epsilon: f64,
    out: &mut [f32],
) -> [Vec<f32>; 2] {
    let channels = weight.len();
    let count = (rows.len() / channels.max(1)) as f64;
    let inverse = inverse_deviation(&moments.variance, epsilon);
    let total = sums(blocks(rows.len(), channels), 2 * channels, |range, part| {
        let (of_grad, of_product) = part.split_at_mut(channels);
        let grads = grad[range.clone()].chunks_exact(channels);
        for (row, grad) in rows[range].chunks_exact(channels).zip(grads) {
            let sums = of_grad.iter_mut().zip(of_product.iter_mut());
            let values = row.iter().zip(grad).zip(&moments.mean);
            for ((of_grad, of_product), ((value, grad), mean)) in sums.zip(values) {
                *of_grad += grad;
                *of_product += grad * (value - mean);
            }
        }
    });
    let (of_grad, of_product) = total.split_at(channels);
    let of_weight: Vec<f64> = of_product
        .iter()
        .zip(&inverse)
        .map(|(product, inverse)| product * f64::from(*inverse))
        .collect();
    // Per channel: dx = scale · (g − first − (x − mean) · second).
    let terms: Vec<[f32; 4]> = (0..channels)
        .map(|channel| {
            let inverse = inverse[channel];
            [
                moments.mean[channel],
                weight[channel] * inverse,
                (of_grad[channel] / count) as f32,
                (of_weight[channel] / count) as f32 * inverse,
            ]
        })
        .collect();
    let block = block(channels);
    out.par_chunks_mut(block)
        .enumerate()
        .for_each(|(index, out)| {
            let range = index * block..index * block + out.len();
            let grads = grad[range.clone()].chunks_exact(channels);
            let rows = rows[range].chunks_exact(channels).zip(grads);
            for (out, (row, grad)) in out.chunks_exact_mut(channels).zip(rows) {
                let values = row.iter().zip(grad).zip(&terms);
                for (out, ((value, grad), [mean, scale, first, second])) in
                    out.iter_mut().zip(values)
                {
                    *out = scale * (grad - first - (value - mean) * second);
                }
            }
        });
    let single = |sums: &[f64]| sums.iter().map(|&sum| sum as f32).collect();
    [single(&of_weight), single(of_grad)]
}
