//! Top-k accuracy of categories, as FashionNet reports it for the 50 of DeepFashion (top-3, top-5).

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{check_finite, check_label, check_same, ratio};

/// Counts of items whose true class is among the k largest scores.
///
/// The rank of the true class is the number of classes with a larger score, plus those with an
/// equal score and a lower index. (scikit-learn's `top_k_accuracy_score` prefers the higher index
/// among equals.)
///
/// ```
/// use wardrobe_metrics::TopK;
/// let mut top = TopK::new(&[1, 2])?;
/// top.push(&[0.5, 0.3, 0.2], 1)?;
/// top.push(&[0.1, 0.7, 0.2], 1)?;
/// assert_eq!((top.accuracy(0), top.accuracy(1)), (Some(0.5), Some(1.0)));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopK {
    ks: Vec<usize>,
    hits: Vec<u64>,
    total: u64,
}

/// The list of k must be usable: at least one, each at least 1.
pub(crate) fn check_ks(ks: &[usize]) -> Result<(), MetricError> {
    if !ks.is_empty() && ks.iter().all(|&k| k > 0) {
        return Ok(());
    }
    Err(MetricError::BadSetting {
        name: "ks",
        value: format!("{ks:?}"),
        expected: "one or more numbers from 1 up, such as [3, 5]",
    })
}

impl TopK {
    /// Counts for each k of `ks`.
    ///
    /// # Errors
    /// [`MetricError::BadSetting`] when the list is empty or holds a 0.
    pub fn new(ks: &[usize]) -> Result<Self, MetricError> {
        check_ks(ks)?;
        Ok(Self {
            ks: ks.to_vec(),
            hits: vec![0; ks.len()],
            total: 0,
        })
    }

    /// The list of k.
    pub fn ks(&self) -> &[usize] {
        &self.ks
    }

    /// Counts one item: `scores` per class, any finite values, and the true class.
    ///
    /// # Errors
    /// [`MetricError::NotFinite`], [`MetricError::LabelOutOfRange`]; then nothing is counted.
    pub fn push(&mut self, scores: &[f32], truth: usize) -> Result<(), MetricError> {
        check_finite("scores", scores)?;
        check_label("truth", 0, truth, scores.len())?;
        let own = scores[truth];
        let before =
            |(class, &score): (usize, &f32)| score > own || (score == own && class < truth);
        let rank = scores
            .iter()
            .enumerate()
            .filter(|&item| before(item))
            .count();
        for (hits, &k) in self.hits.iter_mut().zip(&self.ks) {
            *hits += u64::from(rank < k);
        }
        self.total += 1;
        Ok(())
    }

    /// Adds the counts of another accumulator.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when the lists of k differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same("the list of k", &self.ks, &other.ks)?;
        for (hits, more) in self.hits.iter_mut().zip(&other.hits) {
            *hits += more;
        }
        self.total += other.total;
        Ok(())
    }

    /// The share of items, 0–1, whose class was among the first `ks()[index]`; `None` without items.
    ///
    /// # Panics
    /// When `index` is outside the list of k.
    pub fn accuracy(&self, index: usize) -> Option<f64> {
        ratio(self.hits[index], self.total)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Ranks of the truth: 0, 2, 1 of 3 classes. Top-1 1/3, top-2 2/3, top-3 and beyond 1.
    #[test]
    fn ranks_by_hand() {
        let mut top = TopK::new(&[1, 2, 3, 9]).unwrap();
        top.push(&[0.7, 0.2, 0.1], 0).unwrap();
        top.push(&[0.7, 0.2, 0.1], 2).unwrap();
        top.push(&[0.7, 0.2, 0.1], 1).unwrap();
        let all: Vec<_> = (0..4).map(|i| top.accuracy(i).unwrap()).collect();
        assert_eq!(all, [1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0]);
    }

    #[test]
    fn of_equals_the_lower_index_ranks_first() {
        let mut top = TopK::new(&[1]).unwrap();
        top.push(&[0.5, 0.5], 0).unwrap();
        top.push(&[0.5, 0.5], 1).unwrap();
        assert_eq!(top.accuracy(0), Some(0.5));
    }

    #[test]
    fn nothing_counted_and_bad_values() {
        let mut top = TopK::new(&[1]).unwrap();
        assert_eq!(top.accuracy(0), None);
        let message = top.push(&[f32::NAN], 0).unwrap_err().to_string();
        assert!(message.contains("scores[0] is NaN"), "{message}");
        let message = top.push(&[0.1], 4).unwrap_err().to_string();
        assert!(message.contains("truth[0] is 4"), "{message}");
        let message = TopK::new(&[3, 0]).unwrap_err().to_string();
        assert!(
            message.contains("ks is [3, 0]; expected one or more"),
            "{message}"
        );
        let message = top
            .merge(&TopK::new(&[2]).unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("the list of k is [1] in one and [2]"),
            "{message}"
        );
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let mut left = TopK::new(&[1]).unwrap();
        let mut right = left.clone();
        left.push(&[0.9, 0.1], 0).unwrap();
        right.push(&[0.9, 0.1], 1).unwrap();
        left.merge(&right).unwrap();
        assert_eq!(left.accuracy(0), Some(0.5));
    }
}
