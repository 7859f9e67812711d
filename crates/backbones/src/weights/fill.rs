//! Names and shapes of a module's parameters, and new values for them.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{DType, Tensor, TensorData},
};

use wardrobe_kernels::conv::host::layout::transpose;

use super::names::ModulePath;

/// Every parameter, buffer and running statistic by torchvision's name, with its shape in PyTorch's
/// layout, in the module's order. Fresh parameters are not drawn for it.
pub fn named_parameters<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    let mut shapes = Shapes::default();
    module.visit(&mut shapes);
    shapes.found
}

#[derive(Default)]
struct Shapes {
    path: ModulePath,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = torch_shape(&self.path, param);
        self.found.push((self.path.name(), shape));
    }
}

fn torch_shape<const D: usize>(path: &ModulePath, param: &Param<Tensor<D>>) -> Vec<usize> {
    let mut shape = param.lazy_shape().to_vec();
    if path.is_transposed() {
        shape.reverse();
    }
    shape
}

/// The module with every parameter, buffer and running statistic replaced by
/// `values(name, shape)`: torchvision's name, PyTorch's layout (row-major).
///
/// # Panics
/// If `values` returns another number of values than the shape holds.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_backbones::{resnet::ResNetConfig, weights::apply_named};
///
/// let net = ResNetConfig::miniature().with_classes(Some(2)).init(&Device::flex());
/// let net = apply_named(net, |name, shape| {
///     let value = if name == "fc.bias" { 3.0 } else { 0.0 };
///     vec![value; shape.iter().product()]
/// });
/// let scores = net.forward(Tensor::zeros([1, 3, 32, 32], &Device::flex()));
/// assert_eq!(scores.into_data().try_to_vec::<f32>().unwrap(), [3.0, 3.0]);
/// ```
pub fn apply_named<M: Module>(module: M, mut values: impl FnMut(&str, &[usize]) -> Vec<f32>) -> M {
    fill(module, |name, shape| {
        Some(TensorData::new(values(name, shape), shape.to_vec()))
    })
}

/// The module with the tensors that `values` has an answer for replaced; data of PyTorch's layout.
pub(super) fn fill<M: Module>(
    module: M,
    values: impl FnMut(&str, &[usize]) -> Option<TensorData>,
) -> M {
    module.map(&mut Fill {
        path: ModulePath::default(),
        values,
    })
}

struct Fill<F> {
    path: ModulePath,
    values: F,
}

impl<F: FnMut(&str, &[usize]) -> Option<TensorData>> ModuleMapper for Fill<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = torch_shape(&self.path, &param);
        let Some(data) = (self.values)(&self.path.name(), &shape) else {
            return param;
        };
        // The copy, not a transposed view of the tensor: kernels keep the packed form of dense weights alone.
        let data = if self.path.is_transposed() {
            transposed(data)
        } else {
            data
        };
        let tensor = Tensor::<D>::from_data(data, (&param.lazy_device(), DType::F32));
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}

/// `[R, S]` → `[S, R]`.
fn transposed(data: TensorData) -> TensorData {
    let [rows, columns] = [data.shape()[0], data.shape()[1]];
    let values: Vec<f32> = data.iter().collect();
    // VGG-16 has 411 MB of them in one layer.
    drop(data);
    TensorData::new(transpose(&values, 1, rows, columns), [columns, rows])
}
