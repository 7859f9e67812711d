#![allow(clippy::unwrap_used, missing_docs)]
use super::*;
use crate::config::{PoolingMethod, RoiPoolerConfig};
use crate::constants::box_tensor;
use crate::image_batch::ImageSize;
use crate::test_support::{corners, one_image};
use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::Device;
use wardrobe_kernels::device::test_device;

/// Rows and columns of the batch; the map has a quarter of them.
const SIDE: usize = 64;
/// Columns of the picture, the rest is padding.
const WIDTH: usize = 40;
const SIZE: ImageSize = ImageSize {
    height: SIDE,
    width: WIDTH,
};

/// A layer without bias whose weights `[inputs, outputs]` are these.
fn linear<const N: usize>(weights: [[f32; N]; 1], device: &Device) -> Linear {
    Linear {
        weight: Param::from_tensor(Tensor::from_floats(weights, device)),
        bias: None,
    }
}

/// Runs `look` on a localiser for which the IoU of class 1 is 0.02 · x of the box's middle, and that of class 2 falls as
/// fast: the map is its column's number, precise pooling of a ramp is its value in the middle, and a column is four pixels.
fn with_localiser<R>(look: impl FnOnce(&Localiser<'_>) -> R) -> R {
    let device = test_device();
    let head = IouHead {
        fc1: linear([[0.01]], &device),
        fc2: linear([[1.0]], &device),
        iou_pred: linear([[0.0, 8.0, -8.0]], &device),
    };
    let mut pooler = RoiPoolerConfig::new(1, 1);
    pooler.method = PoolingMethod::Precise;
    let side = SIDE / 4;
    let columns = Tensor::<1, Int>::arange(0..side as i64, &device)
        .float()
        .reshape([1, 1, 1, side]);
    look(&Localiser {
        head: &head,
        pooler: &RoiPooler::new(&pooler),
        pyramid: &Pyramid {
            levels: vec![columns.repeat_dim(2, side)],
        },
        images: &one_image(SIZE, [SIDE, SIDE], &device),
    })
}

/// Boxes after refinement.
fn refined(boxes: &[[f32; 4]], labels: &[i64], config: &RefinementConfig) -> Vec<[f32; 4]> {
    let device = test_device();
    let detections = Detections {
        boxes: box_tensor(boxes, &device),
        scores: Tensor::ones([boxes.len()], &device),
        labels: Tensor::from_ints(labels, &device),
        size: SIZE,
    };
    with_localiser(|localiser| corners(localiser.refine(0, detections, config).boxes))
}

fn assert_boxes(found: &[[f32; 4]], expected: &[[f32; 4]]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{found} for {expected}");
        }
    }
}

#[test]
fn boxes_move_along_the_gradient_times_their_sides() {
    // Each corner's slope is 0.01; 0.5 · 0.01 · 20 is a tenth of a pixel in each of five steps.
    let boxes = [[8.0, 8.0, 28.0, 18.0], [12.0, 4.0, 32.0, 44.0]];
    let found = refined(&boxes, &[1, 2], &RefinementConfig::default());
    assert_boxes(&found, &[[8.5, 8.0, 28.5, 18.0], [11.5, 4.0, 31.5, 44.0]]);
}

#[test]
fn a_box_stops_where_too_little_changes() {
    // A tenth of a pixel changes the IoU by 0.002, 0.04 pixels by 0.0008.
    let boxes = [[8.0, 8.0, 28.0, 18.0], [8.0, 8.0, 16.0, 18.0]];
    let config = RefinementConfig::default();
    let found = refined(&boxes, &[1, 1], &config);
    assert_boxes(&found, &[[8.5, 8.0, 28.5, 18.0], [8.04, 8.0, 16.04, 18.0]]);
    let config = RefinementConfig {
        least_change: 0.0,
        worst_change: 0.001,
        ..config
    };
    let found = refined(&boxes, &[1, 1], &config);
    assert_boxes(&found, &[[8.5, 8.0, 28.5, 18.0], [8.04, 8.0, 16.04, 18.0]]);
}

#[test]
fn a_refined_box_stays_in_its_picture() {
    let found = refined(
        &[[19.8, 8.0, 39.8, 18.0]],
        &[1],
        &RefinementConfig::default(),
    );
    assert_boxes(&found, &[[20.3, 8.0, 40.0, 18.0]]);
}

#[test]
fn no_step_moves_nothing() {
    let config = RefinementConfig {
        steps: 0,
        ..RefinementConfig::default()
    };
    let boxes = [[8.0, 8.0, 28.0, 18.0]];
    assert_boxes(&refined(&boxes, &[1], &config), &boxes);
}

/// More boxes than are judged at a time, each 0.01 pixels to the right of the one before.
#[test]
fn many_boxes_are_judged_in_parts() {
    let device = test_device();
    let count = AT_ONCE + 100;
    let boxes: Vec<_> = (0..count)
        .map(|index| 8.0 + 0.01 * index as f32)
        .map(|left| [left, 8.0, left + 8.0, 16.0])
        .collect();
    let labels = Tensor::ones([count], &device);
    let iou = with_localiser(|localiser| localiser.iou(0, box_tensor(&boxes, &device), labels));
    let iou: Vec<f32> = iou.into_data().try_to_vec().unwrap();
    assert_eq!(iou.len(), count);
    for index in [1, AT_ONCE - 1, AT_ONCE, count - 1] {
        let expected = 0.02 * 0.01 * index as f32;
        let found = iou[index] - iou[0];
        assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
    }
}
