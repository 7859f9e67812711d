//! A loss where there is nothing to learn.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Tensor},
};
use wardrobe_kernels::precision::widened;

/// A zero `[1]` on `device` that is a function of every parameter of a module, so that each gets a gradient, of zeros.
///
/// Running the module on nothing is no way to get one: batch norm would take what it makes up for statistics. A parameter that
/// holds a NaN or an infinity makes it NaN.
///
/// # Example
/// ```
/// use burn::tensor::Device;
/// use wardrobe_backbones::{conv_norm::Conv2dConfig, zero::zero_of};
///
/// let device = Device::flex().autodiff();
/// let layer = Conv2dConfig::new(1, 1, 3).init(&device);
/// let gradients = zero_of(&layer, &device).backward();
/// let gradient = layer.weight.val().grad(&gradients).unwrap();
/// assert_eq!(gradient.sum().into_scalar::<f32>(), 0.0);
/// ```
pub fn zero_of<M: Module>(module: &M, device: &Device) -> Tensor<1> {
    let mut sum = Sum {
        device,
        value: Tensor::zeros([1], device),
    };
    module.visit(&mut sum);
    sum.value * 0.0
}

struct Sum<'a> {
    device: &'a Device,
    value: Tensor<1>,
}

impl ModuleVisitor for Sum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Statistics may live outside of autodiff; 16 bits would not hold the sum.
        let value = widened(param.val().to_device(self.device));
        self.value = self.value.clone() + value.sum();
    }
}
