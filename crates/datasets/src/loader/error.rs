//! Why a loader cannot be built, resumed, or go on; one variant per remedy.

use thiserror::Error;

use crate::error::PictureError;
use crate::sample::{Split, parts_told};

use super::State;

/// What ends a run over a data set.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoaderError {
    /// A setting is out of range; change it.
    #[error("loader setting {field}: found {found}, expected {expected}")]
    Setting {
        /// The path of the field inside its configuration.
        field: &'static str,
        /// The value found.
        found: String,
        /// The values that are allowed.
        expected: &'static str,
    },
    /// The data set has no such part; ask for another, or divide the set.
    #[error(
        "the data set has no {split} part, but {}; ask for another part, take every record with \
         `DataSetSource::new`, or divide the set with `subsets`",
        parts_told(there)
    )]
    NoSuchSplit {
        /// The part asked for.
        split: Split,
        /// The parts that are there; empty if the set does not say.
        there: Vec<Split>,
    },
    /// A picture cannot be used and [`OnBadFile::Fail`](super::OnBadFile::Fail) was asked for.
    #[error("epoch {epoch}, batch {batch}: {source}")]
    Picture {
        /// The epoch, from 0.
        epoch: u64,
        /// The batch of the epoch, from 0.
        batch: usize,
        /// The picture's index in the source.
        index: usize,
        /// What is wrong with it.
        source: PictureError,
    },
    /// The source panicked over one picture and [`OnBadFile::Fail`](super::OnBadFile::Fail) was
    /// asked for.
    #[error(
        "epoch {epoch}, batch {batch}: {name}: reading it panicked: {message}; \
         mend the file or leave it out with `OnBadFile::Skip`"
    )]
    SourcePanicked {
        /// The epoch, from 0.
        epoch: u64,
        /// The batch of the epoch, from 0.
        batch: usize,
        /// The picture's index in the source.
        index: usize,
        /// The picture's name.
        name: String,
        /// The panic's message.
        message: String,
    },
    /// The map given to [`Loader::with_try_map`](super::Loader::with_try_map) refused one picture
    /// and [`OnBadFile::Fail`](super::OnBadFile::Fail) was asked for.
    #[error("epoch {epoch}, batch {batch}: {name}: {source}")]
    Map {
        /// The epoch, from 0.
        epoch: u64,
        /// The batch of the epoch, from 0.
        batch: usize,
        /// The picture's index in the source.
        index: usize,
        /// The picture's name.
        name: String,
        /// Why it was refused.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The map given to [`Loader::with_map`](super::Loader::with_map) panicked; that is an error of
    /// the program, so it is never skipped.
    #[error(
        "epoch {epoch}, batch {batch}: {name}: a transform panicked on it: {message}; \
         correct the transform, its input is picture {index} of the source"
    )]
    MapPanicked {
        /// The epoch, from 0.
        epoch: u64,
        /// The batch of the epoch, from 0.
        batch: usize,
        /// The picture's index in the source.
        index: usize,
        /// The picture's name.
        name: String,
        /// The panic's message.
        message: String,
    },
    /// A worker thread ended by a panic outside pictures and transforms: a sampler's, or one of
    /// [`Source`](super::Source)'s cheap facts.
    #[error("a loader thread panicked: {message}; correct the sampler or the source")]
    WorkerPanicked {
        /// The panic's message.
        message: String,
    },
    /// Not one picture of an epoch could be used.
    #[error(
        "epoch {epoch}: none of its {pictures} pictures can be used; the first: {first} \
         (is the data set's root folder right?)"
    )]
    NoneUsable {
        /// The epoch, from 0.
        epoch: u64,
        /// How many were tried.
        pictures: usize,
        /// What was wrong with the first.
        first: String,
    },
    /// The state was taken from a run with another order of batches.
    #[error(
        "the state is of another run (order {found:08x}, this loader's is {expected:08x}): \
         resume with the same data set, sampling, batching and seed"
    )]
    OtherRun {
        /// The state's digest.
        found: u32,
        /// This loader's digest.
        expected: u32,
    },
    /// The state names a batch that its epoch does not have.
    #[error("no batch {} in epoch {}, which has {batches}; the state is damaged", state.next_batch, state.epoch)]
    NoSuchBatch {
        /// The state.
        state: State,
        /// The batches of its epoch.
        batches: usize,
    },
    /// The system gave no thread.
    #[error("cannot start a loader thread: {source}; ask for fewer workers")]
    NoThread {
        /// What the system said.
        source: std::io::Error,
    },
}
