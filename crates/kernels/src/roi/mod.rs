//! RoI pooling: `RoIAlign` (one map or a pyramid), quantised RoI pooling, precise RoI pooling.
//!
//! # Legend
//! - N images, K RoIs, C channels, H×W feature cells, PH×PW pooled bins, L pyramid levels.
//! - A RoI is `[image, x1, y1, x2, y2]`: image index as a float, corners in pixels of the input image.
//! - A *scale* is feature cells per image pixel: 1/16 for a map of stride 16.
//! - A *tap* is one feature cell with its weight; a *sample* is a point where the map is
//!   interpolated bilinearly between four taps.
//!
//! # Void RoIs
//! A RoI whose image index is not in `0..N`, whose level does not exist or which has a coordinate
//! that is not finite pools to zeros and passes no gradient back, on every backend.

mod autodiff;
#[cfg(feature = "tch")]
mod composed;
#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "tch"))]
pub mod host;
mod levels;
mod ops;
mod options;
#[cfg(feature = "tch")]
mod tch;
pub mod twin;

use burn::{
    backend::Dispatch,
    tensor::{Int, Tensor},
};

pub use levels::{LevelAssignment, assign_levels};
pub use ops::{FeatureLevels, RoiOps};
pub use options::{RoiAlignOptions, RoiPoolOptions, SampleReduction};
#[cfg(feature = "cube")]
pub(crate) use options::{align_shape, pool_shape};

/// `RoIAlign` of one feature map.
///
/// Each bin is the average (or maximum) of bilinear samples of the map. He et al., "Mask R-CNN",
/// <https://arxiv.org/abs/1703.06870>, section 3; sample positions, the treatment of the border
/// (samples up to one cell outside are clamped, further ones are zero) and the minimum size of one
/// cell for boxes that are not aligned follow torchvision 0.24.
///
/// # Shapes
/// - features: `[N, C, H, W]`; rois: `[K, 5]`, see the [module](self) for void RoIs.
/// - output: `[K, C, PH, PW]`.
///
/// The result is differentiable with respect to `features`, not to `rois`.
///
/// # Panics
/// If `rois` does not have 5 columns, or `options` hold other than one scale or an invalid value.
///
/// # Example
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::roi::{RoiAlignOptions, roi_align};
///
/// let device = Device::flex();
/// let features = Tensor::<4>::ones([1, 8, 50, 68], &device);
/// let rois = Tensor::<2>::from_floats([[0.0, 16.0, 16.0, 240.0, 320.0]], &device);
/// let pooled = roi_align(features, rois, &RoiAlignOptions::new([7, 7], 1.0 / 16.0));
/// assert_eq!(pooled.dims(), [1, 8, 7, 7]);
/// # }
/// ```
pub fn roi_align(features: Tensor<4>, rois: Tensor<2>, options: &RoiAlignOptions) -> Tensor<4> {
    let level_of = Tensor::zeros([rois.dims()[0]], &rois.device());
    pyramid_roi_align(&[features], rois, level_of, options)
}

/// `RoIAlign` in which each RoI reads its own level of a feature pyramid, in one launch.
///
/// # Shapes
/// - levels: one to four maps `[N, C, Hl, Wl]`, finest first, as many as `options.scales`.
/// - rois: `[K, 5]`; level_of: `[K]`, 0-based index into `levels`, for instance from [`assign_levels`].
/// - output: `[K, C, PH, PW]` in the order of `rois`.
///
/// # Panics
/// If there are no levels, more than four, or not as many as scales; if the levels differ in N or C;
/// if `rois` does not have 5 columns or `level_of` not K entries; if `options` hold an invalid value.
///
/// # Example
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::roi::{RoiAlignOptions, pyramid_roi_align};
///
/// let device = Device::flex();
/// let levels = [Tensor::<4>::ones([1, 8, 64, 64], &device), Tensor::ones([1, 8, 32, 32], &device)];
/// let rois = Tensor::<2>::from_floats([[0.0, 8.0, 8.0, 64.0, 64.0], [0.0, 0.0, 0.0, 250.0, 250.0]], &device);
/// let level_of = Tensor::<1, Int>::from_ints([0, 1], &device);
/// let options = RoiAlignOptions::new([7, 7], 0.25).with_scales(vec![0.25, 0.125]);
/// assert_eq!(pyramid_roi_align(&levels, rois, level_of, &options).dims(), [2, 8, 7, 7]);
/// # }
/// ```
pub fn pyramid_roi_align(
    levels: &[Tensor<4>],
    rois: Tensor<2>,
    level_of: Tensor<1, Int>,
    options: &RoiAlignOptions,
) -> Tensor<4> {
    options.check();
    assert_eq!(
        levels.len(),
        options.scales.len(),
        "roi_align: {} levels but {} scales",
        levels.len(),
        options.scales.len()
    );
    let [images, channels, ..] = levels[0].dims();
    for level in levels {
        let dims = level.dims();
        assert!(
            dims[0] == images && dims[1] == channels,
            "roi_align: levels disagree in images or channels: {:?} and {dims:?}",
            levels[0].dims()
        );
    }
    check_rois("roi_align", &rois);
    assert_eq!(
        level_of.dims(),
        [rois.dims()[0]],
        "roi_align: level_of {:?} does not match rois {:?}",
        level_of.dims(),
        rois.dims()
    );
    let level = |i: usize| levels[i.min(levels.len() - 1)].clone().into_dispatch();
    Tensor::from_dispatch(<Dispatch as RoiOps>::roi_align(
        FeatureLevels {
            l0: level(0),
            l1: level(1),
            l2: level(2),
            l3: level(3),
        },
        rois.into_dispatch(),
        level_of.into_dispatch(),
        options.clone(),
    ))
}

/// Quantised RoI max pooling of Fast R-CNN (<https://arxiv.org/abs/1504.08083>, section 2.1).
///
/// Corners are rounded to cells (halves away from zero), the far corner is inclusive, an empty bin
/// is zero and the first of equal maxima (row by row) takes the gradient, as in torchvision 0.24; on CUDA
/// through LibTorch any of them does. A NaN is never the largest (there it is), and a bin of nothing else is `f32::MIN`.
///
/// # Shapes
/// - features: `[N, C, H, W]`; rois: `[K, 5]`; output: `[K, C, PH, PW]`.
///
/// # Panics
/// If `rois` does not have 5 columns or `options` hold an invalid value.
///
/// # Example
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::roi::{RoiPoolOptions, roi_pool};
///
/// let device = Device::flex();
/// let features = Tensor::<4>::ones([1, 8, 50, 68], &device);
/// let rois = Tensor::<2>::from_floats([[0.0, 16.0, 16.0, 240.0, 320.0]], &device);
/// let pooled = roi_pool(features, rois, &RoiPoolOptions::new([7, 7], 1.0 / 16.0));
/// assert_eq!(pooled.dims(), [1, 8, 7, 7]);
/// # }
/// ```
pub fn roi_pool(features: Tensor<4>, rois: Tensor<2>, options: &RoiPoolOptions) -> Tensor<4> {
    options.check("roi_pool");
    check_rois("roi_pool", &rois);
    Tensor::from_dispatch(<Dispatch as RoiOps>::roi_pool(
        features.into_dispatch(),
        rois.into_dispatch(),
        options.clone(),
    ))
}

/// Precise RoI pooling of `IoU-Net` (<https://arxiv.org/abs/1807.11590>, section 3.3).
///
/// Each bin is the exact mean, over its area, of the surface that interpolates the map bilinearly
/// (zero outside the map); a bin without area is zero. Corners are not rounded and not shifted by
/// half a cell. Differentiable with respect to `features` and to the four corners of `rois`.
///
/// # Shapes
/// - features: `[N, C, H, W]`; rois: `[K, 5]`; output: `[K, C, PH, PW]`.
///
/// # Panics
/// If `rois` does not have 5 columns or `options` hold an invalid value.
///
/// # Example
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::roi::{RoiPoolOptions, prroi_pool};
///
/// let device = Device::flex().autodiff();
/// let features = Tensor::<4>::ones([1, 8, 50, 68], &device);
/// let rois = Tensor::<2>::from_floats([[0.0, 16.0, 16.0, 240.0, 320.0]], &device).require_grad();
/// let pooled = prroi_pool(features, rois.clone(), &RoiPoolOptions::new([7, 7], 1.0 / 16.0));
/// let gradients = pooled.sum().backward();
/// assert_eq!(rois.grad(&gradients).map(|g| g.dims()), Some([1, 5]));
/// # }
/// ```
pub fn prroi_pool(features: Tensor<4>, rois: Tensor<2>, options: &RoiPoolOptions) -> Tensor<4> {
    options.check("prroi_pool");
    check_rois("prroi_pool", &rois);
    Tensor::from_dispatch(<Dispatch as RoiOps>::prroi_pool(
        features.into_dispatch(),
        rois.into_dispatch(),
        options.clone(),
    ))
}

/// `rois` must be `[K, 5]`.
fn check_rois(operation: &str, rois: &Tensor<2>) {
    assert_eq!(
        rois.dims()[1],
        5,
        "{operation}: rois must be [K, 5], got {:?}",
        rois.dims()
    );
}
