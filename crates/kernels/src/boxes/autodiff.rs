//! The fused kernels have no backward pass: the public overlap functions use the plain-tensor twin on
//! an autodiff device, so what arrives here needs no gradient and starts a new, untracked node.

use burn::backend::{AutodiffBackend, Backend, tensor::FloatTensor};
use burn_autodiff::{Autodiff, checkpoint::strategy::CheckpointStrategy};

use super::BoxOps;

impl<B: Backend + BoxOps, C: CheckpointStrategy> BoxOps for Autodiff<B, C> {
    fn box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::box_iou(a.into_primitive(), b.into_primitive()))
    }

    fn generalized_box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::generalized_box_iou(
            a.into_primitive(),
            b.into_primitive(),
        ))
    }

    fn paste_masks(
        masks: FloatTensor<Self>,
        boxes: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        Self::from_inner(B::paste_masks(
            masks.into_primitive(),
            boxes.into_primitive(),
            size,
        ))
    }
}
