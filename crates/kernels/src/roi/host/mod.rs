//! RoI pooling on slices, shared by Flex and by LibTorch on the CPU.
//!
//! A pooling rule ([`rule`]) says which cells a RoI reads and with what weight; the driver
//! ([`drive`]) decides how the maps are walked. Channels are the vector lanes: a channels-last map
//! is read where it lies, a planar map is turned into blocks of [`drive::LANES`] channels, tile by
//! tile and only where a RoI reads it, so that one block of the whole map stays in cache.
//!
//! Every sum runs in an order that depends on the inputs alone: results are the same for any
//! number of threads and any vector width.
// A loop takes the instruction set of the function it is inlined into (see `vector`): it must be.
#![allow(clippy::inline_always)]

mod drive;
mod geometry;
mod map;
mod memory;
mod precise;
mod quantised;
mod rule;
mod sampled_max;
mod separable;
mod tiles;
mod vector;

pub(crate) use map::{FeatureMap, Gradient};
#[cfg(feature = "tch")]
pub(crate) use memory::advise;
pub(crate) use memory::zeroed;

use self::{
    geometry::Target, precise::PreciseBoxes, quantised::Quantised, sampled_max::SampledMax,
    separable::Separable,
};
use super::{RoiAlignOptions, RoiPoolOptions, SampleReduction};

/// `RoIAlign` of `rois` (rows of 5) into `out` `[K, C, PH, PW]`, every value of which is written.
pub(crate) fn roi_align(
    maps: &[FeatureMap<'_>],
    rois: &[f32],
    level_of: &[i64],
    options: &RoiAlignOptions,
    out: &mut [f32],
) {
    let targets = Target::of_pyramid(maps, rois, level_of);
    match options.reduction {
        SampleReduction::Average => {
            drive::pool(&Separable::align(maps, rois, &targets, options), maps, out);
        }
        SampleReduction::Max => {
            drive::pool(&SampledMax::new(maps, rois, &targets, options), maps, out);
        }
    }
}

/// Gradient of [`roi_align`] with respect to each map, written to `out`, zeros at first.
///
/// An average reads only the sizes of `maps`.
pub(crate) fn roi_align_backward(
    maps: &[FeatureMap<'_>],
    rois: &[f32],
    level_of: &[i64],
    grad: &[f32],
    options: &RoiAlignOptions,
    out: Vec<Gradient<'_>>,
) {
    let targets = Target::of_pyramid(maps, rois, level_of);
    match options.reduction {
        SampleReduction::Average => {
            let rule = Separable::align(maps, rois, &targets, options);
            drive::spread(&rule, maps, grad, out);
        }
        SampleReduction::Max => {
            let rule = SampledMax::new(maps, rois, &targets, options);
            drive::spread(&rule, maps, grad, out);
        }
    }
}

/// Quantised max pooling into `out` `[K, C, PH, PW]`, every value of which is written.
pub(crate) fn roi_pool(
    map: FeatureMap<'_>,
    rois: &[f32],
    options: &RoiPoolOptions,
    out: &mut [f32],
) {
    let targets = Target::of_map(&map, rois);
    drive::pool(&Quantised::new(&map, rois, &targets, options), &[map], out);
}

/// Gradient of [`roi_pool`] with respect to the map, written to `out`, zeros at first.
pub(crate) fn roi_pool_backward(
    map: FeatureMap<'_>,
    rois: &[f32],
    grad: &[f32],
    options: &RoiPoolOptions,
    out: Gradient<'_>,
) {
    let targets = Target::of_map(&map, rois);
    let rule = Quantised::new(&map, rois, &targets, options);
    drive::spread(&rule, &[map], grad, vec![out]);
}

/// Precise RoI pooling into `out` `[K, C, PH, PW]`, every value of which is written.
pub(crate) fn prroi_pool(
    map: FeatureMap<'_>,
    rois: &[f32],
    options: &RoiPoolOptions,
    out: &mut [f32],
) {
    let targets = Target::of_map(&map, rois);
    drive::pool(
        &Separable::precise(&map, rois, &targets, options),
        &[map],
        out,
    );
}

/// Gradient of [`prroi_pool`] with respect to the map, of which only the size is read, written to
/// `out`, zeros at first.
pub(crate) fn prroi_pool_backward_features(
    map: FeatureMap<'_>,
    rois: &[f32],
    grad: &[f32],
    options: &RoiPoolOptions,
    out: Gradient<'_>,
) {
    let targets = Target::of_map(&map, rois);
    let rule = Separable::precise(&map, rois, &targets, options);
    drive::spread(&rule, &[map], grad, vec![out]);
}

/// Gradient of [`prroi_pool`] with respect to the boxes: rows of 5 like `rois`, the first entry zero.
pub(crate) fn prroi_pool_backward_rois(
    map: FeatureMap<'_>,
    rois: &[f32],
    grad: &[f32],
    options: &RoiPoolOptions,
) -> Vec<f32> {
    let targets = Target::of_map(&map, rois);
    let rule = PreciseBoxes::new(&map, rois, &targets, grad, options);
    let channels = map.channels;
    let mut corners = vec![0.0; targets.len() * channels * 4]; // [K, C, 4]
    drive::pool(&rule, &[map], &mut corners);
    let mut out = vec![0.0; rois.len()];
    for (row, corners) in out
        .chunks_exact_mut(5)
        .zip(corners.chunks(4 * channels.max(1)))
    {
        for corner in corners.chunks_exact(4) {
            for (sum, value) in row[1..].iter_mut().zip(corner) {
                *sum += value;
            }
        }
    }
    out
}
