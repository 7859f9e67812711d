//! Precise RoI pooling. The integral of a bilinear surface over a bin is a sum of cells, weighted by
//! the integrals of their hats along each axis.

use burn::tensor::DType;
use burn_cubecl::{kernel::cast, tensor::CubeTensor};
use cubecl::prelude::*;

use super::{
    align::{pooled, pooled_shape},
    hat::{bin_of, cells, hat, mean_hat},
    pool::has_image,
};
use crate::{
    cube::{empty, floats, per_element, strided_floats, zeros},
    roi::RoiPoolOptions,
};

#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn pool_kernel(
    features: &Tensor<f32>,
    rois: &[f32],
    output: &mut [f32],
    scale: f32,
    bins_y: u32,
    bins_x: u32,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let (bins_y, bins_x) = (bins_y as usize, bins_x as usize);
    let bin_x = ABSOLUTE_POS % bins_x;
    let rest = ABSOLUTE_POS / bins_x;
    let bin_y = rest % bins_y;
    let rest = rest / bins_y;
    let channel = rest % features.shape(1);
    let k = rest / features.shape(1);
    let mut value = 0.0f32;
    if has_image(rois, k, features.shape(0)) {
        let vertical = bin_of(rois[k * 5 + 2], rois[k * 5 + 4], scale, bin_y, bins_y);
        let horizontal = bin_of(rois[k * 5 + 1], rois[k * 5 + 3], scale, bin_x, bins_x);
        if vertical.length > 0.0f32 && horizontal.length > 0.0f32 {
            let (y0, y1) = cells(&vertical, features.shape(2));
            let (x0, x1) = cells(&horizontal, features.shape(3));
            let base = u32::cast_from(rois[k * 5]) as usize * features.stride(0)
                + channel * features.stride(1);
            for y in y0..y1 {
                let mut row = 0.0f32;
                for x in x0..x1 {
                    let at =
                        base + y as usize * features.stride(2) + x as usize * features.stride(3);
                    row += features[at] * mean_hat(&horizontal, x);
                }
                value += row * mean_hat(&vertical, y);
            }
        }
    }
    output[ABSOLUTE_POS] = value;
}

/// `[K, C, PH, PW]`.
pub(super) fn forward(
    features: CubeTensor,
    rois: CubeTensor,
    options: &RoiPoolOptions,
) -> CubeTensor {
    let dtype = features.dtype;
    if features.meta.num_elements() == 0 {
        let shape = pooled_shape(&features, &rois, options.output_size);
        return cast(zeros(&features, shape), dtype);
    }
    let output = pooled(&features, &rois, options.output_size, DType::F32);
    let elements = output.meta.num_elements();
    if elements > 0 {
        let [bins_y, bins_x] = options.output_size;
        let (count, dim) = per_element(&output, elements);
        pool_kernel::launch(
            &output.client,
            count,
            dim,
            strided_floats(features).into_tensor_arg(),
            floats(rois).into_buffer_arg(),
            output.clone().into_buffer_arg(),
            options.scale,
            bins_y as u32,
            bins_x as u32,
        );
    }
    cast(output, dtype)
}

/// The bins that a cell's hat touches: half-open, one more on each side than needed.
#[cube]
fn bins_near(low: f32, high: f32, scale: f32, bins: usize, cell: usize) -> (u32, u32) {
    let first = low * scale;
    let length = (high - low) * scale / bins as f32;
    let mut start = 0u32;
    let mut end = 0u32;
    if length > 0.0f32 {
        let from = ((cell as f32 - 1.0f32 - first) / length).floor() - 1.0f32;
        let to = ((cell as f32 + 1.0f32 - first) / length).ceil() + 1.0f32;
        start = u32::cast_from(max(min(from, bins as f32), 0.0f32));
        end = u32::cast_from(max(min(to, bins as f32), 0.0f32));
    }
    (start, end)
}

#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn gather_kernel(
    grad: &[f32],
    rois: &[f32],
    output: &mut Tensor<f32>,
    number: u32,
    scale: f32,
    bins_y: u32,
    bins_x: u32,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let (bins_y, bins_x) = (bins_y as usize, bins_x as usize);
    let (channels, height, width) = (output.shape(1), output.shape(2), output.shape(3));
    let x = ABSOLUTE_POS % width;
    let rest = ABSOLUTE_POS / width;
    let y = rest % height;
    let rest = rest / height;
    let channel = rest % channels;
    let image = rest / channels;
    let mut sum = 0.0f32;
    for k in 0..number as usize {
        let here = has_image(rois, k, output.shape(0))
            && u32::cast_from(rois[k * 5]) as usize == image
            && x as f32 >= rois[k * 5 + 1] * scale - 2.0f32
            && y as f32 >= rois[k * 5 + 2] * scale - 2.0f32
            && x as f32 <= rois[k * 5 + 3] * scale + 2.0f32
            && y as f32 <= rois[k * 5 + 4] * scale + 2.0f32;
        if here {
            let (first_y, end_y) = bins_near(rois[k * 5 + 2], rois[k * 5 + 4], scale, bins_y, y);
            let (first_x, end_x) = bins_near(rois[k * 5 + 1], rois[k * 5 + 3], scale, bins_x, x);
            for bin_y in first_y..end_y {
                let vertical = bin_of(
                    rois[k * 5 + 2],
                    rois[k * 5 + 4],
                    scale,
                    bin_y as usize,
                    bins_y,
                );
                for bin_x in first_x..end_x {
                    let horizontal = bin_of(
                        rois[k * 5 + 1],
                        rois[k * 5 + 3],
                        scale,
                        bin_x as usize,
                        bins_x,
                    );
                    if vertical.length > 0.0f32 && horizontal.length > 0.0f32 {
                        let weight =
                            mean_hat(&vertical, y as u32) * mean_hat(&horizontal, x as u32);
                        let bin = bin_y as usize * bins_x + bin_x as usize;
                        sum += grad[(k * channels + channel) * bins_y * bins_x + bin] * weight;
                    }
                }
            }
        }
    }
    output[ABSOLUTE_POS] = sum;
}

/// `[N, C, H, W]`.
pub(super) fn backward_features(
    features: CubeTensor,
    rois: CubeTensor,
    grad: CubeTensor,
    options: &RoiPoolOptions,
) -> CubeTensor {
    let dims = features.meta.shape().dims::<4>();
    let elements = features.meta.num_elements();
    if elements == 0 || grad.meta.num_elements() == 0 {
        return cast(zeros(&features, dims), features.dtype);
    }
    let (rois, grad) = (floats(rois), floats(grad));
    let number = rois.meta.shape()[0];
    let output = empty(&rois, dims, DType::F32);
    let [bins_y, bins_x] = options.output_size;
    let (count, dim) = per_element(&output, elements);
    gather_kernel::launch(
        &output.client,
        count,
        dim,
        grad.into_buffer_arg(),
        rois.into_buffer_arg(),
        output.clone().into_tensor_arg(),
        number as u32,
        options.scale,
        bins_y as u32,
        bins_x as u32,
    );
    cast(output, features.dtype)
}

/// ∂/∂(x1, y1, x2, y2) of one RoI and one channel, summed over the bins.
///
/// A cell's mean weight u over [a, b] changes by ∂u/∂a = (u − h(a)) / (b − a) and
/// ∂u/∂b = (h(b) − u) / (b − a), h the hat. A bin's edges are a mix of the corners.
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn corners_kernel(
    features: &Tensor<f32>,
    rois: &[f32],
    grad: &[f32],
    parts: &mut [f32],
    units: u32,
    scale: f32,
    bins_y: u32,
    bins_x: u32,
) {
    if ABSOLUTE_POS >= units as usize {
        terminate!();
    }
    let (bins_y, bins_x) = (bins_y as usize, bins_x as usize);
    let channel = ABSOLUTE_POS % features.shape(1);
    let k = ABSOLUTE_POS / features.shape(1);
    let mut to_x1 = 0.0f32;
    let mut to_y1 = 0.0f32;
    let mut to_x2 = 0.0f32;
    let mut to_y2 = 0.0f32;
    if has_image(rois, k, features.shape(0)) {
        let base = u32::cast_from(rois[k * 5]) as usize * features.stride(0)
            + channel * features.stride(1);
        for bin_y in 0..bins_y {
            let vertical = bin_of(rois[k * 5 + 2], rois[k * 5 + 4], scale, bin_y, bins_y);
            let (y0, y1) = cells(&vertical, features.shape(2));
            for bin_x in 0..bins_x {
                let horizontal = bin_of(rois[k * 5 + 1], rois[k * 5 + 3], scale, bin_x, bins_x);
                if vertical.length > 0.0f32 && horizontal.length > 0.0f32 {
                    let (x0, x1) = cells(&horizontal, features.shape(3));
                    let mut by_left = 0.0f32;
                    let mut by_right = 0.0f32;
                    let mut by_top = 0.0f32;
                    let mut by_bottom = 0.0f32;
                    for y in y0..y1 {
                        let centre_y = f32::cast_from(y) - vertical.origin;
                        let mean_y = mean_hat(&vertical, y);
                        let top = (mean_y - hat(vertical.low - centre_y)) / vertical.length;
                        let bottom = (hat(vertical.high - centre_y) - mean_y) / vertical.length;
                        for x in x0..x1 {
                            let centre_x = f32::cast_from(x) - horizontal.origin;
                            let mean_x = mean_hat(&horizontal, x);
                            let left =
                                (mean_x - hat(horizontal.low - centre_x)) / horizontal.length;
                            let right =
                                (hat(horizontal.high - centre_x) - mean_x) / horizontal.length;
                            let at = base
                                + y as usize * features.stride(2)
                                + x as usize * features.stride(3);
                            let value = features[at];
                            by_left += value * mean_y * left;
                            by_right += value * mean_y * right;
                            by_top += value * top * mean_x;
                            by_bottom += value * bottom * mean_x;
                        }
                    }
                    let bin = (k * features.shape(1) + channel) * bins_y * bins_x
                        + bin_y * bins_x
                        + bin_x;
                    let weight = grad[bin] * scale;
                    let low_x = bin_x as f32 / bins_x as f32;
                    let high_x = (bin_x + 1) as f32 / bins_x as f32;
                    let low_y = bin_y as f32 / bins_y as f32;
                    let high_y = (bin_y + 1) as f32 / bins_y as f32;
                    to_x1 += weight * (by_left * (1.0f32 - low_x) + by_right * (1.0f32 - high_x));
                    to_x2 += weight * (by_left * low_x + by_right * high_x);
                    to_y1 += weight * (by_top * (1.0f32 - low_y) + by_bottom * (1.0f32 - high_y));
                    to_y2 += weight * (by_top * low_y + by_bottom * high_y);
                }
            }
        }
    }
    parts[ABSOLUTE_POS * 4] = to_x1;
    parts[ABSOLUTE_POS * 4 + 1] = to_y1;
    parts[ABSOLUTE_POS * 4 + 2] = to_x2;
    parts[ABSOLUTE_POS * 4 + 3] = to_y2;
}

/// Sums the channels of a RoI in order.
#[cube(launch)]
fn sum_kernel(parts: &[f32], output: &mut [f32], channels: u32) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let k = ABSOLUTE_POS / 5;
    let column = ABSOLUTE_POS % 5;
    let mut sum = 0.0f32;
    if column > 0 {
        for channel in 0..channels as usize {
            sum += parts[(k * channels as usize + channel) * 4 + column - 1];
        }
    }
    output[ABSOLUTE_POS] = sum;
}

/// `[K, 5]`.
pub(super) fn backward_rois(
    features: CubeTensor,
    rois: CubeTensor,
    grad: CubeTensor,
    options: &RoiPoolOptions,
) -> CubeTensor {
    let dtype = rois.dtype;
    let number = rois.meta.shape()[0];
    let channels = features.meta.shape()[1];
    if number == 0 || features.meta.num_elements() == 0 {
        return cast(zeros(&rois, [number, 5]), dtype);
    }
    let (features, rois, grad) = (strided_floats(features), floats(rois), floats(grad));
    let client = rois.client.clone();
    let parts = empty(&rois, [number, channels, 4], DType::F32);
    let [bins_y, bins_x] = options.output_size;
    let (count, dim) = per_element(&rois, number * channels);
    corners_kernel::launch(
        &client,
        count,
        dim,
        features.into_tensor_arg(),
        rois.clone().into_buffer_arg(),
        grad.into_buffer_arg(),
        parts.clone().into_buffer_arg(),
        (number * channels) as u32,
        options.scale,
        bins_y as u32,
        bins_x as u32,
    );
    let output = empty(&rois, [number, 5], DType::F32);
    let (count, dim) = per_element(&rois, number * 5);
    sum_kernel::launch(
        &client,
        count,
        dim,
        parts.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        channels as u32,
    );
    cast(output, dtype)
}
