//! Where in a network numbers stop being numbers.

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use wardrobe_backbones::watch;

use crate::detection::torchvision_names;

/// The name of the first module whose output in a forward pass is not finite.
pub(crate) fn first_module<M: Module>(model: &M, forward: impl FnOnce()) -> Option<String> {
    let weight = watch::first_not_finite(forward)?;
    let number = ids(model).iter().position(|id| *id == weight)?;
    let name = torchvision_names(model).into_iter().nth(number)?;
    // A module is known by the first of its parameters.
    Some(match name.rsplit_once('.') {
        Some((module, _)) => module.to_owned(),
        None => name,
    })
}

/// The parameters in the order of their names.
fn ids<M: Module>(model: &M) -> Vec<ParamId> {
    #[derive(Default)]
    struct Ids(Vec<ParamId>);
    impl ModuleVisitor for Ids {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    let mut ids = Ids::default();
    model.visit(&mut ids);
    ids.0
}
