#![allow(clippy::unwrap_used, missing_docs)]
use super::*;
use crate::config::AnchorConfig;
use crate::test_support::one_image;
use burn::module::Param;
use wardrobe_kernels::device::test_device;

/// One level, one anchor of 16×16 per cell, no hidden convolution: channel 0 is the logit, channels 1 to 4 the code.
fn transparent(test: ProposalLimits) -> Rpn {
    let config = RpnConfig {
        anchors: AnchorConfig {
            sizes: vec![vec![16.0]],
            aspect_ratios: vec![1.0],
        },
        test,
        ..RpnConfig::default()
    };
    let device = test_device();
    let mut rpn = Rpn::new(&config, 5, &device);
    rpn.head.conv.clear();
    let identity = Tensor::<2>::eye(5, &device);
    let rows = |from, count| {
        Param::from_tensor(
            identity
                .clone()
                .narrow(0, from, count)
                .reshape([count, 5, 1, 1]),
        )
    };
    rpn.head.cls_logits.weight = rows(0, 1);
    rpn.head.bbox_pred.weight = rows(1, 4);
    rpn
}

/// A row of cells 32 px apart with the given logits and codes; the picture is `width` wide.
fn proposals(rpn: &Rpn, cells: &[[f32; 5]], width: usize) -> Proposals {
    let device = test_device();
    let count = cells.len();
    let channels: Vec<f32> = (0..5)
        .flat_map(|channel| cells.iter().map(move |cell| cell[channel]))
        .collect();
    let level = Tensor::<1>::from_floats(channels.as_slice(), &device).reshape([1, 5, 1, count]);
    let size = ImageSize::new(32, width);
    let images = one_image(size, [32, 32 * count], &device);
    rpn.forward(
        &Pyramid {
            levels: vec![level],
        },
        &images,
    )
}

const MANY: ProposalLimits = ProposalLimits {
    before_suppression: 100,
    after_suppression: 100,
};

fn lefts(found: &Proposals) -> Vec<f32> {
    let boxes = found.boxes.clone().into_data().try_to_vec::<f32>().unwrap();
    boxes.chunks_exact(4).map(|corners| corners[0]).collect()
}

#[test]
fn best_first_clipped_and_decoded() {
    let cells = [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [2.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.5, 0.0, 0.0, 0.0],
    ];
    let found = proposals(&transparent(MANY), &cells, 96);
    assert_eq!(found.counts, [3]);
    let boxes = found.boxes.into_data().try_to_vec::<f32>().unwrap();
    // Anchors ±8 around x = 0, 32, 64 and y = 0; y is clipped to 0 … 8; the third moves by half a width, 8 px.
    let expected = [
        24.0, 0.0, 40.0, 8.0, 64.0, 0.0, 80.0, 8.0, 0.0, 0.0, 8.0, 8.0,
    ];
    assert_eq!(boxes, expected);
    let scores = found.scores.into_data().try_to_vec::<f32>().unwrap();
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    for (score, logit) in scores.iter().zip([2.0, 1.0, 0.0]) {
        assert!((score - sigmoid(logit)).abs() < 1e-6);
    }
}

#[test]
fn the_limits_count_before_and_after_suppression() {
    // Cell 1's box moves two widths to the left, onto cell 0's: IoU 1 > 0.7, the weaker goes.
    let cells = [
        [3.0, 0.0, 0.0, 0.0, 0.0],
        [2.0, -2.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ];
    let limits = |before_suppression, after_suppression| ProposalLimits {
        before_suppression,
        after_suppression,
    };
    let with = |limits| lefts(&proposals(&transparent(limits), &cells, 128));
    assert_eq!(with(MANY), [0.0, 56.0, 88.0]);
    assert_eq!(with(limits(2, 100)), [0.0]);
    assert_eq!(with(limits(100, 2)), [0.0, 56.0]);
}

#[test]
fn boxes_outside_the_picture_are_no_proposals() {
    // The picture ends at x = 40: the anchor at 64 is clipped to nothing.
    let cells = [
        [0.0; 5],
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [5.0, 0.0, 0.0, 0.0, 0.0],
    ];
    assert_eq!(
        lefts(&proposals(&transparent(MANY), &cells, 40)),
        [24.0, 0.0]
    );
}

#[test]
fn an_image_may_have_no_proposal() {
    let nan = [f32::NAN; 5];
    let found = proposals(&transparent(MANY), &[nan, nan], 64);
    assert!(found.is_empty());
    assert_eq!(found.rois().dims(), [0, 5]);
}
