//! Overlaps and pasted masks against torchvision's (`fixtures/boxes_generate.py`).

use crate::support::{Fixture, oracle, values};
use burn::tensor::Tensor;
use wardrobe_kernels::{
    boxes::{box_iou, generalized_box_iou, host, paste_masks, twin},
    device::test_device,
};

/// Both NaN, or equal (infinities too), or within `tolerance`.
fn assert_close<const D: usize>(actual: Tensor<D>, expected: Tensor<D>, tolerance: f32) {
    assert_eq!(actual.dims(), expected.dims());
    for (at, (a, e)) in values(actual).into_iter().zip(values(expected)).enumerate() {
        assert!(
            (a.is_nan() && e.is_nan()) || a == e || (a - e).abs() <= tolerance,
            "entry {at}: {a}, expected {e}"
        );
    }
}

/// A quotient of numbers that each are a few roundings old; the values are of size 1.
const OVERLAP_TOLERANCE: f32 = 1e-6;

/// Four products of a value and two weights; the weights come from coordinates up to 60 and carry
/// their rounding, 60 · 2⁻²⁴ ≈ 4e-6.
const PASTE_TOLERANCE: f32 = 2e-5;

#[test]
fn overlaps_are_torchvisions() {
    let (device, fixture) = (test_device(), Fixture::open("boxes_overlap"));
    let a = fixture.floats::<2>("a", &device);
    let b = fixture.floats::<2>("b", &device);
    let iou = fixture.floats::<2>("iou", &device);
    let giou = fixture.floats::<2>("giou", &device);
    assert_close(
        box_iou(a.clone(), b.clone()),
        iou.clone(),
        OVERLAP_TOLERANCE,
    );
    assert_close(
        generalized_box_iou(a.clone(), b.clone()),
        giou.clone(),
        OVERLAP_TOLERANCE,
    );
    let a = fixture.floats::<2>("a", &oracle());
    let b = fixture.floats::<2>("b", &oracle());
    assert_close(twin::box_iou(a.clone(), b.clone()), iou, OVERLAP_TOLERANCE);
    assert_close(twin::generalized_box_iou(a, b), giou, OVERLAP_TOLERANCE);
}

#[test]
fn the_gradient_of_giou_is_torchvisions() {
    let (device, fixture) = (test_device().autodiff(), Fixture::open("boxes_overlap"));
    let a = fixture.floats::<2>("ordinary_a", &device).require_grad();
    let b = fixture.floats::<2>("ordinary_b", &device).require_grad();
    let weights = fixture.floats::<2>("weights", &device);
    let gradients = (generalized_box_iou(a.clone(), b.clone()) * weights)
        .sum()
        .backward();
    // Sums of a dozen terms of size 0.1.
    for (tensor, name) in [(a, "giou.grad_a"), (b, "giou.grad_b")] {
        let expected = fixture.floats::<2>(name, &test_device());
        assert_close(tensor.grad(&gradients).unwrap(), expected, 1e-6);
    }
}

#[test]
fn pasted_masks_are_torchvisions() {
    let (device, fixture) = (test_device(), Fixture::open("boxes_paste"));
    for case in fixture.cases(".boxes") {
        let masks = fixture.floats::<3>(&format!("{case}.masks"), &device);
        let boxes = fixture.floats::<2>(&format!("{case}.boxes"), &device);
        let images = fixture.floats::<3>(&format!("{case}.images"), &device);
        let [_, height, width] = images.dims();
        let pasted = paste_masks(masks, boxes, [height, width]);
        assert_close(pasted, images.clone(), PASTE_TOLERANCE);
        let masks = fixture.floats::<3>(&format!("{case}.masks"), &oracle());
        let boxes = fixture.floats::<2>(&format!("{case}.boxes"), &oracle());
        let pasted = twin::paste_masks(masks, boxes, [height, width]);
        assert_close(pasted, images, PASTE_TOLERANCE);
    }
}

#[test]
fn a_pasted_region_is_the_image_without_its_zeros() {
    let (device, fixture) = (test_device(), Fixture::open("boxes_paste"));
    for case in fixture.cases(".boxes") {
        let masks = fixture.floats::<3>(&format!("{case}.masks"), &device);
        let images = fixture.floats::<3>(&format!("{case}.images"), &device);
        let ([_, height, width], [_, side, _]) = (images.dims(), masks.dims());
        let corners = values(fixture.floats::<2>(&format!("{case}.boxes"), &device));
        let (masks, images) = (values(masks), values(images));
        for (k, corners) in corners.as_chunks().0.iter().enumerate() {
            let mask = &masks[k * side * side..][..side * side];
            let region = host::paste_mask(mask, side, *corners, [height, width]);
            let mut image = images[k * height * width..][..height * width].to_vec();
            for (y, row) in region.values.chunks(region.width).enumerate() {
                for (x, value) in row.iter().enumerate() {
                    let at = (region.y0 + y) * width + region.x0 + x;
                    // The host kernel computes in the reference's order.
                    assert!((image[at] - value).abs() <= 1e-6, "{case} mask {k}");
                    image[at] = 0.;
                }
            }
            assert!(image.iter().all(|&value| value == 0.), "{case} mask {k}");
        }
    }
}
