//! Landmark error and PCK.
//!
//! The error of a landmark is its distance to the annotation after both were divided by a scale.
//! FashionNet divides x by the picture's width and y by its height and reports the mean over the
//! annotated landmarks (0.0872 on DeepFashion). PCK@t is the share of landmarks with an error ≤ t.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{check_lengths, check_same, mean_of_defined, ratio};

/// What distances are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LandmarkScale {
    /// x by the width, y by the height of the picture, as FashionNet does. Pixels.
    Picture {
        /// Width of the picture.
        width: f64,
        /// Height of the picture.
        height: f64,
    },
    /// Both by one length: a box's longer side, the distance of two landmarks, 1 for pixels.
    Length(f64),
}

/// Sums of errors per landmark. Parts merge; sums of floats in another order may differ in the last
/// bits.
///
/// ```
/// use wardrobe_metrics::{LandmarkErrors, LandmarkScale};
/// let mut errors = LandmarkErrors::new(2, &[0.05])?;
/// let scale = LandmarkScale::Picture { width: 100.0, height: 200.0 };
/// // 3 pixels of 100 and 8 of 200: √(0.03² + 0.04²) = 0.05. The second landmark is hidden.
/// errors.push(&[[13.0, 28.0], [0.0, 0.0]], &[[10.0, 20.0], [50.0, 50.0]], &[true, false], scale)?;
/// assert!((errors.normalised_error().unwrap() - 0.05).abs() < 1e-12);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LandmarkErrors {
    thresholds: Vec<f64>,
    counted: Vec<u64>,
    sums: Vec<f64>,
    /// Per threshold, per landmark.
    within: Vec<Vec<u64>>,
}

impl LandmarkErrors {
    /// For `landmarks` landmarks, with PCK at each of `thresholds` (in units of the scale).
    ///
    /// # Errors
    /// [`MetricError::OutOfRange`] for a threshold that is negative or NaN.
    pub fn new(landmarks: usize, thresholds: &[f64]) -> Result<Self, MetricError> {
        if let Some(index) = thresholds.iter().position(|t| t.is_nan() || *t < 0.0) {
            return Err(MetricError::OutOfRange {
                what: "thresholds",
                index,
                value: thresholds[index],
                low: 0.0,
                high: f64::INFINITY,
            });
        }
        Ok(Self {
            thresholds: thresholds.to_vec(),
            counted: vec![0; landmarks],
            sums: vec![0.0; landmarks],
            within: vec![vec![0; landmarks]; thresholds.len()],
        })
    }

    /// The thresholds of PCK.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Counts one picture: `[x, y]` in pixels, predicted and annotated, and which landmarks count
    /// (FashionNet: those annotated as visible). The others may hold anything.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], [`MetricError::NotFinite`] for a point that counts,
    /// [`MetricError::OutOfRange`] for a scale that is not above 0; then nothing is counted.
    pub fn push(
        &mut self,
        predicted: &[[f64; 2]],
        annotated: &[[f64; 2]],
        counts: &[bool],
        scale: LandmarkScale,
    ) -> Result<(), MetricError> {
        let landmarks = ("landmarks", self.counted.len());
        check_lengths(("predicted", predicted.len()), landmarks)?;
        check_lengths(("annotated", annotated.len()), landmarks)?;
        check_lengths(("counts", counts.len()), landmarks)?;
        let units = match scale {
            LandmarkScale::Picture { width, height } => [width, height],
            LandmarkScale::Length(length) => [length; 2],
        };
        for (index, unit) in units.into_iter().enumerate() {
            if !(unit > 0.0 && unit.is_finite()) {
                let (what, low, high) = ("scale", f64::MIN_POSITIVE, f64::MAX);
                return Err(MetricError::OutOfRange {
                    what,
                    index,
                    value: unit,
                    low,
                    high,
                });
            }
        }
        for (what, points) in [("predicted", predicted), ("annotated", annotated)] {
            for (index, point) in points
                .iter()
                .enumerate()
                .filter(|&(index, _)| counts[index])
            {
                if let Some(&value) = point.iter().find(|c| !c.is_finite()) {
                    return Err(MetricError::NotFinite { what, index, value });
                }
            }
        }
        for (i, (p, a)) in predicted
            .iter()
            .zip(annotated)
            .enumerate()
            .filter(|&(i, _)| counts[i])
        {
            let error = ((p[0] - a[0]) / units[0]).hypot((p[1] - a[1]) / units[1]);
            self.counted[i] += 1;
            self.sums[i] += error;
            for (within, threshold) in self.within.iter_mut().zip(&self.thresholds) {
                within[i] += u64::from(error <= *threshold);
            }
        }
        Ok(())
    }

    /// Adds the sums of another part.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when landmarks or thresholds differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same(
            "the number of landmarks",
            &self.counted.len(),
            &other.counted.len(),
        )?;
        check_same(
            "the list of thresholds",
            &self.thresholds,
            &other.thresholds,
        )?;
        let ours = self
            .counted
            .iter_mut()
            .chain(self.within.iter_mut().flatten());
        for (count, more) in ours.zip(other.counted.iter().chain(other.within.iter().flatten())) {
            *count += more;
        }
        for (sum, more) in self.sums.iter_mut().zip(&other.sums) {
            *sum += more;
        }
        Ok(())
    }

    /// Mean error over all counted landmarks, in units of the scale; `None` where none counted.
    pub fn normalised_error(&self) -> Option<f64> {
        let counted: u64 = self.counted.iter().sum();
        (counted > 0).then(|| self.sums.iter().sum::<f64>() / counted as f64)
    }

    /// Mean error of one landmark; `None` where it never counted.
    ///
    /// # Panics
    /// When there is no such landmark.
    pub fn landmark_error(&self, landmark: usize) -> Option<f64> {
        let counted = self.counted[landmark];
        (counted > 0).then(|| self.sums[landmark] / counted as f64)
    }

    /// The plain mean of [`landmark_error`](Self::landmark_error) over the landmarks that counted.
    pub fn mean_landmark_error(&self) -> Option<f64> {
        mean_of_defined((0..self.counted.len()).map(|landmark| self.landmark_error(landmark)))
    }

    /// The share of counted landmarks, 0–1, with an error of at most `thresholds()[index]`.
    ///
    /// # Panics
    /// When `index` is outside the list of thresholds.
    pub fn pck(&self, index: usize) -> Option<f64> {
        ratio(self.within[index].iter().sum(), self.counted.iter().sum())
    }

    /// PCK of one landmark.
    ///
    /// # Panics
    /// When there is no such landmark or threshold.
    pub fn landmark_pck(&self, landmark: usize, index: usize) -> Option<f64> {
        ratio(self.within[index][landmark], self.counted[landmark])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const PIXELS: LandmarkScale = LandmarkScale::Length(1.0);

    /// Landmark 0: errors 5 and 0; landmark 1: error 10, once hidden. All: 15 / 3 = 5; plain mean
    /// (2.5 + 10) / 2; PCK@5 = 2/3 (5 is within 5).
    #[test]
    fn errors_by_hand() {
        let mut errors = LandmarkErrors::new(2, &[5.0, 4.9]).unwrap();
        errors
            .push(
                &[[3.0, 4.0], [0.0, 10.0]],
                &[[0.0, 0.0]; 2],
                &[true, true],
                PIXELS,
            )
            .unwrap();
        errors
            .push(
                &[[1.0, 1.0], [f64::NAN, 0.0]],
                &[[1.0, 1.0]; 2],
                &[true, false],
                PIXELS,
            )
            .unwrap();
        assert_eq!(errors.normalised_error(), Some(5.0));
        assert_eq!(errors.landmark_error(0), Some(2.5));
        assert_eq!(errors.mean_landmark_error(), Some(6.25));
        assert_eq!(
            (errors.pck(0), errors.pck(1)),
            (Some(2.0 / 3.0), Some(1.0 / 3.0))
        );
        assert_eq!(errors.landmark_pck(1, 0), Some(0.0));
    }

    #[test]
    fn axes_have_their_own_scale() {
        let mut errors = LandmarkErrors::new(1, &[]).unwrap();
        let scale = LandmarkScale::Picture {
            width: 10.0,
            height: 5.0,
        };
        errors
            .push(&[[3.0, 2.0]], &[[0.0, 0.0]], &[true], scale)
            .unwrap();
        // √(0.3² + 0.4²)
        assert!((errors.normalised_error().unwrap() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn nothing_visible_has_no_error() {
        let mut errors = LandmarkErrors::new(1, &[0.1]).unwrap();
        errors
            .push(&[[0.0, 0.0]], &[[0.0, 0.0]], &[false], PIXELS)
            .unwrap();
        assert_eq!(
            (
                errors.normalised_error(),
                errors.landmark_error(0),
                errors.pck(0)
            ),
            (None, None, None)
        );
    }

    #[test]
    fn bad_values_are_named_and_not_counted() {
        let mut errors = LandmarkErrors::new(1, &[0.1]).unwrap();
        let message = errors
            .push(&[[0.0, f64::NAN]], &[[0.0; 2]], &[true], PIXELS)
            .unwrap_err()
            .to_string();
        assert!(message.contains("predicted[0] is NaN"), "{message}");
        let message = errors
            .push(&[[0.0; 2]], &[[f64::INFINITY, 0.0]], &[true], PIXELS)
            .unwrap_err()
            .to_string();
        assert!(message.contains("annotated[0] is inf"), "{message}");
        let message = errors
            .push(&[], &[[0.0; 2]], &[true], PIXELS)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("predicted has 0 entries and landmarks 1"),
            "{message}"
        );
        let flat = LandmarkScale::Picture {
            width: 10.0,
            height: 0.0,
        };
        let message = errors
            .push(&[[0.0; 2]], &[[0.0; 2]], &[true], flat)
            .unwrap_err()
            .to_string();
        assert!(message.contains("scale[1] is 0"), "{message}");
        assert_eq!(errors.normalised_error(), None);
        let message = LandmarkErrors::new(1, &[0.1, f64::NAN])
            .unwrap_err()
            .to_string();
        assert!(message.contains("thresholds[1] is NaN"), "{message}");
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole(
            pictures in prop::collection::vec((prop::array::uniform4(-50.0_f64..50.0), any::<[bool; 2]>()), 0..20),
            cut in 0_usize..20,
        ) {
            let of = |pictures: &[([f64; 4], [bool; 2])]| {
                let mut errors = LandmarkErrors::new(2, &[10.0, 30.0]).unwrap();
                for ([a, b, c, d], counts) in pictures {
                    errors.push(&[[*a, *b], [*c, *d]], &[[0.0; 2]; 2], counts, PIXELS).unwrap();
                }
                errors
            };
            let (left, right) = pictures.split_at(cut.min(pictures.len()));
            let mut parts = of(right);
            parts.merge(&of(left)).unwrap();
            let whole = of(&pictures);
            prop_assert_eq!(parts.pck(0), whole.pck(0));
            match (parts.normalised_error(), whole.normalised_error()) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12 * b.max(1.0)),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }
}
