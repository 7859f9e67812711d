//! `RoIAlign` forward: one unit per pooled value.

use burn::tensor::DType;
use burn_cubecl::{kernel::cast, tensor::CubeTensor};
use cubecl::prelude::*;

use super::axis::{sample_number, sample_position, samples_in, span, taps};
use crate::{
    cube::{empty, finite, floats, ints, per_element, strided_floats, zeros},
    roi::{RoiAlignOptions, SampleReduction},
};

/// What a maximum starts from: not-a-number and −∞ never win.
pub(super) const LOWEST: f32 = f32::MIN;

/// Is RoI `k` to be pooled from level `level` of maps of `images` images?
#[cube]
pub(super) fn reads_level(
    rois: &[f32],
    level_of: &[i32],
    k: usize,
    level: i32,
    images: usize,
) -> bool {
    let image = rois[k * 5];
    level_of[k] == level && image >= 0.0f32 && image < images as f32 && finite_roi(rois, k)
}

/// Are all five numbers of RoI `k` finite?
#[cube]
pub(super) fn finite_roi(rois: &[f32], k: usize) -> bool {
    finite(rois[k * 5])
        && finite(rois[k * 5 + 1])
        && finite(rois[k * 5 + 2])
        && finite(rois[k * 5 + 3])
        && finite(rois[k * 5 + 4])
}

/// A pooled value and, for the maximum, the sample that gave it.
#[derive(CubeType)]
struct Pooled {
    value: f32,
    /// Row-by-row index of the largest sample, −1 when it is none inside the map.
    sample: i32,
}

#[cube]
#[allow(clippy::too_many_arguments)]
fn pool_bin(
    features: &Tensor<f32>,
    rois: &[f32],
    k: usize,
    channel: usize,
    bin_y: usize,
    bin_x: usize,
    scale: f32,
    bins_y: usize,
    bins_x: usize,
    ratio: u32,
    #[comptime] aligned: bool,
    #[comptime] maximum: bool,
) -> Pooled {
    let height = features.shape(2);
    let width = features.shape(3);
    let vertical = span(
        rois[k * 5 + 2],
        rois[k * 5 + 4],
        scale,
        bins_y,
        ratio,
        aligned,
    );
    let horizontal = span(
        rois[k * 5 + 1],
        rois[k * 5 + 3],
        scale,
        bins_x,
        ratio,
        aligned,
    );
    let base =
        u32::cast_from(rois[k * 5]) as usize * features.stride(0) + channel * features.stride(1);

    let mut sum = 0.0f32;
    let mut best = f32::new(LOWEST);
    let mut best_sample = i32::new(-1);
    let rows = samples_in(&vertical, bin_y as f32, -1.0f32, height as f32);
    let columns = samples_in(&horizontal, bin_x as f32, -1.0f32, width as f32);
    let mut any_outside = rows.partial || columns.partial || rows.count * columns.count == 0;
    for row in 0..rows.count {
        let iy = rows.first + f32::cast_from(row);
        let y = taps(sample_position(&vertical, bin_y as f32, iy), height);
        for column in 0..columns.count {
            let ix = columns.first + f32::cast_from(column);
            let x = taps(sample_position(&horizontal, bin_x as f32, ix), width);
            if y.inside && x.inside {
                let top = base + y.low * features.stride(2);
                let bottom = base + y.high * features.stride(2);
                let left = x.low * features.stride(3);
                let right = x.high * features.stride(3);
                let value = y.low_weight * x.low_weight * features[top + left]
                    + y.low_weight * x.high_weight * features[top + right]
                    + y.high_weight * x.low_weight * features[bottom + left]
                    + y.high_weight * x.high_weight * features[bottom + right];
                sum += value;
                if maximum {
                    if value > best {
                        best = value;
                        best_sample = sample_number(iy, ix, horizontal.grid);
                    }
                }
            } else {
                any_outside = true;
            }
        }
    }
    let mut value = sum / max(vertical.grid * horizontal.grid, 1.0f32);
    if maximum {
        if any_outside && best < 0.0f32 {
            best = 0.0f32;
            best_sample = i32::new(-1);
        }
        value = best;
    }
    Pooled {
        value,
        sample: best_sample,
    }
}

/// Writes the RoIs of one level; the launch for level 0 also writes the zeros of void RoIs.
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn align_kernel(
    features: &Tensor<f32>,
    rois: &[f32],
    level_of: &[i32],
    output: &mut [f32],
    scale: f32,
    level: i32,
    bins_y: u32,
    bins_x: u32,
    ratio: u32,
    #[comptime] aligned: bool,
    #[comptime] maximum: bool,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let bins_y = bins_y as usize;
    let bins_x = bins_x as usize;
    let bin_x = ABSOLUTE_POS % bins_x;
    let rest = ABSOLUTE_POS / bins_x;
    let bin_y = rest % bins_y;
    let rest = rest / bins_y;
    let channel = rest % features.shape(1);
    let k = rest / features.shape(1);
    if reads_level(rois, level_of, k, level, features.shape(0)) {
        let pooled = pool_bin(
            features, rois, k, channel, bin_y, bin_x, scale, bins_y, bins_x, ratio, aligned,
            maximum,
        );
        output[ABSOLUTE_POS] = pooled.value;
    } else if level == 0 {
        output[ABSOLUTE_POS] = 0.0f32;
    }
}

/// The sample that each bin of a maximum takes, −1 for none.
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn align_argmax_kernel(
    features: &Tensor<f32>,
    rois: &[f32],
    level_of: &[i32],
    output: &mut [i32],
    scale: f32,
    level: i32,
    bins_y: u32,
    bins_x: u32,
    ratio: u32,
    #[comptime] aligned: bool,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let bins_y = bins_y as usize;
    let bins_x = bins_x as usize;
    let bin_x = ABSOLUTE_POS % bins_x;
    let rest = ABSOLUTE_POS / bins_x;
    let bin_y = rest % bins_y;
    let rest = rest / bins_y;
    let channel = rest % features.shape(1);
    let k = rest / features.shape(1);
    if reads_level(rois, level_of, k, level, features.shape(0)) {
        let pooled = pool_bin(
            features, rois, k, channel, bin_y, bin_x, scale, bins_y, bins_x, ratio, aligned, true,
        );
        output[ABSOLUTE_POS] = pooled.sample;
    } else if level == 0 {
        output[ABSOLUTE_POS] = i32::new(-1);
    }
}

/// The real levels with their numbers and scales.
pub(super) fn real_levels(
    levels: [CubeTensor; 4],
    options: &RoiAlignOptions,
) -> impl Iterator<Item = (i32, CubeTensor, f32)> {
    levels
        .into_iter()
        .zip(&options.scales)
        .enumerate()
        .map(|(index, (features, scale))| (index as i32, features, *scale))
}

/// `[K, C, PH, PW]`.
pub(super) fn forward(
    levels: [CubeTensor; 4],
    rois: CubeTensor,
    level_of: CubeTensor,
    options: &RoiAlignOptions,
) -> CubeTensor {
    let dtype = levels[0].dtype;
    // The launch for level 0 writes the zeros of void RoIs, unless its map has no cells.
    let output = if levels[0].meta.num_elements() == 0 {
        zeros(
            &levels[0],
            pooled_shape(&levels[0], &rois, options.output_size),
        )
    } else {
        pooled(&levels[0], &rois, options.output_size, DType::F32)
    };
    let (rois, level_of) = (floats(rois), ints(level_of));
    let [bins_y, bins_x] = options.output_size.map(|bins| bins as u32);
    let elements = output.meta.num_elements();
    for (level, features, scale) in real_levels(levels, options) {
        if elements == 0 || features.meta.num_elements() == 0 {
            continue;
        }
        let features = strided_floats(features);
        let (count, dim) = per_element(&output, elements);
        align_kernel::launch(
            &output.client,
            count,
            dim,
            features.into_tensor_arg(),
            rois.clone().into_buffer_arg(),
            level_of.clone().into_buffer_arg(),
            output.clone().into_buffer_arg(),
            scale,
            level,
            bins_y,
            bins_x,
            options.sampling_ratio as u32,
            options.aligned,
            options.reduction == SampleReduction::Max,
        );
    }
    cast(output, dtype)
}

/// The sample index each bin's maximum came from, `[K, C, PH, PW]`.
pub(super) fn argmax(
    levels: [CubeTensor; 4],
    rois: &CubeTensor,
    level_of: &CubeTensor,
    options: &RoiAlignOptions,
) -> CubeTensor {
    let output = pooled(&levels[0], rois, options.output_size, DType::I32);
    let [bins_y, bins_x] = options.output_size.map(|bins| bins as u32);
    let elements = output.meta.num_elements();
    for (level, features, scale) in real_levels(levels, options) {
        if features.meta.num_elements() == 0 {
            continue;
        }
        let features = strided_floats(features);
        let (count, dim) = per_element(&output, elements);
        align_argmax_kernel::launch(
            &output.client,
            count,
            dim,
            features.into_tensor_arg(),
            rois.clone().into_buffer_arg(),
            level_of.clone().into_buffer_arg(),
            output.clone().into_buffer_arg(),
            scale,
            level,
            bins_y,
            bins_x,
            options.sampling_ratio as u32,
            options.aligned,
        );
    }
    output
}

/// An uninitialised `[K, C, PH, PW]`.
pub(super) fn pooled(
    features: &CubeTensor,
    rois: &CubeTensor,
    bins: [usize; 2],
    dtype: DType,
) -> CubeTensor {
    empty(features, pooled_shape(features, rois, bins), dtype)
}

/// `[K, C, PH, PW]`.
pub(super) fn pooled_shape(
    features: &CubeTensor,
    rois: &CubeTensor,
    [bins_y, bins_x]: [usize; 2],
) -> [usize; 4] {
    let channels = features.meta.shape()[1];
    [rois.meta.shape()[0], channels, bins_y, bins_x]
}
