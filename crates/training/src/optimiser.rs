//! Burn's optimisers over a model: by group, with a state that is stored under parameters' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use burn_optim::decay::WeightDecayConfig;
use burn_optim::momentum::MomentumConfig;
use burn_optim::{DynOptimizer, DynState, GradientsParams, StateSink, StateSource};

use crate::config::{OptimiserConfig, PhaseConfig};
use crate::names;
use crate::parameters::{Parameter, with_value};
use crate::run::Stored;

/// How one parameter is moved.
#[derive(Clone)]
struct Assigned {
    rule: Arc<dyn DynOptimizer>,
    rate_multiplier: f64,
}

/// The optimiser of a phase.
pub(crate) struct Optimiser {
    /// By the parameter's number.
    assigned: Vec<Assigned>,
    states: Vec<Option<DynState>>,
}

impl Optimiser {
    pub fn new(phase: &PhaseConfig, parameters: &[Parameter]) -> Self {
        let mut rules: Vec<(u64, Arc<dyn DynOptimizer>)> = Vec::new();
        let assigned = parameters
            .iter()
            .map(|parameter| {
                let (rate_multiplier, weight_decay) = treatment(phase, parameter);
                let key = weight_decay.to_bits();
                let known = rules.iter().position(|(other, _)| *other == key);
                let known = known.unwrap_or_else(|| {
                    rules.push((key, rule(&phase.optimiser, weight_decay)));
                    rules.len() - 1
                });
                Assigned {
                    rule: Arc::clone(&rules[known].1),
                    rate_multiplier,
                }
            })
            .collect();
        Self {
            assigned,
            states: vec![None; parameters.len()],
        }
    }

    /// One step along the gradients, each multiplied with `factor` first. Parameters without a
    /// gradient stay.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: GradientsParams,
        rate: f64,
        factor: f64,
    ) -> M {
        model.map(&mut Stepper {
            optimiser: self,
            gradients,
            rate,
            factor,
            number: 0,
        })
    }

    /// All state, under prefix, name and field.
    pub fn store(&self, parameters: &[Parameter], prefix: &str, stored: &mut Stored) {
        let moved = self.assigned.iter().zip(&self.states).zip(parameters);
        for ((assigned, state), parameter) in moved {
            let Some(state) = state else { continue };
            let mut sink = StateSink::default();
            assigned.rule.state_flatten("", state, &mut sink);
            let mut keep = |field: &str, data: TensorData| {
                stored.insert(format!("{prefix}{}/{field}", parameter.name), data);
            };
            for (field, data) in sink.tensors {
                keep(&field, data);
            }
            for (field, scalar) in sink.scalars {
                // The only numbers in the states of SGD, Adam and AdamW are counts of steps.
                if let Ok(count) = u64::try_from(scalar) {
                    keep(&field, TensorData::new(vec![count], [1]));
                }
            }
        }
    }

    /// Takes the state back out of `stored`.
    pub fn restore(
        &mut self,
        parameters: &[Parameter],
        prefix: &str,
        stored: &mut Stored,
        device: &Device,
    ) -> Result<(), String> {
        for (number, parameter) in parameters.iter().enumerate() {
            let prefix = format!("{prefix}{}/", parameter.name);
            let fields: Vec<String> = stored
                .range(prefix.clone()..)
                .take_while(|(name, _)| name.starts_with(&prefix))
                .map(|(name, _)| name.clone())
                .collect();
            if fields.is_empty() {
                continue;
            }
            let mut scalars = BTreeMap::new();
            let mut tensors = Vec::new();
            for name in fields {
                let field = name[prefix.len()..].to_owned();
                let Some(data) = stored.remove(&name) else {
                    continue;
                };
                match data.as_slice::<u64>() {
                    Ok(counts) => {
                        let count = counts.first().copied().unwrap_or_default();
                        scalars.insert(field, count.into());
                    }
                    Err(_) => tensors.push((field, data)),
                }
            }
            let mut source = StateSource::new(scalars);
            for (field, data) in tensors {
                source.insert_tensor(field, data);
            }
            let rule = &self.assigned[number].rule;
            let state = rule.state_unflatten(parameter.rank, "", &mut source, device);
            if state.is_none() {
                return Err(format!(
                    "the optimiser's state of {} is incomplete; remove the file to go on from the one before",
                    parameter.name
                ));
            }
            self.states[number] = state;
        }
        Ok(())
    }
}

/// (rate multiplier, weight decay) of a parameter.
pub(crate) fn treatment(phase: &PhaseConfig, parameter: &Parameter) -> (f64, f64) {
    let spared = parameter.rank <= 1 && !phase.decay_norms_and_biases;
    let decay = if spared {
        0.0
    } else {
        phase.optimiser.weight_decay()
    };
    let group = phase.groups.iter().find(|group| {
        let patterns = &mut group.parameters.iter();
        patterns.any(|pattern| names::matches(pattern, &parameter.name))
    });
    group.map_or((1.0, decay), |group| {
        (group.rate_multiplier, group.weight_decay.unwrap_or(decay))
    })
}

fn rule(config: &OptimiserConfig, weight_decay: f64) -> Arc<dyn DynOptimizer> {
    let decay = (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32));
    match config {
        OptimiserConfig::Sgd(sgd) => {
            let momentum = (sgd.momentum > 0.0).then(|| {
                MomentumConfig::new()
                    .with_momentum(sgd.momentum)
                    .with_dampening(sgd.dampening)
                    .with_nesterov(sgd.nesterov)
            });
            let config = burn_optim::SgdConfig::new();
            let config = config.with_momentum(momentum).with_weight_decay(decay);
            Arc::new(config.build())
        }
        OptimiserConfig::Adam(adam) => {
            let config = burn_optim::AdamConfig::new()
                .with_beta_1(adam.beta_1 as f32)
                .with_beta_2(adam.beta_2 as f32)
                .with_epsilon(adam.epsilon as f32)
                .with_weight_decay(decay);
            Arc::new(config.build())
        }
        OptimiserConfig::AdamW(adam) => {
            let config = burn_optim::AdamWConfig::new()
                .with_beta_1(adam.beta_1 as f32)
                .with_beta_2(adam.beta_2 as f32)
                .with_epsilon(adam.epsilon as f32)
                .with_weight_decay(weight_decay as f32);
            Arc::new(config.build())
        }
    }
}

struct Stepper<'a> {
    optimiser: &'a mut Optimiser,
    gradients: GradientsParams,
    rate: f64,
    factor: f64,
    number: usize,
}

impl ModuleMapper for Stepper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let number = self.number;
        self.number += 1;
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let gradient = if self.factor == 1.0 {
            gradient
        } else {
            gradient * self.factor
        };
        let assigned = &self.optimiser.assigned[number];
        let state = self.optimiser.states[number].take();
        let rate = self.rate * assigned.rate_multiplier;
        with_value(param, |value| {
            let (value, gradient) = (value.into_bridge(), gradient.into_bridge());
            let (value, state) = assigned.rule.step_dyn(D, rate, value, gradient, state);
            self.optimiser.states[number] = state;
            Tensor::from_bridge(value)
        })
    }
}
