//! NaN in the maps: it stays in the bins that read it, and never wins a maximum, as in torchvision's `roi_pool`.

use crate::support::{rois, tracking, values};
use burn::tensor::{Tensor, TensorData};
use wardrobe_kernels::roi::{
    RoiAlignOptions, RoiPoolOptions, SampleReduction, prroi_pool, roi_align, roi_pool,
};

const NAN: f32 = f32::NAN;

/// A map of one row, and what `pool` makes of `corners` on it: its values and their gradient to the map.
fn pooled<const N: usize>(
    cells: [f32; N],
    corners: [f32; 4],
    pool: impl Fn(Tensor<4>, Tensor<2>) -> Tensor<4>,
) -> (Vec<f32>, Vec<f32>) {
    let device = tracking();
    let map = Tensor::<4>::from_data(TensorData::new(cells.to_vec(), [1, 1, 1, N]), &device);
    let map = map.require_grad();
    let [x1, y1, x2, y2] = corners;
    let output = pool(map.clone(), rois(&[[0.0, x1, y1, x2, y2]], &device));
    let gradient = map.grad(&output.clone().sum().backward()).unwrap();
    (values(output), values(gradient))
}

#[test]
fn a_mean_is_nan_where_a_sample_is() {
    let options = RoiAlignOptions::new([1, 2], 1.0);
    let (means, gradient) = pooled([5.0, 7.0, 1.0, NAN], [0.0, 0.0, 4.0, 1.0], |map, boxes| {
        roi_align(map, boxes, &options)
    });
    // Samples at ½ and 1½: 6 and 4. At 2½ a NaN takes part.
    assert!((means[0] - 5.0).abs() < 1e-5, "{means:?}");
    assert!(means[1].is_nan(), "{means:?}");
    assert!(gradient.iter().all(|value| value.is_finite()));
}

#[test]
fn a_precise_mean_is_nan_where_a_cell_is() {
    let (means, _) = pooled(
        [5.0, 7.0, 1.0, 1.0, NAN, NAN],
        [0.0, 0.0, 4.0, 1.0],
        |map, boxes| prroi_pool(map, boxes, &RoiPoolOptions::new([1, 2], 1.0)),
    );
    // The map runs from 5 over 7 to 1, and from there into NaN; down a row it falls to 0, whose mean is ½.
    assert!((means[0] - 2.5).abs() < 1e-5, "{means:?}");
    assert!(means[1].is_nan(), "{means:?}");
}

#[test]
fn a_nan_sample_is_never_the_largest() {
    let largest = |cells: [f32; 6]| {
        let options = RoiAlignOptions::new([1, 1], 1.0).with_reduction(SampleReduction::Max);
        pooled(cells, [0.0, 0.0, 4.0, 1.0], |map, boxes| {
            roi_align(map, boxes, &options)
        })
    };
    // Samples at 1 and 3, two of each.
    let (values, gradient) = largest([5.0, 7.0, 1.0, NAN, NAN, NAN]);
    assert_eq!(values, [7.0]);
    assert_eq!(gradient, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let (values, gradient) = largest([NAN; 6]);
    assert_eq!(values, [f32::MIN], "nothing won");
    assert_eq!(gradient, [0.0; 6]);
}

#[test]
fn a_nan_cell_is_never_the_largest() {
    let largest = |cells: [f32; 4]| {
        pooled(cells, [0.0, 0.0, 3.0, 0.0], |map, boxes| {
            roi_pool(map, boxes, &RoiPoolOptions::new([1, 1], 1.0))
        })
    };
    // torchvision 0.24 gives the same, values and gradients.
    let (values, gradient) = largest([1.0, NAN, 3.0, 2.0]);
    assert_eq!(values, [3.0]);
    assert_eq!(gradient, [0.0, 0.0, 1.0, 0.0]);
    let (values, gradient) = largest([NAN; 4]);
    assert_eq!(values, [f32::MIN], "nothing won");
    assert_eq!(gradient, [0.0; 4]);
}
