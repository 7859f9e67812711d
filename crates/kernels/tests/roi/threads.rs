//! RoI operations and their gradients on any number of threads.

use burn::tensor::Tensor;
use wardrobe_kernels::roi::{
    RoiAlignOptions, RoiPoolOptions, SampleReduction, prroi_pool, roi_align, roi_pool,
};

use crate::same_bits::assert_same_bits;
use crate::support::{Numbers, rois, tracking, values};

/// RoIs that crowd in one corner of the first image, two in the second, one of no image.
fn crowd() -> Vec<[f32; 5]> {
    let mut numbers = Numbers::new(9);
    let mut corner = |extent: f32| extent * (1.0 + numbers.next()) / 2.0;
    let mut boxes: Vec<[f32; 5]> = (0..60)
        .map(|_| {
            let [x, y] = [corner(20.0), corner(20.0)];
            [0.0, x, y, x + 4.0 + corner(30.0), y + 4.0 + corner(30.0)]
        })
        .collect();
    boxes.extend([
        [1.0, -20.0, -10.0, 90.0, 120.0],
        [1.0, 3.0, 50.0, 40.0, 60.0],
        [2.0, 0.0, 0.0, 30.0, 30.0],
    ]);
    boxes
}

/// Output and the gradients of map and boxes.
fn numbers(pool: impl Fn(Tensor<4>, Tensor<2>) -> Tensor<4>) -> Vec<Vec<f32>> {
    let device = tracking();
    let features = Numbers::new(5)
        .tensor([2, 21, 30, 26], &device)
        .require_grad();
    let boxes = rois(&crowd(), &device).require_grad();
    let pooled = pool(features.clone(), boxes.clone());
    let seed = Numbers::new(6).tensor(pooled.dims(), &device);
    let gradients = (pooled.clone() * seed).sum().backward();
    let of_boxes = boxes
        .grad(&gradients)
        .map(|gradient| gradient.into_data().iter().collect());
    let of_features = features.grad(&gradients).unwrap();
    [values(pooled), values(of_features)]
        .into_iter()
        .chain(of_boxes)
        .collect()
}

#[test]
fn of_roi_align() {
    for reduction in [SampleReduction::Average, SampleReduction::Max] {
        let options = RoiAlignOptions::new([7, 7], 0.25).with_reduction(reduction);
        assert_same_bits("roi_align", || {
            numbers(|map, boxes| roi_align(map, boxes, &options))
        });
    }
}

#[test]
fn of_roi_pool() {
    let options = RoiPoolOptions::new([7, 7], 0.25);
    assert_same_bits("roi_pool", || {
        numbers(|map, boxes| roi_pool(map, boxes, &options))
    });
}

#[test]
fn of_prroi_pool() {
    let options = RoiPoolOptions::new([5, 5], 0.25);
    assert_same_bits("prroi_pool", || {
        numbers(|map, boxes| prroi_pool(map, boxes, &options))
    });
}
