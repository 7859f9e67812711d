//! One step of the optimiser: batches, losses, gradients, weights.

use burn_optim::{GradientsAccumulator, GradientsParams};

use super::pass::{Failure, Term};
use super::phase::Phase;
use super::{Progress, Trainer};
use crate::data::{Place, TrainingBatch};
use crate::error::{NotFinite, TrainingError};
use crate::gradients::{clip_factor, square_sums};
use crate::observer::{Event, Flow, Observer};
use crate::parameters;
use crate::run::{Ended, Named, Record, StepRecord};
use crate::task::Task;

/// What the batches of a step added up to.
struct Gathered {
    gradients: GradientsParams,
    losses: Named,
    loss: f64,
    files: Vec<String>,
    batches: usize,
    next: Place,
}

impl Gathered {
    fn add(&mut self, terms: Vec<Term>) {
        for Term {
            name,
            value,
            weight,
        } in terms
        {
            self.loss += weight * value;
            let mut known = self.losses.0.iter_mut();
            match known.find(|(other, _)| *other == name) {
                Some((_, sum)) => *sum += value,
                None => self.losses.0.push((name, value)),
            }
        }
    }
}

impl<T: Task> Trainer<T> {
    /// One step of the optimiser, and what is due after it.
    ///
    /// # Errors
    /// As [`run`](Self::run). After an error, every further step is [`TrainingError::Failed`].
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn step(&mut self, observer: &mut dyn Observer) -> Result<Progress, TrainingError> {
        if self.failed {
            return Err(TrainingError::Failed);
        }
        let progress = self.try_step(observer);
        self.failed = progress.is_err();
        progress
    }

    fn try_step(&mut self, observer: &mut dyn Observer) -> Result<Progress, TrainingError> {
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
        if let Some(ended) = self.position.owed.take() {
            return self.conclude(phase, ended, flow, observer);
        }
        let gathered = self.gather(&mut phase)?;
        let next = gathered.next;
        // Not when the rest of the pass had no batch that could be used.
        let stepped = gathered.batches > 0;
        let record = if stepped {
            Some(self.update(&mut phase, gathered)?)
        } else {
            None
        };
        let epoch_over = next.epoch != self.position.epoch;
        self.position.epoch = next.epoch;
        self.position.place = next;
        if let Some(record) = record {
            self.log.push(&Record::Step(record.clone()))?;
            if observer.observe(&Event::StepDone(record)) == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        let ended = Ended {
            stepped,
            epoch_over,
        };
        self.conclude(phase, ended, flow, observer)
    }

    /// The batch that is due at `place`.
    fn next_batch(
        phase: &mut Phase<T::Batch>,
        place: Place,
    ) -> Result<TrainingBatch<T::Batch>, TrainingError> {
        if let Some(pending) = phase.pending.take() {
            return Ok(pending);
        }
        let next = phase.batches.next();
        let next = next.unwrap_or_else(|| Err("has no further batch".into()));
        next.map_err(|source| TrainingError::Data {
            key: phase.config.data.clone(),
            epoch: place.epoch,
            batch: place.batch,
            source,
        })
    }

    /// Forward and backward over the batches of a step; fewer, or none, at the end of a pass.
    fn gather(&mut self, phase: &mut Phase<T::Batch>) -> Result<Gathered, TrainingError> {
        let mut gathered = Gathered {
            gradients: GradientsParams::new(),
            losses: Named::default(),
            loss: 0.0,
            files: Vec::new(),
            batches: 0,
            next: self.position.place,
        };
        let mut accumulator = GradientsAccumulator::new();
        let mut replicas = Vec::new();
        loop {
            let first = gathered.batches;
            let batches = self.next_round(phase, &mut gathered)?;
            if batches.is_empty() {
                break;
            }
            for (files, result) in self.compute(&mut replicas, first, batches) {
                let passed = match result {
                    Ok(passed) => passed,
                    Err(why) => return Err(self.failed(why, files)),
                };
                gathered.files.extend(files);
                gathered.add(passed.terms);
                accumulator.accumulate(self.model(), passed.gradients);
            }
        }
        gathered.gradients = accumulator.grads();
        self.settle(&replicas);
        let share = 1.0 / gathered.batches.max(1) as f64;
        gathered.loss *= share;
        for (_, value) in &mut gathered.losses.0 {
            *value *= share;
        }
        Ok(gathered)
    }

    /// The next batches of a step, at most one a device; none once the step or the pass is over.
    fn next_round(
        &self,
        phase: &mut Phase<T::Batch>,
        gathered: &mut Gathered,
    ) -> Result<Vec<TrainingBatch<T::Batch>>, TrainingError> {
        let mut batches = Vec::new();
        while batches.len() < self.devices.len()
            && gathered.batches < phase.config.batches_per_step
            && gathered.next.epoch == self.position.epoch
        {
            let batch = Self::next_batch(phase, gathered.next)?;
            if batch.place.epoch != self.position.epoch {
                gathered.next = batch.place;
                phase.pending = Some(batch);
                break;
            }
            gathered.next = batch.next;
            gathered.batches += 1;
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The error of a batch that gave nothing.
    fn failed(&self, why: Failure, files: Vec<String>) -> TrainingError {
        let iteration = self.position.iteration;
        match why {
            Failure::Task(source) => TrainingError::Task {
                iteration,
                files,
                source,
            },
            Failure::NoGradient => TrainingError::NoGradient { iteration },
            Failure::NotFinite { term, module } => self.not_finite(
                NotFinite::Loss { term, module },
                files,
                parameters::first_not_finite(self.model()),
            ),
        }
    }

    fn not_finite(
        &self,
        what: NotFinite,
        files: Vec<String>,
        parameter: Option<usize>,
    ) -> TrainingError {
        TrainingError::NotFinite {
            iteration: self.position.iteration,
            files,
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
        // What is not finite spreads on the way back, from the loss to the parameters before: the last is where it began.
        let bad = sums.iter().rfind(|(_, sum)| !sum.is_finite());
        let scale = self.position.loss_scale;
        let after = scale.map(|scale| scale.after(bad.is_some()));
        if let (Some((number, _)), None | Some(None)) = (bad, after) {
            return Err(self.not_finite(NotFinite::Gradient, gathered.files, Some(*number)));
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
