//! Boxes on Flex: the host kernels on the tensors' own memory.

use burn::{
    backend::{Flex, tensor::FloatTensor},
    tensor::TensorData,
};
use burn_flex::FlexTensor;

use super::{BoxOps, host};

impl BoxOps for Flex {
    fn box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        overlap(&a, &b, host::box_iou)
    }

    fn generalized_box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        overlap(&a, &b, host::generalized_box_iou)
    }

    fn paste_masks(
        masks: FloatTensor<Self>,
        boxes: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        let (masks, boxes) = (masks.to_contiguous(), boxes.to_contiguous());
        let [count, side, _] = masks.layout().shape().dims();
        let images = host::paste_masks(floats(&masks), side, floats(&boxes), size);
        FlexTensor::from_data(TensorData::new(images, [count, size[0], size[1]]))
    }
}

/// A kernel over every pair of `[N, 4]` and `[M, 4]`.
fn overlap(a: &FlexTensor, b: &FlexTensor, kernel: fn(&[f32], &[f32]) -> Vec<f32>) -> FlexTensor {
    let (a, b) = (a.to_contiguous(), b.to_contiguous());
    let shape = [a.layout().shape()[0], b.layout().shape()[0]];
    FlexTensor::from_data(TensorData::new(kernel(floats(&a), floats(&b)), shape))
}

/// The numbers of a contiguous `f32` tensor.
fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice()
        .expect("the tensor was made contiguous before")
}
