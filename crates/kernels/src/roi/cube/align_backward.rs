//! `RoIAlign` backward: each unit gathers the gradient of one cell in a few channels, RoI by RoI,
//! so the sum has one order and needs no atomics.

use burn::tensor::DType;
use burn_cubecl::{kernel::cast, tensor::CubeTensor};
use cubecl::prelude::*;

use super::{
    align::{argmax, reads_level, real_levels},
    axis::{Run, Span, sample_number, sample_position, samples_in, span, taps, weight_of},
};
use crate::{
    cube::{empty, floats, ints, per_element, zeros},
    roi::{RoiAlignOptions, SampleReduction},
};

/// Channels one unit sums; the cost of finding the samples is shared between them.
const CHANNELS: usize = 4;
/// Integers per RoI in the plan: image (−1 for void), and the cells y0, y1, x0, x1 that it reaches.
const PLAN_INTS: usize = 5;
/// Floats per RoI in the plan: start, bin and grid of y, then of x.
const PLAN_FLOATS: usize = 6;

/// The first and last cell that samples of a span may reach, clamped to the map.
#[cube]
fn reach(span: &Span, bins: usize, size: usize) -> (i32, i32) {
    let end = span.start + span.bin * bins as f32;
    let last = size as f32 - 1.0f32;
    let low = min(span.start, end).floor() - 1.0f32;
    let high = max(span.start, end).ceil() + 1.0f32;
    (
        i32::cast_from(max(min(low, last), 0.0f32)),
        i32::cast_from(max(min(high, last), 0.0f32)),
    )
}

/// What every cell asks about a RoI, computed once.
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn plan_kernel(
    rois: &[f32],
    level_of: &[i32],
    plan: &mut [i32],
    geometry: &mut [f32],
    scale: f32,
    level: i32,
    images: u32,
    height: u32,
    width: u32,
    bins_y: u32,
    bins_x: u32,
    ratio: u32,
    #[comptime] aligned: bool,
) {
    let k = ABSOLUTE_POS;
    if k >= level_of.len() {
        terminate!();
    }
    let vertical = span(
        rois[k * 5 + 2],
        rois[k * 5 + 4],
        scale,
        bins_y as usize,
        ratio,
        aligned,
    );
    let horizontal = span(
        rois[k * 5 + 1],
        rois[k * 5 + 3],
        scale,
        bins_x as usize,
        ratio,
        aligned,
    );
    let mut image = i32::new(-1);
    if reads_level(rois, level_of, k, level, images as usize) {
        image = i32::cast_from(rois[k * 5]);
    }
    let (y0, y1) = reach(&vertical, bins_y as usize, height as usize);
    let (x0, x1) = reach(&horizontal, bins_x as usize, width as usize);
    plan[k * PLAN_INTS] = image;
    plan[k * PLAN_INTS + 1] = y0;
    plan[k * PLAN_INTS + 2] = y1;
    plan[k * PLAN_INTS + 3] = x0;
    plan[k * PLAN_INTS + 4] = x1;
    geometry[k * PLAN_FLOATS] = vertical.start;
    geometry[k * PLAN_FLOATS + 1] = vertical.bin;
    geometry[k * PLAN_FLOATS + 2] = vertical.grid;
    geometry[k * PLAN_FLOATS + 3] = horizontal.start;
    geometry[k * PLAN_FLOATS + 4] = horizontal.bin;
    geometry[k * PLAN_FLOATS + 5] = horizontal.grid;
}

/// The bins of a span that may have samples within one cell of `cell`: half-open.
#[cube]
fn bins_near(span: &Span, bins: usize, cell: usize) -> (u32, u32) {
    let mut first = 0u32;
    let mut end = bins as u32;
    // Smaller bins (no area, or mirrored corners) do not thin the samples out.
    if span.bin > 0.0001f32 {
        let low = ((cell as f32 - 1.0f32 - span.start) / span.bin - 0.01f32).floor();
        let high = ((cell as f32 + 1.0f32 - span.start) / span.bin + 0.01f32).ceil();
        first = u32::cast_from(max(min(low, bins as f32), 0.0f32));
        end = u32::cast_from(max(min(high, bins as f32), 0.0f32));
    }
    (first, end)
}

/// The samples of a bin that may lie within one cell of `cell`.
#[cube]
fn samples_near(span: &Span, bin: u32, cell: usize) -> Run {
    samples_in(
        span,
        f32::cast_from(bin),
        cell as f32 - 1.0f32,
        cell as f32 + 1.0f32,
    )
}

#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn gather_kernel(
    grad: &[f32],
    plan: &[i32],
    geometry: &[f32],
    chosen: &[i32],
    output: &mut [f32],
    units: u32,
    rois: u32,
    channels: u32,
    height: u32,
    width: u32,
    bins_y: u32,
    bins_x: u32,
    #[comptime] maximum: bool,
) {
    if ABSOLUTE_POS >= units as usize {
        terminate!();
    }
    let channels = channels as usize;
    let (height, width) = (height as usize, width as usize);
    let (bins_y, bins_x) = (bins_y as usize, bins_x as usize);
    let groups = (channels + CHANNELS - 1) / CHANNELS;
    let x = ABSOLUTE_POS % width;
    let rest = ABSOLUTE_POS / width;
    let y = rest % height;
    let rest = rest / height;
    let first_channel = (rest % groups) * CHANNELS;
    let image = rest / groups;

    let mut sums = Array::<f32>::new(CHANNELS);
    #[unroll]
    for c in 0..CHANNELS {
        sums[c] = 0.0f32;
    }
    for k in 0..rois as usize {
        let p = k * PLAN_INTS;
        let here = plan[p] == image as i32
            && y as i32 >= plan[p + 1]
            && y as i32 <= plan[p + 2]
            && x as i32 >= plan[p + 3]
            && x as i32 <= plan[p + 4];
        if here {
            let vertical = Span {
                start: geometry[k * PLAN_FLOATS],
                bin: geometry[k * PLAN_FLOATS + 1],
                grid: geometry[k * PLAN_FLOATS + 2],
            };
            let horizontal = Span {
                start: geometry[k * PLAN_FLOATS + 3],
                bin: geometry[k * PLAN_FLOATS + 4],
                grid: geometry[k * PLAN_FLOATS + 5],
            };
            let samples = max(vertical.grid * horizontal.grid, 1.0f32);
            let (first_y, end_y) = bins_near(&vertical, bins_y, y);
            let (first_x, end_x) = bins_near(&horizontal, bins_x, x);
            for bin_y in first_y..end_y {
                let rows = samples_near(&vertical, bin_y, y);
                for row in 0..rows.count {
                    let iy = rows.first + f32::cast_from(row);
                    let position_y = sample_position(&vertical, f32::cast_from(bin_y), iy);
                    let weight_y = weight_of(&taps(position_y, height), y);
                    if weight_y != 0.0f32 {
                        for bin_x in first_x..end_x {
                            let bin = bin_y as usize * bins_x + bin_x as usize;
                            let columns = samples_near(&horizontal, bin_x, x);
                            // The average weighs a bin by the sum of its samples' weights.
                            let mut sum_x = 0.0f32;
                            for column in 0..columns.count {
                                let ix = columns.first + f32::cast_from(column);
                                let position_x =
                                    sample_position(&horizontal, f32::cast_from(bin_x), ix);
                                let weight_x = weight_of(&taps(position_x, width), x);
                                if maximum {
                                    if weight_x != 0.0f32 {
                                        let number = sample_number(iy, ix, horizontal.grid);
                                        #[unroll]
                                        for c in 0..CHANNELS {
                                            let channel = min(first_channel + c, channels - 1);
                                            let at =
                                                (k * channels + channel) * bins_y * bins_x + bin;
                                            if chosen[at] == number {
                                                sums[c] += grad[at] * weight_y * weight_x;
                                            }
                                        }
                                    }
                                } else {
                                    sum_x += weight_x;
                                }
                            }
                            if comptime!(!maximum) {
                                let weight = weight_y * sum_x / samples;
                                #[unroll]
                                for c in 0..CHANNELS {
                                    let channel = min(first_channel + c, channels - 1);
                                    let at = (k * channels + channel) * bins_y * bins_x + bin;
                                    sums[c] += grad[at] * weight;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    #[unroll]
    for c in 0..CHANNELS {
        let channel = first_channel + c;
        if channel < channels {
            output[((image * channels + channel) * height + y) * width + x] = sums[c];
        }
    }
}

/// The gradient of every real level; a repeated level repeats the last real gradient.
pub(super) fn backward(
    levels: [CubeTensor; 4],
    rois: CubeTensor,
    level_of: CubeTensor,
    grad: CubeTensor,
    options: &RoiAlignOptions,
) -> [CubeTensor; 4] {
    let (rois, level_of, grad) = (floats(rois), ints(level_of), floats(grad));
    let maximum = options.reduction == SampleReduction::Max;
    let pooled = grad.meta.num_elements();
    let chosen = if maximum && pooled > 0 {
        argmax(levels.clone(), &rois, &level_of, options)
    } else {
        // Never read: WebGPU wants something bound.
        empty(&rois, [1], DType::I32)
    };
    let mut gradients: Vec<CubeTensor> = real_levels(levels, options)
        .map(|(level, features, scale)| {
            let gradient = if pooled == 0 || features.meta.num_elements() == 0 {
                zeros(&features, features.meta.shape().dims::<4>())
            } else {
                level_gradient(
                    &features, &rois, &level_of, &grad, &chosen, options, level, scale,
                )
            };
            cast(gradient, features.dtype)
        })
        .collect();
    while gradients.len() < 4 {
        gradients.push(gradients[gradients.len() - 1].clone());
    }
    gradients
        .try_into()
        .unwrap_or_else(|_| unreachable!("at most four levels"))
}

#[allow(clippy::too_many_arguments)]
fn level_gradient(
    features: &CubeTensor,
    rois: &CubeTensor,
    level_of: &CubeTensor,
    grad: &CubeTensor,
    chosen: &CubeTensor,
    options: &RoiAlignOptions,
    level: i32,
    scale: f32,
) -> CubeTensor {
    let [images, channels, height, width] = features.meta.shape().dims();
    let number = rois.meta.shape()[0];
    let [bins_y, bins_x] = options.output_size.map(|bins| bins as u32);
    let client = &features.client;
    let plan = empty(rois, [number, PLAN_INTS], DType::I32);
    let geometry = empty(rois, [number, PLAN_FLOATS], DType::F32);
    let (count, dim) = per_element(rois, number);
    plan_kernel::launch(
        client,
        count,
        dim,
        rois.clone().into_buffer_arg(),
        level_of.clone().into_buffer_arg(),
        plan.clone().into_buffer_arg(),
        geometry.clone().into_buffer_arg(),
        scale,
        level,
        images as u32,
        height as u32,
        width as u32,
        bins_y,
        bins_x,
        options.sampling_ratio as u32,
        options.aligned,
    );
    let output = empty(features, [images, channels, height, width], DType::F32);
    let units = images * channels.div_ceil(CHANNELS) * height * width;
    let (count, dim) = per_element(rois, units);
    gather_kernel::launch(
        client,
        count,
        dim,
        grad.clone().into_buffer_arg(),
        plan.into_buffer_arg(),
        geometry.into_buffer_arg(),
        chosen.clone().into_buffer_arg(),
        output.clone().into_buffer_arg(),
        units as u32,
        number as u32,
        channels as u32,
        height as u32,
        width as u32,
        bins_y,
        bins_x,
        options.reduction == SampleReduction::Max,
    );
    output
}
