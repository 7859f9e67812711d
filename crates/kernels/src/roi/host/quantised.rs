//! Fast R-CNN's RoI pooling: the maximum over whole cells.

use super::{
    FeatureMap,
    geometry::Target,
    rule::{Cells, CellsMut, Footprints, Pool, Spread},
};
use crate::roi::RoiPoolOptions;
use std::ops::Range;

/// Maximum over the cells of each bin.
pub(super) struct Quantised<'a> {
    targets: &'a [Option<Target>],
    bins: [usize; 2],
    width: usize,
    /// Rows of every bin of every RoI.
    y: Vec<Range<u32>>,
    /// Columns of every bin of every RoI.
    x: Vec<Range<u32>>,
    footprints: Footprints,
}

impl<'a> Quantised<'a> {
    /// Rounds the corners of every RoI to cells.
    pub fn new(
        map: &FeatureMap<'_>,
        rois: &[f32],
        targets: &'a [Option<Target>],
        options: &RoiPoolOptions,
    ) -> Self {
        let [bins_y, bins_x] = options.output_size;
        let mut y = Vec::with_capacity(targets.len() * bins_y);
        let mut x = Vec::with_capacity(targets.len() * bins_x);
        let mut footprints = Footprints::default();
        for (roi, target) in rois.chunks_exact(5).zip(targets) {
            let [height, width] = target.map_or([0, 0], |_| [map.height, map.width]);
            y.extend(cells(roi[2], roi[4], bins_y, height, options.scale));
            x.extend(cells(roi[1], roi[3], bins_x, width, options.scale));
            let rows = y[y.len() - bins_y..].iter().cloned().flatten();
            let columns = x[x.len() - bins_x..].iter().cloned().flatten();
            footprints.push(rows, columns);
        }
        Self {
            targets,
            bins: options.output_size,
            width: map.width,
            y,
            x,
            footprints,
        }
    }

    #[inline(always)]
    fn bin(&self, k: usize, bin: usize) -> (Range<u32>, Range<u32>) {
        let [bins_y, bins_x] = self.bins;
        let y = self.y[k * bins_y + bin / bins_x].clone();
        let x = self.x[k * bins_x + bin % bins_x].clone();
        (y, x)
    }
}

/// The cells of each bin along one axis; bins outside the frame are empty.
fn cells(
    low: f32,
    high: f32,
    bins: usize,
    size: usize,
    scale: f32,
) -> impl Iterator<Item = Range<u32>> {
    // The bounds keep sums of cells in range; nothing beyond them is in a frame.
    const FAR: f32 = 1e9;
    let cell = move |corner: f32| (corner * scale).round().clamp(-FAR, FAR) as i64;
    let (start, end) = (cell(low), cell(high));
    // The far corner is inclusive and a RoI at least one cell long.
    let length = (end - start + 1).max(1) as f32;
    let bin = length / bins as f32;
    (0..bins).map(move |index| {
        let first = (index as f32 * bin).floor() as i64 + start;
        let last = ((index as f32 + 1.0) * bin).ceil() as i64 + start;
        let clip = |cell: i64| cell.clamp(0, size as i64) as u32;
        clip(first)..clip(last)
    })
}

impl Pool for Quantised<'_> {
    fn outputs(&self) -> usize {
        self.bins[0] * self.bins[1]
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
            let (rows, columns) = self.bin(k, bin);
            if rows.is_empty() || columns.is_empty() {
                *out = [0.0; L];
                continue;
            }
            let mut best = [f32::MIN; L];
            for y in rows {
                for x in columns.clone() {
                    let lanes = cells.lanes::<L>(y as usize, x as usize);
                    for (best, &value) in best.iter_mut().zip(lanes) {
                        *best = if value > *best { value } else { *best };
                    }
                }
            }
            *out = best;
        }
    }
}

impl Spread for Quantised<'_> {
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
            let (rows, columns) = self.bin(k, bin);
            let mut best = [f32::MIN; L];
            let mut winner = [u32::MAX; L];
            for y in rows {
                for x in columns.clone() {
                    let lanes = cells.lanes::<L>(y as usize, x as usize);
                    let cell = y * self.width as u32 + x;
                    for lane in 0..L {
                        let wins = lanes[lane] > best[lane];
                        best[lane] = if wins { lanes[lane] } else { best[lane] };
                        winner[lane] = if wins { cell } else { winner[lane] };
                    }
                }
            }
            for lane in 0..L {
                let cell = winner[lane] as usize;
                if winner[lane] != u32::MAX && into.holds(cell / self.width) {
                    into.lanes::<L>(cell / self.width, cell % self.width)[lane] += grad[lane];
                }
            }
        }
    }
}
