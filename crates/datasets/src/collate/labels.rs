//! Soft labels: a weight for each picture and class, smoothing, mixing.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::CollateError;
use crate::sample::{AttributeLabels, AttributeVocabulary, Judgement};

/// How the smoothed part is shared out among K classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// The true class has 1 − ε, the other K − 1 share ε (the bag-of-tricks paper, equation 3).
    #[default]
    Others,
    /// All K share ε, so the true class has 1 − ε + ε / K (Szegedy et al. 2016; PyTorch).
    All,
}

/// For N pictures and K classes, how much each class holds and how much is known of it: both `[N, K]`
/// in row-major order, 0–1.
///
/// A softmax over classes of which one holds takes the weights: a row sums to 1, and to 0 where
/// nothing is known. Sigmoids take both, for what nobody judged is no `no`: the loss of a class is
/// `−weight · ln p − (known − weight) · ln(1 − p)`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelWeights {
    weights: Vec<f32>,
    known: Vec<f32>,
    pictures: usize,
    classes: usize,
}

impl LabelWeights {
    /// One class of each picture, where known.
    pub(super) fn of_classes(labels: &[Option<u32>], classes: usize) -> Self {
        let mut weights = vec![0.0; labels.len() * classes];
        let mut known = weights.clone();
        for (row, label) in labels.iter().enumerate() {
            if let Some(label) = label {
                weights[row * classes + *label as usize] = 1.0;
                known[row * classes..(row + 1) * classes].fill(1.0);
            }
        }
        Self {
            weights,
            known,
            pictures: labels.len(),
            classes,
        }
    }

    /// Judgements of each picture. `maybe` is the weight of a value that may hold, beside 1 for one that
    /// does; in a group of which one value holds they are then brought to a sum of 1.
    pub(super) fn of_judgements(
        labels: &[&AttributeLabels],
        vocabulary: &AttributeVocabulary,
        maybe: f32,
    ) -> Self {
        let classes = vocabulary.len();
        let mut weights = Vec::with_capacity(labels.len() * classes);
        let mut known = Vec::with_capacity(labels.len() * classes);
        for labels in labels {
            let start = weights.len();
            // An object without judgements has none of any value.
            let judged = (0..classes).map(|value| {
                if labels.is_empty() {
                    Judgement::Unknown
                } else {
                    labels.get(value)
                }
            });
            for judgement in judged {
                weights.push(match judgement {
                    Judgement::Yes => 1.0,
                    Judgement::Maybe => maybe,
                    Judgement::No | Judgement::Unknown => 0.0,
                });
                known.push(f32::from(u8::from(judgement != Judgement::Unknown)));
            }
            for (place, group) in vocabulary.groups().iter().enumerate() {
                if group.exclusive {
                    to_sum_1(&mut weights[start..][vocabulary.range(place)]);
                }
            }
        }
        Self {
            weights,
            known,
            pictures: labels.len(),
            classes,
        }
    }

    /// How much each class holds, `[N, K]`.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// How much is known of each class, `[N, K]`: 0 or 1; between them in a mix of two pictures.
    pub fn known(&self) -> &[f32] {
        &self.known
    }

    /// N and K.
    pub fn dims(&self) -> [usize; 2] {
        [self.pictures, self.classes]
    }

    /// Weights and what is known, without a copy.
    pub fn into_parts(self) -> (Vec<f32>, Vec<f32>) {
        (self.weights, self.known)
    }

    /// For each picture the class of `range` with the largest weight, counted from the range's start, the
    /// first of several; `None` where none has any.
    ///
    /// # Panics
    /// When the range leaves the classes.
    pub fn largest(&self, range: Range<usize>) -> Vec<Option<u32>> {
        let largest = |row: &[f32]| {
            let mut best = None;
            for (class, &weight) in row.iter().enumerate() {
                if weight > best.map_or(0.0, |(_, weight)| weight) {
                    best = Some((class as u32, weight));
                }
            }
            best.map(|(class, _)| class)
        };
        (0..self.pictures)
            .map(|row| largest(&self.weights[row * self.classes..][..self.classes][range.clone()]))
            .collect()
    }

    /// Smooths the weights of one dimension, the classes `range`. A row is read as weights that sum to
    /// its mass (1 for a known label): each class gets its share of the mass moved to the others. A
    /// row without any weight (a dimension nobody labelled) stays so.
    ///
    /// # Errors
    /// [`CollateError::Setting`] unless `epsilon` is in [0, 1); [`CollateError::Classes`].
    pub fn smooth(
        &mut self,
        range: Range<usize>,
        epsilon: f32,
        smoothing: Smoothing,
    ) -> Result<(), CollateError> {
        if !(0.0..1.0).contains(&epsilon) {
            return Err(CollateError::Setting {
                field: "epsilon",
                found: epsilon.to_string(),
                expected: "0 to below 1",
            });
        }
        if range.start > range.end || range.end > self.classes {
            let classes = self.classes;
            return Err(CollateError::Classes { range, classes });
        }
        let count = range.len() as f32;
        if range.len() < 2 {
            return Ok(());
        }
        for row in self.weights.chunks_exact_mut(self.classes) {
            let row = &mut row[range.clone()];
            let mass: f32 = row.iter().sum();
            for label in row {
                *label = match smoothing {
                    Smoothing::Others => {
                        *label * (1.0 - epsilon) + (mass - *label) * epsilon / (count - 1.0)
                    }
                    Smoothing::All => *label * (1.0 - epsilon) + mass * epsilon / count,
                };
            }
        }
        Ok(())
    }

    /// Mixes every row with its partner's.
    pub(super) fn mix(&mut self, partners: &[usize], lambda: f32) {
        mix_rows(&mut self.weights, partners, lambda);
        mix_rows(&mut self.known, partners, lambda);
    }
}

fn to_sum_1(weights: &mut [f32]) {
    let sum: f32 = weights.iter().sum();
    if sum > 0.0 {
        for weight in weights {
            *weight /= sum;
        }
    }
}

/// Row i becomes λ · row i + (1 − λ) · row partners[i], of the rows as they were.
pub(super) fn mix_rows(values: &mut Vec<f32>, partners: &[usize], lambda: f32) {
    let width = values.len() / partners.len().max(1);
    if width == 0 {
        return;
    }
    let mut mixed = Vec::with_capacity(values.len());
    for (row, &partner) in values.chunks_exact(width).zip(partners) {
        let other = &values[partner * width..(partner + 1) * width];
        let pairs = row.iter().zip(other);
        mixed.extend(pairs.map(|(&a, &b)| lambda * a + (1.0 - lambda) * b));
    }
    *values = mixed;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::AttributeGroup;

    fn close(found: &[f32], expected: &[f32]) {
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(near),
            "{found:?}"
        );
    }

    fn three() -> LabelWeights {
        LabelWeights::of_classes(&[Some(0), Some(2)], 3)
    }

    #[test]
    fn smoothing_by_both_formulas() {
        let mut others = three();
        others.smooth(0..3, 0.1, Smoothing::Others).unwrap();
        // 1 − 0.1 and 0.1 / 2.
        close(&others.weights()[..3], &[0.9, 0.05, 0.05]);
        let mut all = three();
        all.smooth(0..3, 0.3, Smoothing::All).unwrap();
        // 0.7 + 0.3 / 3 and 0.3 / 3.
        close(&all.weights()[..3], &[0.8, 0.1, 0.1]);
        assert_eq!(all.known(), three().known());
    }

    #[test]
    fn a_dimension_nobody_labelled_stays_empty() {
        let mut one = three();
        // Classes 0 and 1 of the second picture hold nothing.
        one.smooth(0..2, 0.1, Smoothing::Others).unwrap();
        close(one.weights(), &[0.9, 0.1, 0.0, 0.0, 0.0, 1.0]);
        let mut unknown = LabelWeights::of_classes(&[None], 3);
        unknown.smooth(0..3, 0.1, Smoothing::All).unwrap();
        assert_eq!(
            (unknown.weights(), unknown.known()),
            (&[0.0; 3][..], &[0.0; 3][..])
        );
    }

    #[test]
    fn what_cannot_be_smoothed_is_refused() {
        let mut one = three();
        for epsilon in [1.0, -0.1, f32::NAN] {
            let refused = one.smooth(0..3, epsilon, Smoothing::All);
            assert!(matches!(
                refused,
                Err(CollateError::Setting {
                    field: "epsilon",
                    ..
                })
            ));
        }
        let message = one
            .smooth(1..4, 0.1, Smoothing::All)
            .unwrap_err()
            .to_string();
        assert_eq!(message, "classes 1..4 are not among the batch's 3");
        assert_eq!(one, three());
    }

    #[test]
    fn judgements_become_weights_by_group() {
        use Judgement::{Maybe, No, Unknown, Yes};
        let group = |exclusive| AttributeGroup {
            name: String::new(),
            values: vec!["a".into(), "b".into(), "c".into()],
            exclusive,
        };
        let vocabulary = AttributeVocabulary::new(vec![group(true), group(false)]);
        let labels: AttributeLabels = [Yes, Maybe, No, Maybe, Unknown, Yes].into_iter().collect();
        let empty = AttributeLabels::default();
        // 3/7 beside 1: 0.7 and 0.3 of the sum. Flags stand alone.
        let of = LabelWeights::of_judgements(&[&labels, &empty], &vocabulary, 3.0 / 7.0);
        assert_eq!(of.dims(), [2, 6]);
        let maybe = 3.0 / 7.0;
        let mut expected = vec![0.7, 0.3, 0.0, maybe, 0.0, 1.0];
        expected.extend([0.0; 6]);
        close(of.weights(), &expected);
        close(&of.known()[..6], &[1.0, 1.0, 1.0, 1.0, 0.0, 1.0]);
        close(&of.known()[6..], &[0.0; 6]);
        assert_eq!(of.largest(0..3), [Some(0), None]);
        assert_eq!(of.largest(3..6), [Some(2), None]);
    }

    #[test]
    fn the_first_of_equal_weights_is_the_largest() {
        let mut mixed = three();
        mixed.mix(&[1, 0], 0.5);
        close(mixed.weights(), &[0.5, 0.0, 0.5, 0.5, 0.0, 0.5]);
        assert_eq!(mixed.largest(0..3), [Some(0), Some(0)]);
    }
}
