//! The engine's [`TrainingData`] over the data sets' loader.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use wardrobe_datasets::loader::{
    self, Batch, Batching, Loader, LoaderConfig, LoaderError, OnBadFile, Sampling, SkippedFiles,
    Source, State,
};
use wardrobe_datasets::sample::BBox;
use wardrobe_datasets::transforms::{Mirrors, Pipeline, Step};
use wardrobe_datasets::{PictureError, Sample};
use wardrobe_rpn_roi::ImageSize;
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_training::{Batches, Place, TaskError, TrainingBatch, TrainingData};

use crate::error::{RecipeError, ShapeError};

/// A sample under its picture's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T> {
    /// Which sample of its source, from 0.
    pub index: usize,
    /// The picture's file, or what a drawn picture is called.
    pub name: String,
    /// What is in it.
    pub value: T,
}

/// How samples become batches; the seed is the run's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderSettings {
    /// How samples become batches.
    pub batching: Batching,
    /// In what order samples come.
    #[serde(default)]
    pub sampling: Sampling,
    /// Threads that decode; 0 for as many as the machine has cores.
    #[serde(default)]
    pub workers: usize,
    /// Bytes of decoded samples that may wait; 256 MiB by default.
    #[serde(default = "usual_max_bytes")]
    pub max_bytes: usize,
    /// What happens when a picture cannot be used.
    #[serde(default)]
    pub on_bad_file: OnBadFile,
}

fn usual_max_bytes() -> usize {
    LoaderConfig::new(1).max_bytes
}

impl LoaderSettings {
    /// Shuffled batches of `size`, bad files an error.
    pub fn of(size: usize) -> Self {
        Self {
            batching: Batching::of(size),
            sampling: Sampling::default(),
            workers: 0,
            max_bytes: usual_max_bytes(),
            on_bad_file: OnBadFile::default(),
        }
    }

    fn config(&self, seed: u64) -> LoaderConfig {
        LoaderConfig {
            batching: self.batching.clone(),
            sampling: self.sampling.clone(),
            seed,
            workers: self.workers,
            max_bytes: self.max_bytes,
            on_bad_file: self.on_bad_file,
        }
    }
}

/// A shared source is a source.
struct Shared(Arc<dyn Source>);

impl Source for Shared {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Result<Sample, PictureError> {
        self.0.get(index)
    }

    fn name(&self, index: usize) -> String {
        self.0.name(index)
    }

    fn aspect(&self, index: usize) -> Option<f32> {
        self.0.aspect(index)
    }

    fn categories(&self, index: usize) -> Vec<u32> {
        self.0.categories(index)
    }

    fn boxes(&self, index: usize) -> Vec<(Option<u32>, Option<BBox>)> {
        self.0.boxes(index)
    }

    fn bytes(&self, index: usize) -> Option<usize> {
        self.0.bytes(index)
    }
}

/// Batches of samples that are transformed, and settled: checked, and made what a task wants of them. The
/// loader's threads do it, in the order in which it is asked for; a sample with which it cannot be done is a
/// bad file.
#[derive(Clone)]
pub struct LoaderData {
    source: Arc<dyn Source>,
    loader: Loader,
    batch_size: usize,
    skipped: Tally,
}

/// What was left out, run by run.
#[derive(Clone, Default)]
struct Tally(Arc<Mutex<Vec<SkippedFiles>>>);

impl Tally {
    fn runs(&self) -> MutexGuard<'_, Vec<SkippedFiles>> {
        // A list that is only pushed to and replaced in is whole whatever happened to another thread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Batches whose skipped files are tallied as they are met.
struct Tallied {
    batches: loader::Batches,
    draws: usize,
    /// Which run of the tally, once there is something to say.
    run: Option<usize>,
    tally: Tally,
}

impl Iterator for Tallied {
    type Item = Result<Batch, LoaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next();
        let skipped = self.batches.skipped();
        if skipped.draws() > self.draws {
            self.draws = skipped.draws();
            let mut runs = self.tally.runs();
            if let Some(run) = self.run {
                runs[run] = skipped.clone();
            } else {
                self.run = Some(runs.len());
                runs.push(skipped.clone());
            }
        }
        batch
    }
}

impl std::fmt::Debug for LoaderData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.loader.fmt(f)
    }
}

impl LoaderData {
    /// Batches of a source's samples as they are.
    ///
    /// # Errors
    /// [`RecipeError::Loader`] for settings out of range.
    pub fn new(
        source: Arc<dyn Source>,
        settings: &LoaderSettings,
        seed: u64,
    ) -> Result<Self, RecipeError> {
        let loader = Loader::new(Shared(Arc::clone(&source)), settings.config(seed))?;
        Ok(Self {
            source,
            loader,
            batch_size: settings.batching.size,
            skipped: Tally::default(),
        })
    }

    /// The same with this done to every sample; nothing without a step.
    ///
    /// # Errors
    /// [`RecipeError::Transforms`] for settings out of range.
    pub fn transformed(self, step: Option<Step>, mirrors: Mirrors) -> Result<Self, RecipeError> {
        let Some(step) = step else {
            return Ok(self);
        };
        let loader = self.loader.with_transforms(Pipeline::new(step, mirrors)?);
        Ok(Self { loader, ..self })
    }

    /// The same with every sample checked, and made what a task wants of it.
    #[must_use]
    pub fn settled<E: Into<Box<dyn Error + Send + Sync>>>(
        self,
        settle: impl Fn(Sample) -> Result<Sample, E> + Send + Sync + 'static,
    ) -> Self {
        let loader = self.loader.with_try_map(move |sample, _| settle(sample));
        Self { loader, ..self }
    }

    /// The same for a network that takes its pictures in like this: one of which it would see nothing is a bad
    /// file, like those that cannot be decoded.
    #[must_use]
    pub fn seen_through(self, input: &ImageTransform) -> Self {
        let input = input.clone();
        let loader = self.loader.with_try_map(move |sample, _| {
            let (width, height) = (sample.picture.width(), sample.picture.height());
            let resized = input.resized(ImageSize::new(height, width));
            if resized.width == 0 || resized.height == 0 {
                return Err(ShapeError {
                    width,
                    height,
                    resized_width: resized.width,
                    resized_height: resized.height,
                });
            }
            Ok(sample)
        });
        Self { loader, ..self }
    }

    /// The pictures left out so far under [`OnBadFile::Skip`], by all passes that this value and its
    /// clones began.
    pub fn skipped(&self) -> SkippedFiles {
        let mut all = SkippedFiles::default();
        for run in &*self.skipped.runs() {
            all.append(run);
        }
        all
    }

    fn tallied(&self, batches: loader::Batches) -> Tallied {
        Tallied {
            batches,
            draws: 0,
            run: None,
            tally: self.skipped.clone(),
        }
    }

    /// Every sample once, settled, in order, one at a time: for scores.
    ///
    /// # Errors
    /// As [`LoaderData::new`].
    pub fn in_order<E: Into<Box<dyn Error + Send + Sync>>>(
        source: Arc<dyn Source>,
        on_bad_file: OnBadFile,
        settle: impl Fn(Sample) -> Result<Sample, E> + Send + Sync + 'static,
    ) -> Result<Self, RecipeError> {
        let settings = LoaderSettings {
            sampling: Sampling::Sequential,
            on_bad_file,
            ..LoaderSettings::of(1)
        };
        Ok(Self::new(source, &settings, 0)?.settled(settle))
    }

    /// The samples of one pass.
    ///
    /// # Errors
    /// [`RecipeError::Loader`], at once and in the iterator.
    pub fn pass(
        &self,
    ) -> Result<impl Iterator<Item = Result<Named<Sample>, RecipeError>> + use<>, RecipeError> {
        let source = Arc::clone(&self.source);
        let batches = self.tallied(self.loader.epoch(0)?);
        Ok(batches.flat_map(move |batch| match batch {
            Ok(batch) => named(&source, batch.indices, batch.samples)
                .into_iter()
                .map(Ok)
                .collect(),
            Err(error) => vec![Err(error.into())],
        }))
    }
}

fn named(
    source: &Arc<dyn Source>,
    indices: Vec<usize>,
    samples: Vec<Sample>,
) -> Vec<Named<Sample>> {
    indices
        .into_iter()
        .zip(samples)
        .map(|(index, value)| Named {
            index,
            name: source.name(index),
            value,
        })
        .collect()
}

impl TrainingData<Vec<Named<Sample>>> for LoaderData {
    fn samples(&self) -> usize {
        self.source.len()
    }

    fn batch_size(&self) -> usize {
        self.batch_size
    }

    fn batches_in(&self, epoch: u64) -> Result<u64, TaskError> {
        Ok(self.loader.plan(epoch)?.len() as u64)
    }

    fn digest(&self) -> Result<u64, TaskError> {
        // A run of no epoch reads nothing.
        Ok(self.loader.run(0)?.state().order.into())
    }

    fn start(&self, place: Place) -> Result<Batches<Vec<Named<Sample>>>, TaskError> {
        let state = State {
            epoch: place.epoch,
            next_batch: place.batch as usize,
            order: self.loader.run(0)?.state().order,
        };
        let source = Arc::clone(&self.source);
        let batches = self.tallied(self.loader.resume(&state, u64::MAX)?);
        Ok(Box::new(batches.map(move |batch| {
            let batch = batch?;
            let samples = named(&source, batch.indices, batch.samples);
            Ok(TrainingBatch {
                files: samples.iter().map(|sample| sample.name.clone()).collect(),
                samples: samples.len(),
                place: Place {
                    epoch: batch.epoch,
                    batch: batch.number as u64,
                },
                next: Place {
                    epoch: batch.next.epoch,
                    batch: batch.next.next_batch as u64,
                },
                batch: samples,
            })
        })))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::convert::Infallible;

    use wardrobe_datasets::Picture;
    use wardrobe_datasets::loader::FnSource;
    use wardrobe_rpn_roi::config::TransformConfig;

    use super::*;

    /// Four pictures, of which the second is empty.
    fn pictures(index: usize) -> Result<Sample, PictureError> {
        if index == 1 {
            return Err(PictureError::Empty {
                path: "b.jpg".into(),
            });
        }
        Ok(Sample {
            picture: Picture::new(vec![0; 3], 1, 1),
            objects: Vec::new(),
            parsing: None,
        })
    }

    #[test]
    fn pictures_left_out_are_counted_and_named() {
        let settings = LoaderSettings {
            sampling: Sampling::Sequential,
            on_bad_file: OnBadFile::Skip,
            ..LoaderSettings::of(2)
        };
        let source = Arc::new(FnSource::new(4, pictures));
        let data = LoaderData::new(source, &settings, 0).unwrap();
        assert_eq!(data.skipped().files(), 0);
        // Two passes of two batches; each pass meets the bad file once.
        let batches = data.start(Place::default()).unwrap().take(4);
        let sizes: Vec<usize> = batches.map(|batch| batch.unwrap().samples).collect();
        assert_eq!(sizes, [1, 2, 1, 2]);
        assert_eq!((data.skipped().files(), data.skipped().draws()), (1, 2));
        // Another phase begins anew, and its clone is the same data.
        let again = data.clone().pass().unwrap();
        assert_eq!(again.count(), 3);
        let skipped = data.skipped();
        assert_eq!((skipped.files(), skipped.draws()), (1, 3));
        assert_eq!(
            skipped.to_string(),
            "1 files skipped\nb.jpg: is empty (0 bytes); copy or download it again"
        );
    }

    /// 96 pixels for 2,000 leave less than one for 20, and one for 21.
    #[test]
    fn pictures_too_narrow_for_the_network_are_bad_files() {
        let source = Arc::new(FnSource::new(2, |index| {
            let width = 20 + index;
            Ok(Sample {
                picture: Picture::new(vec![0; 3 * width * 2_000], width, 2_000),
                objects: Vec::new(),
                parsing: None,
            })
        }));
        let input = ImageTransform::new(TransformConfig {
            min_size: 96,
            max_size: 96,
            ..TransformConfig::default()
        })
        .unwrap();
        let settle = Ok::<Sample, Infallible>;
        let data = LoaderData::in_order(source.clone(), OnBadFile::Skip, settle).unwrap();
        let data = data.seen_through(&input);
        let left: Vec<usize> = data.pass().unwrap().map(|one| one.unwrap().index).collect();
        assert_eq!(left, [1]);
        let skipped = data.skipped().to_string();
        assert!(
            skipped.starts_with("1 files skipped\nsample 0: is 20x2000 pixels, of which"),
            "{skipped}"
        );

        let strict = LoaderData::in_order(source, OnBadFile::Fail, settle).unwrap();
        let mut pass = strict.seen_through(&input).pass().unwrap();
        let message = pass.next().unwrap().unwrap_err().to_string();
        assert!(
            message.starts_with("epoch 0, batch 0: sample 0: is 20x2000 pixels, of which")
                && message.contains("leaves none; crop it"),
            "{message}"
        );
    }
}
