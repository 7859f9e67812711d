//! One step of the optimiser: batches, losses, gradients, weights.

use burn::tensor::{FloatDType, Tensor};
use burn_optim::{GradientsAccumulator, GradientsParams};

use super::phase::Phase;
use super::{Progress, Trainer};
use crate::config::Precision;
use crate::data::{Place, TrainingBatch};
use crate::error::{NotFinite, TrainingError};
use crate::gradients::{clip_factor, square_sums};
use crate::observer::{Event, Flow, Observer};
use crate::parameters;
use crate::precision;
use crate::run::{Named, Record, StepRecord};
use crate::seed;
use crate::task::{Losses, Step, Task};

/// What the batches of a step added up to.
struct Gathered {
    gradients: GradientsParams,
    losses: Named,
    loss: f64,
    files: Vec<String>,
    batches: usize,
    next: Place,
}

impl<T: Task> Trainer<T> {
    /// One step of the optimiser, and what is due after it.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn step(&mut self, observer: &mut dyn Observer) -> Result<Progress, TrainingError> {
        if self.is_finished() {
            return Ok(Progress::Finished);
        }
        if self.phase.is_none() {
            self.enter_phase(None)?;
        }
        let Some(mut phase) = self.phase.take() else {
            return Ok(Progress::Finished);
        };
        let mut flow = Flow::Continue;
        if !phase.announced {
            phase.announced = true;
            flow = observer.observe(&self.announcement(&phase));
        }
        let first = self.next_batch(&mut phase)?;
        if first.place.epoch != self.position.epoch {
            // The rest of the pass had no batch that could be used.
            self.position.epoch = first.place.epoch;
            self.position.place = first.place;
            phase.pending = Some(first);
            return self.conclude(phase, false, true, flow, observer);
        }
        let gathered = self.gather(&mut phase, first)?;
        let next = gathered.next;
        let record = self.update(&mut phase, gathered)?;
        let epoch_over = next.epoch != self.position.epoch;
        self.position.epoch = next.epoch;
        self.position.place = next;
        self.log.push(&Record::Step(record.clone()))?;
        if observer.observe(&Event::StepDone(record)) == Flow::Stop {
            flow = Flow::Stop;
        }
        self.conclude(phase, true, epoch_over, flow, observer)
    }

    fn next_batch(
        &self,
        phase: &mut Phase<T::Batch>,
    ) -> Result<TrainingBatch<T::Batch>, TrainingError> {
        if let Some(pending) = phase.pending.take() {
            return Ok(pending);
        }
        let next = phase.batches.next();
        let next = next.unwrap_or_else(|| Err("has no further batch".into()));
        next.map_err(|source| TrainingError::Data {
            key: phase.config.data.clone(),
            epoch: self.position.place.epoch,
            batch: self.position.place.batch,
            source,
        })
    }

    /// Forward and backward over the batches of a step; fewer at the end of a pass.
    fn gather(
        &mut self,
        phase: &mut Phase<T::Batch>,
        first: TrainingBatch<T::Batch>,
    ) -> Result<Gathered, TrainingError> {
        let mut gathered = Gathered {
            gradients: GradientsParams::new(),
            losses: Named::default(),
            loss: 0.0,
            files: Vec::new(),
            batches: 0,
            next: first.next,
        };
        let mut accumulator = GradientsAccumulator::new();
        let mut batch = first;
        loop {
            gathered.next = batch.next;
            let gradients = self.backward(batch, &mut gathered)?;
            gathered.batches += 1;
            if phase.config.batches_per_step == 1 {
                gathered.gradients = gradients;
                break;
            }
            accumulator.accumulate(self.model(), gradients);
            let pass_over = gathered.next.epoch != self.position.epoch;
            if gathered.batches == phase.config.batches_per_step || pass_over {
                gathered.gradients = accumulator.grads();
                break;
            }
            batch = self.next_batch(phase)?;
            if batch.place.epoch != self.position.epoch {
                gathered.next = batch.place;
                phase.pending = Some(batch);
                gathered.gradients = accumulator.grads();
                break;
            }
        }
        let share = 1.0 / gathered.batches as f64;
        gathered.loss *= share;
        for (_, value) in &mut gathered.losses.0 {
            *value *= share;
        }
        Ok(gathered)
    }

    /// The gradient of one batch, times the loss scale.
    fn backward(
        &mut self,
        batch: TrainingBatch<T::Batch>,
        gathered: &mut Gathered,
    ) -> Result<GradientsParams, TrainingError> {
        let iteration = self.position.iteration;
        let step = Step {
            seed: seed::of_batch(
                self.config.seed,
                self.position.phase,
                iteration,
                gathered.batches,
            ),
            phase: self.position.phase,
            iteration,
            micro_batch: gathered.batches,
            epoch: batch.place.epoch,
            device: self.device.clone(),
            dtype: self.config.precision.dtype(),
        };
        // Dropout and the like draw from the device's generator.
        self.device.seed(step.seed);
        let files = batch.files;
        let failed = |source| TrainingError::Task {
            iteration,
            files: files.clone(),
            source,
        };
        let losses = if self.config.precision == Precision::F32 {
            let losses = self.task.losses(self.model(), batch.batch, &step);
            losses.map_err(failed)?
        } else {
            let forward = precision::cast(self.model(), &self.parameters, step.dtype);
            let losses = self.task.losses(&forward, batch.batch, &step);
            let losses = losses.map_err(failed)?;
            let parameters = std::mem::take(&mut self.parameters);
            self.map_model(|model| precision::adopt_buffers(model, &forward, &parameters));
            self.parameters = parameters;
            losses
        };
        let total = losses.total().filter(Tensor::is_tracked);
        let total = total.ok_or(TrainingError::NoGradient { iteration })?;
        gathered.files.extend(files);
        self.add_losses(&losses, gathered)?;
        let scaled = match self.position.loss_scale {
            Some(state) => total * state.scale,
            None => total,
        };
        let gradients = scaled.backward();
        Ok(GradientsParams::from_grads(gradients, self.model()))
    }

    /// Reads the terms, all at once, and adds them up.
    fn add_losses(&self, losses: &Losses, gathered: &mut Gathered) -> Result<(), TrainingError> {
        let terms = losses.terms();
        let values = terms
            .iter()
            .map(|term| term.value.clone().inner().cast(FloatDType::F32));
        let values = Tensor::cat(values.collect(), 0).into_data();
        let values = values.as_slice::<f32>().unwrap_or_default();
        for (term, value) in terms.iter().zip(values) {
            let value = f64::from(*value);
            if !value.is_finite() {
                return Err(self.not_finite(
                    NotFinite::Loss(term.name.clone()),
                    gathered,
                    parameters::first_not_finite(self.model()),
                ));
            }
            gathered.loss += term.weight * value;
            let known = gathered.losses.0.iter_mut();
            match known.into_iter().find(|(name, _)| *name == term.name) {
                Some((_, sum)) => *sum += value,
                None => gathered.losses.0.push((term.name.clone(), value)),
            }
        }
        Ok(())
    }

    fn not_finite(
        &self,
        what: NotFinite,
        gathered: &Gathered,
        parameter: Option<usize>,
    ) -> TrainingError {
        TrainingError::NotFinite {
            iteration: self.position.iteration,
            files: gathered.files.clone(),
            what,
            parameter: parameter.map(|number| self.names[number].clone()),
        }
    }

    /// Moves the weights.
    fn update(
        &mut self,
        phase: &mut Phase<T::Batch>,
        gathered: Gathered,
    ) -> Result<StepRecord, TrainingError> {
        let sums = square_sums(self.model(), &gathered.gradients);
        if sums.is_empty() {
            // A detached parameter is a leaf of its own: the loss has a graph, the model no part.
            let iteration = self.position.iteration;
            return Err(TrainingError::NoGradient { iteration });
        }
        let bad = sums.iter().find(|(_, sum)| !sum.is_finite());
        let scale = self.position.loss_scale;
        let after = scale.map(|scale| scale.after(bad.is_some()));
        if let (Some((number, _)), None | Some(None)) = (bad, after) {
            return Err(self.not_finite(NotFinite::Gradient, &gathered, Some(*number)));
        }
        // Gradients are sums over the batches, of scaled losses; this makes their mean.
        let loss_scale = scale.map_or(1.0, |state| state.scale);
        let mean = 1.0 / (gathered.batches as f64 * loss_scale);
        let norm = sums.iter().map(|(_, sum)| sum).sum::<f64>().sqrt() * mean;
        let rate = phase.rate * phase.schedule.factor(self.position.phase_iteration);
        let skipped = bad.is_some();
        if !skipped {
            let factor = mean * clip_factor(norm, phase.config.clip_norm);
            let (optimiser, gradients) = (&mut phase.optimiser, gathered.gradients);
            self.map_model(|model| optimiser.step(model, gradients, rate, factor));
            self.move_average(phase);
        }
        let record = StepRecord {
            phase: phase.config.name.clone(),
            iteration: self.position.iteration,
            epoch: self.position.epoch,
            losses: gathered.losses,
            loss: gathered.loss,
            rate,
            gradient_norm: norm,
            loss_scale: scale.map(|state| state.scale),
            skipped,
        };
        self.position.loss_scale = after.flatten();
        self.position.iteration += 1;
        self.position.phase_iteration += 1;
        Ok(record)
    }
}
