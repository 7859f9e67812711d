//! The engine: phases, steps, validations and checkpoints, in an order that a resumed run repeats.

mod conclude;
mod pass;
mod phase;
mod round;
mod step;

use std::collections::HashSet;
use std::path::Path;

use burn::module::{Module, ParamId};
use burn::tensor::Device;
use serde_json::{Value, json};

use self::phase::Phase;
use crate::checks::{self, Warning};
use crate::config::TrainingConfig;
use crate::data::DataSets;
use crate::error::TrainingError;
use crate::freeze;
use crate::observer::Observer;
use crate::parameters::{self, Parameter};
use crate::precision;
use crate::run::{AVERAGE, Log, LossScaleState, MODEL, Position, RunFolder, State, Stored};
use crate::task::Task;

/// Everything a run is made of.
///
/// # Example
/// See the [crate's](crate) page.
#[derive(Debug)]
pub struct Run<T: Task> {
    /// What is trained, and how.
    pub config: TrainingConfig,
    /// What else the run depends on (model, data), for the folder's `config.json`; a run is resumed
    /// only with the same. `Value::Null` for nothing.
    pub program: Value,
    /// Losses and scores.
    pub task: T,
    /// The model to begin with, on the device to train on. A resumed run takes only its structure.
    pub model: T::Model,
    /// Data sets by key.
    pub data: DataSets<T::Batch>,
    /// Devices that share the batches of a step with the model's own; none for one device. They change
    /// no setting: with n devices in all, batch i of a step is computed on device i mod n, at the same
    /// time as its neighbours, and the gradients are added up in the order of the batches on the
    /// model's. Every phase's `batches_per_step` should be a multiple of n.
    pub further_devices: Vec<Device>,
}

impl<T: Task> Run<T> {
    /// Begins a run in a folder that holds none.
    ///
    /// # Errors
    /// Everything that can be wrong with configuration, model and data before the first step;
    /// [`TrainingError::Folder`] when the folder holds a run; [`TrainingError::Io`].
    pub fn start(self, folder: impl AsRef<Path>) -> Result<Trainer<T>, TrainingError> {
        self.open(folder.as_ref(), false)
    }

    /// Goes on with the run in a folder from its newest checkpoint; begins it where there is none.
    ///
    /// # Errors
    /// As [`start`](Self::start); [`TrainingError::Folder`] when the folder's run has another
    /// configuration or other data; [`TrainingError::Checkpoint`].
    pub fn resume(self, folder: impl AsRef<Path>) -> Result<Trainer<T>, TrainingError> {
        self.open(folder.as_ref(), true)
    }

    fn open(self, root: &Path, resume: bool) -> Result<Trainer<T>, TrainingError> {
        self.config.validate()?;
        checks::kept_score(&self.config, self.task.score_names())?;
        let mut model = parameters::dense(self.model.train());
        if self.config.gradient_checkpointing {
            model = parameters::checkpointed(model);
        }
        let names = self.task.parameter_names(&model);
        let parameters = parameters::list(&model, &names)?;
        let mut devices = vec![model.devices().swap_remove(0)];
        devices.extend(self.further_devices);
        let checked = checks::all(&self.config, &parameters, &self.data, devices.len())?;
        let devices: Vec<Device> = devices
            .into_iter()
            .map(Device::autodiff)
            .map(|device| {
                if self.config.gradient_checkpointing {
                    device.gradient_checkpointing()
                } else {
                    device
                }
            })
            .collect();
        for device in &devices {
            precision::check_device(self.config.precision, device)?;
        }
        let folder = RunFolder::open(root)?;
        let description = json!({"training": self.config, "program": self.program});
        if folder.is_used() && !resume {
            return Err(TrainingError::Folder {
                path: root.to_owned(),
                reason: "holds a run already; resume it, or take another folder".into(),
            });
        }
        if folder.is_used() {
            folder.check_config(&description)?;
        } else {
            folder.write_config(&description)?;
        }

        let newest = if resume {
            folder.checkpoints()?.pop()
        } else {
            None
        };
        let stored = newest.map(|newest| State::read(&newest.path).map(|state| (newest, state)));
        let (position, mut tensors, path) = match stored.transpose()? {
            Some((newest, state)) => (state.position, state.tensors, Some(newest.path)),
            None => (
                Position::first(LossScaleState::first(self.config.precision)),
                Stored::new(),
                None,
            ),
        };
        let flags = freeze::enabled_flags(&model);
        let mut average = None;
        if let Some(path) = &path {
            let failed = |reason| TrainingError::Checkpoint {
                path: path.clone(),
                reason,
            };
            model = parameters::restore(model, &names, MODEL, &mut tensors).map_err(failed)?;
            if tensors.keys().any(|name| name.starts_with(AVERAGE)) {
                let restored = parameters::restore(model.valid(), &names, AVERAGE, &mut tensors);
                average = Some(restored.map_err(failed)?);
            }
        }
        let log = Log::open(&folder.log(), position.log)?;
        let mut trainer = Trainer {
            config: self.config,
            task: self.task,
            data: self.data,
            folder,
            log,
            names,
            parameters,
            flags,
            devices,
            model: Some(model),
            average,
            phase: None,
            position,
            warnings: checked.warnings,
            planned: checked.iterations,
            resumed: path.is_some(),
            failed: false,
        };
        if !trainer.is_finished() {
            trainer.enter_phase(path.as_deref().map(|path| (path, &mut tensors)))?;
        }
        Ok(trainer)
    }
}

/// A run under way. Dropping it is safe at any moment: the run is resumed from its last checkpoint.
pub struct Trainer<T: Task> {
    config: TrainingConfig,
    task: T,
    data: DataSets<T::Batch>,
    folder: RunFolder,
    log: Log,
    names: Vec<String>,
    parameters: Vec<Parameter>,
    /// The training flags that were on at the start.
    flags: HashSet<ParamId>,
    /// With autodiff; the model's own first.
    devices: Vec<Device>,
    /// Away only while it is mapped.
    model: Option<T::Model>,
    average: Option<T::Model>,
    phase: Option<Phase<T::Batch>>,
    position: Position,
    warnings: Vec<Warning>,
    planned: u64,
    resumed: bool,
    failed: bool,
}

impl<T: Task> std::fmt::Debug for Trainer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("folder", &self.folder)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// How a run stands after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    Running,
    /// The observer asked to stop; the run was saved and can be resumed.
    Stopped,
    /// All phases are over.
    Finished,
}

impl<T: Task> Trainer<T> {
    /// Trains until the end, or until the observer stops it.
    ///
    /// # Errors
    /// What ends a run: [`TrainingError::NotFinite`], [`TrainingError::NoGradient`],
    /// [`TrainingError::Task`], [`TrainingError::Data`], [`TrainingError::NoSuchScore`],
    /// [`TrainingError::Io`]. The checkpoints written before stay whole; where a validation failed there is
    /// one more, and the run that is resumed from it begins with that validation.
    ///
    /// # Panics
    /// When the task does, and when the system has no thread for a further device.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Progress, TrainingError> {
        loop {
            match self.step(observer)? {
                Progress::Running => {}
                ended => return Ok(ended),
            }
        }
    }

    /// What looked like a mistake before the first step.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether the run goes on from a checkpoint.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Whether all phases are over.
    pub fn is_finished(&self) -> bool {
        self.position.phase >= self.config.phases.len()
    }

    /// Optimiser steps of the run so far.
    pub fn iteration(&self) -> u64 {
        self.position.iteration
    }

    /// Optimiser steps of the whole run, as planned; bad files that are skipped can make it fewer.
    pub fn planned_iterations(&self) -> u64 {
        self.planned
    }

    /// The best score so far.
    pub fn best_score(&self) -> Option<f64> {
        self.position.best
    }

    /// The run's folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The names of the model's float tensors, in its order; for [`load_weights`](crate::load_weights).
    pub fn parameter_names(&self) -> &[String] {
        &self.names
    }

    /// The model as it is scored and exported: the averaged weights where the phase keeps an
    /// average, without autodiff and training behaviour.
    pub fn snapshot(&self) -> T::Model {
        match &self.average {
            Some(average) => average.clone(),
            None => self.model().valid(),
        }
    }

    /// The model under training.
    ///
    /// # Panics
    /// Never between steps.
    pub fn model(&self) -> &T::Model {
        self.model
            .as_ref()
            .expect("the model is away only while it is mapped")
    }

    fn map_model(&mut self, change: impl FnOnce(T::Model) -> T::Model) {
        self.model = self.model.take().map(change);
    }
}
