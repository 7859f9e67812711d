//! The exact mean of the bilinear surface over a bin, and its derivative in the corners of the box.
//!
//! Along one axis the surface weighs cell `i` at position `t` with the hat h(t − i),
//! h(s) = max(0, 1 − |s|). Its mean over a bin [a, b] is
//!
//! u = (G(b − i) − G(a − i)) / (b − a),  G(s) = ∫ h from −∞ to s,
//!
//! and ∂u/∂a = (u − h(a − i)) / (b − a), ∂u/∂b = (h(b − i) − u) / (b − a). Everything is computed
//! in f64, because G(b) − G(a) cancels for small bins.

use super::{
    FeatureMap,
    geometry::Target,
    rule::{Cells, Footprints, Lists, Pool},
};
use crate::roi::RoiPoolOptions;

/// One axis of a box, in cells, cut into bins.
#[derive(Debug, Clone, Copy)]
pub(super) struct PreciseAxis {
    start: f64,
    length: f64,
    bins: f64,
}

/// Weight of one cell in the mean of a bin, and its derivatives in the two ends of the bin.
#[derive(Debug, Clone, Copy)]
struct Slope {
    cell: u32,
    mean: f32,
    by_low: f32,
    by_high: f32,
}

/// h(s) = max(0, 1 − |s|).
fn hat(s: f64) -> f64 {
    (1.0 - s.abs()).max(0.0)
}

/// ∫ h from −∞ to `s`.
fn hat_integral(s: f64) -> f64 {
    if s <= 0.0 {
        let rising = (s + 1.0).max(0.0);
        0.5 * rising * rising
    } else {
        let falling = (1.0 - s).max(0.0);
        1.0 - 0.5 * falling * falling
    }
}

impl PreciseAxis {
    /// The axis from `low` to `high` (pixels); inverted boxes have no length.
    pub fn new(low: f32, high: f32, bins: usize, scale: f32) -> Self {
        let scale = f64::from(scale);
        Self {
            start: f64::from(low) * scale,
            length: ((f64::from(high) - f64::from(low)) * scale).max(0.0),
            bins: bins as f64,
        }
    }

    /// The ends of a bin, if it has any length.
    fn ends(&self, index: usize) -> Option<(f64, f64)> {
        let at = |i: f64| self.start + self.length * i / self.bins;
        let (low, high) = (at(index as f64), at(index as f64 + 1.0));
        (high > low).then_some((low, high))
    }

    /// Calls `tap` with each cell of a frame of `size` that the bin touches and its mean weight.
    pub fn means(&self, index: usize, size: usize, mut tap: impl FnMut(u32, f32)) {
        self.slopes(index, size, |slope| tap(slope.cell, slope.mean));
    }

    fn slopes(&self, index: usize, size: usize, mut each: impl FnMut(Slope)) {
        let Some((low, high)) = self.ends(index) else {
            return;
        };
        let last = size as f64 - 1.0;
        let first_cell = (low - 1.0).ceil().max(0.0);
        let last_cell = (high + 1.0).floor().min(last);
        if first_cell > last_cell {
            return;
        }
        for cell in first_cell as u32..=last_cell as u32 {
            let (a, b) = (low - f64::from(cell), high - f64::from(cell));
            let mean = (hat_integral(b) - hat_integral(a)) / (high - low);
            each(Slope {
                cell,
                mean: mean as f32,
                by_low: ((mean - hat(a)) / (high - low)) as f32,
                by_high: ((hat(b) - mean) / (high - low)) as f32,
            });
        }
    }
}

/// Gradient of precise RoI pooling in `x1, y1, x2, y2`, per channel: four outputs.
pub(super) struct PreciseBoxes<'a> {
    targets: &'a [Option<Target>],
    grad: &'a [f32],
    channels: usize,
    scale: f32,
    bins: [usize; 2],
    y: Lists<Slope>,
    x: Lists<Slope>,
    footprints: Footprints,
}

impl<'a> PreciseBoxes<'a> {
    /// `grad` is `[K, C, PH, PW]`.
    pub fn new(
        map: &FeatureMap<'_>,
        rois: &[f32],
        targets: &'a [Option<Target>],
        grad: &'a [f32],
        options: &RoiPoolOptions,
    ) -> Self {
        let [bins_y, bins_x] = options.output_size;
        let mut y = Lists::default();
        let mut x = Lists::default();
        let mut footprints = Footprints::default();
        let push = |lists: &mut Lists<Slope>, low, high, bins, size| {
            let axis = PreciseAxis::new(low, high, bins, options.scale);
            for index in 0..bins {
                axis.slopes(index, size, |slope| lists.push(slope));
                lists.close();
            }
        };
        for (k, roi) in rois.chunks_exact(5).enumerate() {
            // A void RoI (not a number, no such image) has no slopes and no footprint.
            let [height, width] = targets[k].map_or([0, 0], |_| [map.height, map.width]);
            push(&mut y, roi[2], roi[4], bins_y, height);
            push(&mut x, roi[1], roi[3], bins_x, width);
            let cells = |lists: &Lists<Slope>, bins: usize| -> Vec<u32> {
                let bins = k * bins..(k + 1) * bins;
                bins.flat_map(|bin| lists.get(bin).iter().map(|slope| slope.cell))
                    .collect()
            };
            footprints.push(cells(&y, bins_y).into_iter(), cells(&x, bins_x).into_iter());
        }
        Self {
            targets,
            grad,
            channels: map.channels,
            scale: options.scale,
            bins: options.output_size,
            y,
            x,
            footprints,
        }
    }
}

impl Pool for PreciseBoxes<'_> {
    fn outputs(&self) -> usize {
        4
    }

    fn targets(&self) -> &[Option<Target>] {
        self.targets
    }

    fn footprints(&self) -> &Footprints {
        &self.footprints
    }

    #[inline(always)]
    fn pool<const L: usize>(
        &self,
        k: usize,
        channel: usize,
        cells: Cells<'_>,
        out: &mut [[f32; L]],
    ) {
        let [bins_y, bins_x] = self.bins;
        let bins = bins_y * bins_x;
        let present = L.min(self.channels - channel);
        let grad = &self.grad[(k * self.channels + channel) * bins..][..present * bins];
        let mut corners = [[0.0; L]; 4];
        for row in 0..bins_y {
            // Bin edges are x1 + (x2 − x1)·i/bins: this share of a move of x2 reaches edge i.
            let (top, bottom) = (row as f32 / bins_y as f32, (row + 1) as f32 / bins_y as f32);
            for column in 0..bins_x {
                let left = column as f32 / bins_x as f32;
                let right = (column + 1) as f32 / bins_x as f32;
                // ∂(bin)/∂(left, top, right, bottom edge), one lane per channel.
                let mut edges = [[0.0; L]; 4];
                for y in self.y.get(k * bins_y + row) {
                    for x in self.x.get(k * bins_x + column) {
                        let lanes = cells.lanes::<L>(y.cell as usize, x.cell as usize);
                        let weights = [
                            y.mean * x.by_low,
                            y.by_low * x.mean,
                            y.mean * x.by_high,
                            y.by_high * x.mean,
                        ];
                        for (edge, weight) in edges.iter_mut().zip(weights) {
                            for (sum, value) in edge.iter_mut().zip(lanes) {
                                *sum += weight * value;
                            }
                        }
                    }
                }
                for lane in 0..present {
                    let grad = self.scale * grad[lane * bins + row * bins_x + column];
                    let [by_left, by_top, by_right, by_bottom] =
                        edges.map(|edge| grad * edge[lane]);
                    corners[0][lane] += by_left * (1.0 - left) + by_right * (1.0 - right);
                    corners[1][lane] += by_top * (1.0 - top) + by_bottom * (1.0 - bottom);
                    corners[2][lane] += by_left * left + by_right * right;
                    corners[3][lane] += by_top * top + by_bottom * bottom;
                }
            }
        }
        out.copy_from_slice(&corners);
    }
}
