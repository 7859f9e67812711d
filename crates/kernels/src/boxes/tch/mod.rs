//! Boxes on LibTorch: tensors in main memory go through the host kernels, those on a GPU stay there
//! and go through composed operations ([`composed`]).

mod composed;

use burn::backend::{LibTorch, tensor::FloatTensor};
use burn_tch::TchTensor;
use tch::{Device, Kind, Tensor};

use super::{BoxOps, host};

impl BoxOps for LibTorch {
    fn box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        if a.tensor.device() == Device::Cpu {
            return overlap(&a.tensor, &b.tensor, host::box_iou);
        }
        TchTensor::new(composed::box_iou(&a.tensor, &b.tensor))
    }

    fn generalized_box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        if a.tensor.device() == Device::Cpu {
            return overlap(&a.tensor, &b.tensor, host::generalized_box_iou);
        }
        TchTensor::new(composed::generalized_box_iou(&a.tensor, &b.tensor))
    }

    fn paste_masks(
        masks: FloatTensor<Self>,
        boxes: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        let [height, width] = size.map(|extent| extent as i64);
        let (masks, boxes) = (masks.tensor.contiguous(), boxes.tensor.contiguous());
        if masks.device() != Device::Cpu {
            return TchTensor::new(composed::paste_masks(&masks, &boxes, height, width));
        }
        let side = masks.size()[1] as usize;
        let images = host::paste_masks(floats(&masks), side, floats(&boxes), size);
        TchTensor::new(Tensor::from_slice(&images).reshape([-1, height, width]))
    }
}

/// A host kernel over every pair of `[N, 4]` and `[M, 4]`.
fn overlap(a: &Tensor, b: &Tensor, kernel: fn(&[f32], &[f32]) -> Vec<f32>) -> TchTensor {
    let values = kernel(floats(&a.contiguous()), floats(&b.contiguous()));
    TchTensor::new(Tensor::from_slice(&values).reshape([a.size()[0], b.size()[0]]))
}

/// The numbers of a contiguous `f32` tensor in main memory.
///
/// # Panics
/// If it is not one.
fn floats(tensor: &Tensor) -> &[f32] {
    assert!(
        tensor.device() == Device::Cpu && tensor.kind() == Kind::Float && tensor.is_contiguous(),
        "{tensor:?} must be contiguous f32 in main memory"
    );
    if tensor.numel() == 0 {
        return &[];
    }
    // SAFETY: checked above; a contiguous tensor holds `numel` elements from `data_ptr` on, and the
    // slice borrows the tensor. Kernels run on tensors that nothing writes to meanwhile.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}
