//! Gradient checkpointing over the blocks that networks are made of: what is computed again has the bits of the first time,
//! so every gradient has.

use burn::tensor::{Device, Tensor};
use wardrobe_kernels::{
    conv::{Activation, ConvOptions, conv2d, linear, max_pool2d, upsample_nearest},
    device::test_device,
    norm::batch_norm,
    roi::{RoiAlignOptions, SampleReduction, roi_align},
};

use crate::support::values;

const C: usize = 6;

fn block(x: Tensor<4>, weight: &Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
    let options = ConvOptions::same(3).with_activation(Activation::Relu);
    conv2d(x, weight.clone(), None, residual, &options)
}

/// Gradients of the leaves of a network on a picture `[2, C, 12, 12]`.
fn gradients(
    device: &Device,
    leaves: usize,
    network: impl Fn(Tensor<4>, &[Tensor<4>]) -> Tensor<4>,
) -> Vec<Vec<f32>> {
    let picture = values([2, C, 12, 12], 1, device);
    let weights: Vec<Tensor<4>> = (0..leaves)
        .map(|leaf| values([C, C, 3, 3], 10 + leaf as u32, device).require_grad())
        .collect();
    let y = network(picture, &weights);
    let pattern = values(y.dims(), 2, device);
    let gradients = (y * pattern).sum().backward();
    weights
        .iter()
        .map(|weight| {
            let gradient = weight.grad(&gradients).expect("a gradient");
            gradient.into_data().iter::<f32>().collect()
        })
        .collect()
}

/// Equal to the bit with and without checkpointing; the ones without are not all zero.
fn agree(leaves: usize, network: impl Fn(Tensor<4>, &[Tensor<4>]) -> Tensor<4>) {
    let device = test_device().autodiff();
    let plain = gradients(&device, leaves, &network);
    assert!(
        plain
            .iter()
            .all(|leaf| leaf.iter().any(|&value| value != 0.0))
    );
    let again = gradients(&device.gradient_checkpointing(), leaves, &network);
    assert!(plain == again, "gradients differ under checkpointing");
}

#[test]
fn chains_of_blocks() {
    agree(3, |x, w| {
        let x = block(x, &w[0], None);
        let x = block(x, &w[1], None);
        block(x, &w[2], None)
    });
}

#[test]
fn residual_blocks_between_pools() {
    agree(5, |x, w| {
        let x = max_pool2d(block(x, &w[0], None), 3, 2, 1);
        let y = block(x.clone(), &w[1], None);
        let x = block(y, &w[2], Some(x));
        let y = block(x.clone(), &w[3], None);
        // A projected shortcut: what is added is computed again itself.
        let shortcut = conv2d(x, w[4].clone(), None, None, &ConvOptions::same(3));
        max_pool2d(block(y, &w[2], Some(shortcut)), 2, 2, 0)
    });
}

#[test]
fn one_map_read_by_many() {
    agree(2, |x, w| {
        let x = block(x, &w[0], None);
        let (a, b) = (block(x.clone(), &w[1], None), block(x.clone(), &w[1], None));
        // Input and residual at once, and as a plain tensor.
        block(x.clone(), &w[1], Some(x.clone())) + a * b + x
    });
}

#[test]
fn norms_with_and_without_a_residual() {
    agree(3, |x, w| {
        let device = x.device();
        let norm = |x: Tensor<4>, residual, weight: &Tensor<4>| {
            let scale = weight.clone().mean_dims(&[1, 2, 3]).reshape([C]) + 1.0;
            let shift = Tensor::zeros([C], &device);
            batch_norm(x, scale, shift, residual, 1e-5, Activation::Relu).output
        };
        let plain = ConvOptions::same(3);
        let y = norm(
            conv2d(x.clone(), w[0].clone(), None, None, &plain),
            None,
            &w[0],
        );
        let y = conv2d(y, w[1].clone(), None, None, &plain);
        let y = norm(y, Some(x), &w[1]);
        norm(block(y, &w[2], None), None, &w[2])
    });
}

#[test]
fn pyramids_and_pooled_boxes() {
    agree(4, |x, w| {
        let device = x.device();
        let fine = block(x, &w[0], None);
        let coarse = max_pool2d(fine.clone(), 2, 2, 0);
        let top = block(coarse, &w[1], None);
        let lateral = block(fine, &w[2], Some(upsample_nearest(top, [12, 12])));
        let level = block(lateral, &w[3], None);
        let boxes = Tensor::<2>::from_data(
            [[0.0, 1.0, 1.0, 30.0, 20.0], [1.0, 4.0, 0.0, 44.0, 44.0]],
            &device,
        );
        let average = RoiAlignOptions::new([4, 4], 0.25);
        let largest = average.clone().with_reduction(SampleReduction::Max);
        let pooled =
            roi_align(level.clone(), boxes.clone(), &average) + roi_align(level, boxes, &largest);
        block(pooled, &w[3], None)
    });
}

#[test]
fn blocks_behind_a_frozen_one() {
    agree(2, |x, w| {
        // No gradient reaches this weight nor what comes before it.
        let frozen = values([C, C, 3, 3], 5, &x.device());
        let x = block(block(x, &frozen, None), &w[0], None);
        // A weight that is itself computed, as one with a norm multiplied in.
        block(block(x, &frozen, None), &(w[1].clone() * 2.0 + 1.0), None)
    });
}

#[test]
fn layers_behind_blocks() {
    agree(2, |x, w| {
        let x = block(block(x, &w[0], None), &w[1], None);
        let [n, c, height, width] = x.dims();
        let flat: Tensor<2> = x.reshape([n * c, height * width]);
        let layer = values([height * width, 4], 8, &flat.device());
        linear(flat, layer, None, Activation::Relu).reshape([n, c, 2, 2])
    });
}

#[test]
fn a_graph_that_is_dropped() {
    // Without a backward pass nothing is asked for, and the next graph is not disturbed.
    let device = test_device().autodiff().gradient_checkpointing();
    let weight = values([C, C, 3, 3], 3, &device).require_grad();
    let x = values([1, C, 4, 4], 1, &device);
    drop(block(block(x.clone(), &weight, None), &weight, None));
    let gradients = block(x, &weight, None).sum().backward();
    assert_eq!(weight.grad(&gradients).unwrap().dims(), [C, C, 3, 3]);
}
