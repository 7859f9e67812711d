//! Overlap of boxes, and pasting of masks.
//!
//! N, M boxes `[x1, y1, x2, y2]` in pixels (width = x2 − x1), K masks of a fixed small side.

mod autodiff;
#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
pub mod host;
mod ops;
#[cfg(feature = "tch")]
mod tch;
pub mod twin;

use burn::{
    backend::Dispatch,
    tensor::{DType, Tensor},
};

pub use ops::BoxOps;

/// Intersection over union of every pair: `[N, 4]`, `[M, 4]` → `[N, M]`, in 0..=1.
///
/// Two boxes without area give NaN (0/0), as in torchvision. Differentiable in both arguments: on an
/// autodiff device it runs as plain tensor operations.
///
/// # Panics
/// If the shapes are not `[N, 4]` and `[M, 4]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::boxes::box_iou;
///
/// let device = Device::flex();
/// let a = Tensor::<2>::from_floats([[0., 0., 10., 10.]], &device);
/// let b = Tensor::<2>::from_floats([[0., 0., 10., 5.], [20., 0., 30., 10.]], &device);
/// assert_eq!(box_iou(a, b).into_data().try_to_vec::<f32>()?, [0.5, 0.0]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
pub fn box_iou(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let [n, m] = check_pair(&a, &b);
    if n * m == 0 {
        return Tensor::empty([n, m], (&a.device(), a.dtype()));
    }
    if a.is_autodiff() || b.is_autodiff() {
        return twin::box_iou(a, b);
    }
    Tensor::from_dispatch(<Dispatch as BoxOps>::box_iou(
        a.cast(DType::F32).into_dispatch(),
        b.cast(DType::F32).into_dispatch(),
    ))
}

/// Generalised IoU of every pair (Rezatofighi et al. 2019): `[N, 4]`, `[M, 4]` → `[N, M]`, in −1..=1.
///
/// `IoU − (hull − union) / hull`, where `hull` is the area of the smallest box around both; it has a
/// gradient for boxes that do not touch. Two equal boxes without area give NaN, as in torchvision.
/// Differentiable in both arguments, as [`box_iou`].
///
/// # Panics
/// If the shapes are not `[N, 4]` and `[M, 4]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::boxes::generalized_box_iou;
///
/// let device = Device::flex();
/// let a = Tensor::<2>::from_floats([[0., 0., 10., 10.]], &device);
/// let b = Tensor::<2>::from_floats([[30., 0., 40., 10.]], &device);
/// // No overlap; hull 40 · 10, union 200.
/// assert_eq!(generalized_box_iou(a, b).into_scalar::<f32>(), -0.5);
/// ```
pub fn generalized_box_iou(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let [n, m] = check_pair(&a, &b);
    if n * m == 0 {
        return Tensor::empty([n, m], (&a.device(), a.dtype()));
    }
    if a.is_autodiff() || b.is_autodiff() {
        return twin::generalized_box_iou(a, b);
    }
    Tensor::from_dispatch(<Dispatch as BoxOps>::generalized_box_iou(
        a.cast(DType::F32).into_dispatch(),
        b.cast(DType::F32).into_dispatch(),
    ))
}

/// Pastes mask probabilities `[K, M, M]` at boxes `[K, 4]` into images of `size` `[H, W]`
/// → `[K, H, W]`, 0 outside the boxes. Not differentiable.
///
/// As torchvision's `paste_masks_in_image`: the mask gets a border of 1 zero pixel, the box grows
/// about its centre by (M + 2) / M, its corners are truncated towards zero to whole pixels, the mask
/// is resized (bilinear, corners not aligned) to max(x2 − x1 + 1, 1) × max(y2 − y1 + 1, 1) pixels and
/// the part inside the image is copied. A box with NaN or wholly outside pastes nothing.
///
/// # Panics
/// If the shapes are not `[K, M, M]` with M > 0 and `[K, 4]`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::boxes::paste_masks;
///
/// let device = Device::flex();
/// let masks = Tensor::<3>::ones([1, 28, 28], &device);
/// let boxes = Tensor::<2>::from_floats([[10., 10., 38., 38.]], &device);
/// let image = paste_masks(masks, boxes, [64, 64]);
/// assert_eq!(image.clone().slice([0..1, 24..25, 24..25]).into_scalar::<f32>(), 1.0);
/// assert_eq!(image.slice([0..1, 60..61, 24..25]).into_scalar::<f32>(), 0.0);
/// ```
pub fn paste_masks(masks: Tensor<3>, boxes: Tensor<2>, size: [usize; 2]) -> Tensor<3> {
    let [k, side, width] = masks.dims();
    assert!(
        boxes.dims() == [k, 4] && side == width && side > 0,
        "paste_masks: masks [K, M, M] {:?} and boxes [K, 4] {:?} must agree",
        masks.dims(),
        boxes.dims()
    );
    if k * size[0] * size[1] == 0 {
        return Tensor::empty([k, size[0], size[1]], (&masks.device(), masks.dtype()));
    }
    Tensor::from_dispatch(<Dispatch as BoxOps>::paste_masks(
        masks.cast(DType::F32).into_dispatch(),
        boxes.cast(DType::F32).into_dispatch(),
        size,
    ))
}

/// N and M of boxes `[N, 4]` and `[M, 4]`.
///
/// # Panics
/// If the last dimension of either is not 4.
fn check_pair(a: &Tensor<2>, b: &Tensor<2>) -> [usize; 2] {
    let ([n, four], [m, also_four]) = (a.dims(), b.dims());
    assert!(
        four == 4 && also_four == 4,
        "box overlap: boxes [N, 4] {:?} and [M, 4] {:?}",
        a.dims(),
        b.dims()
    );
    [n, m]
}
