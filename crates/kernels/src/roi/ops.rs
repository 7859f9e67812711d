//! The backend trait of RoI pooling.
// Built without any backend, the generated dispatch uses no argument.
#![allow(unused_variables)]

use burn::backend::{
    Backend, ExtensionType, backend_extension,
    tensor::{FloatTensor, IntTensor},
};

use super::{RoiAlignOptions, RoiPoolOptions};

/// Up to four feature maps `[N, C, H, W]` of one pyramid, finest first.
///
/// Backend operations take a fixed number of tensors, so a pyramid with fewer levels repeats its
/// last one; [`RoiAlignOptions::scales`] says how many are real.
#[derive(Debug, ExtensionType)]
#[extension_type(fusion: cfg(feature = "cube"))]
pub struct FeatureLevels<B: Backend> {
    /// The finest level.
    pub l0: FloatTensor<B>,
    /// The second level, or a repetition.
    pub l1: FloatTensor<B>,
    /// The third level, or a repetition.
    pub l2: FloatTensor<B>,
    /// The fourth level, or a repetition.
    pub l3: FloatTensor<B>,
}

impl<B: Backend> Clone for FeatureLevels<B> {
    fn clone(&self) -> Self {
        Self {
            l0: self.l0.clone(),
            l1: self.l1.clone(),
            l2: self.l2.clone(),
            l3: self.l3.clone(),
        }
    }
}

/// RoI pooling kernels. The public functions of [`super`] have checked shapes and options.
///
/// A RoI is **void** when its image index is not in `0..N`, its level is not real, or one of its
/// coordinates is not finite: it pools to zeros and passes no gradient back.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(feature = "cube"),
    Autodiff
)]
pub trait RoiOps: Backend {
    /// `RoIAlign` over a pyramid: `rois` `[K, 5]` and `level_of` `[K]` (0-based index into the
    /// levels) → `[K, C, PH, PW]`.
    #[fusion(dtype = levels.l0.dtype, shape = super::align_shape(&levels.l0.shape, rois, options))]
    fn roi_align(
        #[extension_type] levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        options: RoiAlignOptions,
    ) -> FloatTensor<Self>;

    /// Gradient of [`RoiOps::roi_align`] with respect to every level, from `grad` `[K, C, PH, PW]`.
    ///
    /// For [`super::SampleReduction::Average`] only the shapes of `levels` are read, never their
    /// values. A repeated level (see [`FeatureLevels`]) holds the gradient once, in the place of
    /// the real level; the repetitions hold anything of the right shape.
    #[fusion(meta = |levels, _rois, _level_of, _grad, _options| levels.clone())]
    fn roi_align_backward(
        #[extension_type] levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiAlignOptions,
    ) -> FeatureLevels<Self>;

    /// Quantised max pooling of `features` `[N, C, H, W]` in `rois` `[K, 5]` → `[K, C, PH, PW]`.
    #[fusion(dtype = features, shape = super::pool_shape(features, rois, options))]
    fn roi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self>;

    /// Gradient of [`RoiOps::roi_pool`] with respect to `features`; the maxima are found again.
    #[fusion(dtype = features, shape = features)]
    fn roi_pool_backward(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self>;

    /// Precise RoI pooling (exact integral of the bilinear surface) → `[K, C, PH, PW]`.
    #[fusion(dtype = features, shape = super::pool_shape(features, rois, options))]
    fn prroi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self>;

    /// Gradient of [`RoiOps::prroi_pool`] with respect to `features`, of which only the shape is read.
    #[fusion(dtype = features, shape = features)]
    fn prroi_pool_backward_features(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self>;

    /// Gradient of [`RoiOps::prroi_pool`] with respect to `rois` `[K, 5]`; column 0 is zero.
    #[fusion(dtype = rois, shape = rois)]
    fn prroi_pool_backward_rois(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self>;
}
