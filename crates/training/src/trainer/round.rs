//! Batches of a step side by side: one to a device, each in a thread and on a replica of its own.
//!
//! Burn's plain strategy for several devices: the model is copied to each, and the gradients are moved
//! to the first, which adds them up and makes the step. (Its distributed contexts reduce gradients on
//! CUDA alone, in an order of their own.)

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::thread;

use burn::module::Module;
use burn::tensor::Device;

use super::Trainer;
use super::pass::{Failure, Passed, Passes};
use crate::buffers;
use crate::data::TrainingBatch;
use crate::parameters;
use crate::seed;
use crate::task::{Step, Task};

impl<T: Task> Trainer<T> {
    /// The gradients of a round's batches, in their order, each with its files. `first` is the number
    /// of the first batch within the step; the step's first round is its longest and makes the replicas.
    pub(super) fn compute(
        &mut self,
        replicas: &mut Vec<T::Model>,
        first: usize,
        batches: Vec<TrainingBatch<T::Batch>>,
    ) -> Vec<(Vec<String>, Result<Passed, Failure>)> {
        if first == 0 {
            let others = &self.devices[1..batches.len()];
            replicas.extend(others.iter().map(|device| self.replica(device)));
        }
        let iteration = self.position.iteration;
        let mut files = Vec::new();
        let mut work = Vec::new();
        for ((batch, device), micro_batch) in batches.into_iter().zip(&self.devices).zip(first..) {
            let step = Step {
                seed: seed::of_batch(
                    self.config.seed,
                    self.position.phase,
                    iteration,
                    micro_batch,
                ),
                phase: self.position.phase,
                iteration,
                micro_batch,
                epoch: batch.place.epoch,
                device: device.clone(),
                dtype: self.config.precision.dtype(),
            };
            files.push(batch.files);
            work.push((batch.batch, step));
        }
        let in_turns = work.len() > 1 && self.task.draws(self.model());
        let passes = Passes {
            task: &self.task,
            parameters: &self.parameters,
            precision: self.config.precision,
            loss_scale: self.position.loss_scale.map(|state| state.scale),
            generator: in_turns.then(Mutex::default),
        };
        let results = match &mut self.model {
            Some(model) => side_by_side(&passes, model, replicas, work),
            // Only while it is mapped.
            None => Vec::new(),
        };
        files.into_iter().zip(results).collect()
    }

    /// Takes in what the replicas' buffers and statistics moved to in a step.
    pub(super) fn settle(&mut self, replicas: &[T::Model]) {
        if replicas.is_empty() {
            return;
        }
        let parameters = std::mem::take(&mut self.parameters);
        self.map_model(|model| buffers::average(model, replicas, &parameters));
        self.parameters = parameters;
    }

    /// A copy of the model on another device. It shares no running statistics with the model, as
    /// clones and [`Module::fork`] do: leaving and entering training makes them anew.
    fn replica(&self, device: &Device) -> T::Model {
        let device = device.clone().without_autodiff();
        let replica = self.model().valid().to_device(&device).train();
        if self.config.gradient_checkpointing {
            parameters::checkpointed(replica)
        } else {
            replica
        }
    }
}

/// A batch, and the step as its device sees it.
type Work<T> = (<T as Task>::Batch, Step);

/// What every batch gave, in their order: the first on the model, the others on a replica each.
///
/// # Panics
/// When a batch does, and when the system gives no thread.
fn side_by_side<T: Task>(
    passes: &Passes<'_, T>,
    model: &mut T::Model,
    replicas: &mut [T::Model],
    work: Vec<Work<T>>,
) -> Vec<Result<Passed, Failure>> {
    let mut work = work.into_iter();
    let Some((batch, step)) = work.next() else {
        return Vec::new();
    };
    let home = &step.device.clone().without_autodiff();
    thread::scope(|scope| {
        let others: Vec<_> = work
            .zip(replicas)
            .map(|((batch, step), replica)| {
                scope.spawn(move || {
                    let mut passed = passes.run(replica, batch, &step)?;
                    passed.gradients = passed.gradients.to_device(home, replica);
                    Ok(passed)
                })
            })
            .collect();
        let mut results = vec![passes.run(model, batch, &step)];
        results.extend(
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))),
        );
        results
    })
}
