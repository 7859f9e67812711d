//! Blocks and their gradients on any number of threads.

use burn::tensor::Tensor;
use wardrobe_kernels::{
    conv::{Activation, conv2d, linear},
    device::test_device,
    norm::batch_norm,
};

use crate::gradients::{gradients, more_cases};
use crate::same_bits::assert_same_bits;
use crate::support::{cases, values};

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn of_convolutions() {
    let device = test_device();
    for (index, case) in cases().iter().chain(&more_cases()).enumerate() {
        assert_same_bits(&format!("case {index}, forward"), || {
            let x = values(case.x, 1, &device);
            let weight = values([case.d, case.x[1], case.kernel, case.kernel], 2, &device);
            vec![numbers(conv2d(x, weight, None, None, &case.options))]
        });
        assert_same_bits(&format!("case {index}, gradients"), || {
            let (all, bias) = gradients(case, &device.clone().autodiff(), conv2d);
            all.map(numbers)
                .into_iter()
                .chain([numbers(bias)])
                .collect()
        });
    }
}

#[test]
fn of_linear_layers() {
    let device = test_device().autodiff();
    assert_same_bits("linear", || {
        let x = values([70, 130], 1, &device).require_grad();
        let weight = values([130, 45], 2, &device).require_grad();
        let bias = values([45], 3, &device).require_grad();
        let y = linear(
            x.clone(),
            weight.clone(),
            Some(bias.clone()),
            Activation::Relu,
        );
        let gradients = (y.clone() * values(y.dims(), 4, &device)).sum().backward();
        vec![
            numbers(y),
            numbers(x.grad(&gradients).unwrap()),
            numbers(weight.grad(&gradients).unwrap()),
            numbers(bias.grad(&gradients).unwrap()),
        ]
    });
}

#[test]
fn of_batch_norm() {
    let device = test_device().autodiff();
    for shape in [[2, 3, 5, 4], [3, 64, 16, 20], [1, 1, 130, 140]] {
        assert_same_bits(&format!("norm of {shape:?}"), || {
            let x = values(shape, 1, &device).require_grad();
            let weight = values([shape[1]], 2, &device).require_grad();
            let bias = values([shape[1]], 3, &device).require_grad();
            let found = batch_norm(
                x.clone(),
                weight.clone(),
                bias.clone(),
                None,
                1e-5,
                Activation::Relu,
            );
            let y = found.output;
            let gradients = (y.clone() * values(shape, 4, &device)).sum().backward();
            vec![
                numbers(y),
                numbers(found.mean),
                numbers(found.variance),
                numbers(x.grad(&gradients).unwrap()),
                numbers(weight.grad(&gradients).unwrap()),
                numbers(bias.grad(&gradients).unwrap()),
            ]
        });
    }
}
