//! CubeCL kernels of the suppression family. Nothing is read back to the host.
// Kernel code is the subset of Rust that CubeCL translates: no `mem::swap`, no let chains.
#![allow(
    clippy::collapsible_if,
    clippy::manual_swap,
    clippy::manual_div_ceil,
    clippy::manual_midpoint
)]

mod greedy;
mod guided;
mod overlap;
mod soft;
mod sort;
mod top_k;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::{CubeBackend, kernel::cast};

use super::{NmsOptions, SoftNmsOptions, SuppressionOps};
use crate::cube::{floats, host_sort_key, ints};

/// The sort key that a score must exceed; NaN scores have key 0.
fn limit(options: &NmsOptions) -> u32 {
    options.score_threshold.map_or(0, host_sort_key)
}

impl SuppressionOps for CubeBackend {
    fn nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>) {
        let dtype = groups.dtype;
        let (boxes, scores, groups) = (floats(boxes), floats(scores), ints(groups));
        let ranked = greedy::suppress(
            &boxes,
            &scores,
            &scores,
            &groups,
            options.iou_threshold,
            limit(&options),
        );
        let (order, count) = greedy::order(&ranked);
        (cast(order, dtype), cast(count, dtype))
    }

    fn soft_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: SoftNmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let dtype = groups.dtype;
        let (order, count, scores) =
            soft::soft(&floats(boxes), &floats(scores), &ints(groups), options);
        (cast(order, dtype), cast(count, dtype), scores)
    }

    fn iou_guided_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        localisation: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let dtype = groups.dtype;
        let (order, count, scores) = guided::guided(
            &floats(boxes),
            &floats(scores),
            &floats(localisation),
            &ints(groups),
            options.iou_threshold,
            limit(&options),
        );
        (cast(order, dtype), cast(count, dtype), scores)
    }

    fn top_k(values: FloatTensor<Self>, k: usize) -> (FloatTensor<Self>, IntTensor<Self>) {
        top_k::top_k(&floats(values), k)
    }
}
