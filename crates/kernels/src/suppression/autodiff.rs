//! Suppression chooses; it has no gradient. The outputs start new, untracked nodes.

use burn::backend::{
    AutodiffBackend, Backend,
    tensor::{FloatTensor, IntTensor},
};
use burn_autodiff::{Autodiff, checkpoint::strategy::CheckpointStrategy};

use super::{NmsOptions, SoftNmsOptions, SuppressionOps};

impl<B: Backend + SuppressionOps, C: CheckpointStrategy> SuppressionOps for Autodiff<B, C> {
    fn nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>) {
        B::nms(
            boxes.into_primitive(),
            scores.into_primitive(),
            groups,
            options,
        )
    }

    fn soft_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: SoftNmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let (order, count, scores) = B::soft_nms(
            boxes.into_primitive(),
            scores.into_primitive(),
            groups,
            options,
        );
        (order, count, Self::from_inner(scores))
    }

    fn iou_guided_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        localisation: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let (order, count, scores) = B::iou_guided_nms(
            boxes.into_primitive(),
            scores.into_primitive(),
            localisation.into_primitive(),
            groups,
            options,
        );
        (order, count, Self::from_inner(scores))
    }

    fn top_k(values: FloatTensor<Self>, k: usize) -> (FloatTensor<Self>, IntTensor<Self>) {
        let (values, indices) = B::top_k(values.into_primitive(), k);
        (Self::from_inner(values), indices)
    }
}
