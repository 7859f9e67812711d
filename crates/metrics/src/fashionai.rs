//! The metric of the FashionAI attribute competition.
//!
//! Every picture of a dimension is annotated with one mark per value: `y` (yes), `m` (maybe) or `n`
//! (no). The prediction is the value of the largest probability p. For a threshold t, a picture
//! with p < t is blocked; of the others, `y` counts as predicted and correct, `n` as predicted, `m`
//! not at all:
//!
//! - precision(t) = correct / predicted,
//! - AP = the mean of precision(t) over the thresholds that block 0, 1, … of the counted pictures,
//! - basic precision = precision(0), mAP = the plain mean of AP over the dimensions.
//!
//! Where all p differ, AP is the mean of the cumulative precision in descending order of p, with
//! the `m` dropped. No threshold separates pictures of equal p, so each of them contributes the
//! precision of them all together; the order of the pictures never matters. Scripts that sort and
//! accumulate without this rule give pictures of equal p the order of the file.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{
    argmax, check_finite, check_lengths, check_same, descending, mean, mean_of_defined,
};

/// What the annotation says about one value of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Mark {
    /// `y`: the value is right.
    Yes,
    /// `m`: the value may be right; predicting it counts neither way.
    Maybe,
    /// `n`: the value is wrong.
    No,
}

/// Reads a label such as `nynnm`, one mark per value of the dimension.
///
/// ```
/// use wardrobe_metrics::{Mark, parse_marks};
/// assert_eq!(parse_marks("nym")?, [Mark::No, Mark::Yes, Mark::Maybe]);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::BadMark`] for any other character.
pub fn parse_marks(label: &str) -> Result<Vec<Mark>, MetricError> {
    label
        .chars()
        .enumerate()
        .map(|(index, mark)| match mark {
            'y' => Ok(Mark::Yes),
            'm' => Ok(Mark::Maybe),
            'n' => Ok(Mark::No),
            found => Err(MetricError::BadMark {
                label: label.to_owned(),
                found,
                place: index + 1,
            }),
        })
        .collect()
}

/// The pictures of one dimension. Merging parts in any order gives the same scores.
///
/// A label without `y` is fine: whatever is predicted then counts as wrong or, on an `m`, not at
/// all. So is a dimension of `m` only: it has no counted picture and no score.
///
/// ```
/// use wardrobe_metrics::{FashionAiDimension, parse_marks};
/// let mut collar = FashionAiDimension::new("collar_design_labels", 3);
/// collar.push(&parse_marks("ynn")?, &[0.9, 0.1, 0.0])?;
/// collar.push(&parse_marks("nyn")?, &[0.6, 0.3, 0.1])?;
/// // Descending: right at 0.9, wrong at 0.6. (1/1 + 1/2) / 2.
/// assert_eq!(collar.average_precision(), Some(0.75));
/// assert_eq!(collar.basic_precision(), Some(0.5));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FashionAiDimension {
    name: String,
    values: usize,
    /// Probability of the prediction and whether it was right, `m` left out.
    counted: Vec<(f32, bool)>,
    maybe: usize,
}

impl FashionAiDimension {
    /// A dimension of `values` attribute values, such as 10 of `neckline_design_labels`.
    pub fn new(name: impl Into<String>, values: usize) -> Self {
        Self {
            name: name.into(),
            values,
            counted: Vec::new(),
            maybe: 0,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Pictures predicted with certainty enough to count: all that were not an `m`.
    pub fn counted(&self) -> usize {
        self.counted.len()
    }

    /// Pictures whose prediction was an `m`.
    pub fn maybe(&self) -> usize {
        self.maybe
    }

    /// Counts one picture: one mark and one probability per value. Of equal probabilities, the
    /// lower index is the prediction. Probabilities need not sum to 1.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], [`MetricError::NotFinite`]; then nothing is counted.
    pub fn push(&mut self, marks: &[Mark], probabilities: &[f32]) -> Result<(), MetricError> {
        check_lengths(("marks", marks.len()), ("values", self.values))?;
        check_lengths(
            ("probabilities", probabilities.len()),
            ("values", self.values),
        )?;
        check_finite("probabilities", probabilities)?;
        if let Some(best) = argmax(probabilities) {
            match marks[best] {
                Mark::Maybe => self.maybe += 1,
                mark => self.counted.push((probabilities[best], mark == Mark::Yes)),
            }
        }
        Ok(())
    }

    /// Adds the pictures of another part of the same dimension.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when name or number of values differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same("the name", &self.name, &other.name)?;
        check_same("the number of values", &self.values, &other.values)?;
        self.counted.extend_from_slice(&other.counted);
        self.maybe += other.maybe;
        Ok(())
    }

    /// Correct over predicted where the prediction's p ≥ `threshold`; `None` where all are blocked.
    pub fn precision_at(&self, threshold: f32) -> Option<f64> {
        let kept = self.counted.iter().filter(|(p, _)| *p >= threshold);
        let (predicted, correct) =
            kept.fold((0, 0), |(n, c), &(_, right)| (n + 1, c + u64::from(right)));
        crate::numbers::ratio(correct, predicted)
    }

    /// The precision when nothing is blocked; `None` without counted pictures.
    pub fn basic_precision(&self) -> Option<f64> {
        self.precision_at(f32::NEG_INFINITY)
    }

    /// AP, 0–1; `None` without counted pictures.
    pub fn average_precision(&self) -> Option<f64> {
        let mut ordered = self.counted.clone();
        ordered.sort_by(|a, b| descending(f64::from(a.0), f64::from(b.0)));
        let mut precisions = Vec::with_capacity(ordered.len());
        let (mut predicted, mut correct) = (0_usize, 0_usize);
        for tied in ordered.chunk_by(|a, b| a.0 == b.0) {
            predicted += tied.len();
            correct += tied.iter().filter(|(_, right)| *right).count();
            let precision = correct as f64 / predicted as f64;
            precisions.extend(std::iter::repeat_n(precision, tied.len()));
        }
        mean(&precisions)
    }
}

/// The scores of one dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FashionAiDimensionScores {
    /// The dimension.
    pub name: String,
    /// AP, 0–1.
    pub average_precision: Option<f64>,
    /// Precision when nothing is blocked, 0–1.
    pub basic_precision: Option<f64>,
    /// Pictures that counted.
    pub counted: usize,
    /// Pictures whose prediction was an `m`.
    pub maybe: usize,
}

/// The scores of a submission.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FashionAiScores {
    /// Per dimension, in the caller's order.
    pub dimensions: Vec<FashionAiDimensionScores>,
    /// mAP: the plain mean over the dimensions that have an AP.
    pub mean_average_precision: Option<f64>,
    /// The plain mean of the basic precisions.
    pub mean_basic_precision: Option<f64>,
    /// Dimensions without any counted picture. They are in neither mean: anything but 0 means that
    /// the numbers are not the competition's.
    pub without_score: usize,
}

/// The competition's table from its dimensions.
///
/// ```
/// use wardrobe_metrics::{FashionAiDimension, fashionai_scores, parse_marks};
/// let mut collar = FashionAiDimension::new("collar_design_labels", 2);
/// collar.push(&parse_marks("yn")?, &[0.9, 0.1])?;
/// let pant = FashionAiDimension::new("pant_length_labels", 6);
/// let scores = fashionai_scores(&[collar, pant]);
/// assert_eq!((scores.mean_average_precision, scores.without_score), (Some(1.0), 1));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
pub fn fashionai_scores(dimensions: &[FashionAiDimension]) -> FashionAiScores {
    let rows: Vec<_> = dimensions
        .iter()
        .map(|dimension| FashionAiDimensionScores {
            name: dimension.name.clone(),
            average_precision: dimension.average_precision(),
            basic_precision: dimension.basic_precision(),
            counted: dimension.counted(),
            maybe: dimension.maybe,
        })
        .collect();
    FashionAiScores {
        mean_average_precision: mean_of_defined(rows.iter().map(|row| row.average_precision)),
        mean_basic_precision: mean_of_defined(rows.iter().map(|row| row.basic_precision)),
        without_score: rows.iter().filter(|row| row.counted == 0).count(),
        dimensions: rows,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Two values; the first always has the larger probability p, `mark` is what it is marked with.
    fn dimension(pictures: &[(f32, char)]) -> FashionAiDimension {
        let mut dimension = FashionAiDimension::new("d", 2);
        for (p, mark) in pictures {
            let marks = parse_marks(&format!("{mark}n")).unwrap();
            dimension.push(&marks, &[*p, 0.0]).unwrap();
        }
        dimension
    }

    /// y .9, n .8, y .6, y .4: 1/1, 1/2, 2/3, 3/4; mean = 35/48.
    #[test]
    fn cumulative_precision_by_hand() {
        let d = dimension(&[(0.4, 'y'), (0.9, 'y'), (0.6, 'y'), (0.8, 'n')]);
        assert!((d.average_precision().unwrap() - 35.0 / 48.0).abs() < 1e-15);
        assert_eq!(d.basic_precision(), Some(0.75));
        assert_eq!(d.precision_at(0.6), Some(2.0 / 3.0));
    }

    /// With an m between, the m neither counts nor is a threshold of its own: as without it.
    #[test]
    fn m_is_dropped() {
        let d = dimension(&[(0.9, 'y'), (0.8, 'm'), (0.7, 'n')]);
        assert_eq!(d.average_precision(), Some(0.75));
        assert_eq!(d.basic_precision(), Some(0.5));
        assert_eq!((d.counted(), d.maybe()), (2, 1));
    }

    /// y .9, then y and n at .5: thresholds .9, .5, .5: 1, 2/3, 2/3; mean 7/9, in either order.
    #[test]
    fn ties_share_the_precision_of_their_threshold() {
        for tied in [['y', 'n'], ['n', 'y']] {
            let d = dimension(&[(0.5, tied[0]), (0.9, 'y'), (0.5, tied[1])]);
            assert!((d.average_precision().unwrap() - 7.0 / 9.0).abs() < 1e-15);
        }
    }

    #[test]
    fn a_threshold_that_blocks_all_has_no_precision() {
        let d = dimension(&[(0.4, 'y'), (0.9, 'n')]);
        assert_eq!(d.precision_at(0.95), None);
        assert_eq!(d.precision_at(0.9), Some(0.0));
        assert_eq!(d.precision_at(f32::NAN), None);
    }

    /// Nothing right: each threshold's precision is 0.
    #[test]
    fn labels_without_y_count_as_wrong() {
        let d = dimension(&[(0.4, 'n'), (0.9, 'n')]);
        assert_eq!(
            (d.average_precision(), d.basic_precision()),
            (Some(0.0), Some(0.0))
        );
    }

    #[test]
    fn m_only_and_nothing_have_no_score() {
        for d in [dimension(&[(0.4, 'm')]), dimension(&[])] {
            assert_eq!((d.average_precision(), d.basic_precision()), (None, None));
            let scores = fashionai_scores(&[d, dimension(&[(0.5, 'y')])]);
            assert_eq!(
                (scores.mean_average_precision, scores.without_score),
                (Some(1.0), 1)
            );
        }
        assert_eq!(fashionai_scores(&[]).mean_average_precision, None);
    }

    /// Of equal probabilities the lower index is the prediction.
    #[test]
    fn ties_within_a_picture() {
        let mut d = FashionAiDimension::new("d", 3);
        d.push(&parse_marks("nyn").unwrap(), &[0.2, 0.4, 0.4])
            .unwrap();
        assert_eq!(d.basic_precision(), Some(1.0));
    }

    #[test]
    fn bad_values_are_named_and_not_counted() {
        let mut d = FashionAiDimension::new("d", 2);
        let message = d
            .push(&[Mark::Yes; 3], &[0.1, 0.2])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("marks has 3 entries and values 2"),
            "{message}"
        );
        let message = d.push(&[Mark::Yes; 2], &[0.1]).unwrap_err().to_string();
        assert!(message.contains("probabilities has 1 entries"), "{message}");
        let message = d
            .push(&[Mark::Yes; 2], &[0.1, f32::INFINITY])
            .unwrap_err()
            .to_string();
        assert!(message.contains("probabilities[1] is inf"), "{message}");
        assert_eq!(d.counted(), 0);
        let message = parse_marks("nyx").unwrap_err().to_string();
        assert!(message.contains("`nyx` has `x` at place 3"), "{message}");
        let message = d
            .merge(&FashionAiDimension::new("e", 2))
            .unwrap_err()
            .to_string();
        assert!(message.contains("the name is"), "{message}");
    }

    /// The definition, threshold by threshold: each counted picture's p is a threshold.
    fn by_thresholds(d: &FashionAiDimension) -> Option<f64> {
        mean(
            &d.counted
                .iter()
                .map(|&(p, _)| d.precision_at(p).unwrap())
                .collect::<Vec<_>>(),
        )
    }

    proptest! {
        #[test]
        fn order_and_parts_do_not_matter(
            pictures in prop::collection::vec((1_u8..12, prop::sample::select(vec!['y', 'm', 'n'])), 0..40),
            cut in 0_usize..40,
        ) {
            let pictures: Vec<(f32, char)> =
                pictures.into_iter().map(|(p, mark)| (f32::from(p) / 12.0, mark)).collect();
            let whole = dimension(&pictures);
            let (left, right) = pictures.split_at(cut.min(pictures.len()));
            let mut parts = dimension(right);
            parts.merge(&dimension(left)).unwrap();
            prop_assert_eq!(parts.average_precision(), whole.average_precision());
            match (whole.average_precision(), by_thresholds(&whole)) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }
}
