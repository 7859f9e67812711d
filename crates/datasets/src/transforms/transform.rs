//! What a step is.

use super::error::TransformError;
use super::stream::Stream;
use super::work::Work;

/// One step of a pipeline, or several that act as one.
///
/// A step of one's own works on [`Work`]: geometry through [`Work::transform`], values through
/// [`Work::map_channels`], anything else on [`Work::picture_mut`].
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::sample::Sample;
/// use wardrobe_datasets::transforms::{Pipeline, Stream, Transform, TransformError, Work};
///
/// #[derive(Debug)]
/// struct Negative;
///
/// impl Transform for Negative {
///     fn check(&self) -> Result<(), TransformError> {
///         Ok(())
///     }
///     fn apply(&self, work: &mut Work, _stream: &Stream) -> Result<(), TransformError> {
///         work.picture_mut().data_mut().iter_mut().for_each(|value| *value = 255 - *value);
///         Ok(())
///     }
/// }
///
/// let black = Sample { picture: Picture::new(vec![0; 3], 1, 1), objects: Vec::new(), parsing: None };
/// let white = Pipeline::new(Negative, Default::default())?.apply(black, &Stream::new(1, 0))?;
/// assert_eq!(white.picture.data(), [255; 3]);
/// # Ok::<(), TransformError>(())
/// ```
pub trait Transform: Send + Sync + std::fmt::Debug {
    /// Refuses settings the step cannot work with.
    ///
    /// # Errors
    /// [`TransformError::Setting`] naming the field.
    fn check(&self) -> Result<(), TransformError>;

    /// Does the step; every random number comes from `stream`.
    ///
    /// # Errors
    /// [`TransformError`] when the sample cannot be transformed.
    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError>;
}
