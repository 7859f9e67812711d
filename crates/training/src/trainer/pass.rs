//! Forward and backward over one batch, on one device.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{FloatDType, Tensor};
use burn_optim::GradientsParams;

use crate::buffers;
use crate::config::Precision;
use crate::parameters::Parameter;
use crate::precision;
use crate::task::{Losses, Step, Task, TaskError};

/// What all batches of a step share.
pub(super) struct Passes<'a, T: Task> {
    pub task: &'a T,
    pub parameters: &'a [Parameter],
    pub precision: Precision,
    /// What the losses are multiplied with.
    pub loss_scale: Option<f64>,
    /// Held through a forward pass that draws from Burn's generator, where several are under way.
    pub generator: Option<Mutex<()>>,
}

/// What a batch gave.
pub(super) struct Passed {
    /// Times the loss scale.
    pub gradients: GradientsParams,
    pub terms: Vec<Term>,
}

/// A term of the loss, read.
pub(super) struct Term {
    pub name: String,
    pub value: f64,
    pub weight: f64,
}

/// Why a batch gave nothing.
pub(super) enum Failure {
    Task(TaskError),
    /// The loss has no graph.
    NoGradient,
    /// A term of the loss is not finite.
    NotFinite {
        term: String,
        /// Whose output was the first that is not, if the task can tell.
        module: Option<String>,
    },
}

impl<T: Task> Passes<'_, T> {
    /// The gradients of one batch. Of the model only buffers and running statistics move.
    pub fn run(
        &self,
        model: &mut T::Model,
        batch: T::Batch,
        step: &Step,
    ) -> Result<Passed, Failure> {
        let (total, terms) = self.forward(model, batch, step)?;
        let scaled = match self.loss_scale {
            Some(scale) => total * scale,
            None => total,
        };
        let gradients = GradientsParams::from_grads(scaled.backward(), model);
        Ok(Passed { gradients, terms })
    }

    fn forward(
        &self,
        model: &mut T::Model,
        batch: T::Batch,
        step: &Step,
    ) -> Result<(Tensor<1>, Vec<Term>), Failure> {
        let turn = self.generator.as_ref();
        // Whoever panicked held nothing but the turn.
        let _turn = turn.map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        // Dropout and the like draw from the device's generator.
        step.device.seed(step.seed);
        let cast = (self.precision != Precision::F32)
            .then(|| precision::cast(model, self.parameters, step.dtype));
        let losses = self
            .task
            .losses(cast.as_ref().unwrap_or(model), &batch, step);
        if let Some(cast) = &cast {
            *model = buffers::adopt(model.clone(), cast, self.parameters);
        }
        let losses = losses.map_err(Failure::Task)?;
        let total = losses.total().filter(Tensor::is_tracked);
        let total = total.ok_or(Failure::NoGradient)?;
        // Within the turn: a device that puts off its work has drawn its numbers once these are known.
        let terms = read(&losses);
        match terms.iter().find(|term| !term.value.is_finite()) {
            Some(term) => {
                // The same numbers again.
                step.device.seed(step.seed);
                let model = cast.as_ref().unwrap_or(model);
                Err(Failure::NotFinite {
                    term: term.name.clone(),
                    module: self.task.first_not_finite(model, &batch, step),
                })
            }
            None => Ok((total, terms)),
        }
    }
}

/// The terms' values, all at once.
fn read(losses: &Losses) -> Vec<Term> {
    let terms = losses.terms();
    let values = terms
        .iter()
        .map(|term| term.value.clone().inner().cast(FloatDType::F32));
    let values = Tensor::cat(values.collect(), 0).into_data();
    let values = values.as_slice::<f32>().unwrap_or_default();
    terms
        .iter()
        .zip(values)
        .map(|(term, value)| Term {
            name: term.name.clone(),
            value: f64::from(*value),
            weight: term.weight,
        })
        .collect()
}
