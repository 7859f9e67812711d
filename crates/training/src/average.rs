//! The moving average of weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use burn::tensor::container::TensorContainer;

/// a ← d·a + (1 − d)·w over the parameters under training, by number; all else is taken over.
///
/// Both are snapshots: [`Module::valid`] of a model.
pub(crate) fn update<M: Module>(average: M, weights: &M, trained: &[bool], decay: f64) -> M {
    let mut values = Values {
        values: TensorContainer::new(),
    };
    weights.visit(&mut values);
    average.map(&mut Averager {
        values: values.values,
        trained: trained.iter(),
        decay,
    })
}

struct Values {
    values: TensorContainer<ParamId>,
}

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.values.register(param.id, param.val());
    }
}

struct Averager<'a> {
    values: TensorContainer<ParamId>,
    trained: std::slice::Iter<'a, bool>,
    decay: f64,
}

impl ModuleMapper for Averager<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let averaged = self.trained.next().is_some_and(|trained| *trained);
        let Some(value) = self.values.remove::<Tensor<D>>(&param.id) else {
            return param;
        };
        param.map(|average| {
            if averaged {
                average * self.decay + value * (1.0 - self.decay)
            } else {
                value
            }
        })
    }
}
