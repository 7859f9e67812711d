//! RoI pooling out of LibTorch's own operations, for devices whose memory the host cannot reach.
//!
//! Every pooling is a weighted sum of rows of a table: the channels-last maps, one row per cell.
//! `embedding_bag` computes such sums in one kernel without storing the rows it reads. A mean takes
//! one bag per bin; a maximum takes one bag per sample and then the largest of them. Few enough RoIs
//! are pooled at a time to bound the memory. Gradients are LibTorch's own, and keep what all of them
//! read. On CUDA they add in no fixed order, and of equal maxima either may take the gradient.
//!
//! Letters: P bins of one axis, S samples of one bin, T taps of one sample.

mod axis;

use tch::{Kind, Tensor};

use self::axis::{Axis, Place};
use super::{RoiAlignOptions, RoiPoolOptions, SampleReduction};

/// Elements of intermediate results at a time: 256 MiB of floats. Tests take a few RoIs at a time.
const BUDGET: i64 = if cfg!(test) { 1 << 8 } else { 1 << 26 };

/// `RoIAlign`: levels `[N, C, H, W]`, rois `[K, 5]`, level_of `[K]` → `[K, C, PH, PW]`.
pub(super) fn roi_align(
    levels: &[Tensor],
    rois: &Tensor,
    level_of: &Tensor,
    options: &RoiAlignOptions,
) -> Tensor {
    let table = Table::new(levels);
    let place = Place::new(levels, rois, level_of, &options.scales);
    let [bins_y, bins_x] = options.output_size;
    if empty(&table, rois) {
        return zeros(&table, rois, options.output_size);
    }
    let y = Axis::align(&place, 2, 4, &place.height, bins_y, options);
    let x = Axis::align(&place, 1, 3, &place.width, bins_x, options);
    match options.reduction {
        SampleReduction::Average => table.mean(&place, &y, &x),
        SampleReduction::Max => table.maximum(&place, &y, &x),
    }
}

/// Quantised max pooling → `[K, C, PH, PW]`.
pub(super) fn roi_pool(features: &Tensor, rois: &Tensor, options: &RoiPoolOptions) -> Tensor {
    let table = Table::new(std::slice::from_ref(features));
    if empty(&table, rois) {
        return zeros(&table, rois, options.output_size);
    }
    let place = Place::of_map(features, rois, options.scale);
    let [bins_y, bins_x] = options.output_size;
    let y = Axis::quantised(&place, 2, 4, &place.height, bins_y);
    let x = Axis::quantised(&place, 1, 3, &place.width, bins_x);
    table.maximum(&place, &y, &x)
}

/// Precise RoI pooling → `[K, C, PH, PW]`; LibTorch can differentiate it in `rois` too.
pub(super) fn prroi_pool(features: &Tensor, rois: &Tensor, options: &RoiPoolOptions) -> Tensor {
    let table = Table::new(std::slice::from_ref(features));
    if empty(&table, rois) {
        return zeros(&table, rois, options.output_size);
    }
    let place = Place::of_map(features, rois, options.scale);
    let [bins_y, bins_x] = options.output_size;
    let y = Axis::precise(&place, 2, 4, &place.height, bins_y);
    let x = Axis::precise(&place, 1, 3, &place.width, bins_x);
    table.mean(&place, &y, &x)
}

/// Gradients of Σ `grad` · `pool(inputs)` in each of `inputs`.
pub(super) fn gradients(
    inputs: &[Tensor],
    grad: &Tensor,
    pool: impl Fn(&[Tensor]) -> Tensor,
) -> Vec<Tensor> {
    tch::with_grad(|| {
        let leaves: Vec<Tensor> = inputs
            .iter()
            .map(|input| input.detach().set_requires_grad(true))
            .collect();
        let output = pool(&leaves);
        if !output.requires_grad() {
            return inputs.iter().map(Tensor::zeros_like).collect();
        }
        let sum = (output * grad).sum(Kind::Float);
        Tensor::run_backward(&[sum], &leaves, false, false)
    })
}

/// [`gradients`] in one input.
pub(super) fn gradient(input: &Tensor, grad: &Tensor, pool: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let one = std::slice::from_ref(input);
    gradients(one, grad, |inputs| pool(&inputs[0])).remove(0)
}

fn empty(table: &Table, rois: &Tensor) -> bool {
    rois.size()[0] == 0 || table.rows.numel() == 0
}

fn zeros(table: &Table, rois: &Tensor, [height, width]: [usize; 2]) -> Tensor {
    let shape = [
        rois.size()[0],
        table.rows.size()[1],
        height as i64,
        width as i64,
    ];
    Tensor::zeros(shape, (Kind::Float, rois.device()))
}

/// All cells of all levels and images, one row of channels each.
struct Table {
    rows: Tensor,
}

impl Table {
    fn new(levels: &[Tensor]) -> Self {
        let channels = levels[0].size()[1];
        let rows: Vec<Tensor> = levels
            .iter()
            .map(|level| level.permute([0, 2, 3, 1]).reshape([-1, channels]))
            .collect();
        Self {
            rows: match &rows[..] {
                [one] => one.shallow_clone(),
                several => Tensor::cat(several, 0),
            },
        }
    }

    /// Sums of `bag` rows each: cell and weight have the same number of elements.
    fn bags(&self, cell: &Tensor, weight: &Tensor, bag: i64) -> Tensor {
        let count = cell.numel() as i64 / bag;
        let offsets = Tensor::arange(count, (Kind::Int64, cell.device())) * bag;
        let weight = weight.reshape([-1]);
        let (sums, ..) = Tensor::embedding_bag(
            &self.rows,
            &cell.reshape([-1]),
            &offsets,
            false,
            0, // sum
            false,
            Some(&weight),
            false,
        );
        sums // [bags, C]
    }

    /// Mean of the samples of each bin.
    fn mean(&self, place: &Place, y: &Axis, x: &Axis) -> Tensor {
        let [_, bins_y, samples_y, taps_y] = y.size::<4>();
        let [_, bins_x, samples_x, taps_x] = x.size::<4>();
        let taps = bins_y * samples_y * taps_y * bins_x * samples_x * taps_x;
        in_parts(place, y, x, taps, |place, y, x| self.mean_of(place, y, x))
    }

    fn mean_of(&self, place: &Place, y: &Axis, x: &Axis) -> Tensor {
        let [rois, bins_y, samples_y, taps_y] = y.size();
        let [_, bins_x, samples_x, taps_x] = x.size();
        let (across_y, across_x) = (samples_y * taps_y, samples_x * taps_x);
        let row = |tensor: &Tensor| tensor.reshape([rois, bins_y, 1, across_y, 1]);
        let column = |tensor: &Tensor| tensor.reshape([rois, 1, bins_x, 1, across_x]);
        let one = |tensor: &Tensor| tensor.reshape([rois, 1, 1, 1, 1]);
        let cell = (row(&y.cell) * one(&place.width)) + column(&x.cell) + one(&place.base);
        let share = &place.real / (&y.count * &x.count);
        let weight = row(&y.weight) * one(&share) * column(&x.weight); // [K, PH, PW, S·T, S·T]
        self.bags(&cell, &weight, across_y * across_x)
            .reshape([rois, bins_y, bins_x, -1])
            .permute([0, 3, 1, 2])
    }

    /// Largest sample of each bin; a bin without samples is zero.
    fn maximum(&self, place: &Place, y: &Axis, x: &Axis) -> Tensor {
        let [_, bins_y, samples_y, _] = y.size::<4>();
        let [_, bins_x, samples_x, _] = x.size::<4>();
        let values = bins_y * samples_y * bins_x * samples_x * self.rows.size()[1];
        in_parts(place, y, x, values, |place, y, x| {
            self.maximum_of(place, y, x)
        })
    }

    fn maximum_of(&self, place: &Place, y: &Axis, x: &Axis) -> Tensor {
        let [rois, bins_y, samples_y, taps_y] = y.size();
        let [_, bins_x, samples_x, taps_x] = x.size();
        let row =
            |tensor: &Tensor, taps: i64| tensor.reshape([rois, bins_y, 1, samples_y, 1, taps, 1]);
        let column =
            |tensor: &Tensor, taps: i64| tensor.reshape([rois, 1, bins_x, 1, samples_x, 1, taps]);
        let one = |tensor: &Tensor| tensor.reshape([rois, 1, 1, 1, 1, 1, 1]);
        let cell =
            row(&y.cell, taps_y) * one(&place.width) + column(&x.cell, taps_x) + one(&place.base);
        let weight = row(&y.weight, taps_y) * column(&x.weight, taps_x); // [K, PH, PW, S, S, T, T]
        let samples = samples_y * samples_x;
        let values = self
            .bags(&cell, &weight, taps_y * taps_x)
            .reshape([rois, bins_y, bins_x, samples, -1]);
        let absent = row(&y.present, 1)
            .logical_and(&column(&x.present, 1))
            .reshape([rois, bins_y, bins_x, samples, 1])
            .logical_not();
        let lowest = f64::from(f32::MIN);
        let (best, _) = values.masked_fill(&absent, lowest).max_dim(3, false);
        let nothing = best
            .eq(lowest)
            .logical_or(&place.real.eq(0.0).reshape([rois, 1, 1, 1]));
        best.masked_fill(&nothing, 0.0).permute([0, 3, 1, 2]) // [K, C, PH, PW]
    }
}

/// `pool` of as many RoIs at a time as the budget has room for; a RoI needs `each` elements.
fn in_parts(
    place: &Place,
    y: &Axis,
    x: &Axis,
    each: i64,
    pool: impl Fn(&Place, &Axis, &Axis) -> Tensor,
) -> Tensor {
    let rois = place.rois.size()[0];
    let step = (BUDGET / each.max(1)).max(1);
    let parts: Vec<Tensor> = (0..rois)
        .step_by(step as usize)
        .map(|first| {
            let count = step.min(rois - first);
            pool(
                &place.part(first, count),
                &y.part(first, count),
                &x.part(first, count),
            )
        })
        .collect();
    Tensor::cat(&parts, 0)
}

#[cfg(test)]
mod tests {
    //! The composed operations run on the CPU too: there they must equal the host kernels.
    use tch::Device;

    use super::*;
    use crate::roi::host::{self, FeatureMap, Gradient};

    const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);
    const CHANNELS: usize = 18;

    /// Reproducible values in −1…1 without equal neighbours.
    fn waves(shape: [usize; 4]) -> Tensor {
        let count = shape.iter().product::<usize>() as i64;
        let values = (Tensor::arange(count, CPU) * 0.731).sin();
        values.reshape(shape.map(|size| size as i64))
    }

    /// Inside, over each border, outside, inverted, without area, larger than the map, void.
    fn rois() -> Vec<f32> {
        [
            [0.0, 3.0, 5.0, 31.0, 26.0],
            [1.0, -20.0, -9.0, 20.0, 14.0],
            [1.0, 25.0, 20.0, 60.0, 55.0],
            [0.0, 90.0, 90.0, 120.0, 99.0],
            [1.0, 30.0, 28.0, 11.0, 4.0],
            [0.0, 12.0, 12.0, 12.0, 12.0],
            [1.0, -50.0, -50.0, 90.0, 90.0],
            [2.0, 3.0, 5.0, 31.0, 26.0],
            [0.0, f32::NAN, 5.0, 31.0, 26.0],
        ]
        .concat()
    }

    fn matrix(rois: &[f32]) -> Tensor {
        Tensor::from_slice(rois).reshape([-1, 5])
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        let flat = tensor.contiguous().flatten(0, -1);
        Vec::<f32>::try_from(flat).expect("a flat float tensor")
    }

    #[track_caller]
    fn assert_close(actual: &Tensor, expected: &[f32], what: &str) {
        let actual = values(actual);
        assert_eq!(actual.len(), expected.len(), "{what}");
        for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
            assert!(
                (a - e).abs() < 2e-5,
                "{what}: element {i} is {a}, expected {e}"
            );
        }
    }

    fn map(data: &[f32], shape: [usize; 4]) -> FeatureMap<'_> {
        let [_, c, h, w] = shape;
        FeatureMap::new(data, shape, [c * h * w, h * w, w, 1])
    }

    fn planar(data: &mut [f32]) -> Gradient<'_> {
        Gradient {
            data,
            channels_last: false,
        }
    }

    #[test]
    fn align_equals_the_host_kernel() {
        let shapes = [[2, CHANNELS, 9, 10], [2, CHANNELS, 5, 5]];
        let levels = shapes.map(waves);
        let data: Vec<Vec<f32>> = levels.iter().map(values).collect();
        let maps: Vec<_> = data
            .iter()
            .zip(shapes)
            .map(|(data, shape)| map(data, shape))
            .collect();
        let rois = rois();
        let level_of = [0, 1, 0, 0, 1, 0, 1, 0, 0];
        let grad = waves([9, CHANNELS, 3, 2]);
        for reduction in [SampleReduction::Average, SampleReduction::Max] {
            for aligned in [false, true] {
                for ratio in 0..3 {
                    let options = RoiAlignOptions::new([3, 2], 0.25)
                        .with_scales(vec![0.25, 0.125])
                        .with_aligned(aligned)
                        .with_sampling_ratio(ratio)
                        .with_reduction(reduction);
                    let what = format!("{options:?}");
                    let mut expected = vec![0.0; 9 * CHANNELS * 6];
                    host::roi_align(&maps, &rois, &level_of, &options, &mut expected);
                    let chosen = Tensor::from_slice(&level_of);
                    let actual = roi_align(&levels, &matrix(&rois), &chosen, &options);
                    assert_close(&actual, &expected, &what);

                    let mut expected: Vec<Vec<f32>> =
                        data.iter().map(|data| vec![0.0; data.len()]).collect();
                    let out = expected.iter_mut().map(|data| planar(data)).collect();
                    host::roi_align_backward(
                        &maps,
                        &rois,
                        &level_of,
                        &values(&grad),
                        &options,
                        out,
                    );
                    let actual = gradients(&levels, &grad, |levels| {
                        roi_align(levels, &matrix(&rois), &chosen, &options)
                    });
                    for (actual, expected) in actual.iter().zip(&expected) {
                        assert_close(actual, expected, &what);
                    }
                }
            }
        }
    }

    #[test]
    fn pooling_equals_the_host_kernels() {
        let shape = [2, CHANNELS, 9, 10];
        let features = waves(shape);
        let data = values(&features);
        let map = map(&data, shape);
        let rois = rois();
        let boxes = matrix(&rois);
        let grad = waves([9, CHANNELS, 3, 2]);
        let weights = values(&grad);
        let options = RoiPoolOptions::new([3, 2], 0.25);

        let mut expected = vec![0.0; weights.len()];
        host::roi_pool(map, &rois, &options, &mut expected);
        assert_close(
            &roi_pool(&features, &boxes, &options),
            &expected,
            "quantised",
        );
        let mut expected = vec![0.0; data.len()];
        host::roi_pool_backward(map, &rois, &weights, &options, planar(&mut expected));
        let actual = gradient(&features, &grad, |map| roi_pool(map, &boxes, &options));
        assert_close(&actual, &expected, "quantised, gradient");

        let mut expected = vec![0.0; weights.len()];
        host::prroi_pool(map, &rois, &options, &mut expected);
        assert_close(
            &prroi_pool(&features, &boxes, &options),
            &expected,
            "precise",
        );
        let mut expected = vec![0.0; data.len()];
        let out = planar(&mut expected);
        host::prroi_pool_backward_features(map, &rois, &weights, &options, out);
        let actual = gradient(&features, &grad, |map| prroi_pool(map, &boxes, &options));
        assert_close(&actual, &expected, "precise, gradient of the map");
        let expected = host::prroi_pool_backward_rois(map, &rois, &weights, &options);
        let actual = gradient(&boxes, &grad, |boxes| {
            prroi_pool(&features, boxes, &options)
        });
        assert_close(&actual, &expected, "precise, gradient of the boxes");
    }

    #[test]
    fn no_rois_and_their_gradients() {
        let features = waves([1, CHANNELS, 4, 4]);
        let none = Tensor::zeros([0, 5], CPU);
        let options = RoiPoolOptions::new([3, 2], 0.25);
        let pooled = roi_pool(&features, &none, &options);
        assert_eq!(pooled.size(), [0, CHANNELS as i64, 3, 2]);
        let gradient = gradient(&features, &pooled, |map| roi_pool(map, &none, &options));
        assert_close(&gradient, &vec![0.0; CHANNELS * 16], "no RoIs");
    }
}
