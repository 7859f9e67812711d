//! Gradients of batch norm on every autodiff backend: one node for norm and residual, one for the activation, as a
//! convolution block has them ([`crate::conv`]). Under gradient checkpointing a norm with a residual keeps its output, others
//! are computed again.

use burn::backend::{Autodiff, AutodiffBackend, Backend, tensor::FloatTensor};
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};

use super::{NormGradients, NormOps, Normalised};
use crate::{
    conv::{Activation, activated},
    recompute::{Kept, Output},
};

#[derive(Debug, Clone)]
struct NormState<B: Backend> {
    x: Kept<B>,
    weight: Kept<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    epsilon: f64,
}

/// Of a norm before its activation. Parents: input, weight, bias, and the residual where there is one.
#[derive(Debug)]
struct NormBackward;

impl<B: NormOps, const N: usize> Backward<B, N> for NormBackward {
    type State = NormState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let NormState {
            x,
            weight,
            mean,
            variance,
            epsilon,
        } = ops.state;
        let x = x.retrieve(checkpointer);
        let weight = weight.retrieve(checkpointer);
        let grad = grads.consume::<B>(&ops.node);
        let NormGradients { x, weight, bias } =
            B::batch_norm_gradients(x, weight, mean, variance, grad.clone(), epsilon);
        for (parent, grad) in ops.parents.into_iter().zip([x, weight, bias, grad]) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, grad);
            }
        }
    }
}

/// Runs `forward` on the parents, input and weight first, and records its node.
fn recorded<B: NormOps, C: CheckpointStrategy, F, const N: usize>(
    parents: [FloatTensor<Autodiff<B, C>>; N],
    epsilon: f64,
    activation: Activation,
    checkpointed: Output,
    forward: F,
) -> Normalised<Autodiff<B, C>>
where
    F: Fn([FloatTensor<B>; N]) -> Normalised<B> + Clone + Send + 'static,
{
    let nodes = parents.each_ref().map(<FloatTensor<Autodiff<B, C>>>::node);
    let prep = NormBackward.prepare::<C>(nodes);
    let again = forward.clone();
    let prep = checkpointed.mark(prep, &parents, move |parents| again(parents).output);
    let (output, mean, variance) = match prep.stateful() {
        OpsKind::Tracked(mut prep) => {
            let x = Kept::new(&parents[0], &mut prep);
            let weight = Kept::new(&parents[1], &mut prep);
            let Normalised {
                output,
                mean,
                variance,
            } = forward(parents.map(<FloatTensor<Autodiff<B, C>>>::into_primitive));
            let state = NormState {
                x,
                weight,
                mean: mean.clone(),
                variance: variance.clone(),
                epsilon,
            };
            let output = activated::<B, C>(prep.finish(state, output), activation);
            (output, mean, variance)
        }
        OpsKind::UnTracked(prep) => {
            let Normalised {
                output,
                mean,
                variance,
            } = forward(parents.map(<FloatTensor<Autodiff<B, C>>>::into_primitive));
            (prep.finish(output), mean, variance)
        }
    };
    Normalised {
        output,
        mean: Autodiff::<B, C>::from_inner(mean),
        variance: Autodiff::<B, C>::from_inner(variance),
    }
}

impl<B: NormOps, C: CheckpointStrategy> NormOps for Autodiff<B, C> {
    fn batch_norm_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalised<Self> {
        let parents = [x, weight, bias];
        recorded(
            parents,
            epsilon,
            activation,
            Output::Recomputed,
            move |[x, weight, bias]| B::batch_norm_act(x, weight, bias, epsilon, activation),
        )
    }

    fn batch_norm_add_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalised<Self> {
        let parents = [x, weight, bias, residual];
        recorded(
            parents,
            epsilon,
            activation,
            Output::Kept,
            move |[x, weight, bias, residual]| {
                B::batch_norm_add_act(x, weight, bias, residual, epsilon, activation)
            },
        )
    }

    fn batch_norm_gradients(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormGradients<Self> {
        let [x, weight, mean, variance, grad] =
            [x, weight, mean, variance, grad].map(<FloatTensor<Self>>::into_primitive);
        let NormGradients { x, weight, bias } =
            B::batch_norm_gradients(x, weight, mean, variance, grad, epsilon);
        NormGradients {
            x: Self::from_inner(x),
            weight: Self::from_inner(weight),
            bias: Self::from_inner(bias),
        }
    }
}
