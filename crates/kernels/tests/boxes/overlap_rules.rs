//! Overlap and pasting, worked by hand, and against the twin.

use crate::support::{Noise, boxes, oracle, values};
use burn::tensor::{Device, Tensor};
use wardrobe_kernels::{
    boxes::{box_iou, generalized_box_iou, host, paste_masks, twin},
    device::test_device,
};

const SQUARE: [f32; 4] = [0., 0., 10., 10.];

/// The overlap of two boxes by `function`.
fn pair(function: fn(Tensor<2>, Tensor<2>) -> Tensor<2>, a: [f32; 4], b: [f32; 4]) -> f32 {
    let device = test_device();
    function(boxes(&[a], &device), boxes(&[b], &device)).into_scalar::<f32>()
}

fn assert_close(actual: f32, expected: f32) {
    assert!(
        (actual - expected).abs() < 1e-6,
        "{actual}, expected {expected}"
    );
}

#[test]
fn iou_by_hand() {
    assert_close(pair(box_iou, SQUARE, SQUARE), 1.);
    // 5 · 5 of 100 + 100 − 25.
    assert_close(pair(box_iou, SQUARE, [5., 5., 15., 15.]), 25. / 175.);
    assert_close(pair(box_iou, SQUARE, [10., 0., 20., 10.]), 0.);
    assert_close(pair(box_iou, SQUARE, [-5., -5., 15., 15.]), 100. / 400.);
    assert_close(pair(box_iou, SQUARE, [-1e9, -1e9, 1e9, 1e9]), 100. / 4e18);
}

#[test]
fn iou_without_area() {
    let point = [5., 5., 5., 5.];
    assert_close(pair(box_iou, SQUARE, point), 0.);
    assert!(pair(box_iou, point, point).is_nan());
    assert!(pair(box_iou, SQUARE, [f32::NAN, 0., 1., 1.]).is_nan());
}

#[test]
fn giou_by_hand() {
    assert_close(pair(generalized_box_iou, SQUARE, SQUARE), 1.);
    // IoU 0; hull 30 · 10 of which 200 are covered.
    assert_close(
        pair(generalized_box_iou, SQUARE, [20., 0., 30., 10.]),
        -1. / 3.,
    );
    // IoU 1/7; hull 15 · 15 of which 175 are covered.
    let expected = 1. / 7. - (225. - 175.) / 225.;
    assert_close(
        pair(generalized_box_iou, SQUARE, [5., 5., 15., 15.]),
        expected,
    );
}

#[test]
fn giou_has_a_gradient_where_boxes_do_not_touch() {
    let device = test_device().autodiff();
    let a = boxes(&[SQUARE], &device).require_grad();
    let b = boxes(&[[20., 0., 30., 10.]], &device);
    let gradients = generalized_box_iou(a.clone(), b).sum().backward();
    // GIoU = union / hull − 1, union = (x2 − x1)·10 + 100 = 200, hull = (30 − x1)·10 = 300:
    // d/dx1 = (−10·300 + 10·200) / 300² = −1/90, d/dx2 = 10 / 300 = 1/30.
    // (The y sides of the hull are shared by both boxes, so their gradient is a matter of ties.)
    let gradient = values(a.grad(&gradients).unwrap());
    assert_close(gradient[0], -1. / 90.);
    assert_close(gradient[2], 1. / 30.);
}

#[test]
fn gradients_flow_through_iou() {
    let device = test_device().autodiff();
    let a = boxes(&[SQUARE], &device).require_grad();
    let b = boxes(&[[2., -5., 30., 20.]], &device);
    let gradients = box_iou(a.clone(), b).sum().backward();
    // inter = (x2 − 2)·10 = 80, union = (x2 − x1)·10 + 700 − inter = 720:
    // d/dx2 = (10·720 − 80·(10 − 10)) / 720² = 1/72, d/dx1 = 80·10 / 720² = 1/648.
    let gradient = values(a.grad(&gradients).unwrap());
    assert_close(gradient[2], 1. / 72.);
    assert_close(gradient[0], 1. / 648.);
}

#[test]
fn overlaps_equal_their_twins() {
    let device = test_device();
    let mut noise = Noise(3);
    let mut scene =
        |count: usize| -> Vec<[f32; 4]> { (0..count).map(|_| noise.corners(200., 90.)).collect() };
    // Off the multiples of any register, and more than one parallel task.
    for (n, m) in [(1, 1), (7, 33), (300, 517)] {
        let (first, second) = (scene(n), scene(m));
        let input = |device: &Device| (boxes(&first, device), boxes(&second, device));
        let ((a, b), (plain_a, plain_b)) = (input(&device), input(&oracle()));
        let both = [
            (
                box_iou(a.clone(), b.clone()),
                twin::box_iou(plain_a.clone(), plain_b.clone()),
            ),
            (
                generalized_box_iou(a, b),
                twin::generalized_box_iou(plain_a, plain_b),
            ),
        ];
        for (actual, expected) in both {
            assert_eq!(actual.dims(), [n, m]);
            for (a, e) in values(actual).into_iter().zip(values(expected)) {
                assert_close(a, e);
            }
        }
    }
}

#[test]
fn overlaps_of_no_boxes() {
    let device = test_device();
    let (none, one) = (boxes(&[], &device), boxes(&[SQUARE], &device));
    assert_eq!(box_iou(none.clone(), one.clone()).dims(), [0, 1]);
    assert_eq!(generalized_box_iou(one, none).dims(), [1, 0]);
}

#[test]
fn views_are_read_in_their_own_order() {
    let device = test_device();
    let columns = boxes(
        &[
            [0., 5., 20., 0.],
            [0., 5., 0., 0.],
            [10., 15., 30., 10.],
            [10., 15., 10., 5.],
        ],
        &device,
    );
    // Columns as boxes: [0,0,10,10], [5,5,15,15], [20,0,30,10], [0,0,10,5].
    let iou = box_iou(
        columns.clone().transpose().slice(0..1),
        columns.transpose().slice(1..4),
    );
    let iou = values(iou);
    assert_close(iou[0], 25. / 175.);
    assert_close(iou[1], 0.);
    assert_close(iou[2], 0.5);
}

#[test]
#[should_panic(expected = "[1, 4] and [M, 4] [2, 5]")]
fn boxes_of_five_numbers_panic() {
    let device = test_device();
    let _ = box_iou(boxes(&[SQUARE], &device), Tensor::zeros([2, 5], &device));
}

/// One mask pasted at one box.
fn paste(mask: &[f32], side: usize, corners: [f32; 4], size: [usize; 2]) -> Vec<f32> {
    let device = test_device();
    let masks = Tensor::<1>::from_floats(mask, &device).reshape([1, side, side]);
    let images = paste_masks(masks, boxes(&[corners], &device), size);
    assert_eq!(images.dims(), [1, size[0], size[1]]);
    values(images)
}

#[test]
fn a_single_pixel_pastes_as_a_tent() {
    // Side 1: the box grows threefold about (6, 6) from 5.2..6.8 to 3.6..8.4, truncated 3..8: 6
    // pixels. Pixel p reads (p − 3 + ½)/2 − ½ = −¼, ¼, ¾, 1¼, 1¾, 2¼ of the padded [0, 1, 0], so it
    // weighs 0, ¼, ¾, ¾, ¼, 0.
    let image = paste(&[1.], 1, [5.2, 5.2, 6.8, 6.8], [12, 12]);
    let tent = [0., 0., 0., 0., 0.25, 0.75, 0.75, 0.25, 0., 0., 0., 0.];
    for (at, &value) in image.iter().enumerate() {
        assert_close(value, tent[at / 12] * tent[at % 12]);
    }
}

#[test]
fn what_lies_outside_the_image_is_cut() {
    // As above, but the image ends at row 6 and column 5.
    let image = paste(&[1.], 1, [5.2, 5.2, 6.8, 6.8], [6, 5]);
    assert_close(image[4 * 5 + 4], 0.25 * 0.25);
    assert_close(image[5 * 5 + 4], 0.75 * 0.25);
    assert_close(image.iter().sum(), 0.25 * 0.25 + 0.75 * 0.25);
}

#[test]
fn boxes_that_cannot_be_seen_paste_nothing() {
    let nan = [f32::NAN, 0., 5., 5.];
    let left = [-40., 2., -30., 8.];
    let right = [50., 2., 60., 8.];
    let above = [2., -40., 8., -30.];
    let inverted = [8., 8., 2., 2.];
    for corners in [nan, left, right, above, inverted] {
        let image = paste(&[1.; 4], 2, corners, [10, 10]);
        assert!(image.iter().all(|&value| value == 0.), "{corners:?}");
        let region = host::paste_mask(&[1.; 4], 2, corners, [10, 10]);
        assert_eq!(region, host::PastedMask::default(), "{corners:?}");
        let masks = Tensor::<3>::ones([1, 2, 2], &oracle());
        let image = twin::paste_masks(masks, boxes(&[corners], &oracle()), [10, 10]);
        assert!(
            values(image).iter().all(|&value| value == 0.),
            "{corners:?}"
        );
    }
}

#[test]
fn a_box_far_larger_than_the_image_costs_only_the_image() {
    let region = host::paste_mask(&[0.5; 9], 3, [-1e9, -1e9, 1e9, 1e9], [4, 6]);
    assert_eq!((region.x0, region.y0), (0, 0));
    assert_eq!((region.width, region.height), (6, 4));
    assert!(region.values.iter().all(|&value| value == 0.5));
}

#[test]
fn a_box_that_reaches_far_to_one_side_is_read_where_it_covers_the_image() {
    // Ten billion columns, grown by 5/3 about their middle, have four fifths of them left of the image: it reads column
    // 5 · 4/5 − ½ = 3½ of the mask with its border, half of the third cell and half of the border.
    let mask = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    let corners = [-1e10, 0., 100., 10.];
    let image = paste(&mask, 3, corners, [12, 110]);
    let expected = host::paste_masks(&mask, 3, &corners, [12, 110]);
    let columns = expected[5 * 110..].iter().take(110);
    assert!(
        columns
            .clone()
            .all(|&value| (value - expected[5 * 110]).abs() < 1e-5)
    );
    assert!((0.3..0.45).contains(&expected[5 * 110]));
    for (actual, expected) in image.into_iter().zip(expected) {
        assert!((actual - expected).abs() < 1e-5, "{actual}, {expected}");
    }
}

#[test]
fn pasting_equals_its_twin() {
    let mut noise = Noise(5);
    let (count, side) = (20, 9);
    let corners: Vec<[f32; 4]> = (0..count)
        .map(|_| {
            let [x1, y1, x2, y2] = noise.corners(70., 40.);
            [x1 - 20., y1 - 20., x2 - 20., y2 - 20.]
        })
        .collect();
    let mask: Vec<f32> = (0..count * side * side).map(|_| noise.next()).collect();
    let input = |device: &Device| {
        let masks = Tensor::<1>::from_floats(mask.as_slice(), device);
        (masks.reshape([count, side, side]), boxes(&corners, device))
    };
    let (masks, boxes) = input(&test_device());
    let actual = values(paste_masks(masks, boxes, [45, 61]));
    let (masks, boxes) = input(&oracle());
    let expected = values(twin::paste_masks(masks, boxes, [45, 61]));
    for (a, e) in actual.into_iter().zip(expected) {
        // Weights carry the rounding of coordinates up to 60: 60 · 2⁻²⁴.
        assert!((a - e).abs() < 2e-5, "{a}, expected {e}");
    }
}

#[test]
fn pasting_no_masks_and_into_no_image() {
    let device = test_device();
    let images = paste_masks(
        Tensor::zeros([0, 28, 28], &device),
        boxes(&[], &device),
        [5, 7],
    );
    assert_eq!(images.dims(), [0, 5, 7]);
    let images = paste_masks(
        Tensor::zeros([1, 2, 2], &device),
        boxes(&[SQUARE], &device),
        [0, 7],
    );
    assert_eq!(images.dims(), [1, 0, 7]);
}

#[test]
fn pasting_on_an_autodiff_device_gives_a_constant() {
    let device = test_device().autodiff();
    let masks = Tensor::<3>::ones([1, 2, 2], &device).require_grad();
    let images = paste_masks(masks, boxes(&[SQUARE], &device), [12, 12]);
    assert_close(images.slice([0..1, 5..6, 5..6]).into_scalar::<f32>(), 1.);
}

#[test]
#[should_panic(expected = "[2, 28, 28] and boxes [K, 4] [1, 4]")]
fn pasting_with_too_few_boxes_panics() {
    let device = test_device();
    let _ = paste_masks(
        Tensor::zeros([2, 28, 28], &device),
        boxes(&[SQUARE], &device),
        [9, 9],
    );
}
