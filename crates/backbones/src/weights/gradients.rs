//! Gradients under torchvision's names.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{DType, Gradients, Tensor, TensorData},
};

use super::names::ModulePath;

/// The gradient of every parameter that has one, by torchvision's name, as 32-bit floats in PyTorch's layout, in the
/// module's order: what `parameter.grad` holds there after `backward()`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_backbones::{resnet::ResNetConfig, weights::named_gradients};
///
/// let device = Device::flex().autodiff();
/// let net = ResNetConfig::miniature().with_classes(Some(2)).init(&device);
/// let loss = net.forward(Tensor::ones([1, 3, 32, 32], &device)).sum();
/// let gradients = named_gradients(&net, &loss.backward());
/// let (_, bias) = gradients.iter().find(|(name, _)| name == "fc.bias").unwrap();
/// assert_eq!(bias.try_to_vec::<f32>().unwrap(), [1.0, 1.0]);
/// ```
pub fn named_gradients<M: Module>(module: &M, gradients: &Gradients) -> Vec<(String, TensorData)> {
    let mut collector = Collector {
        path: ModulePath::default(),
        gradients,
        found: Vec::new(),
    };
    module.visit(&mut collector);
    collector.found
}

struct Collector<'a> {
    path: ModulePath,
    gradients: &'a Gradients,
    found: Vec<(String, TensorData)>,
}

impl ModuleVisitor for Collector<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad(self.gradients) else {
            return;
        };
        let gradient = if self.path.is_transposed() {
            gradient.transpose()
        } else {
            gradient
        };
        let data = gradient.into_data().convert_dtype(DType::F32);
        self.found.push((self.path.name(), data));
    }
}
