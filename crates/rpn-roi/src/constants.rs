//! Numbers from the host, and values without gradient, as constants on a device.
//!
//! Matching and sampling work below autodiff, on plain values; losses compare with what they found on the device that
//! trains. These are the four ways across.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Boxes as `[K, 4]` on `device`.
pub fn box_tensor(boxes: &[[f32; 4]], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = boxes.iter().flatten().copied().collect();
    Tensor::from_data(TensorData::new(values, [boxes.len(), 4]), device)
}

/// Numbers (rows, labels) as `[K]` on `device`.
pub fn int_tensor(numbers: impl IntoIterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let numbers: Vec<i64> = numbers.into_iter().map(|number| number as i64).collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), device)
}

/// Values from below autodiff as a constant on `device`, which may be one that trains.
pub fn constant<const D: usize>(values: Tensor<D>, device: &Device) -> Tensor<D> {
    match device.gradient_checkpointing_strategy() {
        // Tensors that meet in an operation must agree on it.
        Some(strategy) => values
            .autodiff()
            .with_gradient_checkpointing_strategy(strategy),
        None => values,
    }
}

/// The values alone, on the device below autodiff.
pub fn without_autodiff<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.is_autodiff() {
        tensor.inner()
    } else {
        tensor
    }
}
