//! Which columns of a result's row show the source, and where in it they look.

use super::map::AffineMap;

/// Fractional bits of a position.
pub(super) const FRACTION: u32 = 24;
/// Positions and steps are bounded so that no sum along a row can overflow: 2⁵⁵ + 2³⁶ · 2²⁵ < 2⁶².
const FARTHEST: f64 = (1_i64 << 55) as f64;
const LARGEST_STEP: f64 = (1_i64 << 36) as f64;

/// An earlier canvas the picture was cut by: the map from the result to it, and its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub map: AffineMap,
    pub size: [usize; 2],
}

/// A position that moves evenly along a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub start: i64,
    pub step: i64,
}

impl Walk {
    /// Along the centres of row `y`, under one row of a map.
    fn along([a, b, c]: [f64; 3], y: usize) -> Self {
        let scale = f64::from(1_u32 << FRACTION);
        let start = (a * 0.5 + b * (y as f64 + 0.5) + c) * scale;
        let step = a * scale;
        Self {
            start: libm::floor(start.clamp(-FARTHEST, FARTHEST) + 0.5) as i64,
            step: libm::floor(step.clamp(-LARGEST_STEP, LARGEST_STEP) + 0.5) as i64,
        }
    }

    /// The columns of `0..count` whose position is in `[low, high)`.
    pub fn columns(self, low: i64, high: i64, count: usize) -> (usize, usize) {
        let Self { start, step } = self;
        let (from, to) = match step {
            0 if (low..high).contains(&start) => return (0, count),
            0 => return (0, 0),
            1.. => (ceil_div(low - start, step), ceil_div(high - start, step)),
            _ => (
                ceil_div(start - high + 1, -step),
                ceil_div(start - low + 1, -step),
            ),
        };
        let count = count as i64;
        let from = from.clamp(0, count);
        (from as usize, to.clamp(from, count) as usize)
    }

    pub fn at(self, column: usize) -> i64 {
        self.start + self.step * column as i64
    }
}

/// Quotient rounded up; `by` is positive.
fn ceil_div(value: i64, by: i64) -> i64 {
    value.div_euclid(by) + i64::from(value.rem_euclid(by) != 0)
}

/// A side as a position.
pub(super) fn fixed(side: usize) -> i64 {
    (side as i64) << FRACTION
}

/// The columns in both runs.
pub(super) fn both(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    let from = a.0.max(b.0);
    (from, a.1.min(b.1).max(from))
}

/// The columns of row `y` that show the source, and the walks through it.
pub(super) fn span(
    to_source: &AffineMap,
    source: [usize; 2],
    windows: &[Window],
    y: usize,
    width: usize,
) -> (Walk, Walk, (usize, usize)) {
    let inside = |map: &AffineMap, [w, h]: [usize; 2]| {
        let (x, y) = (Walk::along(map.x, y), Walk::along(map.y, y));
        let columns = both(x.columns(0, fixed(w), width), y.columns(0, fixed(h), width));
        (x, y, columns)
    };
    let (walk_x, walk_y, mut columns) = inside(to_source, source);
    for window in windows {
        columns = both(columns, inside(&window.map, window.size).2);
    }
    (walk_x, walk_y, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_the_ones_a_search_finds() {
        for step in [-70, -7, -1, 0, 1, 3, 64] {
            for start in [-130, -5, 0, 4, 99, 200] {
                let walk = Walk { start, step };
                let found = walk.columns(0, 100, 30);
                let searched: Vec<usize> = (0..30)
                    .filter(|&x| (0..100).contains(&walk.at(x)))
                    .collect();
                let expected = match (searched.first(), searched.last()) {
                    (Some(&first), Some(&last)) => (first, last + 1),
                    _ => (found.0, found.0),
                };
                assert_eq!(found, expected, "{start} {step}");
            }
        }
    }
}
