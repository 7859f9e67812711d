//! `RoIAlign` that keeps the largest sample of each bin.

use super::{
    FeatureMap,
    geometry::{Sample, SampledAxis, Target},
    rule::{Cells, CellsMut, Footprints, Lists, Pool, Spread},
};
use crate::roi::RoiAlignOptions;

/// Samples of every bin of every RoI along one axis.
struct Axis {
    bins: usize,
    inside: Lists<Sample>,
    /// Whether the bin has samples outside the frame, which count as zero.
    outside: Vec<bool>,
}

impl Axis {
    fn push(&mut self, axis: Option<SampledAxis>, size: usize) {
        for index in 0..self.bins {
            let outside = axis
                .is_some_and(|axis| axis.samples(index, size, |sample| self.inside.push(sample)));
            self.inside.close();
            self.outside.push(outside);
        }
    }

    fn cells(&self, k: usize) -> impl Iterator<Item = u32> {
        (0..self.bins)
            .flat_map(move |index| self.inside.get(k * self.bins + index))
            .flat_map(|sample| [sample.low, sample.high])
    }
}

/// Maximum over a grid of bilinear samples.
pub(super) struct SampledMax<'a> {
    targets: &'a [Option<Target>],
    y: Axis,
    x: Axis,
    footprints: Footprints,
}

impl<'a> SampledMax<'a> {
    /// Lays out the samples of every RoI.
    pub fn new(
        maps: &[FeatureMap<'_>],
        rois: &[f32],
        targets: &'a [Option<Target>],
        options: &RoiAlignOptions,
    ) -> Self {
        let axis = |bins| Axis {
            bins,
            inside: Lists::default(),
            outside: Vec::new(),
        };
        let [bins_y, bins_x] = options.output_size;
        let (mut y, mut x) = (axis(bins_y), axis(bins_x));
        let mut footprints = Footprints::default();
        for (k, roi) in rois.chunks_exact(5).enumerate() {
            let (axes, [height, width]) = match targets[k] {
                Some(Target { level, .. }) => {
                    let scale = options.scales[level];
                    let axis_y = SampledAxis::new(roi[2], roi[4], bins_y, scale, options);
                    let axis_x = SampledAxis::new(roi[1], roi[3], bins_x, scale, options);
                    // Without samples on one axis there are none at all.
                    let real = axis_y
                        .zip(axis_x)
                        .filter(|(y, x)| y.count() * x.count() > 0.0);
                    (real.unzip(), [maps[level].height, maps[level].width])
                }
                None => ((None, None), [0, 0]),
            };
            y.push(axes.0, height);
            x.push(axes.1, width);
            footprints.push(y.cells(k), x.cells(k));
        }
        Self {
            targets,
            y,
            x,
            footprints,
        }
    }

    /// Largest sample of a bin and which one it is, counted row by row.
    #[inline(always)]
    fn best<const L: usize>(&self, k: usize, bin: usize, cells: Cells<'_>) -> ([f32; L], [u32; L]) {
        let (row, column) = (
            k * self.y.bins + bin / self.x.bins,
            k * self.x.bins + bin % self.x.bins,
        );
        let (rows, columns) = (self.y.inside.get(row), self.x.inside.get(column));
        let mut best = [f32::MIN; L];
        let mut winner = [u32::MAX; L];
        let mut index = 0;
        for y in rows {
            for x in columns {
                let weights = corner_weights(y, x);
                let corners = corner_cells(y, x).map(|(y, x)| cells.lanes::<L>(y, x));
                for lane in 0..L {
                    let value = weights[0] * corners[0][lane]
                        + weights[1] * corners[1][lane]
                        + weights[2] * corners[2][lane]
                        + weights[3] * corners[3][lane];
                    let wins = value > best[lane];
                    best[lane] = if wins { value } else { best[lane] };
                    winner[lane] = if wins { index } else { winner[lane] };
                }
                index += 1;
            }
        }
        if index == 0 || self.y.outside[row] || self.x.outside[column] {
            for lane in 0..L {
                let zero_wins = 0.0 > best[lane];
                best[lane] = if zero_wins { 0.0 } else { best[lane] };
                winner[lane] = if zero_wins { u32::MAX } else { winner[lane] };
            }
        }
        (best, winner)
    }
}

#[inline(always)]
fn corner_weights(y: &Sample, x: &Sample) -> [f32; 4] {
    [
        y.low_weight * x.low_weight,
        y.low_weight * x.high_weight,
        y.high_weight * x.low_weight,
        y.high_weight * x.high_weight,
    ]
}

#[inline(always)]
fn corner_cells(y: &Sample, x: &Sample) -> [(usize, usize); 4] {
    let (y, x) = (
        [y.low as usize, y.high as usize],
        [x.low as usize, x.high as usize],
    );
    [(y[0], x[0]), (y[0], x[1]), (y[1], x[0]), (y[1], x[1])]
}

impl Pool for SampledMax<'_> {
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
        for (bin, out) in out.iter_mut().enumerate() {
            *out = self.best(k, bin, cells).0;
        }
    }
}

impl Spread for SampledMax<'_> {
    const READS_CELLS: bool = true;

    #[inline(always)]
    fn spread<const L: usize>(
        &self,
        k: usize,
        cells: Cells<'_>,
        grad: &[[f32; L]],
        into: &mut CellsMut<'_>,
    ) {
        for (bin, grad) in grad.iter().enumerate() {
            let (_, winner) = self.best::<L>(k, bin, cells);
            let rows = self.y.inside.get(k * self.y.bins + bin / self.x.bins);
            let columns = self.x.inside.get(k * self.x.bins + bin % self.x.bins);
            for lane in 0..L {
                if winner[lane] == u32::MAX {
                    continue;
                }
                let sample = winner[lane] as usize;
                let (y, x) = (
                    &rows[sample / columns.len()],
                    &columns[sample % columns.len()],
                );
                let weights = corner_weights(y, x);
                for ((y, x), weight) in corner_cells(y, x).into_iter().zip(weights) {
                    if !into.holds(y) {
                        continue;
                    }
                    into.lanes::<L>(y, x)[lane] += weight * grad[lane];
                }
            }
        }
    }
}
