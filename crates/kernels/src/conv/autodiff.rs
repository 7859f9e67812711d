//! Gradients of the convolution blocks on every autodiff backend.
//!
//! A block is one node: what follows the convolution is undone first, by the block's own output, which the next block keeps
//! as its input anyway.

use burn::backend::{Autodiff, Backend, tensor::FloatTensor};
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};

use super::{Activation, ConvBlockOps, ConvOptions};

/// What the way back of a block needs.
#[derive(Debug, Clone)]
struct BlockState<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    /// Of a block that ends in ReLU.
    output: Option<FloatTensor<B>>,
    options: ConvOptions,
}

impl<B: ConvBlockOps> BlockState<B> {
    fn new(
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        output: &FloatTensor<B>,
        options: ConvOptions,
    ) -> Self {
        Self {
            x,
            weight,
            output: (options.activation == Activation::Relu).then(|| output.clone()),
            options,
        }
    }

    /// The gradient before the activation.
    fn inner(&mut self, grad: FloatTensor<B>) -> FloatTensor<B> {
        match self.output.take() {
            Some(output) => B::relu_gradient(output, grad),
            None => grad,
        }
    }

    fn of_x(&self, grad: FloatTensor<B>) -> FloatTensor<B> {
        B::conv_input_gradient(self.x.clone(), self.weight.clone(), grad, self.options)
    }

    fn of_weight(&self, grad: FloatTensor<B>) -> FloatTensor<B> {
        B::conv_weight_gradient(self.x.clone(), self.weight.clone(), grad, self.options)
    }
}

/// Parents: input, weight, bias, and the residual where there is one.
#[derive(Debug)]
struct BlockBackward;

impl<B: ConvBlockOps, const N: usize> Backward<B, N> for BlockBackward {
    type State = BlockState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let mut state = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let grad = state.inner(grad);
        for (place, parent) in ops.parents.into_iter().enumerate() {
            let Some(parent) = parent else { continue };
            let grad = grad.clone();
            let grad = match place {
                0 => state.of_x(grad),
                1 => state.of_weight(grad),
                2 => B::channel_sums(grad),
                _ => grad,
            };
            grads.register::<B>(parent.id, grad);
        }
    }
}

/// Runs `forward` on the parents, input and weight first, and records its node.
fn recorded<B: ConvBlockOps, C: CheckpointStrategy, const N: usize>(
    parents: [FloatTensor<Autodiff<B, C>>; N],
    options: ConvOptions,
    forward: impl FnOnce([FloatTensor<B>; N]) -> FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = parents.each_ref().map(<FloatTensor<Autodiff<B, C>>>::node);
    let parents = parents.map(<FloatTensor<Autodiff<B, C>>>::into_primitive);
    let (x, weight) = (parents[0].clone(), parents[1].clone());
    let output = forward(parents);
    match BlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = BlockState::<B>::new(x, weight, &output, options);
            prep.finish(state, output)
        }
        OpsKind::UnTracked(prep) => prep.finish(output),
    }
}

#[derive(Debug)]
struct MaxPoolBackward;

#[derive(Debug, Clone)]
struct MaxPoolState<B: Backend> {
    x: FloatTensor<B>,
    /// Kernel, stride, padding.
    window: [usize; 3],
}

impl<B: ConvBlockOps> Backward<B, 1> for MaxPoolBackward {
    type State = MaxPoolState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let MaxPoolState {
            x,
            window: [kernel, stride, padding],
        } = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            grads.register::<B>(
                parent.id,
                B::max_pool_gradient(x, grad, kernel, stride, padding),
            );
        }
    }
}

#[derive(Debug)]
struct UpsampleBackward;

#[derive(Debug, Clone)]
struct UpsampleState<B: Backend> {
    x: FloatTensor<B>,
    size: [usize; 2],
}

impl<B: ConvBlockOps> Backward<B, 1> for UpsampleBackward {
    type State = UpsampleState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let UpsampleState { x, size } = ops.state;
        let grad = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, B::upsample_nearest_gradient(x, grad, size));
        }
    }
}

/// Linear layers are composed: their products already have gradients.
impl<B: ConvBlockOps, C: CheckpointStrategy> ConvBlockOps for Autodiff<B, C> {
    fn conv_bias_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        recorded::<B, C, _>([x, weight, bias], options, |[x, weight, bias]| {
            B::conv_bias_act(x, weight, bias, options)
        })
    }

    fn conv_bias_add_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        let parents = [x, weight, bias, residual];
        recorded::<B, C, _>(parents, options, |[x, weight, bias, residual]| {
            B::conv_bias_add_act(x, weight, bias, residual, options)
        })
    }

    fn channels_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        // The same values: only an input, whose gradient nobody asks for, is laid out anew.
        x
    }

    fn max_pool(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let node = x.node();
        let x = x.into_primitive();
        let output = B::max_pool(x.clone(), kernel, stride, padding);
        match MaxPoolBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let window = [kernel, stride, padding];
                prep.finish(MaxPoolState { x, window }, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn upsample_nearest(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        let node = x.node();
        let x = x.into_primitive();
        let output = B::upsample_nearest(x.clone(), size);
        match UpsampleBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(UpsampleState { x, size }, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
