//! The same in plain tensor operations: the oracle of the tests, and what autodiff runs.

use burn::tensor::{Int, Tensor};

/// IoU of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::boxes::twin;
///
/// let device = Device::flex();
/// let a = Tensor::<2>::from_floats([[0., 0., 10., 10.]], &device);
/// let b = Tensor::<2>::from_floats([[0., 0., 10., 5.]], &device);
/// assert_eq!(twin::box_iou(a, b).into_scalar::<f32>(), 0.5);
/// ```
pub fn box_iou(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let (inter, union) = inter_union(&a, &b);
    inter / union
}

/// Generalised IoU of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::boxes::twin;
///
/// let device = Device::flex();
/// let a = Tensor::<2>::from_floats([[0., 0., 1., 1.]], &device);
/// let b = Tensor::<2>::from_floats([[3., 0., 4., 1.]], &device);
/// assert_eq!(twin::generalized_box_iou(a, b).into_scalar::<f32>(), -0.5);
/// ```
pub fn generalized_box_iou(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let (inter, union) = inter_union(&a, &b);
    let [ax1, ay1, ax2, ay2] = columns(&a);
    let [bx1, by1, bx2, by2] = columns(&b).map(Tensor::transpose);
    let hull_width = ax2.max_pair(bx2) - ax1.min_pair(bx1);
    let hull_height = ay2.max_pair(by2) - ay1.min_pair(by1);
    let hull = hull_width.clamp_min(0.) * hull_height.clamp_min(0.);
    inter / union.clone() - (hull.clone() - union) / hull
}

/// Intersection and union of every pair, `[N, M]` each.
fn inter_union(a: &Tensor<2>, b: &Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let [ax1, ay1, ax2, ay2] = columns(a);
    let [bx1, by1, bx2, by2] = columns(b).map(Tensor::transpose);
    let areas_a = (ax2.clone() - ax1.clone()) * (ay2.clone() - ay1.clone());
    let areas_b = (bx2.clone() - bx1.clone()) * (by2.clone() - by1.clone());
    let width = ax2.min_pair(bx2) - ax1.max_pair(bx1);
    let height = ay2.min_pair(by2) - ay1.max_pair(by1);
    let inter = width.clamp_min(0.) * height.clamp_min(0.);
    (inter.clone(), areas_a + areas_b - inter)
}

/// x1, y1, x2, y2 as columns `[N, 1]`.
fn columns(boxes: &Tensor<2>) -> [Tensor<2>; 4] {
    let [n, _] = boxes.dims();
    [0, 1, 2, 3].map(|i| boxes.clone().slice([0..n, i..i + 1]))
}

/// Mask probabilities `[K, M, M]` pasted at boxes `[K, 4]` → `[K, H, W]`.
///
/// Resizing is a product with a matrix of hat functions per axis: output pixel p reads input pixel i
/// with weight max(0, 1 − |s(p) − i|), s(p) = clamp((p − start + ½) · input / output − ½, 0, input − 1).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::boxes::twin;
///
/// let device = Device::flex();
/// let masks = Tensor::<3>::ones([1, 1, 1], &device);
/// let boxes = Tensor::<2>::from_floats([[4., 4., 8., 8.]], &device);
/// let image = twin::paste_masks(masks, boxes, [10, 10]);
/// assert_eq!(image.slice([0..1, 6..7, 6..7]).into_scalar::<f32>(), 1.0);
/// ```
pub fn paste_masks(masks: Tensor<3>, boxes: Tensor<2>, size: [usize; 2]) -> Tensor<3> {
    let side = masks.dims()[1];
    let padded = masks.pad((1, 1, 1, 1), 0.);
    let scale = (side + 2) as f32 / side as f32;
    let [x1, y1, x2, y2] = columns(&boxes);
    let [height, width] = size;
    let rows = hats(y1, y2, scale, side + 2, height);
    let columns = hats(x1, x2, scale, side + 2, width);
    rows.matmul(padded).matmul(columns.swap_dims(1, 2))
}

/// Weights `[K, output, input]` of one axis, for boxes from `start` to `end` `[K, 1]`; rows outside
/// the grown box are 0.
fn hats(start: Tensor<2>, end: Tensor<2>, scale: f32, input: usize, output: usize) -> Tensor<3> {
    let (device, [k, _]) = (start.device(), start.dims());
    let half = (end.clone() - start.clone()) * 0.5 * scale;
    let centre = (end + start) * 0.5;
    let first = (centre.clone() - half.clone()).trunc();
    let last = (centre + half).trunc();
    let pixel = Tensor::<1, Int>::arange(0..output as i64, &device)
        .float()
        .reshape([1, output]);
    let extent = (last.clone() - first.clone() + 1.).clamp_min(1.);
    let scale = extent.ones_like() * input as f32 / extent;
    let source = (pixel.clone() - first.clone() + 0.5) * scale - 0.5;
    let source = source.clamp(0., (input - 1) as f32);
    let index = Tensor::<1, Int>::arange(0..input as i64, &device)
        .float()
        .reshape([1, 1, input]);
    let weights = (source.reshape([k, output, 1]) - index).abs().neg() + 1.;
    // (No pixel is inside if a bound is NaN.)
    let inside = pixel
        .clone()
        .greater_equal(first)
        .bool_and(pixel.lower_equal(last))
        .reshape([k, output, 1])
        .expand([k, output, input]);
    weights.clamp_min(0.).mask_fill(inside.bool_not(), 0.)
}
