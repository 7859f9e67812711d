//! Gradients of batch norm on every autodiff backend: one node for norm, residual and activation.

use burn::backend::{Autodiff, AutodiffBackend, Backend, tensor::FloatTensor};
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};

use super::{NormGradients, NormOps, Normalised};
use crate::conv::Activation;

#[derive(Debug, Clone)]
struct NormState<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    /// Of a norm that ends in ReLU.
    output: Option<FloatTensor<B>>,
    epsilon: f64,
}

impl<B: Backend> NormState<B> {
    fn new(
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        normalised: &Normalised<B>,
        epsilon: f64,
        activation: Activation,
    ) -> Self {
        Self {
            x,
            weight,
            mean: normalised.mean.clone(),
            variance: normalised.variance.clone(),
            output: (activation == Activation::Relu).then(|| normalised.output.clone()),
            epsilon,
        }
    }
}

/// Parents: input, weight, bias, and the residual where there is one.
#[derive(Debug)]
struct NormBackward;

impl<B: NormOps, const N: usize> Backward<B, N> for NormBackward {
    type State = NormState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let state = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let grad = match state.output {
            Some(output) => B::relu_gradient(output, grad),
            None => grad,
        };
        let NormGradients { x, weight, bias } = B::batch_norm_gradients(
            state.x,
            state.weight,
            state.mean,
            state.variance,
            grad.clone(),
            state.epsilon,
        );
        for (parent, grad) in ops.parents.into_iter().zip([x, weight, bias, grad]) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, grad);
            }
        }
    }
}

/// Runs `forward` on the parents, input and weight first, and records its node.
fn recorded<B: NormOps, C: CheckpointStrategy, const N: usize>(
    parents: [FloatTensor<Autodiff<B, C>>; N],
    epsilon: f64,
    activation: Activation,
    forward: impl FnOnce([FloatTensor<B>; N]) -> Normalised<B>,
) -> Normalised<Autodiff<B, C>> {
    let nodes = parents.each_ref().map(<FloatTensor<Autodiff<B, C>>>::node);
    let parents = parents.map(<FloatTensor<Autodiff<B, C>>>::into_primitive);
    let (x, weight) = (parents[0].clone(), parents[1].clone());
    let normalised = forward(parents);
    let output = match NormBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = NormState::new(x, weight, &normalised, epsilon, activation);
            prep.finish(state, normalised.output)
        }
        OpsKind::UnTracked(prep) => prep.finish(normalised.output),
    };
    Normalised {
        output,
        mean: Autodiff::<B, C>::from_inner(normalised.mean),
        variance: Autodiff::<B, C>::from_inner(normalised.variance),
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
        recorded(parents, epsilon, activation, |[x, weight, bias]| {
            B::batch_norm_act(x, weight, bias, epsilon, activation)
        })
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
            |[x, weight, bias, residual]| {
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
