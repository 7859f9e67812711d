//! Precision–recall curve and average precision of scored items, as scikit-learn defines them:
//! AP = Σ_n (R_n − R_{n−1}) P_n over the distinct scores in descending order, not interpolated.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{check_finite, check_lengths, descending};

/// One point: everything scored `threshold` or more is called positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PrecisionRecallPoint {
    /// The lowest score called positive.
    pub threshold: f64,
    /// Right positives over called positives, 0–1.
    pub precision: f64,
    /// Right positives over positives, 0–1.
    pub recall: f64,
}

/// The curve by descending threshold, one point per distinct score; `None` without any positive,
/// where recall is undefined.
///
/// ```
/// use wardrobe_metrics::precision_recall;
/// let curve = precision_recall(&[0.9, 0.4, 0.8], &[true, true, false])?.unwrap();
/// assert_eq!((curve[1].precision, curve[1].recall), (0.5, 0.5));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::LengthsDiffer`], [`MetricError::NotFinite`].
pub fn precision_recall(
    scores: &[f32],
    positive: &[bool],
) -> Result<Option<Vec<PrecisionRecallPoint>>, MetricError> {
    check_lengths(("scores", scores.len()), ("positive", positive.len()))?;
    check_finite("scores", scores)?;
    let positives = positive.iter().filter(|&&is| is).count();
    if positives == 0 {
        return Ok(None);
    }
    let mut ordered: Vec<(f64, bool)> = scores
        .iter()
        .map(|&s| f64::from(s))
        .zip(positive.iter().copied())
        .collect();
    ordered.sort_by(|a, b| descending(a.0, b.0));
    let (mut called, mut right) = (0_usize, 0_usize);
    let points = ordered.chunk_by(|a, b| a.0 == b.0).map(|tied| {
        called += tied.len();
        right += tied.iter().filter(|(_, is)| *is).count();
        PrecisionRecallPoint {
            threshold: tied[0].0,
            precision: right as f64 / called as f64,
            recall: right as f64 / positives as f64,
        }
    });
    Ok(Some(points.collect()))
}

/// Average precision, 0–1; `None` without any positive (scikit-learn warns and returns 0).
/// Equal scores count as one threshold, so the order of the items does not matter.
///
/// ```
/// use wardrobe_metrics::average_precision;
/// // 1/2 · 1 + 1/2 · 2/3
/// let ap = average_precision(&[0.9, 0.4, 0.8], &[true, true, false])?.unwrap();
/// assert!((ap - 5.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::LengthsDiffer`], [`MetricError::NotFinite`].
pub fn average_precision(scores: &[f32], positive: &[bool]) -> Result<Option<f64>, MetricError> {
    let Some(curve) = precision_recall(scores, positive)? else {
        return Ok(None);
    };
    let mut before = 0.0;
    let mut sum = 0.0;
    for point in curve {
        sum += (point.recall - before) * point.precision;
        before = point.recall;
    }
    Ok(Some(sum))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Positives at .9 and at the pair of .5: R 1/2, 1; P 1, 2/3. AP = 1/2 + 1/2 · 2/3.
    #[test]
    fn ties_are_one_threshold() {
        let ap = average_precision(&[0.5, 0.9, 0.5], &[true, true, false])
            .unwrap()
            .unwrap();
        assert!((ap - 5.0 / 6.0).abs() < 1e-15);
        assert_eq!(
            precision_recall(&[0.5, 0.9, 0.5], &[true, true, false])
                .unwrap()
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn without_positives_there_is_no_value() {
        assert_eq!(average_precision(&[0.5], &[false]).unwrap(), None);
        assert_eq!(average_precision(&[], &[]).unwrap(), None);
    }

    #[test]
    fn bad_values_are_named() {
        let message = average_precision(&[0.5, f32::NAN], &[true, true])
            .unwrap_err()
            .to_string();
        assert!(message.contains("scores[1] is NaN"), "{message}");
        let message = average_precision(&[0.5], &[]).unwrap_err().to_string();
        assert!(
            message.contains("scores has 1 entries and positive 0"),
            "{message}"
        );
    }

    proptest! {
        #[test]
        fn order_does_not_matter(items in prop::collection::vec((0_u8..10, any::<bool>()), 1..30)) {
            let of = |items: &[(u8, bool)]| {
                let scores: Vec<f32> = items.iter().map(|&(s, _)| f32::from(s)).collect();
                let positive: Vec<bool> = items.iter().map(|&(_, p)| p).collect();
                average_precision(&scores, &positive).unwrap()
            };
            let mut reversed = items.clone();
            reversed.reverse();
            prop_assert_eq!(of(&items), of(&reversed));
        }
    }
}
