//! Buffers and running statistics: what forward passes move without gradients.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use burn::tensor::container::TensorContainer;

use crate::parameters::{Parameter, with_value};

/// The model with the buffers and statistics of the copy a forward pass moved.
pub(crate) fn adopt<M: Module>(model: M, moved: &M, parameters: &[Parameter]) -> M {
    model.map(&mut Adopt {
        moved: Buffers::of(moved, parameters),
    })
}

/// The model with the mean of its own and the replicas' buffers and statistics, element by element;
/// what none of them moved stays as it is, bit by bit.
///
/// That is Burn's own rule for a running statistic that several threads move.
pub(crate) fn average<M: Module>(model: M, replicas: &[M], parameters: &[Parameter]) -> M {
    // Reading takes in the updates that are still pending, of the model's own too.
    let own = Buffers::of(&model, parameters);
    let replicas = replicas
        .iter()
        .map(|replica| Buffers::of(replica, parameters));
    let replicas = replicas.collect();
    model.map(&mut Average { own, replicas })
}

/// Values without autodiff, by tensor.
struct Buffers<'a> {
    parameters: std::slice::Iter<'a, Parameter>,
    values: TensorContainer<ParamId>,
}

impl<'a> Buffers<'a> {
    fn of<M: Module>(model: &M, parameters: &'a [Parameter]) -> Self {
        let mut buffers = Self {
            parameters: parameters.iter(),
            values: TensorContainer::new(),
        };
        model.valid().visit(&mut buffers);
        buffers
    }

    fn take<const D: usize>(&mut self, id: ParamId) -> Option<Tensor<D>> {
        self.values.remove::<Tensor<D>>(&id)
    }
}

impl ModuleVisitor for Buffers<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.parameters.next().is_some_and(|one| !one.trainable) {
            self.values.register(param.id, param.val());
        }
    }
}

struct Adopt<'a> {
    moved: Buffers<'a>,
}

impl ModuleMapper for Adopt<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.moved.take::<D>(param.id) {
            Some(value) => with_value(param, |_| value),
            None => param,
        }
    }
}

struct Average<'a> {
    own: Buffers<'a>,
    replicas: Vec<Buffers<'a>>,
}

impl ModuleMapper for Average<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(own) = self.own.take::<D>(param.id) else {
            return param;
        };
        let device = own.device();
        let replicas = self.replicas.iter_mut();
        let others = replicas.filter_map(|replica| replica.take::<D>(param.id));
        let others = others.map(|other| other.to_device(&device)).collect();
        with_value(param, |_| mean(own, others))
    }
}

fn mean<const D: usize>(own: Tensor<D>, others: Vec<Tensor<D>>) -> Tensor<D> {
    let same = others.iter().map(|other| own.clone().equal(other.clone()));
    let Some(same) = same.reduce(Tensor::bool_and) else {
        return own;
    };
    let count = others.len() + 1;
    let sum = others
        .into_iter()
        .fold(own.clone(), |sum, other| sum + other);
    // Sums and shares round.
    sum.div_scalar(count as f64).mask_where(same, own)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn what_is_the_same_everywhere_stays_bit_by_bit() {
        let of = |values: [f32; 4]| Tensor::<1>::from_data(values, &test_device());
        let others = [2.0, 6.0].map(|moved| of([0.9, -0.0, f32::INFINITY, moved]));
        let mean = mean(of([0.9, -0.0, f32::INFINITY, 1.0]), others.to_vec());
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        // In f32 (0.9 + 0.9 + 0.9)/3 = 0.8999999; (1 + 2 + 6)/3 = 3.
        assert_eq!(
            bits(mean.into_data().as_slice::<f32>().unwrap()),
            bits(&[0.9, -0.0, f32::INFINITY, 3.0])
        );
    }
}
