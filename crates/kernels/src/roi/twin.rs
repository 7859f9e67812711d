//! The RoI operations in plain tensor operations: the oracle of the fast kernels.
//!
//! All of them weigh rows and columns separately, with a dense weight for every cell of an axis:
//! output = (weights of the rows) · features · (weights of the columns)ᵀ. Slow and hungry for
//! memory, short, and differentiable by Burn itself.
//!
//! S is the number of samples per bin and axis, the largest of all RoIs when it is adaptive.

use burn::tensor::{Bool, Int, Tensor};

use super::{RoiAlignOptions, RoiPoolOptions, SampleReduction};

/// Plain form of [`super::roi_align`].
pub fn roi_align(features: Tensor<4>, rois: Tensor<2>, options: &RoiAlignOptions) -> Tensor<4> {
    let level_of = Tensor::zeros([rois.dims()[0]], &rois.device());
    pyramid_roi_align(&[features], rois, level_of, options)
}

/// Plain form of [`super::pyramid_roi_align`]: every level pools every RoI, a mask keeps its own.
///
/// # Panics
/// If there is no level.
pub fn pyramid_roi_align(
    levels: &[Tensor<4>],
    rois: Tensor<2>,
    level_of: Tensor<1, Int>,
    options: &RoiAlignOptions,
) -> Tensor<4> {
    let [height, width] = options.output_size;
    let [images, channels, ..] = levels[0].dims();
    let (rois, void) = without_void(rois, images); // [K, 5], [K]
    let count = rois.dims()[0];
    let mut sum = Tensor::zeros([count, channels, height, width], &rois.device());
    for (level, features) in levels.iter().enumerate() {
        let pooled = align_level(
            features.clone(),
            rois.clone(),
            options.scales[level],
            options,
        );
        let elsewhere = level_of.clone().equal_elem(level as i64).bool_not();
        sum = sum + blank(pooled, elsewhere.bool_or(void.clone())); // [K, C, PH, PW]
    }
    sum
}

fn align_level(
    features: Tensor<4>,
    rois: Tensor<2>,
    scale: f32,
    options: &RoiAlignOptions,
) -> Tensor<4> {
    let [_, channels, rows, columns] = features.dims();
    let count = rois.dims()[0];
    let [bins_y, bins_x] = options.output_size;
    let y = Samples::new(&rois, [2, 4], bins_y, rows, scale, options);
    let x = Samples::new(&rois, [1, 3], bins_x, columns, scale, options);
    let features = gather(features, &rois); // [K, C, H, W]
    match options.reduction {
        SampleReduction::Average => {
            separable(features, y.mean_weights(), x.mean_weights()) // [K, C, PH, PW]
        }
        SampleReduction::Max => {
            let (samples_y, samples_x) = (y.count, x.count);
            let y_weights = y.weights.reshape([count, bins_y * samples_y, rows]); // [K, PH·S, H]
            let x_weights = x.weights.reshape([count, bins_x * samples_x, columns]); // [K, PW·S, W]
            let present = y
                .present
                .float()
                .reshape([count, 1, bins_y * samples_y, 1])
                .matmul(
                    x.present.float().reshape([count, 1, 1, bins_x * samples_x]), // [K, 1, PH·S, PW·S]
                );
            let values = separable(features, y_weights, x_weights); // [K, C, PH·S, PW·S]
            let absent = present.equal_elem(0.0).expand(values.dims());
            let values = values.mask_fill(absent, f32::MIN);
            let best = values
                .reshape([count * channels, bins_y, samples_y, bins_x, samples_x])
                .max_dim(4)
                .max_dim(2)
                .reshape([count, channels, bins_y, bins_x]); // [K, C, PH, PW]
            let nothing = best.clone().equal_elem(f32::MIN);
            best.mask_fill(nothing, 0.0)
        }
    }
}

/// The samples of every bin along one axis.
struct Samples {
    /// S.
    count: usize,
    /// Bilinear weight of every cell at every sample `[K, P, S, cells]`; zero out of the frame.
    weights: Tensor<4>,
    /// Which of the S samples the RoI has `[K, P, S]`.
    present: Tensor<3, Bool>,
    /// Samples per bin `[K, 1, 1]`.
    grid: Tensor<3>,
}

impl Samples {
    /// `corners` are the columns of `rois` that hold the axis.
    fn new(
        rois: &Tensor<2>,
        corners: [usize; 2],
        bins: usize,
        cells: usize,
        scale: f32,
        options: &RoiAlignOptions,
    ) -> Self {
        let count = rois.dims()[0];
        let device = rois.device();
        let offset = if options.aligned { 0.5 } else { 0.0 };
        let corner = |i: usize| column(rois, i).mul_scalar(scale).sub_scalar(offset); // [K]
        let start = corner(corners[0]);
        let mut length = corner(corners[1]) - start.clone();
        if !options.aligned {
            length = length.clamp_min(1.0);
        }
        let bin = (length / bins as f32).reshape([count, 1, 1]); // [K, 1, 1]
        let grid = match options.sampling_ratio {
            0 => bin.clone().detach().ceil().clamp_min(0.0),
            fixed => bin.ones_like().mul_scalar(fixed as f32),
        };
        let samples = (count > 0)
            .then(|| grid.clone().max().into_scalar::<f32>() as usize)
            .map_or(1, |largest| largest.max(1));
        let index = ramp(bins, &device).reshape([1, bins, 1]); // [1, P, 1]
        let sample = ramp(samples, &device).reshape([1, 1, samples]); // [1, 1, S]
        let at = start.reshape([count, 1, 1])
            + index * bin.clone()
            + (sample.clone() + 0.5) * bin / grid.clone().clamp_min(1.0); // [K, P, S]
        let outside = at
            .clone()
            .lower_elem(-1.0)
            .bool_or(at.clone().greater_elem(cells as f32));
        let at = at
            .clamp(0.0, cells as f32 - 1.0)
            .reshape([count, bins, samples, 1]);
        let weights = hat(at - ramp(cells, &device).reshape([1, 1, 1, cells])); // [K, P, S, cells]
        let present = sample
            .expand([count, bins, samples])
            .lower(grid.clone().expand([count, bins, samples]));
        let dropped = outside.bool_or(present.clone().bool_not());
        let dropped = dropped
            .reshape([count, bins, samples, 1])
            .expand(weights.dims());
        Self {
            count: samples,
            weights: weights.mask_fill(dropped, 0.0),
            present,
            grid,
        }
    }

    /// Mean of the weights over the samples `[K, P, cells]`.
    fn mean_weights(self) -> Tensor<3> {
        let [count, bins, _, cells] = self.weights.dims();
        self.weights.sum_dim(2).reshape([count, bins, cells]) / self.grid.clamp_min(1.0)
    }
}

/// Plain form of [`super::roi_pool`].
pub fn roi_pool(features: Tensor<4>, rois: Tensor<2>, options: &RoiPoolOptions) -> Tensor<4> {
    let [images, channels, rows, columns] = features.dims();
    let [bins_y, bins_x] = options.output_size;
    let (rois, void) = without_void(rois.detach(), images);
    let count = rois.dims()[0];
    let y = cells_of_bins(&rois, [2, 4], bins_y, rows, options.scale); // [K, PH, H]
    let x = cells_of_bins(&rois, [1, 3], bins_x, columns, options.scale); // [K, PW, W]
    let features = gather(features, &rois); // [K, C, H, W]

    let shape = [count, channels, rows, bins_x, columns];
    let other = x
        .bool_not()
        .reshape([count, 1, 1, bins_x, columns])
        .expand(shape);
    let by_row = features
        .reshape([count, channels, rows, 1, columns])
        .expand(shape)
        .mask_fill(other, f32::MIN)
        .max_dim(4)
        .reshape([count, channels, 1, rows, bins_x]); // [K, C, 1, H, PW]

    let shape = [count, channels, bins_y, rows, bins_x];
    let other = y
        .bool_not()
        .reshape([count, 1, bins_y, rows, 1])
        .expand(shape);
    let best = by_row
        .expand(shape)
        .mask_fill(other, f32::MIN)
        .max_dim(3)
        .reshape([count, channels, bins_y, bins_x]); // [K, C, PH, PW]
    let empty = best.clone().equal_elem(f32::MIN);
    blank(best.mask_fill(empty, 0.0), void)
}

/// Which cells of an axis each bin of a quantised RoI covers: `[K, P, cells]`.
fn cells_of_bins(
    rois: &Tensor<2>,
    corners: [usize; 2],
    bins: usize,
    cells: usize,
    scale: f32,
) -> Tensor<3, Bool> {
    let count = rois.dims()[0];
    let device = rois.device();
    // Halves round away from zero: sign(v) · ⌊|v| + ½⌋.
    let corner = |i: usize| {
        let value = column(rois, i).mul_scalar(scale);
        value.clone().sign() * (value.abs() + 0.5).floor()
    };
    let start = corner(corners[0]);
    let length = (corner(corners[1]) - start.clone() + 1.0).clamp_min(1.0);
    let bin = (length / bins as f32).reshape([count, 1, 1]);
    let index = ramp(bins, &device).reshape([1, bins, 1]);
    let start = start.reshape([count, 1, 1]);
    let first = (index.clone() * bin.clone()).floor() + start.clone(); // [K, P, 1]
    let end = ((index + 1.0) * bin).ceil() + start; // [K, P, 1]
    let shape = [count, bins, cells];
    let cell = ramp(cells, &device).reshape([1, 1, cells]).expand(shape);
    cell.clone()
        .greater_equal(first.expand(shape))
        .bool_and(cell.lower(end.expand(shape)))
}

/// Plain form of [`super::prroi_pool`].
pub fn prroi_pool(features: Tensor<4>, rois: Tensor<2>, options: &RoiPoolOptions) -> Tensor<4> {
    let [images, _, rows, columns] = features.dims();
    let [bins_y, bins_x] = options.output_size;
    let (rois, void) = without_void(rois, images);
    let y = mean_of_hats(&rois, [2, 4], bins_y, rows, options.scale); // [K, PH, H]
    let x = mean_of_hats(&rois, [1, 3], bins_x, columns, options.scale); // [K, PW, W]
    blank(separable(gather(features, &rois), y, x), void) // [K, C, PH, PW]
}

/// Mean of every cell's hat over every bin, (G(b − i) − G(a − i)) / (b − a): `[K, P, cells]`.
fn mean_of_hats(
    rois: &Tensor<2>,
    corners: [usize; 2],
    bins: usize,
    cells: usize,
    scale: f32,
) -> Tensor<3> {
    let count = rois.dims()[0];
    let device = rois.device();
    let start = column(rois, corners[0])
        .mul_scalar(scale)
        .reshape([count, 1, 1]);
    let length = column(rois, corners[1])
        .mul_scalar(scale)
        .reshape([count, 1, 1])
        - start.clone();
    let flat = length.clone().lower_equal_elem(0.0); // [K, 1, 1]
    let length = length.mask_fill(flat.clone(), 1.0);
    let index = ramp(bins, &device).reshape([1, bins, 1]);
    let low = start.clone() + length.clone() * index.clone() / bins as f32; // [K, P, 1]
    let high = start + length.clone() * (index + 1.0) / bins as f32; // [K, P, 1]
    let cell = ramp(cells, &device).reshape([1, 1, cells]);
    let area = hat_integral(high - cell.clone()) - hat_integral(low - cell); // [K, P, cells]
    let mean = area / (length / bins as f32);
    let shape = mean.dims();
    mean.mask_fill(flat.expand(shape), 0.0)
}

/// The bilinear weight at distance `s` of a cell: max(0, 1 − |s|).
fn hat<const D: usize>(s: Tensor<D>) -> Tensor<D> {
    s.abs().neg().add_scalar(1.0).clamp_min(0.0)
}

/// ∫ of the hat from −∞ to `s`: ½(s + 1)² rising from −1 to 0, then 1 − ½(1 − s)² up to 1.
fn hat_integral<const D: usize>(s: Tensor<D>) -> Tensor<D> {
    // Each half on its own side: at 0 a gradient passes through one of them, not both.
    let right = s.clone().greater_elem(0.0);
    let rising = s.clone().add_scalar(1.0).clamp_min(0.0);
    let falling = s.neg().add_scalar(1.0).clamp_min(0.0);
    let left_part = rising.clone() * rising / 2.0;
    let right_part = (falling.clone() * falling / 2.0).neg().add_scalar(1.0);
    left_part.mask_where(right, right_part)
}

/// rows `[K, P, H]` · features `[K, C, H, W]` · columns `[K, Q, W]`ᵀ → `[K, C, P, Q]`.
fn separable(features: Tensor<4>, rows: Tensor<3>, columns: Tensor<3>) -> Tensor<4> {
    let [count, channels, height, width] = features.dims();
    let [_, p, _] = rows.dims();
    let [_, q, _] = columns.dims();
    if count == 0 {
        return Tensor::zeros([0, channels, p, q], &features.device());
    }
    let columns = columns.swap_dims(1, 2); // [K, W, Q]
    let across = features
        .reshape([count, channels * height, width])
        .matmul(columns) // [K, C·H, Q]
        .reshape([count, channels, height, q]);
    rows.unsqueeze_dim::<4>(1)
        .expand([count, channels, p, height])
        .matmul(across) // [K, C, P, Q]
}

/// The image of each RoI: `[N, C, H, W]` → `[K, C, H, W]`.
fn gather(features: Tensor<4>, rois: &Tensor<2>) -> Tensor<4> {
    features.select(0, column(rois, 0).detach().int())
}

/// Column `index` of `[K, 5]` as `[K]`.
fn column(rois: &Tensor<2>, index: usize) -> Tensor<1> {
    let count = rois.dims()[0];
    rois.clone()
        .slice([0..count, index..index + 1])
        .reshape([count])
}

/// 0, 1, … as floats.
fn ramp(count: usize, device: &burn::tensor::Device) -> Tensor<1> {
    Tensor::arange(0..count as i64, device).float()
}

/// Void RoIs replaced by zeros, and which they were: `[K, 5]`, `[K]`.
fn without_void(rois: Tensor<2>, images: usize) -> (Tensor<2>, Tensor<1, Bool>) {
    let count = rois.dims()[0];
    // A comparison with something that is not a number is false.
    let bounded = rois
        .clone()
        .abs()
        .lower_equal_elem(f32::MAX)
        .all_dim(1)
        .reshape([count]);
    let image = column(&rois, 0);
    let real = bounded
        .bool_and(image.clone().greater_equal_elem(0.0))
        .bool_and(image.lower_elem(images as f32));
    let void = real.bool_not(); // [K]
    let shape = rois.dims();
    let rois = rois.mask_fill(void.clone().reshape([count, 1]).expand(shape), 0.0);
    (rois, void)
}

/// Zeros in the rows of `pooled` `[K, C, PH, PW]` that `void` `[K]` marks.
fn blank(pooled: Tensor<4>, void: Tensor<1, Bool>) -> Tensor<4> {
    let shape = pooled.dims();
    let void = void.reshape([shape[0], 1, 1, 1]).expand(shape);
    pooled.mask_fill(void, 0.0)
}
