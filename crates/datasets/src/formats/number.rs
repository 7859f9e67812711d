//! Decimal numbers that read back to the same value, and numbers for those that have none.

use std::collections::HashSet;

use serde::{Serialize, Serializer};

/// Digits after the point that are tried before the value is written in full; the difference of two
/// f32 below 2^24 needs no more.
const MOST_DECIMALS: usize = 17;

/// The decimal that a person would write for `value`, as an f64: `0.1_f32` is 0.1, not
/// 0.10000000149.
pub(crate) fn decimal(value: f32) -> f64 {
    // An f32's own text is its shortest decimal; it always parses.
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// The decimal with the fewest places after the point for which `read` returns `target`.
///
/// COCO's width w is read as `(x + w) as f32`: the right edge is exact when w is one of many
/// decimals, of which this is the shortest. `exact` is the value before shortening.
pub(crate) fn shortest(target: f32, exact: f64, read: impl Fn(f64) -> f32) -> f64 {
    (0..=MOST_DECIMALS)
        .filter_map(|places| format!("{exact:.places$}").parse().ok())
        .find(|&candidate| read(candidate) == target)
        .unwrap_or(exact)
}

/// Left, top, width, height for which `(x + width) as f32` and `(y + height) as f32` are the
/// corners again.
pub(crate) fn xywh([x1, y1, x2, y2]: [f32; 4]) -> [f64; 4] {
    let side = |from: f32, to: f32| {
        let from = decimal(from);
        shortest(to, f64::from(to) - from, |side| (from + side) as f32)
    };
    [decimal(x1), decimal(y1), side(x1, x2), side(y1, y2)]
}

/// The corners of COCO's left, top, width, height: added as decimals, rounded once.
pub(crate) fn corners([x, y, width, height]: [f64; 4]) -> [f32; 4] {
    [x as f32, y as f32, (x + width) as f32, (y + height) as f32]
}

/// A JSON number; whole ones are written without a point, which the readers of other tools expect
/// of sizes and counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub f64);

/// Whole numbers below this are exact as f64 and as i64.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl From<f32> for Number {
    fn from(value: f32) -> Self {
        Self(decimal(value))
    }
}

/// A number for everyone: their own, or the next free one where there is none or it is taken.
/// Also returns how many could not keep theirs.
pub(crate) fn numbered(own: impl Iterator<Item = Option<u64>>) -> (Vec<u64>, usize) {
    let own: Vec<Option<u64>> = own.collect();
    let taken: HashSet<u64> = own.iter().flatten().copied().collect();
    let mut used = HashSet::new();
    let (mut next, mut changed) = (1, 0);
    let numbers = own
        .into_iter()
        .map(|own| match own {
            Some(id) if used.insert(id) => id,
            other => {
                changed += usize::from(other.is_some());
                while taken.contains(&next) {
                    next += 1;
                }
                next += 1;
                next - 1
            }
        })
        .collect();
    (numbers, changed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_box_is_written_as_a_person_would() {
        // From COCO's first training annotation: the corners are f32, the width is the decimal
        // that was read.
        let read = corners([199.84, 200.46, 77.71, 70.88]);
        assert_eq!(xywh(read), [199.84, 200.46, 77.71, 70.88]);
        assert_eq!(xywh([0.1, 0.2, 0.3, 1e6]), [0.1, 0.2, 0.2, 999_999.8]);
    }

    #[test]
    fn whole_numbers_have_no_point() {
        let text = serde_json::to_string(&[12.0_f32, -0.5, 1e20].map(Number::from)).unwrap();
        assert_eq!(text, "[12,-0.5,1e+20]");
    }

    #[test]
    fn numbers_are_kept_where_they_are_free() {
        let (numbers, changed) = numbered([None, Some(1), Some(3), Some(1), None].into_iter());
        assert_eq!((numbers, changed), (vec![2, 1, 3, 4, 5], 1));
    }

    proptest! {
        #[test]
        fn every_box_reads_back(x in -10.0..20_000_f32, y in -1e-3..1e-3_f32, w in 1e-6..20_000_f32, h in 1e-6..300_f32) {
            let box_corners = [x, y, x + w, y + h];
            prop_assume!(box_corners[2] > x && box_corners[3] > y);
            let text = serde_json::to_string(&xywh(box_corners).map(Number)).unwrap();
            let read: [f64; 4] = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(corners(read), box_corners, "{}", text);
        }
    }
}
