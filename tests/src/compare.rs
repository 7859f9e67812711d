//! How far apart two results are.

use burn::tensor::Tensor;
use serde::Deserialize;

/// A tensor of which every `stride`-th element (row-major) is stored, beside the mean and root mean square of all.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Sampled {
    /// Dimensions of the whole tensor.
    pub shape: Vec<usize>,
    /// Distance of two stored elements.
    pub stride: usize,
    /// Mean of the whole tensor.
    pub mean: f64,
    /// Root mean square of the whole tensor.
    pub rms: f64,
}

/// Relative differences, all in units of the expected tensor's root mean square (an element near zero is no more exact than
/// the sum it comes from, so its own size is no yardstick).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Difference {
    /// Of the stored element that differs most.
    pub largest: f64,
    /// Of the mean over the whole tensor.
    pub mean: f64,
    /// Of the root mean square over the whole tensor.
    pub rms: f64,
}

impl Difference {
    /// Whether all three are at most `tolerance`; NaN is not.
    pub fn is_within(&self, tolerance: f64) -> bool {
        [self.largest, self.mean, self.rms]
            .iter()
            .all(|value| *value <= tolerance)
    }
}

impl Sampled {
    /// How far `actual` is from the tensor with these stored values.
    ///
    /// # Panics
    /// If the shape is not the stored one.
    pub fn difference<const D: usize>(&self, expected: &[f32], actual: Tensor<D>) -> Difference {
        assert_eq!(actual.dims().to_vec(), self.shape, "shape of the result");
        let values: Vec<f64> = actual.into_data().iter::<f64>().collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let rms = (values.iter().map(|value| value * value).sum::<f64>() / count).sqrt();
        let differences = values
            .iter()
            .step_by(self.stride)
            .zip(expected)
            .map(|(a, b)| (a - f64::from(*b)).abs());
        Difference {
            largest: largest(differences) / self.rms,
            mean: (mean - self.mean).abs() / self.rms,
            rms: (rms - self.rms).abs() / self.rms,
        }
    }
}

/// The largest of some distances; 0 if there are none, NaN if one is NaN (`f64::max` passes over it).
fn largest(distances: impl Iterator<Item = f64>) -> f64 {
    distances.fold(0.0, |largest, one| {
        if largest.is_nan() || one <= largest {
            largest
        } else {
            one
        }
    })
}

/// The largest coordinate difference of two boxes, in pixels; NaN if a coordinate is NaN.
pub fn box_distance(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let distances = a.iter().zip(b).map(|(x, y)| f64::from((x - y).abs()));
    largest(distances) as f32
}

/// For two sets of boxes that may be ordered differently where scores are equal: the distance of the worst box of either set
/// to its nearest partner.
pub fn set_distance(a: &[[f32; 4]], b: &[[f32; 4]]) -> f32 {
    let one_way = |from: &[[f32; 4]], to: &[[f32; 4]]| {
        let nearest = |one: &[f32; 4]| {
            to.iter()
                .map(|other| box_distance(one, other))
                .fold(f32::INFINITY, f32::min)
        };
        from.iter().map(nearest).fold(0.0, f32::max)
    };
    one_way(a, b).max(one_way(b, a))
}

/// Intersection over union of two masks; 1 if both are empty.
///
/// # Panics
/// If they have different numbers of pixels.
pub fn mask_iou(a: &[bool], b: &[bool]) -> f64 {
    assert_eq!(a.len(), b.len(), "pixels of two masks");
    let both = a.iter().zip(b).filter(|(x, y)| **x && **y).count();
    let either = a.iter().zip(b).filter(|(x, y)| **x || **y).count();
    if either == 0 {
        1.0
    } else {
        both as f64 / either as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardrobe::kernels::device::test_device;

    #[test]
    fn a_sample_is_compared_where_it_was_taken() {
        // Values 1 … 6, every third stored: 1 and 4. RMS = √(91 / 6), mean 3.5.
        let rms = (91.0_f64 / 6.0).sqrt();
        let sampled = Sampled {
            shape: vec![2, 3],
            stride: 3,
            mean: 3.5,
            rms,
        };
        let found = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &test_device());
        assert!(
            sampled
                .difference(&[1.0, 4.0], found.clone())
                .is_within(1e-12)
        );
        let off = sampled.difference(&[1.0, 4.5], found.clone());
        assert!((off.largest - 0.5 / rms).abs() < 1e-12);
        // A NaN stays, whatever comes after it.
        for expected in [[1.0, f32::NAN], [f32::NAN, 4.0]] {
            let off = sampled.difference(&expected, found.clone());
            assert!(off.largest.is_nan() && !off.is_within(1.0), "{off:?}");
        }
    }

    #[test]
    fn a_coordinate_that_is_no_number_is_no_distance() {
        let whole = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(box_distance(&whole, &[1.0, 1.5, 3.25, 4.0]), 0.5);
        for at in 0..4 {
            let mut broken = whole;
            broken[at] = f32::NAN;
            assert!(box_distance(&whole, &broken).is_nan(), "coordinate {at}");
            assert!(box_distance(&broken, &whole).is_nan(), "coordinate {at}");
            // Such a box is nobody's partner.
            assert_eq!(set_distance(&[whole], &[broken, whole]), f32::INFINITY);
        }
    }

    #[test]
    fn sets_match_in_any_order_and_notice_strangers() {
        let (a, b, c) = (
            [0.0, 0.0, 1.0, 1.0],
            [5.0, 5.0, 6.0, 6.0],
            [5.0, 5.0, 6.0, 6.5],
        );
        assert_eq!(set_distance(&[a, b], &[b, a]), 0.0);
        assert_eq!(set_distance(&[a, b], &[a, c]), 0.5);
        assert_eq!(set_distance(&[a, b], &[a, a]), 5.0);
    }

    #[test]
    fn iou_counts_pixels() {
        // Two of three pixels that belong to either mask belong to both.
        assert_eq!(
            mask_iou(&[true, true, true, false], &[true, true, false, false]),
            2.0 / 3.0
        );
        assert_eq!(mask_iou(&[false], &[false]), 1.0);
    }
}
