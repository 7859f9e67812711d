//! From a data set on disk to batches in memory, by one call, in an order that never changes.
//!
//! Threads read and transform samples ahead of the consumer; batches come out strictly in the
//! order planned. Which sample stands where, and which random numbers its transforms draw, follows
//! from seed, epoch and index alone: the number of threads, their speed, and an interruption change
//! nothing. A run that was killed goes on from the [`State`] of the last batch it used, without
//! decoding what came before.
//!
//! ```
//! use wardrobe_datasets::loader::{Batching, DataSetSource, Loader, LoaderConfig, OnBadFile, State};
//! use wardrobe_datasets::{DataSet, DecodeLimits, Picture, Record, save_picture};
//!
//! # let folder = tempfile::tempdir()?;
//! # let mut set = DataSet { root: folder.path().into(), ..DataSet::default() };
//! # for index in 0..10_u8 {
//! #     let mut record = Record::default();
//! #     record.image.path = format!("{index}.png");
//! #     save_picture(&Picture::new(vec![index; 3 * 4], 2, 2), folder.path().join(&record.image.path))?;
//! #     set.records.push(record);
//! # }
//! // `set`: ten records from a format's reader.
//! let source = DataSetSource::new(set, DecodeLimits::default());
//! let loader = Loader::new(source, LoaderConfig {
//!     batching: Batching::of(4).by_aspect(),
//!     seed: 7,
//!     on_bad_file: OnBadFile::Skip,
//!     ..LoaderConfig::new(4)
//! })?;
//!
//! // Two epochs of three batches; the run is killed after the second batch.
//! let mut saved = String::new();
//! for batch in loader.run(2)?.take(2) {
//!     let batch = batch?;
//!     assert_eq!(batch.samples.len(), 4);
//!     saved = serde_json::to_string(&batch.next)?;
//! }
//!
//! let state: State = serde_json::from_str(&saved)?;
//! let mut batches = loader.resume(&state, 2)?;
//! let mut numbers = Vec::new();
//! for batch in &mut batches {
//!     let batch = batch?;
//!     numbers.push((batch.epoch, batch.number, batch.samples.len()));
//! }
//! assert_eq!(numbers, [(0, 2, 2), (1, 0, 4), (1, 1, 4), (1, 2, 2)]);
//! assert_eq!(batches.skipped().to_string(), "nothing skipped");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory
//! [`LoaderConfig::max_bytes`] bounds the samples that are finished or under way but not yet with
//! the consumer. A sample counts its decoded pixels, parsing map and masks. Before it is decoded it
//! counts what the source says ([`Source::bytes`]) or the largest sample of late, whichever is
//! more; so the bound is kept exactly as long as transforms do not enlarge samples beyond both, and
//! else passed by at most the excess of one sample a thread. A sample larger than the whole bound
//! is decoded when nothing else is held. Not counted: the encoded file and the decoder's own
//! buffers while a picture is decoded, and the batch the consumer is being given.
//!
//! # Files that cannot be used
//! [`OnBadFile`] decides; what was left out is in [`Batches::skipped`]. An epoch of which not one
//! picture can be used is an error under either policy.

mod batches;
mod config;
mod error;
mod plan;
mod queue;
pub mod sampler;
mod seed;
mod shared;
mod skipped;
mod source;
mod weight;
mod worker;

pub use batches::{Batch, Batches, State};
pub use config::{Batching, LoaderConfig, OnBadFile};
pub use error::LoaderError;
pub use plan::Plan;
pub use sampler::{Sampler, Sampling};
pub use seed::SampleSeed;
pub use skipped::{BadFile, SkippedFiles};
pub use source::{DataSetSource, FnSource, Source};

use std::sync::{Arc, OnceLock};

use crate::sample::Sample;
use crate::transforms::{Pipeline, Transform};

use self::shared::{Map, Shared};

/// A source, an order, and what is done to each sample. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    shared: Shared,
    digest: OnceLock<u32>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader")
            .field("samples", &self.shared.source.len())
            .field("batching", &self.shared.config.batching)
            .field("seed", &self.shared.config.seed)
            .finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader over `source`; nothing is read yet.
    ///
    /// # Errors
    /// [`LoaderError::Setting`] when a setting is out of range.
    pub fn new(source: impl Source + 'static, config: LoaderConfig) -> Result<Self, LoaderError> {
        config.batching.validate()?;
        let sampler = config.sampling.build(&source)?;
        Ok(Self {
            shared: Shared {
                source: Arc::new(source),
                sampler: Arc::from(sampler),
                map: None,
                config: Arc::new(config),
            },
            digest: OnceLock::new(),
        })
    }

    /// Applies `map` to every sample, in the threads, after the maps and transforms given before. It must draw its random numbers from the seed
    /// it is given, else runs are not repeatable. A panic in it ends the run with
    /// [`LoaderError::MapPanicked`].
    ///
    /// ```
    /// use rand::Rng;
    /// use wardrobe_datasets::loader::{FnSource, Loader, LoaderConfig};
    /// use wardrobe_datasets::{Picture, Sample};
    ///
    /// let grey = |index: usize| Ok(Sample {
    ///     picture: Picture::new(vec![index as u8; 3], 1, 1),
    ///     objects: Vec::new(),
    ///     parsing: None,
    /// });
    /// let noisy = Loader::new(FnSource::new(8, grey), LoaderConfig::new(8))?.with_map(|sample, seed| {
    ///     let noise = seed.rng().random_range(0..100_u8);
    ///     let data = sample.picture.data().iter().map(|level| level + noise).collect();
    ///     Sample { picture: Picture::new(data, 1, 1), ..sample }
    /// });
    /// let [first, again] = [noisy.epoch(0)?, noisy.epoch(0)?]
    ///     .map(|batches| batches.collect::<Result<Vec<_>, _>>());
    /// assert_eq!(first?, again?);
    /// # Ok::<(), wardrobe_datasets::loader::LoaderError>(())
    /// ```
    #[must_use]
    pub fn with_map(
        mut self,
        map: impl Fn(Sample, &SampleSeed) -> Sample + Send + Sync + 'static,
    ) -> Self {
        self.then(Arc::new(move |sample, seed| Ok(map(sample, seed))));
        self
    }

    /// Like [`Loader::with_map`], for maps that may refuse a sample; a refused sample is a bad file.
    #[must_use]
    pub fn with_try_map<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        mut self,
        map: impl Fn(Sample, &SampleSeed) -> Result<Sample, E> + Send + Sync + 'static,
    ) -> Self {
        self.then(Arc::new(move |sample, seed| {
            map(sample, seed).map_err(Into::into)
        }));
        self
    }

    /// Applies a pipeline to every sample, in the threads, after the maps given before. What it draws
    /// follows from seed, epoch, sample and batch alone. A sample it cannot transform is a bad file.
    ///
    /// ```
    /// use wardrobe_datasets::loader::{FnSource, Loader, LoaderConfig};
    /// use wardrobe_datasets::transforms::{Mirrors, Pipeline, presets};
    /// use wardrobe_datasets::{Picture, Sample};
    ///
    /// let grey = |index: usize| Ok(Sample {
    ///     picture: Picture::new(vec![index as u8; 3 * 30 * 20], 30, 20),
    ///     objects: Vec::new(),
    ///     parsing: None,
    /// });
    /// let pipeline = Pipeline::new(presets::paper_b(16), Mirrors::default())?;
    /// let loader = Loader::new(FnSource::new(8, grey), LoaderConfig::new(4))?.with_transforms(pipeline);
    /// for batch in loader.epoch(0)? {
    ///     assert_eq!(batch?.samples[0].picture.width(), 16);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_transforms<T: Transform + 'static>(self, pipeline: Pipeline<T>) -> Self {
        self.with_try_map(move |sample, seed| pipeline.apply(sample, &seed.stream()))
    }

    /// Adds a map behind those there.
    fn then(&mut self, next: Arc<Map>) {
        self.shared.map = Some(match self.shared.map.take() {
            None => next,
            Some(first) => Arc::new(move |sample, seed| next(first(sample, seed)?, seed)),
        });
    }

    /// Takes the order from `sampler` instead of [`LoaderConfig::sampling`].
    #[must_use]
    pub fn with_sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.shared.sampler = Arc::new(sampler);
        self.digest = OnceLock::new();
        self
    }

    /// Which samples make which batch of an epoch; nothing is read.
    ///
    /// # Errors
    /// [`LoaderError::Setting`] when a sampler of one's own names a sample that is not there.
    pub fn plan(&self, epoch: u64) -> Result<Plan, LoaderError> {
        self.shared.plan(epoch)
    }

    /// The batches of one epoch.
    ///
    /// # Errors
    /// [`LoaderError::Setting`] as for [`Loader::plan`]; [`LoaderError::NoThread`].
    pub fn epoch(&self, epoch: u64) -> Result<Batches, LoaderError> {
        self.start(epoch, 0, epoch.saturating_add(1))
    }

    /// The batches of all epochs below `until`, without a pause between epochs. `u64::MAX` for a
    /// run that its consumer ends.
    ///
    /// # Errors
    /// As for [`Loader::epoch`].
    pub fn run(&self, until: u64) -> Result<Batches, LoaderError> {
        self.start(0, 0, until)
    }

    /// Goes on with a run: the batches from `state` on, of all epochs below `until`.
    ///
    /// # Errors
    /// [`LoaderError::OtherRun`] when the state was taken with other data, order or seed;
    /// [`LoaderError::NoSuchBatch`]; as for [`Loader::epoch`].
    pub fn resume(&self, state: &State, until: u64) -> Result<Batches, LoaderError> {
        let expected = self.digest()?;
        if state.order != expected {
            return Err(LoaderError::OtherRun {
                found: state.order,
                expected,
            });
        }
        self.start(state.epoch, state.next_batch, until)
    }

    fn start(&self, epoch: u64, next_batch: usize, until: u64) -> Result<Batches, LoaderError> {
        let state = State {
            epoch,
            next_batch,
            order: self.digest()?,
        };
        let plan = self.shared.plan(epoch)?;
        if next_batch > plan.len() {
            return Err(LoaderError::NoSuchBatch {
                state,
                batches: plan.len(),
            });
        }
        Batches::start(Arc::new(self.shared.clone()), state, plan, until)
    }

    fn digest(&self) -> Result<u32, LoaderError> {
        if let Some(&digest) = self.digest.get() {
            return Ok(digest);
        }
        let digest = self.shared.digest()?;
        Ok(*self.digest.get_or_init(|| digest))
    }
}
