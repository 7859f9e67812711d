//! One phase of a run.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::optimiser::{GroupConfig, OptimiserConfig};
use super::schedule::ScheduleConfig;
use super::span::Span;

/// A stretch of training with one optimiser on one data set. The model goes on from the phase
/// before; the optimiser starts anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseConfig {
    /// Its name in logs.
    pub name: String,
    /// The key of its data.
    pub data: String,
    /// How long it lasts.
    pub duration: Span,
    /// The learning rate, for a batch of [`rate_for_batch`](Self::rate_for_batch) where that is
    /// given.
    pub rate: f64,
    /// The batch size the rate is meant for. The rate is multiplied with (samples of one optimiser
    /// step) / this: linear scaling (Goyal et al. 2017, "Accurate, Large Minibatch SGD", § 2.1;
    /// paper A, tricks). Without it the rate is taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_for_batch: Option<usize>,
    /// The rule that moves the weights.
    #[serde(default)]
    pub optimiser: OptimiserConfig,
    /// How the rate moves.
    #[serde(default)]
    pub schedule: ScheduleConfig,
    /// Patterns of parameters that stay as they are. A module all of whose parameters are frozen
    /// also stops its training behaviour: running statistics stand still and dropout passes
    /// everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
    /// Parameters with a rate or a weight decay of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupConfig>,
    /// Whether weight decay also holds for norms and biases, that is, for parameters of one
    /// dimension. Not by default (He et al. 2019, "Bag of Tricks", § 3.1).
    #[serde(default)]
    pub decay_norms_and_biases: bool,
    /// The greatest norm of the gradient of all parameters together; longer ones are shortened to
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Batches whose mean gradient makes one optimiser step; 1 by default. A pass over the data
    /// ends a step early rather than mixing two passes. Several devices
    /// ([`Run::further_devices`](crate::Run::further_devices)) share them.
    #[serde(default = "one")]
    pub batches_per_step: usize,
    /// A moving average of the weights, which is then what is scored and kept as best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<AverageConfig>,
}

const fn one() -> usize {
    1
}

/// An exponential moving average of weights: after every step a ← d·a + (1 − d)·w.
///
/// Buffers and running statistics are not averaged but taken over. The average starts at the
/// weights the phase starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AverageConfig {
    /// d, the share of the average that is kept.
    pub decay: f64,
    /// Whether step t (from 1) uses min(d, (1 + t)/(10 + t)), so that the average is not held
    /// back by the phase's start (TensorFlow's `ExponentialMovingAverage` with `num_updates`).
    #[serde(default)]
    pub warm_up: bool,
}

impl AverageConfig {
    /// The decay of step `step`, from 1.
    ///
    /// ```
    /// use wardrobe_training::AverageConfig;
    /// let average = AverageConfig { decay: 0.5, warm_up: true };
    /// assert_eq!(average.decay_at(1), 2.0 / 11.0);
    /// assert_eq!(average.decay_at(100), 0.5);
    /// ```
    pub fn decay_at(&self, step: u64) -> f64 {
        if self.warm_up {
            let step = step as f64;
            self.decay.min((1.0 + step) / (10.0 + step))
        } else {
            self.decay
        }
    }
}

impl PhaseConfig {
    /// A phase with SGD at a constant rate, all else by default.
    pub fn new(
        name: impl Into<String>,
        data: impl Into<String>,
        duration: Span,
        rate: f64,
    ) -> Self {
        Self {
            name: name.into(),
            data: data.into(),
            duration,
            rate,
            rate_for_batch: None,
            optimiser: OptimiserConfig::default(),
            schedule: ScheduleConfig::default(),
            frozen: Vec::new(),
            groups: Vec::new(),
            decay_norms_and_biases: false,
            clip_norm: None,
            batches_per_step: 1,
            average: None,
        }
    }

    /// The rate for steps of `samples` samples: rate · samples / rate_for_batch.
    ///
    /// ```
    /// use wardrobe_training::{PhaseConfig, Span};
    /// let phase = PhaseConfig {
    ///     rate_for_batch: Some(16),
    ///     ..PhaseConfig::new("all", "train", Span::Epochs(1), 0.02)
    /// };
    /// assert_eq!(phase.scaled_rate(4), 0.005);
    /// ```
    pub fn scaled_rate(&self, samples: usize) -> f64 {
        match self.rate_for_batch {
            Some(batch) => self.rate * samples as f64 / batch as f64,
            None => self.rate,
        }
    }

    pub(super) fn validate(&self, check: &Check) -> Result<(), crate::TrainingError> {
        check.that(
            "name",
            &self.name,
            !self.name.is_empty(),
            "give the phase a name",
        )?;
        check.positive("duration", self.duration.count())?;
        check.above("rate", self.rate, 0.0)?;
        if let Some(batch) = self.rate_for_batch {
            check.positive("rate_for_batch", batch as u64)?;
        }
        self.optimiser.validate(&check.at("optimiser"))?;
        self.schedule.validate(&check.at("schedule"))?;
        for (index, group) in self.groups.iter().enumerate() {
            group.validate(&check.item("groups", index))?;
        }
        if let Some(norm) = self.clip_norm {
            check.above("clip_norm", norm, 0.0)?;
        }
        check.positive("batches_per_step", self.batches_per_step as u64)?;
        match &self.average {
            Some(average) => check.at("average").share("decay", average.decay),
            None => Ok(()),
        }
    }
}
