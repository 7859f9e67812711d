//! The consumer's side of a run.

use std::sync::Arc;
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use crate::sample::Sample;
use crate::transforms::Stream;

use super::plan::Plan;
use super::queue::{Done, Place, Queue};
use super::shared::Shared;
use super::skipped::BadFile;
use super::worker::{Bad, Outcome, work};
use super::{LoaderError, OnBadFile, SampleSeed, SkippedFiles};

/// Where a run stands between two batches; small enough to write after every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The epoch, from 0.
    pub epoch: u64,
    /// The batch of that epoch that comes next, from 0.
    pub next_batch: usize,
    /// A digest of the loader's order, so that a state is not resumed with other data or settings.
    pub order: u32,
}

/// Samples that belong together, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The epoch, from 0.
    pub epoch: u64,
    /// Which batch of the epoch, from 0.
    pub number: usize,
    /// What random numbers of the batch as a whole are drawn from, such as
    /// [mixup](crate::collate::ClassificationBatch::mixup)'s: of seed, epoch and number alone.
    pub stream: Stream,
    /// The samples; at least one.
    pub samples: Vec<Sample>,
    /// The index in the source of each.
    pub indices: Vec<usize>,
    /// Where to resume once this batch has been used.
    pub next: State,
}

/// The batches of a run, in order, made ahead by threads that end when this is dropped.
///
/// After an error there is nothing more; [`Batches::state`] then names the batch that failed.
pub struct Batches {
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    state: State,
    skipped: SkippedFiles,
    epoch: Tally,
    ended: bool,
}

/// What an epoch has given so far.
#[derive(Default)]
struct Tally {
    /// The run has had the epoch from its first batch on.
    whole: bool,
    used: usize,
    bad: usize,
    first_problem: String,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches")
            .field("state", &self.state)
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

impl Batches {
    pub(super) fn start(
        shared: Arc<Shared>,
        from: State,
        plan: Plan,
        until: u64,
    ) -> Result<Self, LoaderError> {
        let queue = Arc::new(Queue::new(Arc::clone(&shared), from, plan, until));
        let ended = from.epoch >= until;
        let mut batches = Self {
            queue,
            threads: Vec::new(),
            state: from,
            skipped: SkippedFiles::default(),
            epoch: Tally {
                whole: from.next_batch == 0,
                ..Tally::default()
            },
            ended,
            shared,
        };
        let workers = if ended { 0 } else { batches.workers() };
        for number in 0..workers {
            let (shared, queue) = (Arc::clone(&batches.shared), Arc::clone(&batches.queue));
            let thread = std::thread::Builder::new()
                .name(format!("loader-{number}"))
                .spawn(move || work(&shared, &queue));
            // Threads already started end when `batches` is dropped.
            batches
                .threads
                .push(thread.map_err(|source| LoaderError::NoThread { source })?);
        }
        Ok(batches)
    }

    fn workers(&self) -> usize {
        match self.shared.config.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }

    /// Where to resume after the batches handed out so far.
    pub fn state(&self) -> State {
        self.state
    }

    /// What was left out before the batches handed out so far, and within them.
    pub fn skipped(&self) -> &SkippedFiles {
        &self.skipped
    }

    /// The next batch with a sample in it.
    fn advance(&mut self) -> Result<Option<Batch>, LoaderError> {
        let mut samples = Vec::new();
        let mut indices = Vec::new();
        while let Some(Done { place, outcome, .. }) = self.queue.take()? {
            match outcome {
                Outcome::Sample(sample) => {
                    samples.push(*sample);
                    indices.push(place.index);
                }
                Outcome::Bad(bad) => self.leave_out(place, bad)?,
                Outcome::MapPanicked(message) => {
                    return Err(LoaderError::MapPanicked {
                        epoch: place.epoch,
                        batch: place.batch,
                        index: place.index,
                        name: self.shared.source.name(place.index),
                        message,
                    });
                }
            }
            if place.last_in_batch {
                self.epoch.used += samples.len();
                self.pass(place)?;
                if !samples.is_empty() {
                    return Ok(Some(Batch {
                        epoch: place.epoch,
                        number: place.batch,
                        stream: self.stream(place),
                        samples,
                        indices,
                        next: self.state,
                    }));
                }
            }
        }
        if self.state.epoch <= self.queue.epoch() {
            self.state.epoch = self.queue.epoch() + 1;
            self.state.next_batch = 0;
        }
        Ok(None)
    }

    fn stream(&self, place: Place) -> Stream {
        let of_batch = SampleSeed {
            seed: self.shared.config.seed,
            epoch: place.epoch,
            index: 0,
            repeat: 0,
            batch: place.batch as u64,
        };
        of_batch.batch_stream()
    }

    /// Moves the state past a batch.
    fn pass(&mut self, place: Place) -> Result<(), LoaderError> {
        if !place.last_in_epoch {
            self.state.epoch = place.epoch;
            self.state.next_batch = place.batch + 1;
            return Ok(());
        }
        let whole = Tally {
            whole: true,
            ..Tally::default()
        };
        let epoch = std::mem::replace(&mut self.epoch, whole);
        if epoch.whole && epoch.used == 0 {
            return Err(LoaderError::NoneUsable {
                epoch: place.epoch,
                pictures: epoch.bad,
                first: epoch.first_problem,
            });
        }
        self.state.epoch = place.epoch + 1;
        self.state.next_batch = 0;
        Ok(())
    }

    /// Counts a sample that cannot be used, or makes it the error.
    fn leave_out(&mut self, place: Place, bad: Bad) -> Result<(), LoaderError> {
        let Place {
            epoch,
            batch,
            index,
            ..
        } = place;
        let name = || self.shared.source.name(index);
        let error = match bad {
            Bad::Picture(source) => LoaderError::Picture {
                epoch,
                batch,
                index,
                source,
            },
            Bad::Panicked(message) => LoaderError::SourcePanicked {
                epoch,
                batch,
                index,
                name: name(),
                message,
            },
            Bad::Map(source) => LoaderError::Map {
                epoch,
                batch,
                index,
                name: name(),
                source,
            },
        };
        if self.shared.config.on_bad_file == OnBadFile::Fail {
            return Err(error);
        }
        let problem = || match &error {
            LoaderError::Picture { source, .. } => source.to_string(),
            LoaderError::SourcePanicked { name, message, .. } => {
                format!("{name}: reading it panicked: {message}")
            }
            LoaderError::Map { name, source, .. } => format!("{name}: {source}"),
            other => other.to_string(),
        };
        if self.epoch.bad == 0 {
            self.epoch.first_problem = problem();
        }
        self.epoch.bad += 1;
        self.skipped.note(index, || BadFile {
            index,
            name: name(),
            problem: problem(),
        });
        Ok(())
    }

    /// Ends the threads; each finishes the picture it has in hand.
    fn shut_down(&mut self) {
        self.ended = true;
        self.queue.stop();
        for thread in self.threads.drain(..) {
            // `work` catches panics, so joining cannot fail.
            let _ = thread.join();
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, LoaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.advance().transpose();
        if !matches!(batch, Some(Ok(_))) {
            self.shut_down();
        }
        batch
    }
}

impl std::iter::FusedIterator for Batches {}

impl Drop for Batches {
    fn drop(&mut self) {
        self.shut_down();
    }
}
