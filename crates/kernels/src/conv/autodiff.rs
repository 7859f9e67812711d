//! Gradients of the convolution blocks on every autodiff backend.
//!
//! A block is a node, and its ReLU another that shares its output: the gradient passes the ReLU by the block's own output,
//! which the next block needs anyway. Under gradient checkpointing blocks with a residual and pools keep their outputs, other
//! blocks are computed again ([`crate::recompute`]).

use burn::backend::{Autodiff, Backend, tensor::FloatTensor};
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};

use super::{Activation, ConvBlockOps, ConvOptions};
use crate::recompute::{Kept, Output, shape_only};

/// What the way back of a block needs.
#[derive(Debug, Clone)]
struct BlockState<B: Backend> {
    x: Kept<B>,
    weight: Kept<B>,
    options: ConvOptions,
}

/// Of a block before its ReLU. Parents: input, weight, bias, and the residual where there is one.
#[derive(Debug)]
struct BlockBackward;

impl<B: ConvBlockOps, const N: usize> Backward<B, N> for BlockBackward {
    type State = BlockState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let BlockState { x, weight, options } = ops.state;
        let x = x.retrieve(checkpointer);
        let weight = weight.retrieve(checkpointer);
        let grad = grads.consume::<B>(&ops.node);
        for (place, parent) in ops.parents.into_iter().enumerate() {
            let Some(parent) = parent else { continue };
            let (x, weight, grad) = (x.clone(), weight.clone(), grad.clone());
            let grad = match place {
                0 => B::conv_input_gradient(x, weight, grad, options),
                1 => B::conv_weight_gradient(x, weight, grad, options),
                2 => B::channel_sums(grad),
                _ => grad,
            };
            grads.register::<B>(parent.id, grad);
        }
    }
}

/// Runs `forward` on the parents, input and weight first, and records its node.
fn recorded<B: ConvBlockOps, C: CheckpointStrategy, F, const N: usize>(
    parents: [FloatTensor<Autodiff<B, C>>; N],
    options: ConvOptions,
    checkpointed: Output,
    forward: F,
) -> FloatTensor<Autodiff<B, C>>
where
    F: Fn([FloatTensor<B>; N]) -> FloatTensor<B> + Clone + Send + 'static,
{
    let nodes = parents.each_ref().map(<FloatTensor<Autodiff<B, C>>>::node);
    let prep = BlockBackward.prepare::<C>(nodes);
    let prep = checkpointed.mark(prep, &parents, forward.clone());
    match prep.stateful() {
        OpsKind::Tracked(mut prep) => {
            let state = BlockState {
                x: Kept::new(&parents[0], &mut prep),
                weight: Kept::new(&parents[1], &mut prep),
                options,
            };
            let output = forward(parents.map(<FloatTensor<Autodiff<B, C>>>::into_primitive));
            activated::<B, C>(prep.finish(state, output), options.activation)
        }
        OpsKind::UnTracked(prep) => prep.finish(forward(
            parents.map(<FloatTensor<Autodiff<B, C>>>::into_primitive),
        )),
    }
}

/// Parent: the output of a block that ends in ReLU.
#[derive(Debug)]
struct ReluBackward;

impl<B: ConvBlockOps> Backward<B, 1> for ReluBackward {
    type State = Kept<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let output = ops.state.retrieve(checkpointer);
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(block)] = ops.parents {
            grads.register::<B>(block.id, B::relu_gradient(output, grad));
        }
    }
}

/// The same output, behind a node that takes gradients through the activation it ends in.
pub(crate) fn activated<B: ConvBlockOps, C: CheckpointStrategy>(
    output: FloatTensor<Autodiff<B, C>>,
    activation: Activation,
) -> FloatTensor<Autodiff<B, C>> {
    if activation == Activation::None {
        return output;
    }
    let prep = ReluBackward.prepare::<C>([output.node()]);
    let block = [output];
    let prep = Output::Recomputed.mark(prep, &block, |[output]| output);
    match prep.stateful() {
        OpsKind::Tracked(mut prep) => {
            let state = Kept::new(&block[0], &mut prep);
            let [output] = block;
            prep.finish(state, output.into_primitive())
        }
        OpsKind::UnTracked(prep) => {
            let [output] = block;
            prep.finish(output.into_primitive())
        }
    }
}

#[derive(Debug)]
struct MaxPoolBackward;

#[derive(Debug, Clone)]
struct MaxPoolState<B: Backend> {
    x: Kept<B>,
    /// Kernel, stride, padding.
    window: [usize; 3],
}

impl<B: ConvBlockOps> Backward<B, 1> for MaxPoolBackward {
    type State = MaxPoolState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let MaxPoolState {
            x,
            window: [kernel, stride, padding],
        } = ops.state;
        let x = x.retrieve(checkpointer);
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
    /// Its shape.
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
        let parents = [x, weight, bias];
        recorded::<B, C, _, 3>(
            parents,
            options,
            Output::Recomputed,
            move |[x, weight, bias]| B::conv_bias_act(x, weight, bias, options),
        )
    }

    fn conv_bias_add_act(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        let parents = [x, weight, bias, residual];
        recorded::<B, C, _, 4>(
            parents,
            options,
            Output::Kept,
            move |[x, weight, bias, residual]| {
                B::conv_bias_add_act(x, weight, bias, residual, options)
            },
        )
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
        let pool = |x| B::max_pool(x, kernel, stride, padding);
        match MaxPoolBackward
            .prepare::<C>([x.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(mut prep) => {
                let window = [kernel, stride, padding];
                let state = MaxPoolState {
                    x: Kept::new(&x, &mut prep),
                    window,
                };
                prep.finish(state, pool(x.into_primitive()))
            }
            OpsKind::UnTracked(prep) => prep.finish(pool(x.into_primitive())),
        }
    }

    fn upsample_nearest(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        let node = x.node();
        let x = x.into_primitive();
        let shape = shape_only::<B>(&x);
        let output = B::upsample_nearest(x, size);
        match UpsampleBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(UpsampleState { x: shape, size }, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use burn::{
        backend::{AutodiffBackend, Flex},
        tensor::{Device, Tensor},
    };
    use burn_autodiff::checkpoint::strategy::{BalancedCheckpointing, NoCheckpointing};
    use burn_flex::FlexTensor;

    use super::*;

    fn leaf<C: CheckpointStrategy>(
        value: f32,
        shape: [usize; 4],
    ) -> FloatTensor<Autodiff<Flex, C>> {
        let data = Tensor::<4>::full(shape, value, &Device::flex()).into_data();
        <Autodiff<Flex, C>>::from_inner(FlexTensor::from_data(data)).require_grad()
    }

    /// How often each of three blocks runs in a forward and a backward pass, the last of which keeps its output, and the
    /// gradient of the input.
    fn runs<C: CheckpointStrategy>() -> ([usize; 3], Vec<f32>) {
        let counts: [Arc<AtomicUsize>; 3] = Default::default();
        let options = ConvOptions::same(1).with_activation(Activation::Relu);
        let x = leaf::<C>(1.0, [1, 2, 3, 3]);
        let mut y = x.clone();
        for (place, count) in counts.iter().enumerate() {
            let output = if place == 2 {
                Output::Kept
            } else {
                Output::Recomputed
            };
            let count = count.clone();
            let bias = Tensor::<1>::zeros([2], &Device::flex()).into_data();
            let bias = <Autodiff<Flex, C>>::from_inner(FlexTensor::from_data(bias));
            let parents = [y, leaf::<C>(0.5, [2, 2, 1, 1]), bias];
            y = recorded::<Flex, C, _, 3>(parents, options, output, move |[x, weight, bias]| {
                count.fetch_add(1, Ordering::Relaxed);
                Flex::conv_bias_act(x, weight, bias, options)
            });
        }
        let gradients = <Autodiff<Flex, C>>::backward(y);
        let gradient = <Autodiff<Flex, C>>::grad(&x, &gradients).expect("a gradient");
        let gradient = gradient.storage::<f32>().to_vec();
        (counts.map(|count| count.load(Ordering::Relaxed)), gradient)
    }

    #[test]
    fn blocks_run_again_only_under_checkpointing() {
        // Two channels, each half the sum of two: a layer passes gradients of 1 on as 1.
        assert_eq!(runs::<NoCheckpointing>(), ([1, 1, 1], vec![1.0; 18]));
        assert_eq!(runs::<BalancedCheckpointing>(), ([2, 2, 1], vec![1.0; 18]));
    }
}
