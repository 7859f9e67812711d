//! Arithmetic shared by the metrics: NumPy's sum and grid, order of scores, checks of slices.

use std::cmp::Ordering;

use crate::error::MetricError;

/// Terms NumPy adds one by one before it splits a sum in halves (`PW_BLOCKSIZE` of its `add`
/// loops); following it makes means equal NumPy's to the last bit.
const PAIRWISE_BLOCK: usize = 128;

/// The sum of `values` in the order of `numpy.sum` over a contiguous array.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if n > PAIRWISE_BLOCK {
        let half = n / 2 - (n / 2) % 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let mut lanes: [f64; 8] = std::array::from_fn(|lane| values[lane]);
    let blocks = values[8..].chunks_exact(8);
    let rest = blocks.remainder();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter()
        .fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| {
            sum + value
        })
}

/// The mean, or nothing of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| pairwise_sum(values) / values.len() as f64)
}

/// The mean of the values that exist, or nothing where none does.
pub(crate) fn mean_of_defined(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    mean(&values.into_iter().flatten().collect::<Vec<_>>())
}

/// `part / whole`, or nothing of nothing.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// `numpy.linspace(start, stop, count)`: one step, multiplied, and the last point set to `stop`.
pub(crate) fn linspace(start: f64, stop: f64, count: usize) -> Vec<f64> {
    let step = (stop - start) / (count.max(2) - 1) as f64;
    let mut grid: Vec<f64> = (0..count).map(|i| i as f64 * step + start).collect();
    if let Some(last) = grid.last_mut().filter(|_| count > 1) {
        *last = stop;
    }
    grid
}

/// Larger first; of equals, the caller's order (sorts here are stable).
pub(crate) fn descending(a: f64, b: f64) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal)
}

/// The first of the largest; nothing of nothing. Values must have passed [`check_finite`].
pub(crate) fn argmax(values: &[f32]) -> Option<usize> {
    (0..values.len()).reduce(|best, i| if values[i] > values[best] { i } else { best })
}

/// The `k` largest in descending order, of equals the lower index first. Values must have passed
/// [`check_finite`].
pub(crate) fn largest(values: &[f32], k: usize) -> Vec<usize> {
    let order = |&a: &usize, &b: &usize| {
        descending(f64::from(values[a]), f64::from(values[b])).then(a.cmp(&b))
    };
    let mut indices: Vec<usize> = (0..values.len()).collect();
    if k < indices.len() {
        indices.select_nth_unstable_by(k, order);
        indices.truncate(k);
    }
    indices.sort_unstable_by(order);
    indices
}

pub(crate) fn check_finite(what: &'static str, values: &[f32]) -> Result<(), MetricError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(MetricError::NotFinite {
            what,
            index,
            value: f64::from(values[index]),
        }),
    }
}

pub(crate) fn check_lengths(
    (left, left_len): (&'static str, usize),
    (right, right_len): (&'static str, usize),
) -> Result<(), MetricError> {
    if left_len == right_len {
        return Ok(());
    }
    Err(MetricError::LengthsDiffer {
        left,
        left_len,
        right,
        right_len,
    })
}

pub(crate) fn check_label(
    what: &'static str,
    index: usize,
    label: usize,
    classes: usize,
) -> Result<(), MetricError> {
    if label < classes {
        return Ok(());
    }
    Err(MetricError::LabelOutOfRange {
        what,
        index,
        label,
        classes,
    })
}

/// For `merge`: the setting must be the same on both sides.
pub(crate) fn check_same<T: PartialEq + std::fmt::Debug>(
    what: &'static str,
    left: &T,
    right: &T,
) -> Result<(), MetricError> {
    if left == right {
        return Ok(());
    }
    Err(MetricError::CannotMerge {
        what,
        left: format!("{left:?}"),
        right: format!("{right:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `np.linspace(.5, .95, 10)` and `np.linspace(0, 1, 101)` of NumPy 2.4.6: 8 steps of 0.05 from 0.5 end
    /// an ulp below 0.9, and ten of the recalls lie an ulp above i / 100.
    #[test]
    fn grids_are_numpys() {
        let iou = linspace(0.5, 0.95, 10);
        let expected = [
            0.5,
            0.55,
            0.6,
            0.65,
            0.7,
            0.75,
            0.8,
            0.85,
            0.899_999_999_999_999_9,
            0.95,
        ];
        assert_eq!(iou, expected);
        let recall = linspace(0.0, 1.0, 101);
        let above = [35, 41, 47, 57, 69, 70, 82, 83, 94, 95];
        for (i, &recall) in recall.iter().enumerate() {
            let exact = i as f64 / 100.0;
            let expected = if above.contains(&i) {
                exact.next_up()
            } else {
                exact
            };
            assert_eq!(recall, expected, "{i}");
        }
    }

    #[test]
    fn short_grids() {
        assert_eq!(linspace(0.25, 1.0, 0), Vec::<f64>::new());
        assert_eq!(linspace(0.25, 1.0, 1), [0.25]);
        assert_eq!(linspace(0.25, 1.0, 2), [0.25, 1.0]);
    }

    /// Integers are exact in any order; of eight terms 1, t, … with t = 2^-53, adding one by one gives
    /// 1 and the lanes ((1 + t) + 2 t) + 4 t = 1 + 6 t, as `numpy.sum` does.
    #[test]
    fn sums_follow_numpys_lanes() {
        for n in [0_usize, 1, 7, 8, 9, 128, 129, 1000] {
            let values: Vec<f64> = (1..=n).map(|i| i as f64).collect();
            assert_eq!(pairwise_sum(&values), (n * (n + 1) / 2) as f64);
        }
        let tiny = 2.0_f64.powi(-53);
        let mut values = [tiny; 8];
        values[0] = 1.0;
        assert_eq!(pairwise_sum(&values), 1.0 + 6.0 * tiny);
    }

    #[test]
    fn of_equals_the_lower_index_comes_first() {
        let scores = [0.5, 0.9, 0.9, 0.1];
        assert_eq!(argmax(&scores), Some(1));
        assert_eq!(largest(&scores, 3), [1, 2, 0]);
        assert_eq!(largest(&scores, 1), [1]);
        assert_eq!(largest(&scores, 9), [1, 2, 0, 3]);
        assert_eq!(argmax(&[]), None);
    }
}
