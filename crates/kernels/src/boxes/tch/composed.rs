//! Boxes as LibTorch operations, for tensors on a GPU.

use tch::{Kind, Tensor};

/// IoU of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`.
pub(super) fn box_iou(a: &Tensor, b: &Tensor) -> Tensor {
    let (inter, union) = inter_union(a, b);
    inter / union
}

/// Generalised IoU of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`.
pub(super) fn generalized_box_iou(a: &Tensor, b: &Tensor) -> Tensor {
    let (inter, union) = inter_union(a, b);
    let extent = |low: i64, high: i64| {
        (row(a, high).maximum(&column(b, high)) - row(a, low).minimum(&column(b, low))).clamp_min(0)
    };
    let hull = extent(0, 2) * extent(1, 3);
    inter / &union - (&hull - &union) / &hull
}

/// Corner `i` of the boxes as `[N, 1]`.
fn row(boxes: &Tensor, i: i64) -> Tensor {
    boxes.select(1, i).unsqueeze(1)
}

/// Corner `i` of the boxes as `[1, M]`.
fn column(boxes: &Tensor, i: i64) -> Tensor {
    boxes.select(1, i).unsqueeze(0)
}

/// Intersection and union of every pair, `[N, M]` each.
fn inter_union(a: &Tensor, b: &Tensor) -> (Tensor, Tensor) {
    let extent = |low: i64, high: i64| {
        (row(a, high).minimum(&column(b, high)) - row(a, low).maximum(&column(b, low))).clamp_min(0)
    };
    let inter = extent(0, 2) * extent(1, 3);
    let areas_a = (row(a, 2) - row(a, 0)) * (row(a, 3) - row(a, 1));
    let areas_b = (column(b, 2) - column(b, 0)) * (column(b, 3) - column(b, 1));
    let union = (areas_a + areas_b) - &inter;
    (inter, union)
}

/// Mask probabilities `[K, M, M]` pasted at boxes `[K, 4]` → `[K, H, W]`: a product with a matrix of
/// hat functions per axis, as in [`crate::boxes::twin::paste_masks`].
pub(super) fn paste_masks(masks: &Tensor, boxes: &Tensor, height: i64, width: i64) -> Tensor {
    let side = masks.size()[1];
    let padded = masks.constant_pad_nd([1, 1, 1, 1]);
    let rows = hats(boxes, 1, side, height);
    let columns = hats(boxes, 0, side, width);
    rows.matmul(&padded).matmul(&columns.transpose(1, 2))
}

/// Weights `[K, output, side + 2]` of one axis; rows outside the grown box, or of a NaN box, are 0.
fn hats(boxes: &Tensor, axis: i64, side: i64, output: i64) -> Tensor {
    let input = side + 2;
    let arange = |count: i64| Tensor::arange(count, (Kind::Float, boxes.device()));
    let (start, end) = (row(boxes, axis), row(boxes, axis + 2));
    let half = (&end - &start) * 0.5 * (input as f64 / side as f64);
    let centre = (end + start) * 0.5;
    let (first, last) = ((&centre - &half).trunc(), (centre + half).trunc());
    let pixel = arange(output).unsqueeze(0);
    let scale = ((&last - &first + 1).clamp_min(1)).reciprocal() * input as f64;
    let source = ((&pixel - &first + 0.5) * scale - 0.5).clamp(0., (input - 1) as f64);
    let weights: Tensor = 1 - (source.unsqueeze(2) - arange(input)).abs();
    let inside = pixel.ge_tensor(&first).logical_and(&pixel.le_tensor(&last));
    // A NaN in either axis empties the box.
    let whole = boxes.isnan().any_dim(1, true).logical_not();
    weights
        .clamp_min(0)
        .where_scalarother(&inside.logical_and(&whole).unsqueeze(2), 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::boxes::host;

    const A: [f32; 12] = [0., 0., 10., 10., 5., 5., 25., 9.5, 30., 40., 20., 50.];
    const B: [f32; 8] = [2., 3., 8., 14., -5., -5., 100., 70.5];

    fn boxes(coordinates: &[f32]) -> Tensor {
        Tensor::from_slice(coordinates).reshape([-1, 4])
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.reshape([-1]).try_into().unwrap()
    }

    #[test]
    fn composed_overlaps_are_the_host_kernels() {
        let iou = box_iou(&boxes(&A), &boxes(&B));
        assert_eq!(values(&iou), host::box_iou(&A, &B));
        let giou = generalized_box_iou(&boxes(&A), &boxes(&B));
        assert_eq!(values(&giou), host::generalized_box_iou(&A, &B));
    }

    #[test]
    fn composed_pasting_is_the_host_kernels() {
        let masks: Vec<f32> = (0..3 * 16).map(|i| (i * 7 % 16) as f32 / 16.).collect();
        let composed = paste_masks(
            &Tensor::from_slice(&masks).reshape([3, 4, 4]),
            &boxes(&A),
            48,
            32,
        );
        let expected = host::paste_masks(&masks, 4, &A, [48, 32]);
        for (a, b) in values(&composed).into_iter().zip(expected) {
            // Two sums of up to 6 products of numbers up to 1, weights from quotients.
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}
