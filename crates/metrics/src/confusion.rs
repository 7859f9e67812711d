//! Confusion matrices, added to item by item or map by map, and everything read off them.
//!
//! Classes are numbered from 0; rows are the truth, columns the prediction.

use serde::{Deserialize, Serialize};

use crate::error::MetricError;
use crate::numbers::{check_label, check_lengths, check_same, mean, mean_of_defined, ratio};

/// Counts of (truth, prediction) pairs. Sums of counts, so parts computed in parallel
/// [`merge`](Self::merge) to the same matrix in any order.
///
/// With tp = n_cc, support = Σ_j n_cj, predicted = Σ_i n_ic of class c:
/// recall = tp / support, precision = tp / predicted, F1 = 2 tp / (support + predicted),
/// IoU = tp / (support + predicted − tp).
///
/// ```
/// use wardrobe_metrics::ConfusionMatrix;
/// let mut matrix = ConfusionMatrix::new(3);
/// matrix.add_labels(&[0_usize, 0, 1, 2], &[0, 1, 1, 2])?;
/// assert_eq!(matrix.accuracy(), Some(0.75));
/// assert_eq!(matrix.recall(0), Some(0.5));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// An empty matrix of `classes` × `classes`.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            counts: vec![0; classes * classes],
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The counts row by row, rows being the truth.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Counts one item.
    ///
    /// # Errors
    /// [`MetricError::LabelOutOfRange`]; then nothing is counted.
    pub fn add(&mut self, truth: usize, predicted: usize) -> Result<(), MetricError> {
        self.add_labels(&[truth], &[predicted])
    }

    /// Counts one item per pair.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], [`MetricError::LabelOutOfRange`]; then nothing is counted.
    pub fn add_labels<L: Copy + Into<usize>>(
        &mut self,
        truth: &[L],
        predicted: &[L],
    ) -> Result<(), MetricError> {
        self.add_labels_except(truth, predicted, None)
    }

    /// Counts one item per pair whose truth is not `ignored`; the prediction of an ignored item is
    /// not looked at.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], [`MetricError::LabelOutOfRange`]; then nothing is counted.
    pub fn add_labels_except<L: Copy + Into<usize>>(
        &mut self,
        truth: &[L],
        predicted: &[L],
        ignored: Option<usize>,
    ) -> Result<(), MetricError> {
        check_lengths(("truth", truth.len()), ("predicted", predicted.len()))?;
        let pairs = || {
            truth
                .iter()
                .zip(predicted)
                .map(|(&t, &p)| (t.into(), p.into()))
        };
        for (index, (t, p)) in pairs().enumerate() {
            if Some(t) != ignored {
                check_label("truth", index, t, self.classes)?;
                check_label("predicted", index, p, self.classes)?;
            }
        }
        for (t, p) in pairs().filter(|&(t, _)| Some(t) != ignored) {
            self.counts[t * self.classes + p] += 1;
        }
        Ok(())
    }

    /// Adds the counts of another matrix.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when the numbers of classes differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same("the number of classes", &self.classes, &other.classes)?;
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        Ok(())
    }

    /// Items of class `truth` predicted as `predicted`.
    ///
    /// # Panics
    /// When either is no class.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        assert!(
            truth < self.classes && predicted < self.classes,
            "cell ({truth}, {predicted}) of a matrix of {} classes",
            self.classes
        );
        self.counts[truth * self.classes + predicted]
    }

    /// All items.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Items whose truth is `class`.
    ///
    /// # Panics
    /// When `class` is no class; so do the other functions of one class.
    pub fn support(&self, class: usize) -> u64 {
        (0..self.classes).map(|p| self.count(class, p)).sum()
    }

    /// Items predicted as `class`.
    pub fn predicted(&self, class: usize) -> u64 {
        (0..self.classes).map(|t| self.count(t, class)).sum()
    }

    /// Items on the diagonal over all items; for label maps, the pixel accuracy. `None` without items.
    pub fn accuracy(&self) -> Option<f64> {
        let correct = (0..self.classes).map(|c| self.count(c, c)).sum();
        ratio(correct, self.total())
    }

    /// The accuracy within one class. `None` where the class does not occur.
    pub fn recall(&self, class: usize) -> Option<f64> {
        ratio(self.count(class, class), self.support(class))
    }

    /// `None` where the class is never predicted.
    pub fn precision(&self, class: usize) -> Option<f64> {
        ratio(self.count(class, class), self.predicted(class))
    }

    /// `None` where the class neither occurs nor is predicted.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let both = self.support(class) + self.predicted(class);
        ratio(2 * self.count(class, class), both)
    }

    /// Intersection over union. `None` where the class neither occurs nor is predicted.
    pub fn iou(&self, class: usize) -> Option<f64> {
        let both = self.count(class, class);
        ratio(both, self.support(class) + self.predicted(class) - both)
    }

    /// Mean recall of the classes that occur: macro accuracy, "mean accuracy" of label maps,
    /// scikit-learn's `balanced_accuracy_score`.
    pub fn mean_recall(&self) -> Option<f64> {
        mean_of_defined((0..self.classes).map(|c| self.recall(c)))
    }

    /// Mean precision of the classes that occur or are predicted; one that is never predicted
    /// counts 0, as in scikit-learn's `precision_score(average="macro")`.
    pub fn mean_precision(&self) -> Option<f64> {
        let seen = (0..self.classes).filter(|&c| self.support(c) + self.predicted(c) > 0);
        mean(
            &seen
                .map(|c| self.precision(c).unwrap_or(0.0))
                .collect::<Vec<_>>(),
        )
    }

    /// Mean F1 of the classes that occur or are predicted.
    pub fn mean_f1(&self) -> Option<f64> {
        mean_of_defined((0..self.classes).map(|c| self.f1(c)))
    }

    /// Mean IoU of the classes that occur or are predicted.
    pub fn mean_iou(&self) -> Option<f64> {
        mean_of_defined((0..self.classes).map(|c| self.iou(c)))
    }

    /// IoU of the classes that occur, weighted by their share of the items (Long et al. 2015,
    /// section 5).
    pub fn frequency_weighted_iou(&self) -> Option<f64> {
        let total = self.total();
        let weighted: Vec<f64> = (0..self.classes)
            .filter_map(|c| Some(self.iou(c)? * self.support(c) as f64))
            .collect();
        (total > 0).then(|| crate::numbers::pairwise_sum(&weighted) / total as f64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Truth 0 0 0 1 1 2 against 0 0 1 1 2 2.
    fn worked() -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(4);
        matrix
            .add_labels::<u8>(&[0, 0, 0, 1, 1, 2], &[0, 0, 1, 1, 2, 2])
            .unwrap();
        matrix
    }

    /// Rows: [2 1 0 0], [0 1 1 0], [0 0 1 0], [0 0 0 0]. Class 3 neither occurs nor is predicted.
    #[test]
    fn formulas_by_hand() {
        let m = worked();
        assert_eq!(m.counts()[..8], [2, 1, 0, 0, 0, 1, 1, 0]);
        assert_eq!(m.accuracy(), Some(4.0 / 6.0));
        assert_eq!(m.recall(0), Some(2.0 / 3.0));
        assert_eq!(m.precision(0), Some(1.0));
        assert_eq!(m.f1(0), Some(2.0 * 2.0 / (3.0 + 2.0)));
        assert_eq!(m.iou(0), Some(2.0 / 3.0));
        assert_eq!(m.iou(1), Some(1.0 / 3.0));
        assert_eq!(m.iou(2), Some(1.0 / 2.0));
        // (2/3 + 1/2 + 1) / 3
        assert!((m.mean_recall().unwrap() - 13.0 / 18.0).abs() < 1e-15);
        // (2/3 + 1/3 + 1/2) / 3
        assert!((m.mean_iou().unwrap() - 0.5).abs() < 1e-15);
        // (1 + 1/2 + 1/2) / 3
        assert!((m.mean_precision().unwrap() - 2.0 / 3.0).abs() < 1e-15);
        // (3 · 2/3 + 2 · 1/3 + 1 · 1/2) / 6
        assert!((m.frequency_weighted_iou().unwrap() - 19.0 / 36.0).abs() < 1e-15);
    }

    #[test]
    fn what_is_never_seen_has_no_value() {
        let m = worked();
        assert_eq!(
            (m.recall(3), m.precision(3), m.f1(3), m.iou(3)),
            (None, None, None, None)
        );
        let empty = ConfusionMatrix::new(2);
        assert_eq!(
            (
                empty.accuracy(),
                empty.mean_iou(),
                empty.frequency_weighted_iou()
            ),
            (None, None, None)
        );
        assert_eq!(ConfusionMatrix::new(0).accuracy(), None);
    }

    /// Class 1 is predicted but does not occur: no recall, precision 0, IoU 0.
    #[test]
    fn a_class_only_predicted_lowers_iou_and_leaves_recall() {
        let mut m = ConfusionMatrix::new(2);
        m.add_labels(&[0_usize, 0], &[0, 1]).unwrap();
        assert_eq!(m.mean_recall(), Some(0.5));
        assert_eq!(m.mean_iou(), Some(0.25));
        assert_eq!(m.mean_precision(), Some(0.5));
    }

    #[test]
    fn labels_outside_are_named_and_nothing_is_counted() {
        let mut m = ConfusionMatrix::new(2);
        let message = m
            .add_labels(&[0_usize, 1, 1], &[0, 1, 2])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("predicted[2] is 2") && message.contains("2 classes"),
            "{message}"
        );
        let message = m
            .add_labels::<u8>(&[0, 7], &[0, 1])
            .unwrap_err()
            .to_string();
        assert!(message.contains("truth[1] is 7"), "{message}");
        let message = m.add_labels::<u8>(&[0], &[]).unwrap_err().to_string();
        assert!(
            message.contains("truth has 1 entries and predicted 0"),
            "{message}"
        );
        assert_eq!(m.total(), 0);
        let message = m.merge(&ConfusionMatrix::new(3)).unwrap_err().to_string();
        assert!(
            message.contains("number of classes is 2 in one and 3"),
            "{message}"
        );
    }

    #[test]
    fn ignored_items_do_not_count_whatever_was_predicted() {
        let mut m = ConfusionMatrix::new(2);
        m.add_labels_except::<u8>(&[0, 255, 1], &[0, 200, 0], Some(255))
            .unwrap();
        assert_eq!((m.total(), m.accuracy()), (2, Some(0.5)));
    }

    #[test]
    #[should_panic(expected = "cell (2, 0) of a matrix of 2 classes")]
    fn a_cell_outside_panics() {
        ConfusionMatrix::new(2).count(2, 0);
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(
            pairs in prop::collection::vec((0_usize..5, 0_usize..5), 0..60),
            cut in 0_usize..60,
        ) {
            let (truth, predicted): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let cut = cut.min(pairs.len());
            let of = |range: std::ops::Range<usize>| {
                let mut m = ConfusionMatrix::new(5);
                m.add_labels(&truth[range.clone()], &predicted[range]).unwrap();
                m
            };
            let mut back = of(cut..pairs.len());
            back.merge(&of(0..cut)).unwrap();
            prop_assert_eq!(back, of(0..pairs.len()));
        }
    }
}
