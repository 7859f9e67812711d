//! A checked pipeline, applied to samples and batches.

use rayon::prelude::*;

use crate::sample::Sample;

use super::error::TransformError;
use super::mirrors::Mirrors;
use super::step::Step;
use super::stream::Stream;
use super::transform::Transform;
use super::work::Work;

/// A step whose settings have been checked, and what it needs to know of the data set.
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::sample::{BBox, Object, Sample};
/// use wardrobe_datasets::transforms::{HorizontalFlip, Mirrors, Pipeline, Stream};
///
/// let sample = Sample {
///     picture: Picture::new(vec![255; 3 * 10 * 4], 10, 4),
///     objects: vec![Object { bbox: Some(BBox::new(1.0, 0.0, 4.0, 2.0)), ..Object::default() }],
///     parsing: None,
/// };
/// let flip = Pipeline::new(HorizontalFlip::default(), Mirrors::default())?;
/// let flipped = flip.apply(sample, &Stream::new(1, 0))?;
/// // x → 10 − x: the box from 1 to 4 is now from 6 to 9.
/// assert_eq!(flipped.objects[0].bbox, Some(BBox::new(6.0, 0.0, 9.0, 2.0)));
/// # Ok::<(), wardrobe_datasets::transforms::TransformError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pipeline<T = Step> {
    step: T,
    mirrors: Mirrors,
}

impl<T: Transform> Pipeline<T> {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`TransformError::Setting`] names the field and its place, such as `steps[2].rotate.degrees`.
    pub fn new(step: T, mirrors: Mirrors) -> Result<Self, TransformError> {
        step.check()?;
        Ok(Self { step, mirrors })
    }

    /// The step.
    pub fn step(&self) -> &T {
        &self.step
    }

    /// Transforms one sample. The result depends on the sample and the stream alone.
    ///
    /// # Errors
    /// [`TransformError`] other than a refused setting.
    pub fn apply(&self, sample: Sample, stream: &Stream) -> Result<Sample, TransformError> {
        let mut work = Work::new(sample, &self.mirrors)?;
        self.step.apply(&mut work, stream)?;
        Ok(work.finish())
    }

    /// Transforms a batch on all threads of rayon's pool; `samples` come with their places in the
    /// data set. The result has their order, and is the same on any number of threads.
    ///
    /// # Errors
    /// The first sample's error, by order.
    pub fn apply_batch(
        &self,
        samples: Vec<(u64, Sample)>,
        seed: u64,
        batch: u64,
    ) -> Result<Vec<Sample>, TransformError> {
        let results: Vec<Result<Sample, TransformError>> = samples
            .into_par_iter()
            .map(|(place, sample)| self.apply(sample, &Stream::new(seed, place).in_batch(batch)))
            .collect();
        results.into_iter().collect()
    }
}
