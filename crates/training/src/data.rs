//! What the engine asks of data: batches from any place on, in an order that never changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::task::TaskError;

/// Between two batches of a run over a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// The batch of that pass which comes next, from 0.
    pub batch: u64,
}

impl Place {
    /// The start of a pass.
    pub const fn start_of(epoch: u64) -> Self {
        Self { epoch, batch: 0 }
    }
}

/// One batch and where it came from.
#[derive(Debug, Clone)]
pub struct TrainingBatch<B> {
    /// What the task is given.
    pub batch: B,
    /// The files in it, for messages about it.
    pub files: Vec<String>,
    /// How many samples it has.
    pub samples: usize,
    /// Where it stands.
    pub place: Place,
    /// Where to go on after it: the next batch of the pass, or the start of the next one.
    pub next: Place,
}

/// Batches of a run, in order, without end or until an error.
pub type Batches<B> = Box<dyn Iterator<Item = Result<TrainingBatch<B>, TaskError>> + Send>;

/// Data for training. The same place must give the same batches in every process.
///
/// `wardrobe_datasets::loader::Loader` fits behind it: its `State` holds a [`Place`] and the
/// [`digest`](TrainingData::digest).
pub trait TrainingData<B> {
    /// Samples of one pass.
    fn samples(&self) -> usize;

    /// Samples of a full batch; what the learning rate is scaled by.
    fn batch_size(&self) -> usize;

    /// Batches of a pass, at most; schedules over epochs are laid out by it.
    ///
    /// # Errors
    /// When the order cannot be planned.
    fn batches_in(&self, epoch: u64) -> Result<u64, TaskError>;

    /// A number that differs when the order would, or which samples there are; a run is not resumed with another one. It need not
    /// look into files.
    ///
    /// # Errors
    /// When the order cannot be planned.
    fn digest(&self) -> Result<u64, TaskError>;

    /// The batches from a place on, through all passes to come.
    ///
    /// # Errors
    /// When the place is not there, or reading cannot start.
    fn start(&self, place: Place) -> Result<Batches<B>, TaskError>;
}

/// The data sets of a run, by the key under which phases name them.
pub struct DataSets<B> {
    sets: BTreeMap<String, Box<dyn TrainingData<B>>>,
}

impl<B> std::fmt::Debug for DataSets<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.sets.keys()).finish()
    }
}

impl<B> Default for DataSets<B> {
    fn default() -> Self {
        Self {
            sets: BTreeMap::new(),
        }
    }
}

impl<B> DataSets<B> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more; a key given twice means the later one.
    pub fn with(mut self, key: impl Into<String>, data: impl TrainingData<B> + 'static) -> Self {
        self.sets.insert(key.into(), Box::new(data));
        self
    }

    /// The data set of this key.
    pub fn get(&self, key: &str) -> Option<&dyn TrainingData<B>> {
        self.sets.get(key).map(Box::as_ref)
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(String::as_str)
    }
}

/// Batches held in memory, in their order in every pass: tests, overfitting one batch.
///
/// ```
/// use wardrobe_training::{InMemory, Place, TrainingData};
/// let data = InMemory::new(vec!["a", "b"], 1);
/// let batches = data.start(Place { epoch: 0, batch: 1 }).unwrap();
/// let seen: Vec<_> = batches.take(3).map(|batch| batch.unwrap().batch).collect();
/// assert_eq!(seen, ["b", "a", "b"]);
/// ```
#[derive(Debug, Clone)]
pub struct InMemory<B> {
    batches: Vec<B>,
    batch_size: usize,
}

impl<B> InMemory<B> {
    /// Batches of `batch_size` samples each.
    pub fn new(batches: Vec<B>, batch_size: usize) -> Self {
        Self {
            batches,
            batch_size,
        }
    }
}

impl<B: Clone + Send + 'static> TrainingData<B> for InMemory<B> {
    fn samples(&self) -> usize {
        self.batches.len() * self.batch_size
    }

    fn batch_size(&self) -> usize {
        self.batch_size
    }

    fn batches_in(&self, _epoch: u64) -> Result<u64, TaskError> {
        Ok(self.batches.len() as u64)
    }

    fn digest(&self) -> Result<u64, TaskError> {
        Ok(self.batches.len() as u64)
    }

    fn start(&self, place: Place) -> Result<Batches<B>, TaskError> {
        let batches = self.batches.clone();
        let samples = self.batch_size;
        let count = batches.len() as u64;
        if count == 0 {
            return Ok(Box::new(std::iter::empty()));
        }
        let first = place.epoch * count + place.batch;
        Ok(Box::new((first..).map(move |number| {
            let at = |number: u64| Place {
                epoch: number / count,
                batch: number % count,
            };
            let index = (number % count) as usize;
            Ok(TrainingBatch {
                batch: batches[index].clone(),
                files: vec![format!("batch {index}")],
                samples,
                place: at(number),
                next: at(number + 1),
            })
        })))
    }
}
