//! The family in plain tensor operations: the oracle of the tests.

use burn::tensor::Tensor;

/// IoU of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`.
pub fn box_iou(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let (inter, union) = inter_union(&a, &b);
    inter / union
}

/// Generalised IoU of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`.
pub fn generalized_box_iou(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let (inter, union) = inter_union(&a, &b);
    let [ax1, ay1, ax2, ay2] = column_corners(&a);
    let [bx1, by1, bx2, by2] = row_corners(&b);
    let hull_width = (ax2.max_pair(bx2) - ax1.min_pair(bx1)).clamp_min(0.);
    let hull_height = (ay2.max_pair(by2) - ay1.min_pair(by1)).clamp_min(0.);
    let hull = hull_width * hull_height;
    inter / union.clone() - (hull.clone() - union) / hull
}

/// Intersection and union of every pair, `[N, M]` each.
fn inter_union(a: &Tensor<2>, b: &Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let [ax1, ay1, ax2, ay2] = column_corners(a);
    let [bx1, by1, bx2, by2] = row_corners(b);
    let areas_a = (ax2.clone() - ax1.clone()) * (ay2.clone() - ay1.clone());
    let areas_b = (bx2.clone() - bx1.clone()) * (by2.clone() - by1.clone());
    let width = (ax2.min_pair(bx2) - ax1.max_pair(bx1)).clamp_min(0.);
    let height = (ay2.min_pair(by2) - ay1.max_pair(by1)).clamp_min(0.);
    let inter = width * height;
    (inter.clone(), areas_a + areas_b - inter)
}

/// x1, y1, x2, y2 as columns `[N, 1]`.
fn column_corners(boxes: &Tensor<2>) -> [Tensor<2>; 4] {
    let [n, _] = boxes.dims();
    [0, 1, 2, 3].map(|i| boxes.clone().slice([0..n, i..i + 1]))
}

/// x1, y1, x2, y2 as rows `[1, M]`.
fn row_corners(boxes: &Tensor<2>) -> [Tensor<2>; 4] {
    column_corners(boxes).map(Tensor::transpose)
}
