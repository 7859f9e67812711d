//! 16-bit forward and backward passes over f32 weights.
//!
//! The forward pass sees a copy of the model whose trainable tensors are casts of the f32 weights,
//! so the gradient flows back through the cast and arrives in f32. Buffers and running statistics
//! stay in f32: a norm layer computes in their type. bf16 has the range of f32; the small gradients
//! of f16 are kept from vanishing by a factor on the loss, which is found while training.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Tensor};

use crate::config::Precision;
use crate::error::TrainingError;
use crate::parameters::Parameter;
use crate::run::LossScaleState;

/// Refuses a device that does not compute in the type, and says in which it does.
pub(crate) fn check_device(precision: Precision, device: &Device) -> Result<(), TrainingError> {
    let has = |precision: &Precision| device.supports_dtype(precision.dtype());
    if has(&precision) {
        return Ok(());
    }
    let others = Precision::ALL.into_iter().filter(has);
    let others: Vec<String> = others.map(|one| format!("{:?}", one.name())).collect();
    let device = device.clone().without_autodiff();
    Err(TrainingError::Setting {
        field: "precision".into(),
        found: format!("{:?}", precision.name()),
        remedy: format!(
            "{device:?} does not compute in it; take {}, or another device",
            others.join(" or ")
        ),
    })
}

/// The model for forward passes: trainable tensors cast, on the graph of the weights.
pub(crate) fn cast<M: Module>(model: &M, parameters: &[Parameter], dtype: FloatDType) -> M {
    struct Cast<'a> {
        parameters: std::slice::Iter<'a, Parameter>,
        dtype: FloatDType,
    }
    impl ModuleMapper for Cast<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            match self.parameters.next() {
                Some(parameter) if parameter.trainable => param.map(|value| value.cast(self.dtype)),
                _ => param,
            }
        }
    }
    model.clone().map(&mut Cast {
        parameters: parameters.iter(),
        dtype,
    })
}

/// First factor (PyTorch 2.9 `GradScaler`, `init_scale`).
const FIRST: f64 = 65_536.0;
/// Steps without overflow before the factor is doubled (`growth_interval`).
const INTERVAL: u64 = 2_000;
/// Growth and its inverse (`growth_factor`, `backoff_factor`).
const GROWTH: f64 = 2.0;
/// Below it the gradient itself is not finite, whatever the factor.
const LEAST: f64 = 1.0 / 65_536.0;

impl LossScaleState {
    /// The factor to begin with; none where the range of f32 makes it needless.
    pub fn first(precision: Precision) -> Option<Self> {
        (precision == Precision::F16).then_some(Self {
            scale: FIRST,
            steady: 0,
        })
    }

    /// After a step with or without overflow; nothing when the factor cannot shrink any more.
    pub fn after(self, overflow: bool) -> Option<Self> {
        if overflow {
            let scale = self.scale / GROWTH;
            return (scale >= LEAST).then_some(Self { scale, steady: 0 });
        }
        let steady = self.steady + 1;
        Some(if steady == INTERVAL {
            Self {
                scale: self.scale * GROWTH,
                steady: 0,
            }
        } else {
            Self { steady, ..self }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 65536, halved by an overflow, doubled after 2,000 steps without one.
    #[test]
    fn the_factor_shrinks_at_once_and_grows_slowly() {
        assert_eq!(LossScaleState::first(Precision::Bf16), None);
        let first = LossScaleState::first(Precision::F16).unwrap();
        let halved = first.after(true).unwrap();
        assert_eq!(halved.scale, 32_768.0);
        let mut state = halved;
        for _ in 0..1_999 {
            state = state.after(false).unwrap();
        }
        assert_eq!((state.scale, state.steady), (32_768.0, 1_999));
        assert_eq!(state.after(false).unwrap().scale, 65_536.0);
        // From 2^16 down to 2^-16 in 32 overflows; the next one is an error.
        let mut state = Some(first);
        for _ in 0..32 {
            state = state.unwrap().after(true);
        }
        assert_eq!(state.unwrap().scale, LEAST);
        assert_eq!(state.unwrap().after(true), None);
    }
}
