//! Which layer's output stopped being a number.
//!
//! Every layer with weights shows its output to [`see`]. Outside [`first_not_finite`] that costs a look at a
//! thread-local cell, and nothing is read from the device.

use std::cell::Cell;

use burn::{
    module::{Param, ParamId},
    tensor::Tensor,
};

#[derive(Clone, Copy)]
enum Watch {
    Off,
    Looking,
    Found(ParamId),
}

thread_local! {
    static WATCH: Cell<Watch> = const { Cell::new(Watch::Off) };
}

/// Runs a forward pass on this thread and gives the weights of the first layer in it whose output holds
/// a NaN or an infinity; none if no layer's does. The pass is slower, because every output is read.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_backbones::{conv_norm::Conv2dConfig, watch};
///
/// let device = Device::flex();
/// let [first, second] = [1, 1].map(|side| Conv2dConfig::new(1, 1, side).init(&device));
/// let mut run = |value: f32| {
///     let x = Tensor::<4>::full([1, 1, 2, 2], value, &device);
///     watch::first_not_finite(|| drop(second.forward(first.forward(x))))
/// };
/// assert_eq!(run(1.0), None);
/// assert_eq!(run(f32::NAN), Some(first.weight.id));
/// ```
pub fn first_not_finite(forward: impl FnOnce()) -> Option<ParamId> {
    /// Off again, even where `forward` panics.
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            WATCH.set(Watch::Off);
        }
    }
    let _off = Off;
    WATCH.set(Watch::Looking);
    forward();
    match WATCH.get() {
        Watch::Found(id) => Some(id),
        Watch::Off | Watch::Looking => None,
    }
}

/// Shows what a layer puts out, for [`first_not_finite`]; `weight` is what the layer is known by.
pub fn see<const W: usize, const D: usize>(
    weight: &Param<Tensor<W>>,
    output: Tensor<D>,
) -> Tensor<D> {
    if matches!(WATCH.get(), Watch::Looking) && has_not_finite(&output) {
        WATCH.set(Watch::Found(weight.id));
    }
    output
}

fn has_not_finite<const D: usize>(output: &Tensor<D>) -> bool {
    // Without RoIs, heads put out nothing.
    let values: usize = output.dims().iter().product();
    values > 0 && !output.clone().is_finite().all().into_scalar::<bool>()
}
