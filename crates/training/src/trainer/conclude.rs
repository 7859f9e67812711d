//! What is due after a step: scores, the best model, checkpoints, the next phase.

use serde_json::json;

use super::phase::Phase;
use super::{Progress, Trainer};
use crate::config::Span;
use crate::data::Place;
use crate::error::TrainingError;
use crate::observer::{Event, Flow, Observer};
use crate::parameters;
use crate::run::{AVERAGE, Ended, EpochRecord, MODEL, Named, OPTIMISER, Record, State, Stored};
use crate::task::{EpochEnd, Scores, Task};

impl<T: Task> Trainer<T> {
    pub(super) fn conclude(
        &mut self,
        phase: Phase<T::Batch>,
        ended: Ended,
        mut flow: Flow,
        observer: &mut dyn Observer,
    ) -> Result<Progress, TrainingError> {
        let Ended {
            stepped,
            epoch_over,
        } = ended;
        let epochs = self.position.epoch - self.position.phase_epoch;
        let due = |every: Span| match every {
            Span::Iterations(count) => stepped && self.position.iteration.is_multiple_of(count),
            Span::Epochs(count) => epoch_over && epochs.is_multiple_of(count),
        };
        let over = match phase.config.duration {
            Span::Iterations(count) => self.position.phase_iteration >= count,
            Span::Epochs(count) => epochs >= count,
        };
        let (score, save) = (
            due(self.config.validate_every) || over,
            due(self.config.checkpoint_every) || over,
        );
        let mut tell = |event: Event| {
            if observer.observe(&event) == Flow::Stop {
                flow = Flow::Stop;
            }
        };
        if score && self.position.scored != Some(self.position.iteration) {
            let pass = self.position.epoch - u64::from(epoch_over);
            if let Err(error) = self.score(&phase, pass, &mut tell) {
                self.save_unscored(phase, ended);
                return Err(error);
            }
        }
        if over {
            tell(Event::PhaseDone {
                phase: self.position.phase,
            });
            let next = self.position.epoch + u64::from(self.position.place.batch > 0);
            self.position.phase += 1;
            self.position.phase_iteration = 0;
            self.position.phase_epoch = next;
            self.position.epoch = next;
            self.position.place = Place::start_of(next);
        } else {
            self.phase = Some(phase);
        }
        if save || flow == Flow::Stop {
            let path = self.save()?;
            let written = Event::CheckpointWritten {
                iteration: self.position.iteration,
                path,
            };
            if observer.observe(&written) == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        Ok(if self.is_finished() {
            Progress::Finished
        } else if flow == Flow::Stop {
            Progress::Stopped
        } else {
            Progress::Running
        })
    }

    fn score(
        &mut self,
        phase: &Phase<T::Batch>,
        pass: u64,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), TrainingError> {
        tell(Event::Validating);
        let iteration = self.position.iteration;
        let end = EpochEnd {
            phase: self.position.phase,
            iteration,
            epoch: pass,
        };
        let model = self.snapshot();
        let scores = self.task.validate(&model, &end);
        let scores = scores.map_err(|source| TrainingError::Task {
            iteration,
            files: Vec::new(),
            source,
        })?;
        let best = self.better(&scores)?;
        if let Some(score) = best {
            let mut stored = Stored::new();
            parameters::store(&model, &self.names, MODEL, &mut stored);
            let about = json!({"iteration": iteration, "epoch": pass, "score": score});
            let path = self.folder.write_best(stored, &about)?;
            tell(Event::BestWritten { score, path });
        }
        let record = EpochRecord {
            phase: phase.config.name.clone(),
            iteration,
            epoch: pass,
            scores: Named(scores.named().to_vec()),
            best: best.is_some(),
        };
        self.log.push(&Record::Epoch(record.clone()))?;
        // Only once nothing can fail any more: a validation that is made up for compares with the same best.
        self.position.best = best.or(self.position.best);
        self.position.scored = Some(iteration);
        tell(Event::Validated(record));
        Ok(())
    }

    /// The score that is to be the best, where these scores beat it. NaN beats nothing; of equals
    /// the first stays.
    fn better(&self, scores: &Scores) -> Result<Option<f64>, TrainingError> {
        let Some(keep) = &self.config.keep_best else {
            return Ok(None);
        };
        let score = scores.get(&keep.metric);
        let score = score.ok_or_else(|| TrainingError::NoSuchScore {
            metric: keep.metric.clone(),
            given: scores
                .named()
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
        })?;
        let better = match self.position.best {
            None => !score.is_nan(),
            Some(best) if keep.smaller_is_better => score < best,
            Some(best) => score > best,
        };
        Ok(better.then_some(score))
    }

    /// Saves what was learnt until a validation that failed, which is then owed.
    ///
    /// Not before every validation: the checkpoint after it says that it was made, so all would be written twice.
    fn save_unscored(&mut self, phase: Phase<T::Batch>, ended: Ended) {
        self.phase = Some(phase);
        self.position.owed = Some(ended);
        // The error to tell is the validation's; where this fails too, the run goes on from the checkpoint before.
        let _ = self.save();
    }

    fn save(&mut self) -> Result<std::path::PathBuf, TrainingError> {
        self.position.log = self.log.synced_length()?;
        let mut tensors = Stored::new();
        parameters::store(self.model(), &self.names, MODEL, &mut tensors);
        if let Some(average) = &self.average {
            parameters::store(average, &self.names, AVERAGE, &mut tensors);
        }
        if let Some(phase) = &self.phase {
            phase
                .optimiser
                .store(&self.parameters, OPTIMISER, &mut tensors);
        }
        let state = State {
            position: self.position.clone(),
            tensors,
        };
        self.folder.write_checkpoint(state, self.config.keep_last)
    }
}
