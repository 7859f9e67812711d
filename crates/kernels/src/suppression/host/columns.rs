//! Boxes as columns, compared 16 at a time.

// A function is compiled for the registers of the one it is inlined into.
#![allow(clippy::inline_always)]

use std::ops::Range;

/// Boxes compared at once: one AVX-512 register of `f32`.
pub(super) const LANES: usize = 16;

/// Two boxes whose intersection exceeds `GATE · threshold · union` go on to the exact division. It
/// lies below 1 by 8 units in the last place of `f32`; the product and the quotient err by half a unit.
const GATE: f32 = 1. - 8. * f32::EPSILON;

/// Areas (times the threshold) below this are too close to subnormal numbers, where rounding is
/// unbounded, for any shortcut.
const PRECISE_AREA: f32 = 1e-30;

/// The area of a box, in the reference's order of operations.
pub(super) fn area([x1, y1, x2, y2]: [f32; 4]) -> f32 {
    (x2 - x1) * (y2 - y1)
}

/// Boxes as one array per coordinate, followed by [`LANES`] boxes that overlap nothing.
pub(super) struct Columns {
    x1: Vec<f32>,
    y1: Vec<f32>,
    x2: Vec<f32>,
    y2: Vec<f32>,
    area: Vec<f32>,
    len: usize,
}

/// A box that others are compared with.
#[derive(Clone, Copy)]
pub(super) struct Reference {
    pub(super) corners: [f32; 4],
    pub(super) area: f32,
}

impl Reference {
    /// Whether everything that decides if an IoU is above `threshold` is a normal number: the union
    /// is at least this area, the intersection about `threshold` of it. With a threshold of 0 only
    /// the sign of the intersection counts.
    #[inline(always)]
    pub(super) fn is_precise(&self, threshold: f32) -> bool {
        threshold == 0. || self.area * threshold >= PRECISE_AREA
    }
}

/// One coordinate of [`LANES`] neighbouring boxes.
type Lanes = [f32; LANES];

/// Boxes from their positions, which are 0, 1, … in any order.
impl<I: ExactSizeIterator<Item = (usize, [f32; 4])>> From<I> for Columns {
    fn from(boxes: I) -> Self {
        let len = boxes.len();
        let column = || vec![f32::NAN; len + LANES];
        let mut columns = Self {
            x1: column(),
            y1: column(),
            x2: column(),
            y2: column(),
            area: column(),
            len,
        };
        for (at, corners) in boxes {
            assert!(at < len, "box {at} of {len}");
            columns.x1[at] = corners[0];
            columns.y1[at] = corners[1];
            columns.x2[at] = corners[2];
            columns.y2[at] = corners[3];
            columns.area[at] = area(corners);
        }
        columns
    }
}

impl Columns {
    /// How many boxes there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The box at a position.
    #[inline(always)]
    pub(super) fn reference(&self, at: usize) -> Reference {
        Reference {
            corners: [self.x1[at], self.y1[at], self.x2[at], self.y2[at]],
            area: self.area[at],
        }
    }

    /// Calls `hit` with the position of every box of `range` whose IoU with `reference` is above
    /// `threshold` (≥ 0); boxes shortly after the range may be compared too.
    #[inline(always)]
    pub(super) fn overlapping(
        &self,
        range: Range<usize>,
        reference: &Reference,
        threshold: f32,
        mut hit: impl FnMut(usize),
    ) {
        let gate = if reference.is_precise(threshold) {
            GATE * threshold
        } else {
            0.
        };
        let end = range.end.min(self.len);
        let mut at = range.start;
        while at < end {
            let (inter, union) = self.inter_union(at, reference);
            let mut any = false;
            for lane in 0..LANES {
                any |= inter[lane] > gate * union[lane];
            }
            if any {
                for lane in 0..LANES {
                    if inter[lane] / union[lane] > threshold {
                        hit(at + lane);
                    }
                }
            }
            at += LANES;
        }
    }

    /// IoU of `reference` with the boxes from `at` on, `at` below [`len`](Self::len).
    #[inline(always)]
    pub(super) fn iou(&self, at: usize, reference: &Reference) -> Lanes {
        let (inter, union) = self.inter_union(at, reference);
        std::array::from_fn(|lane| inter[lane] / union[lane])
    }

    /// Intersection and union of `reference` with the boxes from `at` on.
    #[inline(always)]
    fn inter_union(&self, at: usize, reference: &Reference) -> (Lanes, Lanes) {
        let [rx1, ry1, rx2, ry2] = reference.corners;
        let [x1, y1, x2, y2, areas] =
            [&self.x1, &self.y1, &self.x2, &self.y2, &self.area].map(|column| {
                debug_assert!(at < self.len && column.len() == self.len + LANES);
                // SAFETY: every column has `len + LANES` entries, and callers pass `at < len`.
                unsafe { &*column.as_ptr().add(at).cast::<Lanes>() }
            });
        let mut inter = [0.; LANES];
        let mut union = [0.; LANES];
        for lane in 0..LANES {
            let width = larger(smaller(x2[lane], rx2) - larger(x1[lane], rx1), 0.);
            let height = larger(smaller(y2[lane], ry2) - larger(y1[lane], ry1), 0.);
            inter[lane] = width * height;
            union[lane] = (reference.area + areas[lane]) - inter[lane];
        }
        (inter, union)
    }
}

/// The larger of two numbers as one machine instruction; the second if either is NaN. A NaN box has
/// a NaN area, so which one it is makes no difference to an overlap.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller of two numbers; the second if either is NaN.
#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}
