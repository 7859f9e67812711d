//! The backend trait of box suppression.

use burn::backend::{
    Backend, backend_extension,
    tensor::{FloatTensor, IntTensor},
};

use super::{NmsOptions, SoftNmsOptions};

/// Suppression kernels. The public functions of this module have checked the inputs: at least one
/// box, matching counts, float tensors in `f32`.
///
/// Every output has a fixed size, so that nothing is read back: `order` `[N]` holds the indices of
/// the kept boxes, best first, then −1; `count` `[1]` says how many are real; `scores` `[N]` is
/// aligned with `order`, then 0.
///
/// Rules every implementation keeps:
/// - boxes of different `groups` never see each other;
/// - equal scores: the lower index ranks first (−0 equals +0);
/// - a NaN score is never kept and suppresses nothing; a NaN box overlaps nothing;
/// - IoU in `f32`: `inter / ((area_a + area_b) − inter)` with areas `(x2 − x1)·(y2 − y1)` and both
///   sides of the intersection clamped at 0; suppressed if IoU `>` threshold, so 0/0 suppresses not.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(feature = "cube"),
    Autodiff
)]
pub trait SuppressionOps: Backend {
    /// Greedy suppression: boxes `[N, 4]`, scores `[N]`, groups `[N]` → (order `[N]`, count `[1]`),
    /// both in the integer type of `groups`.
    ///
    /// With a score threshold, boxes whose score is not above it are neither kept nor suppress.
    #[allow(unused_variables)]
    #[fusion(meta = |_boxes, _scores, groups, _options| super::kept_spec(groups))]
    fn nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>);

    /// Soft suppression: (order `[N]`, count `[1]`, decayed scores `[N]`).
    ///
    /// Repeatedly picks the box with the highest current score (of the lowest index on ties) and
    /// multiplies the current score of every box of its group not yet picked by the decay of the
    /// pair; a box whose current score is not above the score threshold (at the start or later) is
    /// dropped. The order of picking is the order of the decayed scores.
    #[allow(unused_variables)]
    #[fusion(meta = |_boxes, scores, groups, _options| {
        let (order, count) = super::kept_spec(groups);
        (order, count, scores.clone())
    })]
    fn soft_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: SoftNmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>);

    /// Suppression ranked by `localisation` `[N]`: (order `[N]`, count `[1]`, scores `[N]`).
    ///
    /// The best localised box left is kept, takes the highest classification score among itself and
    /// the boxes it suppresses, and these are removed. Boxes whose score or localisation is NaN, or
    /// whose classification score is not above the score threshold, take no part. `order` is by
    /// descending taken-over score; equal ones stay in the order of localisation rank.
    #[allow(unused_variables)]
    #[fusion(meta = |_boxes, scores, _localisation, groups, _options| {
        let (order, count) = super::kept_spec(groups);
        (order, count, scores.clone())
    })]
    fn iou_guided_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        localisation: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>);

    /// The `k` largest of each row of `[R, M]`, descending: (values `[R, k]`, indices `[R, k]`).
    /// Equal values: lower index first (−0 equals +0). NaN after everything else, by index.
    /// The indices have the backend's default integer type.
    #[allow(unused_variables)]
    #[fusion(meta = |values, k| super::top_k_spec(values, *k))]
    fn top_k(values: FloatTensor<Self>, k: usize) -> (FloatTensor<Self>, IntTensor<Self>);
}
