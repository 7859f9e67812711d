//! What a way back needs again: kept, or under gradient checkpointing computed once more.
//!
//! Burn's balanced strategy keeps the outputs of operations that are called compute-bound and runs the others again from
//! these when the way back asks for them. For networks of fused blocks the question is not what an operation costs but where
//! a stretch ends that is worth running twice. Here a stretch ends at the block that adds a residual, at a pool, at pooled
//! RoIs, and at Burn's own layers; what lies between two of these is computed again ([`Output::Recomputed`]).
//!
//! Without checkpointing all of this is the plain recording of a node: everything is kept.

use std::fmt;

use burn::backend::{Autodiff, Backend, TensorMetadata, tensor::FloatTensor};
use burn_autodiff::{
    NodeId,
    checkpoint::{
        base::Checkpointer, retro_forward::RetroForward, state::BackwardStates,
        strategy::CheckpointStrategy,
    },
    ops::{Backward, ComputePropertyDone, Init, OpsPrep, Tracked},
};

/// A tensor for the way back: itself, or the number of the node that gives it.
#[derive(Debug, Clone)]
pub(crate) enum Kept<B: Backend> {
    /// One that no gradient reaches.
    Value(FloatTensor<B>),
    /// The output of a node, kept or computed again as that node says.
    Output(NodeId),
}

impl<B: Backend> Kept<B> {
    /// Keeps `tensor` for the operation in preparation, which must [`retrieve`](Self::retrieve) it once.
    pub(crate) fn new<O, S, C: CheckpointStrategy, const N: usize>(
        tensor: &FloatTensor<Autodiff<B, C>>,
        prep: &mut OpsPrep<O, B, S, C, N, Tracked>,
    ) -> Self
    where
        O: Backward<B, N, State = S>,
        S: fmt::Debug + Clone + Send + 'static,
    {
        if tensor.is_tracked() {
            Self::Output(prep.checkpoint(tensor))
        } else {
            Self::Value(tensor.primitive().clone())
        }
    }

    /// The tensor.
    pub(crate) fn retrieve(self, checkpointer: &mut Checkpointer) -> FloatTensor<B> {
        match self {
            Self::Value(tensor) => tensor,
            Self::Output(id) => checkpointer.retrieve_node_output(id),
        }
    }
}

/// A tensor of the shape, dtype and device of `tensor` that holds one zero: for a way back that asks for no values.
pub(crate) fn shape_only<B: Backend>(tensor: &FloatTensor<B>) -> FloatTensor<B> {
    let shape = tensor.shape();
    let ones = burn::tensor::Shape::from(vec![1; shape.num_dims()]);
    let zero = B::float_zeros(ones, &tensor.device(), tensor.dtype().into());
    B::float_expand(zero, shape)
}

/// What checkpointing does with an operation's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Keeps it: a stretch ends here.
    Kept,
    /// Drops it, and runs the operation again when the way back asks.
    Recomputed,
}

impl Output {
    /// Marks the operation in preparation; `forward` on its parents gives its output, every time the same.
    pub(crate) fn mark<O, B, S, C, F, const N: usize>(
        self,
        prep: OpsPrep<O, B, S, C, N, Init>,
        parents: &[FloatTensor<Autodiff<B, C>>; N],
        forward: F,
    ) -> OpsPrep<O, B, S, C, N, ComputePropertyDone>
    where
        O: Backward<B, N, State = S>,
        B: Backend,
        S: fmt::Debug + Clone + Send + 'static,
        C: CheckpointStrategy,
        F: Fn([FloatTensor<B>; N]) -> FloatTensor<B> + Send + 'static,
    {
        // Without a gradient there is no way back, and an operation to be run again would hold its parents alive.
        if self == Self::Kept
            || !parents
                .iter()
                .any(<FloatTensor<Autodiff<B, C>>>::is_tracked)
        {
            return prep.compute_bound();
        }
        let again = Again::<B, F, N> {
            parents: parents.each_ref().map(|parent| {
                if parent.is_tracked() {
                    Kept::Output(parent.id())
                } else {
                    Kept::Value(parent.primitive().clone())
                }
            }),
            forward,
        };
        // Burn runs an operation again only if all the parents that it is told of are nodes of the graph.
        let nodes = parents.iter().filter(|parent| parent.is_tracked());
        prep.memory_bound().retro_forward(again).parents(nodes)
    }
}

/// A forward pass to be run again.
struct Again<B: Backend, F, const N: usize> {
    parents: [Kept<B>; N],
    forward: F,
}

impl<B: Backend, F, const N: usize> fmt::Debug for Again<B, F, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Again")
            .field("parents", &self.parents)
            .finish_non_exhaustive()
    }
}

impl<B, F, const N: usize> RetroForward for Again<B, F, N>
where
    B: Backend,
    F: Fn([FloatTensor<B>; N]) -> FloatTensor<B> + Send + 'static,
{
    fn forward(&self, states: &mut BackwardStates, out_node: NodeId) {
        let parents = self.parents.clone().map(|parent| match parent {
            Kept::Value(tensor) => tensor,
            Kept::Output(id) => states.get_state(&id),
        });
        states.save(out_node, (self.forward)(parents));
    }
}
