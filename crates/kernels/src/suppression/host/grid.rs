//! Which boxes can overlap a box enough: a grid over the upper left corners.
//!
//! Let the IoU of A and B be above t, A from x to x + w, B from y to y + u. The intersection is at
//! most as high as either box, and the union at least as large as either, so the intersection's
//! width v obeys v > t·w and v > t·u, hence u < w / t. If B starts right of A, then v ≤ w − (y − x):
//! B starts less than (1 − t)·w later. If B starts left of A, then v ≤ u − (x − y): B starts less
//! than (1 − t)·u < (1/t − 1)·w earlier. The same holds for the other axis. Only boxes in that
//! window need to be compared.
// A function is compiled for the registers of the one it is inlined into.
#![allow(clippy::inline_always)]

use std::ops::Range;

use super::columns::{Columns, Reference, area};

/// Groups up to this size are compared pair by pair (measured: the grid pays from about 150 on).
const PAIRWISE_MAX: usize = 128;

/// Boxes per cell, on average (measured: 2 to 32 differ by a tenth).
const PER_CELL: usize = 16;

/// Rounding in `f32` moves an IoU by less than 1e-6 of itself; the window is for this much less.
const THRESHOLD_SLACK: f64 = 1e-5;

/// Corners from which the range of an axis is estimated.
const SAMPLES: usize = 64;

/// The slot of a box that overlaps nothing: NaN or infinite, without area, or inverted.
const NO_SLOT: u32 = u32::MAX;

/// The boxes of one group, ordered so that boxes near each other lie in few ranges of slots.
pub(super) struct Layout {
    /// The boxes, by slot.
    pub(super) columns: Columns,
    /// The slot of each member.
    slots: Vec<u32>,
    search: Search,
}

/// How the slots are ordered.
enum Search {
    /// As the members: a box is compared with all later ones.
    Later,
    /// By cell: row after row.
    Cells { x: Axis, y: Axis, starts: Vec<u32> },
}

/// The cells along one axis; the first and the last reach to infinity.
struct Axis {
    origin: f64,
    cells_per_pixel: f64,
    cells: usize,
}

impl Axis {
    /// `cells` cells over the bulk of the given coordinates.
    fn covering(mut sample: Vec<f32>, cells: usize) -> Self {
        sample.sort_unstable_by(f32::total_cmp);
        // The outermost of 64 are left out: single far-off boxes must not stretch the cells.
        let trim = sample.len() / 32;
        let origin = f64::from(sample[trim]);
        let extent = f64::from(sample[sample.len() - 1 - trim]) - origin;
        let cells_per_pixel = if extent > 0. {
            cells as f64 / extent
        } else {
            0.
        };
        Self {
            origin,
            cells_per_pixel,
            cells,
        }
    }

    /// The cell of a coordinate, ascending with it (the cast saturates).
    #[inline(always)]
    fn cell(&self, coordinate: f64) -> usize {
        (((coordinate - self.origin) * self.cells_per_pixel) as usize).min(self.cells - 1)
    }

    /// The cells that boxes starting in the window around `[start, end]` lie in.
    #[inline(always)]
    fn window(&self, start: f32, end: f32, threshold: f64) -> Range<usize> {
        let (start, extent) = (f64::from(start), f64::from(end) - f64::from(start));
        let first = self.cell(start - (1. / threshold - 1.) * extent);
        let last = self.cell(start + (1. - threshold) * extent);
        first..last + 1
    }
}

/// Whether a box can have an IoU above 0 at all.
fn can_overlap([x1, y1, x2, y2]: [f32; 4]) -> bool {
    let area = area([x1, y1, x2, y2]);
    x2 > x1 && y2 > y1 && area > 0. && area.is_finite()
}

impl Layout {
    /// Lays out boxes given in the order of their rank, for a threshold in 0..1.
    pub(super) fn new(members: impl ExactSizeIterator<Item = [f32; 4]>) -> Self {
        let mut slots = Vec::with_capacity(members.len());
        let mut active = Vec::with_capacity(members.len());
        for member in members {
            if can_overlap(member) {
                slots.push(active.len() as u32);
                active.push(member);
            } else {
                slots.push(NO_SLOT);
            }
        }
        if active.len() <= PAIRWISE_MAX {
            return Self {
                columns: Columns::from(active.iter().copied().enumerate()),
                slots,
                search: Search::Later,
            };
        }
        let side = ((active.len() / PER_CELL) as f64).sqrt().ceil() as usize;
        let sample = |corner: usize| {
            let every = active.len().div_ceil(SAMPLES);
            active.iter().step_by(every).map(|b| b[corner]).collect()
        };
        let (x, y) = (
            Axis::covering(sample(0), side),
            Axis::covering(sample(1), side),
        );
        let cells: Vec<u32> = active
            .iter()
            .map(|b| (y.cell(b[1].into()) * side + x.cell(b[0].into())) as u32)
            .collect();
        // Counting sort. First starts[c + 2] is the size of cell c, then starts[c + 1] where it
        // begins; placing the boxes moves that to where it ends, which is where c + 1 begins.
        let mut starts = vec![0u32; side * side + 2];
        for &cell in &cells {
            starts[cell as usize + 2] += 1;
        }
        for cell in 2..starts.len() {
            starts[cell] += starts[cell - 1];
        }
        let placed: Vec<u32> = cells
            .iter()
            .map(|&cell| {
                let next = &mut starts[cell as usize + 1];
                *next += 1;
                *next - 1
            })
            .collect();
        for slot in slots.iter_mut().filter(|slot| **slot != NO_SLOT) {
            *slot = placed[*slot as usize];
        }
        let slot_and_box = placed.iter().map(|&slot| slot as usize).zip(active);
        Self {
            columns: Columns::from(slot_and_box),
            slots,
            search: Search::Cells { x, y, starts },
        }
    }

    /// The slot of a member; `None` if it overlaps nothing.
    #[inline(always)]
    pub(super) fn slot(&self, member: usize) -> Option<usize> {
        let slot = self.slots[member];
        (slot != NO_SLOT).then_some(slot as usize)
    }

    /// Calls `hit` with every slot whose IoU with that of `slot` is above `threshold` (in 0..1); in
    /// a small group only with later ones, otherwise also with earlier ones and with itself.
    #[inline(always)]
    pub(super) fn overlapping(&self, slot: usize, threshold: f32, mut hit: impl FnMut(usize)) {
        let reference = self.columns.reference(slot);
        let all = 0..self.columns.len();
        match &self.search {
            Search::Later => {
                let later = slot + 1..all.end;
                self.columns.overlapping(later, &reference, threshold, hit);
            }
            Search::Cells { .. } if !reference.is_precise(threshold) => {
                self.columns.overlapping(all, &reference, threshold, hit);
            }
            Search::Cells { x, y, starts } => {
                let Reference {
                    corners: [x1, y1, x2, y2],
                    ..
                } = reference;
                let threshold_below = f64::from(threshold) * (1. - THRESHOLD_SLACK);
                let column_range = x.window(x1, x2, threshold_below);
                for row in y.window(y1, y2, threshold_below) {
                    let start = starts[row * x.cells + column_range.start] as usize;
                    let end = starts[row * x.cells + column_range.end] as usize;
                    self.columns
                        .overlapping(start..end, &reference, threshold, &mut hit);
                }
            }
        }
    }
}
