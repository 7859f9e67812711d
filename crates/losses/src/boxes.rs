//! How far a box is from where it should be.

use burn::tensor::Tensor;

/// Keeps the division by an area of zero finite (torchvision's `_loss_inter_union` and its callers).
const AREA_EPSILON: f64 = 1e-7;

/// Smooth L1, element by element (*Fast R-CNN*, equation 3): `½ d² / β` below β, `|d| − ½ β` from there; β = 0 is plain L1.
///
/// torchvision's detectors use β = 1/9 in both stages and divide the sum by the number of sampled boxes.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_losses::smooth_l1;
///
/// let device = Device::flex();
/// let found = Tensor::<2>::from_floats([[0.5, 3.0]], &device);
/// let loss = smooth_l1(found, Tensor::zeros([1, 2], &device), 1.0).into_data().try_to_vec::<f32>()?;
/// // ½ · 0.5² and 3 − ½.
/// assert_eq!(loss, [0.125, 2.5]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
///
/// # Panics
/// If the shapes differ or β is negative.
pub fn smooth_l1<const D: usize>(found: Tensor<D>, expected: Tensor<D>, beta: f32) -> Tensor<D> {
    assert_eq!(
        found.dims(),
        expected.dims(),
        "predictions and targets must be of one shape"
    );
    assert!(beta >= 0.0, "β must be at least 0, found {beta}");
    let distance = (found - expected).abs();
    if beta == 0.0 {
        return distance;
    }
    let near = distance.clone().powi_scalar(2) * (0.5 / beta);
    let far = distance.clone() - 0.5 * beta;
    far.mask_where(distance.lower_elem(beta), near)
}

/// `1 − IoU` of box i with box i: `[R, 4]`, `[R, 4]` → `[R]`. Boxes that do not touch get no gradient;
/// [`generalized_iou_loss`] gives them one.
///
/// # Panics
/// If the shapes are not both `[R, 4]`.
pub fn iou_loss(found: Tensor<2>, expected: Tensor<2>) -> Tensor<1> {
    let Overlap {
        intersection,
        union,
        ..
    } = Overlap::of(&found, &expected);
    -(intersection / (union + AREA_EPSILON)) + 1.0
}

/// `1 − GIoU` of box i with box i (*Generalized Intersection over Union*, algorithm 1): `[R, 4]`, `[R, 4]` → `[R]`, in 0 … 2.
///
/// With the small constants of torchvision's `generalized_box_iou_loss` under both divisions, so a box without area is no
/// NaN.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_losses::generalized_iou_loss;
///
/// let device = Device::flex();
/// let found = Tensor::<2>::from_floats([[0.0, 0.0, 10.0, 10.0]], &device);
/// let expected = Tensor::<2>::from_floats([[30.0, 0.0, 40.0, 10.0]], &device);
/// // No overlap; hull 40 · 10, union 200: GIoU = 0 − 200 / 400.
/// assert_eq!(generalized_iou_loss(found, expected).into_scalar::<f32>(), 1.5);
/// ```
///
/// # Panics
/// If the shapes are not both `[R, 4]`.
pub fn generalized_iou_loss(found: Tensor<2>, expected: Tensor<2>) -> Tensor<1> {
    let Overlap {
        intersection,
        union,
        hull,
    } = Overlap::of(&found, &expected);
    let iou = intersection / (union.clone() + AREA_EPSILON);
    -iou + (hull.clone() - union) / (hull + AREA_EPSILON) + 1.0
}

/// Areas `[R]` of box i and box i.
struct Overlap {
    intersection: Tensor<1>,
    union: Tensor<1>,
    /// Of the smallest box around both.
    hull: Tensor<1>,
}

impl Overlap {
    fn of(a: &Tensor<2>, b: &Tensor<2>) -> Self {
        let shape = a.dims();
        assert!(
            shape == b.dims() && shape[1] == 4,
            "boxes must be [R, 4] twice, found {shape:?} and {:?}",
            b.dims()
        );
        let low = |boxes: &Tensor<2>| boxes.clone().narrow(1, 0, 2);
        let high = |boxes: &Tensor<2>| boxes.clone().narrow(1, 2, 2);
        let area = |sides: Tensor<2>| sides.prod_dim(1).squeeze_dim(1);
        let inside = high(a).min_pair(high(b)) - low(a).max_pair(low(b));
        let outside = high(a).max_pair(high(b)) - low(a).min_pair(low(b));
        let intersection: Tensor<1> = area(inside.clamp_min(0.0));
        let union = area(high(a) - low(a)) + area(high(b) - low(b)) - intersection.clone();
        Self {
            intersection,
            union,
            hull: area(outside),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn smooth_l1_meets_itself_at_beta() {
        let device = test_device().autodiff();
        let beta = 1.0 / 9.0;
        let found = Tensor::<1>::from_floats([0.0, 0.05, -0.05, beta, 1.0, -1.0], &device);
        let found = found.require_grad();
        let loss = smooth_l1(found.clone(), Tensor::zeros([6], &device), beta);
        // ½ · 0.05² · 9 = 0.01125; at β both branches are β/2 = 0.0556; 1 − 1/18.
        let expected = [0.0, 0.01125, 0.01125, 0.055_556, 0.944_444, 0.944_444];
        for (found, expected) in values(loss.clone()).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        // d / β below, sign(d) from β on.
        let gradient = values(found.grad(&loss.sum().backward()).unwrap());
        for (found, expected) in gradient.iter().zip([0.0, 0.45, -0.45, 1.0, 1.0, -1.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        let plain = smooth_l1(
            Tensor::<1>::from_floats([0.25, -3.0], &device),
            Tensor::zeros([2], &device),
            0.0,
        );
        assert_eq!(values(plain), [0.25, 3.0]);
    }

    #[test]
    fn overlaps_by_hand() {
        let device = test_device();
        let found = Tensor::<2>::from_floats(
            [
                [0.0, 0.0, 4.0, 4.0],
                [0.0, 0.0, 4.0, 4.0],
                [5.0, 5.0, 5.0, 5.0],
            ],
            &device,
        );
        let expected = Tensor::<2>::from_floats(
            [
                [0.0, 0.0, 4.0, 4.0],
                [2.0, 2.0, 6.0, 6.0],
                [5.0, 5.0, 5.0, 5.0],
            ],
            &device,
        );
        // Equal; 4 of 28, hull 36: GIoU = 1/7 − 8/36; two points: 0 / ε.
        let iou = values(iou_loss(found.clone(), expected.clone()));
        let generalized = values(generalized_iou_loss(found, expected));
        for (found, expected) in iou.iter().zip([0.0, 6.0 / 7.0, 1.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
        for (found, expected) in generalized.iter().zip([0.0, 6.0 / 7.0 + 8.0 / 36.0, 1.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn boxes_apart_are_pulled_together() {
        let device = test_device().autodiff();
        let found = Tensor::<2>::from_floats([[0.0, 0.0, 10.0, 10.0]], &device).require_grad();
        let expected = Tensor::<2>::from_floats([[30.0, 0.0, 40.0, 10.0]], &device);
        let gradient = |loss: Tensor<1>| values(found.grad(&loss.sum().backward()).unwrap());
        // Loss = 1 + (hull − union) / hull with hull = (40 − x1)·10, union = (x2 − x1)·10 + 100:
        // ∂/∂x2 = −10 / 400, ∂/∂x1 = (10·400 − 10·200) / 400² (both shrink with x1).
        let general = gradient(generalized_iou_loss(found.clone(), expected.clone()));
        assert!((general[2] + 0.025).abs() < 1e-6, "{general:?}");
        assert!((general[0] - 0.0125).abs() < 1e-6, "{general:?}");
        assert_eq!(gradient(iou_loss(found.clone(), expected)), [0.0; 4]);
    }

    #[test]
    fn no_box_is_no_loss() {
        let none = Tensor::<2>::zeros([0, 4], &test_device());
        assert_eq!(iou_loss(none.clone(), none.clone()).dims(), [0]);
        assert_eq!(smooth_l1(none.clone(), none, 1.0).dims(), [0, 4]);
    }
}
