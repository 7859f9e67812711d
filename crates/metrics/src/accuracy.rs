//! Accuracy of attribute predictions, per dimension, over all and as a plain mean.
//!
//! Paper B, eq. 8: acc = number of correctly predicted attribute values / number of predicted
//! attribute values. Its figures 3 and 5 draw it per dimension and for a whole model.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{argmax, check_finite, check_label, check_same, mean_of_defined, ratio};

/// Correct and predicted values of each attribute dimension.
///
/// The prediction is the largest score; of equals, the lower index.
///
/// ```
/// use wardrobe_metrics::AttributeAccuracy;
/// let mut accuracy = AttributeAccuracy::new(["coat", "skirt"]);
/// accuracy.push(0, &[0.1, 0.9], 1)?;
/// accuracy.push(0, &[0.8, 0.2], 1)?;
/// accuracy.push(1, &[0.2, 0.5, 0.3], 1)?;
/// assert_eq!(accuracy.dimension(0), Some(0.5));
/// assert_eq!(accuracy.overall(), Some(2.0 / 3.0)); // eq. 8
/// assert_eq!(accuracy.macro_mean(), Some(0.75));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeAccuracy {
    names: Vec<String>,
    correct: Vec<u64>,
    predicted: Vec<u64>,
}

impl AttributeAccuracy {
    /// Nothing counted yet, one dimension per name.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self {
            correct: vec![0; names.len()],
            predicted: vec![0; names.len()],
            names,
        }
    }

    /// The dimensions, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Counts one picture: `scores` has one entry per value of the dimension, `truth` is the index
    /// of the right one.
    ///
    /// # Errors
    /// [`MetricError::LabelOutOfRange`] for a dimension or a truth that does not exist,
    /// [`MetricError::NotFinite`]; then nothing is counted.
    pub fn push(
        &mut self,
        dimension: usize,
        scores: &[f32],
        truth: usize,
    ) -> Result<(), MetricError> {
        check_label("dimension", 0, dimension, self.names.len())?;
        check_finite("scores", scores)?;
        check_label("truth", 0, truth, scores.len())?;
        self.predicted[dimension] += 1;
        self.correct[dimension] += u64::from(argmax(scores) == Some(truth));
        Ok(())
    }

    /// Adds the counts of another accumulator.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when the dimensions differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same("the list of dimensions", &self.names, &other.names)?;
        for (count, more) in self.correct.iter_mut().zip(&other.correct) {
            *count += more;
        }
        for (count, more) in self.predicted.iter_mut().zip(&other.predicted) {
            *count += more;
        }
        Ok(())
    }

    /// Correct over predicted values of one dimension, 0–1; `None` without predictions.
    ///
    /// # Panics
    /// When there is no such dimension.
    pub fn dimension(&self, dimension: usize) -> Option<f64> {
        ratio(self.correct[dimension], self.predicted[dimension])
    }

    /// Eq. 8 over all dimensions together: each prediction weighs the same. 0–1.
    pub fn overall(&self) -> Option<f64> {
        ratio(self.correct.iter().sum(), self.predicted.iter().sum())
    }

    /// The plain mean over the dimensions with predictions: each dimension weighs the same. 0–1.
    pub fn macro_mean(&self) -> Option<f64> {
        mean_of_defined((0..self.names.len()).map(|d| self.dimension(d)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Dimension a: 1 of 2, b: 3 of 3, c: none. Eq. 8: 4 / 5; macro: (1/2 + 1) / 2.
    #[test]
    fn equation_8_by_hand() {
        let mut accuracy = AttributeAccuracy::new(["a", "b", "c"]);
        accuracy.push(0, &[0.6, 0.4], 0).unwrap();
        accuracy.push(0, &[0.6, 0.4], 1).unwrap();
        for _ in 0..3 {
            accuracy.push(1, &[0.1, 0.2, 0.7], 2).unwrap();
        }
        assert_eq!(accuracy.overall(), Some(0.8));
        assert_eq!(accuracy.macro_mean(), Some(0.75));
        assert_eq!(accuracy.dimension(2), None);
    }

    #[test]
    fn of_equal_scores_the_lower_index_is_predicted() {
        let mut accuracy = AttributeAccuracy::new(["a"]);
        accuracy.push(0, &[0.5, 0.5], 0).unwrap();
        accuracy.push(0, &[0.5, 0.5], 1).unwrap();
        assert_eq!(accuracy.overall(), Some(0.5));
    }

    #[test]
    fn nothing_counted_is_no_accuracy() {
        let accuracy = AttributeAccuracy::new(["a"]);
        assert_eq!((accuracy.overall(), accuracy.macro_mean()), (None, None));
    }

    #[test]
    fn bad_values_are_named_and_not_counted() {
        let mut accuracy = AttributeAccuracy::new(["a"]);
        let message = accuracy
            .push(0, &[0.5, f32::NAN], 0)
            .unwrap_err()
            .to_string();
        assert!(message.contains("scores[1] is NaN"), "{message}");
        let message = accuracy.push(0, &[0.5], 1).unwrap_err().to_string();
        assert!(message.contains("truth[0] is 1"), "{message}");
        let message = accuracy.push(1, &[0.5], 0).unwrap_err().to_string();
        assert!(message.contains("dimension[0] is 1"), "{message}");
        assert_eq!(accuracy.overall(), None);
        let message = accuracy
            .merge(&AttributeAccuracy::new(["b"]))
            .unwrap_err()
            .to_string();
        assert!(message.contains("list of dimensions"), "{message}");
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let (mut left, mut right) = (AttributeAccuracy::new(["a"]), AttributeAccuracy::new(["a"]));
        left.push(0, &[1.0, 0.0], 0).unwrap();
        right.push(0, &[1.0, 0.0], 1).unwrap();
        left.merge(&right).unwrap();
        assert_eq!(left.dimension(0), Some(0.5));
    }
}
