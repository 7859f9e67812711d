//! Choosing boxes: non-maximum suppression (plain, per group, soft, IoU-guided) and top-k.
//!
//! N boxes `[x1, y1, x2, y2]`, R rows of M values. Rules shared by the whole family:
//! - a box is suppressed if its IoU with a kept box of its group is `>` the threshold;
//! - equal scores: the lower index first; NaN scores are never kept; NaN boxes overlap nothing;
//! - two boxes without area have IoU 0/0, which suppresses nothing;
//! - the arithmetic is `f32` in the order of torchvision's CPU kernel, so the kept sets are equal.
//!   torchvision's CPU kernel compares with a `f64` threshold, its CUDA kernel and ours with `f32`:
//!   the two differ only for an IoU that equals the rounded threshold to the last bit.
//!
//! None of these functions is differentiable: on an autodiff device the outputs are constants.

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
    tensor::{DType, Int, IntDType, Tensor},
};
use serde::{Deserialize, Serialize};

pub use ops::SuppressionOps;

/// Settings of [`nms`], [`batched_nms`] and [`iou_guided_nms`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NmsOptions {
    /// A box whose IoU with a kept box of its group is above this is suppressed.
    pub iou_threshold: f32,
    /// Only boxes whose score is above this, a number, take part; `None` lets every score but NaN in.
    pub score_threshold: Option<f32>,
}

impl NmsOptions {
    /// Suppression above `iou_threshold`, whatever the score.
    pub const fn new(iou_threshold: f32) -> Self {
        Self {
            iou_threshold,
            score_threshold: None,
        }
    }
}

/// How [`soft_nms`] lowers the score of a box that overlaps a picked one (Soft-NMS, Bodla et al.
/// 2017, section 3). Decays of several picked boxes multiply.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum SoftNmsMethod {
    /// × (1 − IoU) where IoU is above the threshold.
    Linear {
        /// Overlaps up to this cost nothing.
        iou_threshold: f32,
    },
    /// × exp(−IoU² / σ).
    Gaussian {
        /// The paper's σ, 0.5 in its experiments. Above 0.
        sigma: f32,
    },
}

/// Settings of [`soft_nms`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoftNmsOptions {
    /// The decay.
    pub method: SoftNmsMethod,
    /// A box whose score is not (or no longer) above this is dropped. At least 0: a decay would raise a negative score.
    pub score_threshold: f32,
}

/// The boxes a suppression kept, on the device and of fixed size, so that nothing was read back.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Indices of the kept boxes, best first, then −1. `[N]`
    pub order: Tensor<1, Int>,
    /// How many were kept. `[1]`
    pub count: Tensor<1, Int>,
}

impl Kept {
    /// Indices of the kept boxes, best first: `[count]`. Reads the count back.
    pub fn indices(&self) -> Tensor<1, Int> {
        self.first(usize::MAX)
    }

    /// Indices of the best `limit` kept boxes, fewer if fewer were kept. Reads the count back.
    pub fn first(&self, limit: usize) -> Tensor<1, Int> {
        let kept = self.len().min(limit);
        if kept == 0 {
            return Tensor::empty([0], (&self.order.device(), self.order.dtype()));
        }
        self.order.clone().slice(0..kept)
    }

    /// How many boxes were kept. Reads the count back, unless there were none to keep.
    pub fn len(&self) -> usize {
        if self.order.dims()[0] == 0 {
            return 0;
        }
        self.count.clone().into_scalar::<i64>().max(0) as usize
    }

    /// Whether none was kept. Reads the count back.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Greedy non-maximum suppression of boxes `[N, 4]` (pixels) with scores `[N]`.
///
/// # Panics
/// If the shapes are not `[N, 4]` and `[N]`, the IoU threshold is negative or NaN, or the score threshold is NaN.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::suppression::{NmsOptions, nms};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats(
///     [[0., 0., 10., 10.], [1., 0., 11., 10.], [20., 0., 30., 10.]],
///     &device,
/// );
/// let scores = Tensor::<1>::from_floats([0.8, 0.9, 0.5], &device);
/// // Box 0 and box 1 overlap with IoU 90 / 110.
/// let kept = nms(boxes, scores, &NmsOptions::new(0.5)).indices();
/// assert_eq!(kept.into_data().iter::<i64>().collect::<Vec<_>>(), [1, 2]);
/// ```
pub fn nms(boxes: Tensor<2>, scores: Tensor<1>, options: &NmsOptions) -> Kept {
    let groups = Tensor::zeros([boxes.dims()[0]], &boxes.device());
    batched_nms(boxes, scores, groups, options)
}

/// [`nms`] within each group; boxes of different groups never suppress each other.
///
/// `groups` `[N]` are any integers: a class, a pyramid level, an image, or a number made of them.
/// The result is one ranking over all groups, in their integer type (`i32` for narrower and unsigned ones).
///
/// # Panics
/// If the shapes are not `[N, 4]`, `[N]` and `[N]`, the IoU threshold is negative or NaN, or the score threshold is NaN.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::suppression::{NmsOptions, batched_nms};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats([[0., 0., 10., 10.], [0., 0., 10., 10.]], &device);
/// let scores = Tensor::<1>::from_floats([0.8, 0.9], &device);
/// let classes = Tensor::<1, Int>::from_ints([1, 2], &device);
/// assert_eq!(batched_nms(boxes, scores, classes, &NmsOptions::new(0.5)).len(), 2);
/// ```
pub fn batched_nms(
    boxes: Tensor<2>,
    scores: Tensor<1>,
    groups: Tensor<1, Int>,
    options: &NmsOptions,
) -> Kept {
    check_shapes(&boxes, &scores, &groups);
    check_options(options);
    if scores.dims()[0] == 0 {
        return nothing_kept(groups);
    }
    let (order, count) = <Dispatch as SuppressionOps>::nms(
        boxes.cast(DType::F32).into_dispatch(),
        scores.cast(DType::F32).into_dispatch(),
        ranked_type(groups).into_dispatch(),
        *options,
    );
    Kept {
        order: Tensor::from_dispatch(order),
        count: Tensor::from_dispatch(count),
    }
}

/// Soft-NMS: overlapping boxes lose score instead of being removed.
///
/// Returns the boxes that stay above the score threshold, ranked by their lowered scores, and these
/// scores `[N]` aligned with [`Kept::order`] (0 where `order` is −1).
///
/// # Panics
/// If the shapes are not `[N, 4]`, `[N]` and `[N]`, the linear method's IoU threshold or the score threshold is negative or
/// NaN, or the Gaussian's σ is not above 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::suppression::{SoftNmsMethod, SoftNmsOptions, soft_nms};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats([[0., 0., 10., 10.], [0., 0., 10., 5.]], &device);
/// let scores = Tensor::<1>::from_floats([0.9, 0.8], &device);
/// let options = SoftNmsOptions {
///     method: SoftNmsMethod::Linear { iou_threshold: 0.3 },
///     score_threshold: 0.05,
/// };
/// let groups = Tensor::<1, Int>::zeros([2], &device);
/// let (kept, scores) = soft_nms(boxes, scores, groups, &options);
/// // IoU 50 / 100: the second box goes on with 0.8 · (1 − 0.5).
/// assert_eq!(kept.len(), 2);
/// assert_eq!(scores.into_data().try_to_vec::<f32>()?, [0.9, 0.4]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
pub fn soft_nms(
    boxes: Tensor<2>,
    scores: Tensor<1>,
    groups: Tensor<1, Int>,
    options: &SoftNmsOptions,
) -> (Kept, Tensor<1>) {
    check_shapes(&boxes, &scores, &groups);
    match options.method {
        SoftNmsMethod::Linear { iou_threshold } => check_iou_threshold(iou_threshold),
        SoftNmsMethod::Gaussian { sigma } => {
            assert!(sigma > 0., "soft_nms: sigma must be above 0, got {sigma}");
        }
    }
    assert!(
        options.score_threshold >= 0.,
        "soft_nms: the score threshold must not be negative, got {}",
        options.score_threshold
    );
    if scores.dims()[0] == 0 {
        return (nothing_kept(groups), scores);
    }
    let (order, count, scores) = <Dispatch as SuppressionOps>::soft_nms(
        boxes.cast(DType::F32).into_dispatch(),
        scores.cast(DType::F32).into_dispatch(),
        ranked_type(groups).into_dispatch(),
        *options,
    );
    let kept = Kept {
        order: Tensor::from_dispatch(order),
        count: Tensor::from_dispatch(count),
    };
    (kept, Tensor::from_dispatch(scores))
}

/// IoU-guided suppression (IoU-Net, Jiang et al. 2018, algorithm 1).
///
/// Boxes are ranked by their predicted localisation confidence `[N]`; a kept box takes over the best
/// classification score of itself and the boxes it suppresses. Returns the kept boxes, ranked by the
/// score they took over, and these scores `[N]` aligned with [`Kept::order`] (0 where `order` is −1).
/// Boxes with a NaN score or confidence, or with a score not above the threshold, take no part.
///
/// # Panics
/// If the shapes are not `[N, 4]`, `[N]`, `[N]` and `[N]`, the IoU threshold is negative or NaN, or the score threshold is NaN.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::suppression::{NmsOptions, iou_guided_nms};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats([[0., 0., 10., 10.], [0., 0., 10., 9.]], &device);
/// let scores = Tensor::<1>::from_floats([0.9, 0.6], &device);
/// let confidence = Tensor::<1>::from_floats([0.5, 0.8], &device);
/// let groups = Tensor::<1, Int>::zeros([2], &device);
/// let (kept, scores) = iou_guided_nms(boxes, scores, confidence, groups, &NmsOptions::new(0.5));
/// // Box 1 lies better and takes box 0's score.
/// assert_eq!(kept.indices().into_scalar::<i64>(), 1);
/// assert_eq!(scores.into_data().try_to_vec::<f32>()?, [0.9, 0.0]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
pub fn iou_guided_nms(
    boxes: Tensor<2>,
    scores: Tensor<1>,
    localisation: Tensor<1>,
    groups: Tensor<1, Int>,
    options: &NmsOptions,
) -> (Kept, Tensor<1>) {
    check_shapes(&boxes, &scores, &groups);
    check_options(options);
    assert_eq!(
        localisation.dims(),
        scores.dims(),
        "iou_guided_nms: localisation {:?} must match scores {:?}",
        localisation.dims(),
        scores.dims()
    );
    if scores.dims()[0] == 0 {
        return (nothing_kept(groups), scores);
    }
    let (order, count, scores) = <Dispatch as SuppressionOps>::iou_guided_nms(
        boxes.cast(DType::F32).into_dispatch(),
        scores.cast(DType::F32).into_dispatch(),
        localisation.cast(DType::F32).into_dispatch(),
        ranked_type(groups).into_dispatch(),
        *options,
    );
    let kept = Kept {
        order: Tensor::from_dispatch(order),
        count: Tensor::from_dispatch(count),
    };
    (kept, Tensor::from_dispatch(scores))
}

/// The `k` largest values of each row of `[R, M]` and their indices, descending: `[R, k]` each.
///
/// Equal values: the lower index first. NaN after everything else.
///
/// # Panics
/// If `k` is above M.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::suppression::top_k;
///
/// let values = Tensor::<2>::from_floats([[0.1, 0.7, 0.3, 0.7]], &Device::flex());
/// let (best, indices) = top_k(values, 3);
/// assert_eq!(best.into_data().try_to_vec::<f32>()?, [0.7, 0.7, 0.3]);
/// assert_eq!(indices.into_data().iter::<i64>().collect::<Vec<_>>(), [1, 3, 2]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
pub fn top_k(values: Tensor<2>, k: usize) -> (Tensor<2>, Tensor<2, Int>) {
    let [rows, columns] = values.dims();
    assert!(
        k <= columns,
        "top_k: k = {k} of values {:?}",
        [rows, columns]
    );
    if rows == 0 || k == 0 {
        let device = values.device();
        return (
            Tensor::empty([rows, k], (&device, values.dtype())),
            Tensor::empty([rows, k], &device),
        );
    }
    let (values, indices) =
        <Dispatch as SuppressionOps>::top_k(values.cast(DType::F32).into_dispatch(), k);
    (
        Tensor::from_dispatch(values),
        Tensor::from_dispatch(indices),
    )
}

/// Groups in a type that has room for the −1 of [`Kept::order`], and that every backend has. Wrapped numbers stay apart.
fn ranked_type(groups: Tensor<1, Int>) -> Tensor<1, Int> {
    match groups.dtype() {
        DType::I32 | DType::I64 => groups,
        DType::U64 => groups.cast(IntDType::I64),
        _ => groups.cast(IntDType::I32),
    }
}

/// # Panics
/// If the shapes are not `[N, 4]`, `[N]` and `[N]`.
fn check_shapes(boxes: &Tensor<2>, scores: &Tensor<1>, groups: &Tensor<1, Int>) {
    let [count] = scores.dims();
    assert!(
        boxes.dims() == [count, 4] && groups.dims() == [count],
        "suppression: boxes [N, 4] {:?}, scores [N] {:?} and groups [N] {:?} must agree",
        boxes.dims(),
        scores.dims(),
        groups.dims()
    );
}

/// # Panics
/// If the IoU threshold is negative or NaN, or the score threshold is NaN: no score is above or below that.
fn check_options(options: &NmsOptions) {
    check_iou_threshold(options.iou_threshold);
    assert!(
        !options.score_threshold.is_some_and(f32::is_nan),
        "suppression: the score threshold must be a number"
    );
}

/// # Panics
/// If the threshold is negative or NaN: boxes that do not touch would suppress each other.
fn check_iou_threshold(iou_threshold: f32) {
    assert!(
        iou_threshold >= 0.,
        "suppression: the IoU threshold must not be negative, got {iou_threshold}"
    );
}

/// The result for no boxes, in the integer type of `groups` `[0]`.
fn nothing_kept(groups: Tensor<1, Int>) -> Kept {
    let groups = ranked_type(groups);
    // Uploaded, not filled: on wgpu a fill beside empty tensors has been seen to leave old memory in place.
    let count = Tensor::from_data([0], (&groups.device(), groups.dtype()));
    Kept {
        order: groups,
        count,
    }
}

#[cfg(feature = "cube")]
use burn::backend::fusion::custom::TensorSpec;

/// Metadata of (order `[N]`, count `[1]`).
#[cfg(feature = "cube")]
fn kept_spec(groups: &TensorSpec) -> (TensorSpec, TensorSpec) {
    (groups.clone(), TensorSpec::new([1].into(), groups.dtype))
}

/// Metadata of (values `[R, k]`, indices `[R, k]`). CubeCL's default integer is `i32`.
#[cfg(feature = "cube")]
fn top_k_spec(values: &TensorSpec, k: usize) -> (TensorSpec, TensorSpec) {
    let shape = burn::tensor::Shape::from([values.shape[0], k]);
    (
        TensorSpec::new(shape.clone(), values.dtype),
        TensorSpec::new(shape, DType::I32),
    )
}
