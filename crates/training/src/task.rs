//! What a model's owner tells the engine: losses of a batch, scores of an epoch.

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::names;

/// An error of the model's owner, handed through by the engine.
pub type TaskError = Box<dyn std::error::Error + Send + Sync>;

/// A model with its losses and its scores.
///
/// A task holds no state that training changes: a run that is resumed makes its task anew, and must
/// go on with the same bytes. Everything random is drawn from [`Step::rng`]. With several devices,
/// batches are computed at the same time in threads, each with its own copy of the model.
///
/// # Example
/// ```
/// use burn::nn::{Linear, loss::MseLoss, loss::Reduction};
/// use burn::tensor::{Tensor, TensorData};
/// use wardrobe_training::{EpochEnd, Losses, Scores, Step, Task, TaskError};
///
/// /// Points of a line: (x, y).
/// struct Line;
///
/// impl Task for Line {
///     type Model = Linear;
///     type Batch = Vec<[f32; 2]>;
///
///     fn losses(&self, model: &Linear, batch: &Self::Batch, step: &Step) -> Result<Losses, TaskError> {
///         let column = |index: usize| {
///             let values: Vec<f32> = batch.iter().map(|point| point[index]).collect();
///             Tensor::<2>::from_data(TensorData::new(values, [batch.len(), 1]), &step.device)
///         };
///         let distance = MseLoss::new().forward(model.forward(column(0)), column(1), Reduction::Mean);
///         Ok(Losses::new().with("distance", distance))
///     }
///
///     fn validate(&self, model: &Linear, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
///         let slope: f32 = model.weight.val().into_scalar();
///         Ok(Scores::new().with("slope", f64::from(slope)))
///     }
/// }
/// ```
pub trait Task: Sync {
    /// The network.
    type Model: Module;
    /// What the data hand out at a time: host values, or tensors.
    type Batch: Send;

    /// The losses of one batch, each a mean over it, so that batches of any size weigh the same.
    ///
    /// Tensors are made on [`Step::device`]; in 16-bit training, inputs are cast to [`Step::dtype`]
    /// and losses computed in f32.
    ///
    /// # Errors
    /// Whatever makes the batch unusable; the run stops and names the batch's files.
    fn losses(
        &self,
        model: &Self::Model,
        batch: &Self::Batch,
        step: &Step,
    ) -> Result<Losses, TaskError>;

    /// The name of the first module, in the order of the forward pass, whose output for a batch is not
    /// finite, if the task can tell: asked once a loss was not finite, with the same model and batch, for
    /// the message that ends the run. By default it cannot.
    fn first_not_finite(
        &self,
        _model: &Self::Model,
        _batch: &Self::Batch,
        _step: &Step,
    ) -> Option<String> {
        None
    }

    /// The scores of the model on held-out data. `model` has no autodiff and no training behaviour,
    /// and holds the averaged weights where the phase keeps an average.
    ///
    /// # Errors
    /// Whatever keeps the scores from being computed; the run stops.
    fn validate(&self, model: &Self::Model, epoch: &EpochEnd) -> Result<Scores, TaskError>;

    /// The names of the scores that [`validate`](Self::validate) gives, if they are known beforehand: a
    /// `keep_best.metric` that is none of them is then refused before the first step. By default they
    /// are not known.
    fn score_names(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether [`losses`](Self::losses) draws from Burn's generator: dropout under training,
    /// [`Tensor::random`]. That generator is one for all devices, so of batches that are computed at
    /// the same time those that draw take turns in the forward pass, each from its own seed. By default
    /// they do; a task that answers `false` and draws gets other numbers in every run.
    fn draws(&self, _model: &Self::Model) -> bool {
        true
    }

    /// The names of all float parameters, buffers and running statistics in the order in which
    /// [`Module::visit`] meets them: what patterns of a configuration match, and what errors and
    /// checkpoints say. By default [`names::of`]; a task whose models are released under other names
    /// gives those.
    fn parameter_names(&self, model: &Self::Model) -> Vec<String> {
        names::of(model)
    }
}

/// One term of a loss.
#[derive(Debug, Clone)]
pub struct LossTerm {
    /// Its name in logs.
    pub name: String,
    /// The value `[1]`, before the weight.
    pub value: Tensor<1>,
    /// What it is multiplied with in the total.
    pub weight: f64,
}

/// Named losses in a fixed order; what is minimised is their weighted sum.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_training::Losses;
///
/// let device = Device::flex();
/// let scalar = |value: f32| Tensor::<1>::from_floats([value], &device);
/// let losses = Losses::new().with("class", scalar(2.0)).with_weighted("box", scalar(3.0), 0.5);
/// assert_eq!(losses.total().unwrap().into_scalar::<f32>(), 3.5); // 2 + 0.5 · 3
/// ```
#[derive(Debug, Clone, Default)]
pub struct Losses {
    terms: Vec<LossTerm>,
}

impl Losses {
    /// No loss yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more term, of weight 1.
    pub fn with(self, name: impl Into<String>, value: Tensor<1>) -> Self {
        self.with_weighted(name, value, 1.0)
    }

    /// One more term.
    pub fn with_weighted(mut self, name: impl Into<String>, value: Tensor<1>, weight: f64) -> Self {
        self.terms.push(LossTerm {
            name: name.into(),
            value,
            weight,
        });
        self
    }

    /// The terms, in order.
    pub fn terms(&self) -> &[LossTerm] {
        &self.terms
    }

    /// Σ weight · value, in order; nothing without a term.
    pub fn total(&self) -> Option<Tensor<1>> {
        self.terms
            .iter()
            .map(|term| match term.weight {
                1.0 => term.value.clone(),
                weight => term.value.clone() * weight,
            })
            .reduce(|sum, term| sum + term)
    }
}

/// Named scores in a fixed order, greater or smaller being better as the configuration says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    named: Vec<(String, f64)>,
}

impl Scores {
    /// No score yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more score.
    pub fn with(mut self, name: impl Into<String>, value: f64) -> Self {
        self.named.push((name.into(), value));
        self
    }

    /// The score of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.named
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|&(_, value)| value)
    }

    /// Names and values, in order.
    pub fn named(&self) -> &[(String, f64)] {
        &self.named
    }
}

/// Where a batch stands in its run.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is random in this batch is drawn from it; no two batches of a run share one.
    pub seed: u64,
    /// Which phase, from 0.
    pub phase: usize,
    /// Which optimiser step of the run, from 0.
    pub iteration: u64,
    /// Which batch of that step, from 0; above 0 only with several batches a step.
    pub micro_batch: usize,
    /// Which pass over the data, from 0, counted on over phases.
    pub epoch: u64,
    /// Where the batch's tensors belong: the device of the model that was handed over, with autodiff.
    pub device: Device,
    /// What inputs are cast to; f32 but for 16-bit training.
    pub dtype: FloatDType,
}

impl Step {
    /// A generator for this batch, from its start. Burn's own generator (dropout) is seeded with
    /// [`Step::seed`] too, before every batch.
    pub fn rng(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }
}

/// Where a validation stands in its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochEnd {
    /// Which phase, from 0.
    pub phase: usize,
    /// Optimiser steps of the run so far.
    pub iteration: u64,
    /// The pass over the data it follows, or interrupts, from 0.
    pub epoch: u64,
}
