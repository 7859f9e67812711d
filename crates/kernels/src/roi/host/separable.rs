//! Pooling by weights that are a product of one weight per axis.
//!
//! The average over a grid of bilinear samples, and the exact integral of the bilinear surface, are
//! both sums over cells of (weight of the row) · (weight of the column). Neighbouring samples share
//! cells; merging their weights axis by axis leaves a bin of 2×2 samples with at most 4×4 and often
//! 3×3 distinct cells in place of 16.

use super::{
    FeatureMap,
    geometry::{SampledAxis, Target},
    precise::PreciseAxis,
    rule::{Cells, CellsMut, Footprints, Lists, Pool, Spread},
};
use crate::roi::{RoiAlignOptions, RoiPoolOptions};

/// A cell along one axis and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tap {
    pub cell: u32,
    pub weight: f32,
}

/// Taps of every bin of every RoI along one axis.
struct Axis {
    bins: usize,
    taps: Lists<Tap>,
}

impl Axis {
    fn new(bins: usize, rois: usize) -> Self {
        Self {
            bins,
            taps: Lists::with_capacity(rois * bins, 4),
        }
    }

    #[inline(always)]
    fn bin(&self, k: usize, index: usize) -> &[Tap] {
        self.taps.get(k * self.bins + index)
    }

    fn cells(&self, k: usize) -> impl Iterator<Item = u32> {
        (0..self.bins).flat_map(move |index| self.bin(k, index).iter().map(|tap| tap.cell))
    }

    /// Adds `weight` to the tap at `cell` of the open bin.
    fn add(&mut self, cell: u32, weight: f32) {
        // Samples come in order: a repeated cell is one of the last two.
        let open = self.taps.open();
        let recent = open.len().saturating_sub(2);
        match open[recent..].iter_mut().find(|tap| tap.cell == cell) {
            Some(tap) => tap.weight += weight,
            None if weight != 0.0 => self.taps.push(Tap { cell, weight }),
            None => {}
        }
    }

    fn push_samples(&mut self, axis: Option<SampledAxis>, size: usize) {
        for index in 0..self.bins {
            if let Some(axis) = axis {
                let share = 1.0 / axis.count().max(1.0);
                axis.samples(index, size, |sample| {
                    self.add(sample.low, sample.low_weight * share);
                    self.add(sample.high, sample.high_weight * share);
                });
            }
            self.taps.close();
        }
    }

    fn push_precise(&mut self, axis: &PreciseAxis, size: usize) {
        for index in 0..self.bins {
            axis.means(index, size, |cell, weight| {
                if weight != 0.0 {
                    self.taps.push(Tap { cell, weight });
                }
            });
            self.taps.close();
        }
    }
}

/// Pooling with a weight per row and a weight per column.
pub(super) struct Separable<'a> {
    targets: &'a [Option<Target>],
    y: Axis,
    x: Axis,
    footprints: Footprints,
}

impl<'a> Separable<'a> {
    /// `RoIAlign` with the mean of the samples.
    pub fn align(
        maps: &[FeatureMap<'_>],
        rois: &[f32],
        targets: &'a [Option<Target>],
        options: &RoiAlignOptions,
    ) -> Self {
        let [bins_y, bins_x] = options.output_size;
        Self::build(
            options.output_size,
            targets,
            |k, Target { level, .. }, y, x| {
                let roi = &rois[5 * k..];
                let scale = options.scales[level];
                let axis_y = SampledAxis::new(roi[2], roi[4], bins_y, scale, options);
                let axis_x = SampledAxis::new(roi[1], roi[3], bins_x, scale, options);
                y.push_samples(axis_y, maps[level].height);
                x.push_samples(axis_x, maps[level].width);
            },
        )
    }

    /// Precise RoI pooling.
    pub fn precise(
        map: &FeatureMap<'_>,
        rois: &[f32],
        targets: &'a [Option<Target>],
        options: &RoiPoolOptions,
    ) -> Self {
        let [bins_y, bins_x] = options.output_size;
        Self::build(options.output_size, targets, |k, _, y, x| {
            let roi = &rois[5 * k..];
            let axis_y = PreciseAxis::new(roi[2], roi[4], bins_y, options.scale);
            let axis_x = PreciseAxis::new(roi[1], roi[3], bins_x, options.scale);
            y.push_precise(&axis_y, map.height);
            x.push_precise(&axis_x, map.width);
        })
    }

    fn build(
        [bins_y, bins_x]: [usize; 2],
        targets: &'a [Option<Target>],
        push: impl Fn(usize, Target, &mut Axis, &mut Axis),
    ) -> Self {
        let mut y = Axis::new(bins_y, targets.len());
        let mut x = Axis::new(bins_x, targets.len());
        let mut footprints = Footprints::default();
        for (k, target) in targets.iter().enumerate() {
            if let Some(target) = target {
                push(k, *target, &mut y, &mut x);
            } else {
                (0..bins_y).for_each(|_| y.taps.close());
                (0..bins_x).for_each(|_| x.taps.close());
            }
            footprints.push(y.cells(k), x.cells(k));
        }
        Self {
            targets,
            y,
            x,
            footprints,
        }
    }
}

impl Pool for Separable<'_> {
    fn outputs(&self) -> usize {
        self.y.bins * self.x.bins
    }

    fn targets(&self) -> &[Option<Target>] {
        self.targets
    }

    fn footprints(&self) -> &Footprints {
        &self.footprints
    }

    #[inline(always)]
    fn pool<const L: usize>(&self, k: usize, _: usize, cells: Cells<'_>, out: &mut [[f32; L]]) {
        for (row, out) in out.chunks_exact_mut(self.x.bins).enumerate() {
            let rows = self.y.bin(k, row);
            for (column, out) in out.iter_mut().enumerate() {
                let columns = self.x.bin(k, column);
                let mut sum = [0.0; L];
                for y in rows {
                    for x in columns {
                        let weight = y.weight * x.weight;
                        let lanes = cells.lanes::<L>(y.cell as usize, x.cell as usize);
                        for (sum, value) in sum.iter_mut().zip(lanes) {
                            *sum += weight * value;
                        }
                    }
                }
                *out = sum;
            }
        }
    }
}

impl Spread for Separable<'_> {
    const READS_CELLS: bool = false;

    #[inline(always)]
    fn spread<const L: usize>(
        &self,
        k: usize,
        _: Cells<'_>,
        grad: &[[f32; L]],
        into: &mut CellsMut<'_>,
    ) {
        for (row, grad) in grad.chunks_exact(self.x.bins).enumerate() {
            let rows = self.y.bin(k, row);
            for (column, grad) in grad.iter().enumerate() {
                let columns = self.x.bin(k, column);
                for y in rows {
                    if !into.holds(y.cell as usize) {
                        continue;
                    }
                    for x in columns {
                        let weight = y.weight * x.weight;
                        let lanes = into.lanes::<L>(y.cell as usize, x.cell as usize);
                        for (sum, value) in lanes.iter_mut().zip(grad) {
                            *sum += weight * value;
                        }
                    }
                }
            }
        }
    }
}
