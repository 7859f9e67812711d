//! CubeCL kernels of RoI pooling. Backward kernels gather, so their sums have one order.
// Kernel code is the subset of Rust that CubeCL translates: no `mem::swap`, no let chains.
#![allow(
    clippy::collapsible_if,
    clippy::manual_swap,
    clippy::manual_div_ceil,
    clippy::manual_midpoint
)]

mod align;
mod align_backward;
mod axis;
mod hat;
mod pool;
mod precise;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{FeatureLevels, RoiAlignOptions, RoiOps, RoiPoolOptions};

fn array(levels: FeatureLevels<CubeBackend>) -> [CubeTensor; 4] {
    [levels.l0, levels.l1, levels.l2, levels.l3]
}

impl RoiOps for CubeBackend {
    fn roi_align(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        options: RoiAlignOptions,
    ) -> FloatTensor<Self> {
        align::forward(array(levels), rois, level_of, &options)
    }

    fn roi_align_backward(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiAlignOptions,
    ) -> FeatureLevels<Self> {
        let [l0, l1, l2, l3] =
            align_backward::backward(array(levels), rois, level_of, grad, &options);
        FeatureLevels { l0, l1, l2, l3 }
    }

    fn roi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        pool::forward(features, rois, &options)
    }

    fn roi_pool_backward(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        pool::backward(features, rois, grad, &options)
    }

    fn prroi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        precise::forward(features, rois, &options)
    }

    fn prroi_pool_backward_features(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        precise::backward_features(features, rois, grad, &options)
    }

    fn prroi_pool_backward_rois(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        precise::backward_rois(features, rois, grad, &options)
    }
}
