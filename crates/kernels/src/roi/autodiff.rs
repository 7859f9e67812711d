//! Gradients of the RoI operations on every autodiff backend.
//!
//! The backward of an average needs the boxes and the shapes of the maps only, so the maps are not
//! kept: a single zero expanded to the shape stands in for each. A maximum keeps its maps.

use burn::backend::{
    AutodiffBackend, Backend,
    tensor::{FloatTensor, IntTensor},
};
use burn_autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};

use super::{FeatureLevels, RoiAlignOptions, RoiOps, RoiPoolOptions, SampleReduction};
use crate::recompute::shape_only;

impl<B: Backend> FeatureLevels<B> {
    fn map(&self, f: impl Fn(&FloatTensor<B>) -> FloatTensor<B>) -> Self {
        Self {
            l0: f(&self.l0),
            l1: f(&self.l1),
            l2: f(&self.l2),
            l3: f(&self.l3),
        }
    }
}

#[derive(Debug)]
struct RoiAlignBackward;

#[derive(Debug, Clone)]
struct RoiAlignState<B: Backend> {
    levels: FeatureLevels<B>,
    rois: FloatTensor<B>,
    level_of: IntTensor<B>,
    options: RoiAlignOptions,
}

impl<B: Backend + RoiOps> Backward<B, 4> for RoiAlignBackward {
    type State = RoiAlignState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let RoiAlignState {
            levels,
            rois,
            level_of,
            options,
        } = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let real = options.scales.len();
        let FeatureLevels { l0, l1, l2, l3 } =
            B::roi_align_backward(levels, rois, level_of, grad, options);
        let pairs = ops.parents.into_iter().zip([l0, l1, l2, l3]);
        for (parent, grad) in pairs.take(real) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct RoiPoolBackward;

#[derive(Debug, Clone)]
struct RoiPoolState<B: Backend> {
    features: FloatTensor<B>,
    rois: FloatTensor<B>,
    options: RoiPoolOptions,
}

impl<B: Backend + RoiOps> Backward<B, 1> for RoiPoolBackward {
    type State = RoiPoolState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let RoiPoolState {
            features,
            rois,
            options,
        } = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<B>(node.id, B::roi_pool_backward(features, rois, grad, options));
        }
    }
}

#[derive(Debug)]
struct PrRoiPoolBackward;

impl<B: Backend + RoiOps> Backward<B, 2> for PrRoiPoolBackward {
    type State = RoiPoolState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let RoiPoolState {
            features,
            rois,
            options,
        } = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let [map, boxes] = ops.parents;
        if let Some(node) = map {
            let grad = B::prroi_pool_backward_features(
                features.clone(),
                rois.clone(),
                grad.clone(),
                options.clone(),
            );
            grads.register::<B>(node.id, grad);
        }
        if let Some(node) = boxes {
            let grad = B::prroi_pool_backward_rois(features, rois, grad, options);
            grads.register::<B>(node.id, grad);
        }
    }
}

impl<B: Backend + RoiOps, C: CheckpointStrategy> RoiOps for Autodiff<B, C> {
    fn roi_align(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        options: RoiAlignOptions,
    ) -> FloatTensor<Self> {
        let FeatureLevels { l0, l1, l2, l3 } = levels;
        let nodes = [l0.node(), l1.node(), l2.node(), l3.node()];
        let levels = FeatureLevels::<B> {
            l0: l0.into_primitive(),
            l1: l1.into_primitive(),
            l2: l2.into_primitive(),
            l3: l3.into_primitive(),
        };
        let rois = rois.into_primitive();
        match RoiAlignBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let kept = match options.reduction {
                    SampleReduction::Average => levels.map(shape_only::<B>),
                    SampleReduction::Max => levels.clone(),
                };
                let state = RoiAlignState {
                    levels: kept,
                    rois: rois.clone(),
                    level_of: level_of.clone(),
                    options: options.clone(),
                };
                prep.finish(state, B::roi_align(levels, rois, level_of, options))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::roi_align(levels, rois, level_of, options)),
        }
    }

    fn roi_align_backward(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiAlignOptions,
    ) -> FeatureLevels<Self> {
        let levels = FeatureLevels::<B> {
            l0: levels.l0.into_primitive(),
            l1: levels.l1.into_primitive(),
            l2: levels.l2.into_primitive(),
            l3: levels.l3.into_primitive(),
        };
        let FeatureLevels { l0, l1, l2, l3 } = B::roi_align_backward(
            levels,
            rois.into_primitive(),
            level_of,
            grad.into_primitive(),
            options,
        );
        FeatureLevels {
            l0: Self::from_inner(l0),
            l1: Self::from_inner(l1),
            l2: Self::from_inner(l2),
            l3: Self::from_inner(l3),
        }
    }

    fn roi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let node = features.node();
        let features = features.into_primitive();
        let rois = rois.into_primitive();
        match RoiPoolBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let state = RoiPoolState {
                    features: features.clone(),
                    rois: rois.clone(),
                    options: options.clone(),
                };
                prep.finish(state, B::roi_pool(features, rois, options))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::roi_pool(features, rois, options)),
        }
    }

    fn roi_pool_backward(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::roi_pool_backward(
            features.into_primitive(),
            rois.into_primitive(),
            grad.into_primitive(),
            options,
        ))
    }

    fn prroi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let nodes = [features.node(), rois.node()];
        let features = features.into_primitive();
        let rois = rois.into_primitive();
        match PrRoiPoolBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let state = RoiPoolState {
                    features: features.clone(),
                    rois: rois.clone(),
                    options: options.clone(),
                };
                prep.finish(state, B::prroi_pool(features, rois, options))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::prroi_pool(features, rois, options)),
        }
    }

    fn prroi_pool_backward_features(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::prroi_pool_backward_features(
            features.into_primitive(),
            rois.into_primitive(),
            grad.into_primitive(),
            options,
        ))
    }

    fn prroi_pool_backward_rois(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::prroi_pool_backward_rois(
            features.into_primitive(),
            rois.into_primitive(),
            grad.into_primitive(),
            options,
        ))
    }
}
