//! The best of a row, worked by hand.

use burn::tensor::{Int, Tensor};
use wardrobe_kernels::{device::test_device, suppression::top_k};

use crate::support::{floats, values};

const NAN: f32 = f32::NAN;

/// `top_k` of one row: (values, indices).
fn top_of(row: &[f32], k: usize) -> (Vec<f32>, Vec<i64>) {
    let device = test_device();
    let (best, indices) = top_k(floats(row, &device).reshape([1, row.len()]), k);
    assert_eq!((best.dims(), indices.dims()), ([1, k], [1, k]));
    (values(best), indices.into_data().iter().collect())
}

#[test]
fn top_k_descends_with_ties_by_index() {
    let row = [0.3, 0.9, 0.3, -1., 0.9];
    assert_eq!(top_of(&row, 3), (vec![0.9, 0.9, 0.3], vec![1, 4, 0]));
    assert_eq!(top_of(&row, 5).1, [1, 4, 0, 2, 3]);
    assert_eq!(top_of(&[0., -0., 0.], 3).1, [0, 1, 2]);
}

#[test]
fn top_k_has_nan_last() {
    let row = [NAN, 0.1, NAN, f32::NEG_INFINITY, f32::INFINITY];
    assert_eq!(top_of(&row, 5).1, [4, 1, 3, 0, 2]);
    let (best, indices) = top_of(&[NAN, NAN], 1);
    assert!(best[0].is_nan());
    assert_eq!(indices, [0]);
}

#[test]
fn top_k_of_nothing() {
    let device = test_device();
    let (best, indices) = top_k(Tensor::<2>::zeros([3, 4], &device), 0);
    assert_eq!((best.dims(), indices.dims()), ([3, 0], [3, 0]));
    let (best, _) = top_k(Tensor::<2>::empty([0, 4], &device), 2);
    assert_eq!(best.dims(), [0, 2]);
    let (best, _): (Tensor<2>, Tensor<2, Int>) = top_k(Tensor::<2>::empty([2, 0], &device), 0);
    assert_eq!(best.dims(), [2, 0]);
}

#[test]
#[should_panic(expected = "k = 5")]
fn top_k_beyond_the_row_panics() {
    top_of(&[0.1; 4], 5);
}
