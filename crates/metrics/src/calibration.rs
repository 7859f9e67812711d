//! How far probabilities can be trusted: the reliability curve, its errors and the Brier score.
//!
//! Predictions are put into equal bins of probability; bin i of n holds (i/n, (i+1)/n], the first
//! one also 0, as in scikit-learn's `calibration_curve(strategy="uniform")` and in Guo et al. 2017.
//! ECE = Σ (share of the bin) · |mean probability − share of right ones|, MCE = the largest gap.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{check_lengths, check_same, linspace, ratio};

/// One bin of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Lower edge, left out (except 0).
    pub low: f64,
    /// Upper edge, included.
    pub high: f64,
    /// Predictions in the bin.
    pub count: u64,
    /// Their mean probability; `None` for an empty bin.
    pub mean_probability: Option<f64>,
    /// The share of them that was right; `None` for an empty bin.
    pub observed: Option<f64>,
}

/// Sums per bin. Parts merge; sums of floats in another order may differ in the last bits.
///
/// ```
/// use wardrobe_metrics::Reliability;
/// let mut reliability = Reliability::new(2)?;
/// reliability.push(&[0.2, 0.4, 0.9], &[false, true, true])?;
/// // Bin (0, .5]: mean .3, right 1/2; bin (.5, 1]: mean .9, right 1. ECE = 2/3 · .2 + 1/3 · .1
/// assert!((reliability.expected_error().unwrap() - 0.5 / 3.0).abs() < 1e-7);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    edges: Vec<f64>,
    counts: Vec<u64>,
    right: Vec<u64>,
    sums: Vec<f64>,
    squares: f64,
}

impl Reliability {
    /// `bins` equal bins from 0 to 1.
    ///
    /// # Errors
    /// [`MetricError::BadSetting`] for 0 bins.
    pub fn new(bins: usize) -> Result<Self, MetricError> {
        if bins == 0 {
            return Err(MetricError::BadSetting {
                name: "bins",
                value: "0".to_owned(),
                expected: "at least 1, such as 10",
            });
        }
        Ok(Self {
            edges: linspace(0.0, 1.0, bins + 1),
            counts: vec![0; bins],
            right: vec![0; bins],
            sums: vec![0.0; bins],
            squares: 0.0,
        })
    }

    /// Counts predictions: the probability each was made with, 0–1, and whether it was right.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], and [`MetricError::OutOfRange`] for a probability outside
    /// 0–1 or NaN; then nothing is counted.
    pub fn push(&mut self, probabilities: &[f32], right: &[bool]) -> Result<(), MetricError> {
        check_lengths(
            ("probabilities", probabilities.len()),
            ("right", right.len()),
        )?;
        if let Some(index) = probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(MetricError::OutOfRange {
                what: "probabilities",
                index,
                value: f64::from(probabilities[index]),
                low: 0.0,
                high: 1.0,
            });
        }
        let inner = &self.edges[1..self.edges.len() - 1];
        for (&p, &is_right) in probabilities.iter().zip(right) {
            let p = f64::from(p);
            let bin = inner.partition_point(|&edge| edge < p);
            self.counts[bin] += 1;
            self.right[bin] += u64::from(is_right);
            self.sums[bin] += p;
            self.squares += (p - f64::from(u8::from(is_right))).powi(2);
        }
        Ok(())
    }

    /// Adds the sums of another part.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when the numbers of bins differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same(
            "the number of bins",
            &self.counts.len(),
            &other.counts.len(),
        )?;
        for bin in 0..self.counts.len() {
            self.counts[bin] += other.counts[bin];
            self.right[bin] += other.right[bin];
            self.sums[bin] += other.sums[bin];
        }
        self.squares += other.squares;
        Ok(())
    }

    /// The curve, by ascending probability, empty bins included.
    pub fn bins(&self) -> Vec<ReliabilityBin> {
        let bin = |i: usize| ReliabilityBin {
            low: self.edges[i],
            high: self.edges[i + 1],
            count: self.counts[i],
            mean_probability: (self.counts[i] > 0).then(|| self.sums[i] / self.counts[i] as f64),
            observed: ratio(self.right[i], self.counts[i]),
        };
        (0..self.counts.len()).map(bin).collect()
    }

    /// (weight, gap) of the bins that are not empty.
    fn gaps(&self) -> Vec<(f64, f64)> {
        let total: u64 = self.counts.iter().sum();
        let gap = |bin: ReliabilityBin| {
            Some((
                bin.count as f64 / total as f64,
                (bin.mean_probability? - bin.observed?).abs(),
            ))
        };
        self.bins().into_iter().filter_map(gap).collect()
    }

    /// Expected calibration error (ECE), 0–1; `None` without predictions.
    pub fn expected_error(&self) -> Option<f64> {
        let gaps = self.gaps();
        (!gaps.is_empty()).then(|| gaps.iter().map(|(weight, gap)| weight * gap).sum())
    }

    /// Maximum calibration error (MCE), 0–1; `None` without predictions.
    pub fn maximum_error(&self) -> Option<f64> {
        self.gaps().into_iter().map(|(_, gap)| gap).reduce(f64::max)
    }

    /// Brier score: the mean of (p − right)², 0–1, smaller is better; `None` without predictions.
    pub fn brier_score(&self) -> Option<f64> {
        let total: u64 = self.counts.iter().sum();
        (total > 0).then(|| self.squares / total as f64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Four bins: (0, .25] holds 0 and .25, right 1 of 2, gap |.125 − .5| = .375; (.75, 1] holds 1,
    /// right, gap 0. ECE = 2/3 · .375; Brier = (0 + .75² + 0) / 3.
    #[test]
    fn errors_by_hand() {
        let mut reliability = Reliability::new(4).unwrap();
        reliability
            .push(&[0.0, 0.25, 1.0], &[false, true, true])
            .unwrap();
        let bins = reliability.bins();
        assert_eq!(
            bins.iter().map(|bin| bin.count).collect::<Vec<_>>(),
            [2, 0, 0, 1]
        );
        assert_eq!(
            (bins[0].mean_probability, bins[0].observed),
            (Some(0.125), Some(0.5))
        );
        assert_eq!(
            (bins[1].low, bins[1].high, bins[1].observed),
            (0.25, 0.5, None)
        );
        assert_eq!(reliability.expected_error(), Some(0.25));
        assert_eq!(reliability.maximum_error(), Some(0.375));
        assert_eq!(reliability.brier_score(), Some(0.1875));
    }

    #[test]
    fn nothing_predicted_has_no_error() {
        let reliability = Reliability::new(1).unwrap();
        assert_eq!(
            (
                reliability.expected_error(),
                reliability.maximum_error(),
                reliability.brier_score()
            ),
            (None, None, None)
        );
    }

    #[test]
    fn bad_values_are_named_and_not_counted() {
        let mut reliability = Reliability::new(2).unwrap();
        for (value, text) in [(f32::NAN, "NaN"), (1.5, "1.5"), (-0.5, "-0.5")] {
            let message = reliability
                .push(&[0.5, value], &[true, true])
                .unwrap_err()
                .to_string();
            assert!(
                message.contains(&format!("probabilities[1] is {text}; expected 0 to 1")),
                "{message}"
            );
        }
        let message = reliability.push(&[0.5], &[]).unwrap_err().to_string();
        assert!(
            message.contains("probabilities has 1 entries and right 0"),
            "{message}"
        );
        assert_eq!(reliability.brier_score(), None);
        let message = Reliability::new(0).unwrap_err().to_string();
        assert!(
            message.contains("bins is 0; expected at least 1"),
            "{message}"
        );
        let message = reliability
            .merge(&Reliability::new(3).unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("number of bins is 2 in one and 3"),
            "{message}"
        );
    }

    proptest! {
        #[test]
        fn parts_merge_and_errors_stay_in_range(
            items in prop::collection::vec((0.0_f32..=1.0, any::<bool>()), 1..40),
            cut in 0_usize..40,
        ) {
            let of = |items: &[(f32, bool)]| {
                let mut reliability = Reliability::new(7).unwrap();
                let (p, right): (Vec<f32>, Vec<bool>) = items.iter().copied().unzip();
                reliability.push(&p, &right).unwrap();
                reliability
            };
            let (left, right) = items.split_at(cut.min(items.len()));
            let mut parts = of(right);
            parts.merge(&of(left)).unwrap();
            let (a, b) = (parts.expected_error().unwrap(), of(&items).expected_error().unwrap());
            prop_assert!((a - b).abs() < 1e-12);
            prop_assert!(a <= parts.maximum_error().unwrap() + 1e-12 && a >= 0.0);
        }
    }
}
