//! A phase under way: made anew from configuration and position, whether it begins or goes on.

use std::path::Path;

use burn::module::Module;

use super::Trainer;
use crate::average;
use crate::checks::{self, Extent};
use crate::config::PhaseConfig;
use crate::config::check::Check;
use crate::data::{Batches, Place, TrainingBatch};
use crate::error::TrainingError;
use crate::freeze;
use crate::observer::Event;
use crate::optimiser::Optimiser;
use crate::run::{LossScaleState, OPTIMISER, Position, Stored};
use crate::schedule::Schedule;
use crate::task::{Task, TaskError};

/// What a phase needs besides model and position.
pub(super) struct Phase<B> {
    pub config: PhaseConfig,
    /// By number: whether the tensor is under training.
    pub trained: Vec<bool>,
    pub optimiser: Optimiser,
    pub schedule: Schedule,
    pub extent: Extent,
    pub rate: f64,
    pub batches: Batches<B>,
    /// A batch that was taken and belongs to the next step.
    pub pending: Option<TrainingBatch<B>>,
    pub announced: bool,
}

impl Position {
    pub(super) fn first(loss_scale: Option<LossScaleState>) -> Self {
        Self {
            iteration: 0,
            phase: 0,
            phase_iteration: 0,
            phase_epoch: 0,
            epoch: 0,
            place: Place::default(),
            data: 0,
            best: None,
            scored: None,
            owed: None,
            log: 0,
            loss_scale,
        }
    }

    /// Whether nothing of the phase has been done yet.
    fn is_phase_start(&self) -> bool {
        self.phase_iteration == 0 && self.place == Place::start_of(self.phase_epoch)
    }
}

impl<T: Task> Trainer<T> {
    /// Sets up the phase the position names; with the checkpoint's tensors when it goes on.
    pub(super) fn enter_phase(
        &mut self,
        stored: Option<(&Path, &mut Stored)>,
    ) -> Result<(), TrainingError> {
        let index = self.position.phase;
        let config = self.config.phases[index].clone();
        let check = Check::root().item("phases", index);
        let frozen = checks::frozen(&config, &self.parameters, &check)?;
        let data = checks::find(&config, &self.data, &check)?;
        let failed = |source: TaskError| TrainingError::Data {
            key: config.data.clone(),
            epoch: self.position.place.epoch,
            batch: self.position.place.batch,
            source,
        };
        let extent = Extent::of(&config, data, self.position.phase_epoch)
            .map_err(&failed)?
            .ok_or_else(|| TrainingError::NoBatches {
                field: check.field("data"),
                key: config.data.clone(),
            })?;
        let digest = data.digest().map_err(&failed)?;
        let begins = self.position.is_phase_start();
        if !begins && digest != self.position.data {
            return Err(TrainingError::Folder {
                path: self.folder.root().to_owned(),
                reason: format!(
                    "the run was begun with other data under {:?} than there are now; resume with the same files, seed and batches, or start a new run",
                    config.data
                ),
            });
        }
        let batches = data.start(self.position.place).map_err(&failed)?;
        let mut optimiser = Optimiser::new(&config, &self.parameters);
        if let Some((path, stored)) = stored.filter(|_| !begins) {
            let device = self.devices[0].clone().without_autodiff();
            optimiser
                .restore(&self.parameters, OPTIMISER, stored, &device)
                .map_err(|reason| TrainingError::Checkpoint {
                    path: path.to_owned(),
                    reason,
                })?;
        }
        self.position.data = digest;
        self.phase = Some(Phase {
            trained: frozen.iter().map(|frozen| !frozen).collect(),
            optimiser,
            schedule: Schedule::new(&config.schedule, extent.per_epoch, extent.iterations),
            rate: config.scaled_rate(extent.samples),
            extent,
            batches,
            pending: None,
            announced: false,
            config,
        });
        let Self {
            parameters, flags, ..
        } = &*self;
        let model = self.model().clone();
        let model = freeze::apply(model, parameters, &frozen, flags);
        if begins {
            let averaged = self.config.phases[index].average.is_some();
            self.average = averaged.then(|| model.valid());
        }
        self.model = Some(model);
        Ok(())
    }

    /// What a progress bar needs to know of the phase.
    pub(super) fn announcement(&self, phase: &Phase<T::Batch>) -> Event {
        Event::PhaseBegun {
            phase: self.position.phase,
            name: phase.config.name.clone(),
            done: self.position.phase_iteration,
            iterations: phase.extent.iterations,
            per_epoch: phase.extent.per_epoch,
            rate: phase.rate,
        }
    }

    /// Moves the average after a step.
    pub(super) fn move_average(&mut self, phase: &Phase<T::Batch>) {
        let (Some(config), Some(held)) = (&phase.config.average, self.average.take()) else {
            return;
        };
        let decay = config.decay_at(self.position.phase_iteration + 1);
        let weights = self.model().valid();
        self.average = Some(average::update(held, &weights, &phase.trained, decay));
    }
}
