//! Quantised RoI max pooling: one unit per pooled value, one per cell backward.

use burn::tensor::DType;
use burn_cubecl::{kernel::cast, tensor::CubeTensor};
use cubecl::prelude::*;

use super::align::{LOWEST, finite_roi, pooled, pooled_shape};
use crate::{
    cube::{divide, empty, floats, per_element, strided_floats, zeros},
    roi::RoiPoolOptions,
};

/// Halves away from zero, which no GPU rounds to by itself.
#[cube]
fn round(x: f32) -> f32 {
    let magnitude = x.abs();
    let mut result = magnitude.floor();
    if magnitude - result >= 0.5f32 {
        result += 1.0f32;
    }
    if x < 0.0f32 {
        result = -result;
    }
    result
}

/// Half-open range of cells of one bin along one axis.
#[cube]
fn bin_cells(low: f32, high: f32, scale: f32, bin: usize, bins: usize, size: usize) -> (u32, u32) {
    // Nothing farther away is in a map, and infinities would cancel.
    let far = 1.0e9f32;
    let first = max(min(round(low * scale), far), -far);
    let last = max(min(round(high * scale), far), -far);
    let length = max(last - first + 1.0f32, 1.0f32);
    let bin_size = divide(length, bins as f32);
    let start = (bin as f32 * bin_size).floor() + first;
    let end = ((bin + 1) as f32 * bin_size).ceil() + first;
    (
        u32::cast_from(max(min(start, size as f32), 0.0f32)),
        u32::cast_from(max(min(end, size as f32), 0.0f32)),
    )
}

/// Is RoI `k` one of an image there is?
#[cube]
pub(super) fn has_image(rois: &[f32], k: usize, images: usize) -> bool {
    let image = rois[k * 5];
    image >= 0.0f32 && image < images as f32 && finite_roi(rois, k)
}

/// Writes the maxima, or with `cells` the places they came from (y·W + x, −1 for empty bins).
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn pool_kernel(
    features: &Tensor<f32>,
    rois: &[f32],
    values: &mut [f32],
    places: &mut [i32],
    units: u32,
    scale: f32,
    bins_y: u32,
    bins_x: u32,
    #[comptime] cells: bool,
) {
    if ABSOLUTE_POS >= units as usize {
        terminate!();
    }
    let (bins_y, bins_x) = (bins_y as usize, bins_x as usize);
    let bin_x = ABSOLUTE_POS % bins_x;
    let rest = ABSOLUTE_POS / bins_x;
    let bin_y = rest % bins_y;
    let rest = rest / bins_y;
    let channel = rest % features.shape(1);
    let k = rest / features.shape(1);
    let mut best = 0.0f32;
    let mut place = i32::new(-1);
    if has_image(rois, k, features.shape(0)) {
        let (y0, y1) = bin_cells(
            rois[k * 5 + 2],
            rois[k * 5 + 4],
            scale,
            bin_y,
            bins_y,
            features.shape(2),
        );
        let (x0, x1) = bin_cells(
            rois[k * 5 + 1],
            rois[k * 5 + 3],
            scale,
            bin_x,
            bins_x,
            features.shape(3),
        );
        let base = u32::cast_from(rois[k * 5]) as usize * features.stride(0)
            + channel * features.stride(1);
        if y0 < y1 && x0 < x1 {
            best = f32::new(LOWEST);
        }
        for y in y0..y1 {
            for x in x0..x1 {
                let at = base + y as usize * features.stride(2) + x as usize * features.stride(3);
                let value = features[at];
                if value > best {
                    best = value;
                    place = y as i32 * features.shape(3) as i32 + x as i32;
                }
            }
        }
    }
    if cells {
        places[ABSOLUTE_POS] = place;
    } else {
        values[ABSOLUTE_POS] = best;
    }
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
    let values = pooled(&features, &rois, options.output_size, DType::F32);
    let unused = empty(&values, [1], DType::I32);
    launch(
        features,
        floats(rois),
        values.clone(),
        unused,
        options,
        false,
    );
    cast(values, dtype)
}

fn launch(
    features: CubeTensor,
    rois: CubeTensor,
    values: CubeTensor,
    places: CubeTensor,
    options: &RoiPoolOptions,
    cells: bool,
) {
    let target = if cells { &places } else { &values };
    let elements = target.meta.num_elements();
    if elements == 0 {
        return;
    }
    let [bins_y, bins_x] = options.output_size;
    let (count, dim) = per_element(target, elements);
    let client = rois.client.clone();
    pool_kernel::launch(
        &client,
        count,
        dim,
        strided_floats(features).into_tensor_arg(),
        rois.into_buffer_arg(),
        values.into_buffer_arg(),
        places.into_buffer_arg(),
        elements as u32,
        options.scale,
        bins_y as u32,
        bins_x as u32,
        cells,
    );
}

#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn gather_kernel(
    grad: &[f32],
    rois: &[f32],
    places: &[i32],
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
    let cell = (y * width + x) as i32;
    let mut sum = 0.0f32;
    for k in 0..number as usize {
        // One cell more on each side than rounding could reach.
        let here = has_image(rois, k, output.shape(0))
            && u32::cast_from(rois[k * 5]) as usize == image
            && x as f32 >= rois[k * 5 + 1] * scale - 2.0f32
            && y as f32 >= rois[k * 5 + 2] * scale - 2.0f32
            && x as f32 <= max(rois[k * 5 + 3], rois[k * 5 + 1]) * scale + 2.0f32
            && y as f32 <= max(rois[k * 5 + 4], rois[k * 5 + 2]) * scale + 2.0f32;
        if here {
            let base = (k * channels + channel) * bins_y * bins_x;
            for bin in 0..bins_y * bins_x {
                if places[base + bin] == cell {
                    sum += grad[base + bin];
                }
            }
        }
    }
    output[ABSOLUTE_POS] = sum;
}

/// `[N, C, H, W]`.
pub(super) fn backward(
    features: CubeTensor,
    rois: CubeTensor,
    grad: CubeTensor,
    options: &RoiPoolOptions,
) -> CubeTensor {
    let dtype = features.dtype;
    let dims = features.meta.shape().dims::<4>();
    let elements = features.meta.num_elements();
    if elements == 0 || grad.meta.num_elements() == 0 {
        return cast(zeros(&features, dims), dtype);
    }
    let (rois, grad) = (floats(rois), floats(grad));
    let places = pooled(&features, &rois, options.output_size, DType::I32);
    let unused = empty(&rois, [1], DType::F32);
    launch(
        features,
        rois.clone(),
        unused,
        places.clone(),
        options,
        true,
    );
    let output = empty(&rois, dims, DType::F32);
    let [bins_y, bins_x] = options.output_size;
    let number = rois.meta.shape()[0];
    let (count, dim) = per_element(&output, elements);
    gather_kernel::launch(
        &output.client,
        count,
        dim,
        grad.into_buffer_arg(),
        rois.into_buffer_arg(),
        places.into_buffer_arg(),
        output.clone().into_tensor_arg(),
        number as u32,
        options.scale,
        bins_y as u32,
        bins_x as u32,
    );
    cast(output, dtype)
}
