//! Why samples cannot become a batch; one variant per remedy.

use std::ops::Range;

use thiserror::Error;

use crate::sample::BBox;
use crate::statistics::StandardisationError;

use super::ImageSize;

/// A batch that cannot be made. Samples are named by their place in the batch, from 0; the loader's
/// `Batch::indices` has their index in the source.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CollateError {
    /// A setting is out of range; change it.
    #[error("collate setting {field}: found {found}, expected {expected}")]
    Setting {
        /// The path of the field inside its configuration.
        field: &'static str,
        /// The value found.
        found: String,
        /// The values that are allowed.
        expected: &'static str,
    },
    /// The numbers to standardise by cannot be used; change them.
    #[error(transparent)]
    Standardisation(#[from] StandardisationError),
    /// Classes that are not those of the batch.
    #[error("classes {}..{} are not among the batch's {classes}", range.start, range.end)]
    Classes {
        /// The classes asked for.
        range: Range<usize>,
        /// Classes of the batch.
        classes: usize,
    },
    /// A batch needs at least one sample.
    #[error("a batch needs at least one sample")]
    Empty,
    /// A picture has no pixel.
    #[error(
        "sample {sample} of the batch: its picture has no pixel; correct the transform that made it"
    )]
    NoPixels {
        /// Place in the batch.
        sample: usize,
    },
    /// Padded to one size the pictures take too much memory.
    #[error(
        "the batch would take {values} numbers for {pictures} pictures of {}x{} (width x height), more than \
         the limit of {limit}; resize the pictures, group them by aspect, or raise `max_values`",
        size.width, size.height
    )]
    TooLarge {
        /// Pictures in the batch.
        pictures: usize,
        /// The size all are padded to.
        size: ImageSize,
        /// `3 · pictures · height · width`.
        values: u128,
        /// The limit.
        limit: usize,
    },
    /// A picture is not of the size the network takes.
    #[error(
        "sample {sample} of the batch: its picture is {}x{} (width x height), expected {}x{}; \
         resize in the loader's transforms",
        found.width, found.height, expected.width, expected.height
    )]
    WrongSize {
        /// Place in the batch.
        sample: usize,
        /// The picture's size.
        found: ImageSize,
        /// The size asked for.
        expected: ImageSize,
    },
    /// An object lacks what this kind of batch is made of.
    #[error("sample {sample} of the batch, object {object}: has no {missing}; {remedy}")]
    Missing {
        /// Place in the batch.
        sample: usize,
        /// Place among the sample's objects.
        object: usize,
        /// What it lacks.
        missing: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A box is inverted, empty or not a number.
    #[error(
        "sample {sample} of the batch, object {object}: its box {:?} has no inside; \
         drop objects that a crop cuts away, and correct the annotation",
        bbox.corners()
    )]
    ImproperBox {
        /// Place in the batch.
        sample: usize,
        /// Place among the sample's objects.
        object: usize,
        /// The box.
        bbox: BBox,
    },
    /// A classifier's picture shows one object.
    #[error(
        "sample {sample} of the batch: has {found} objects, expected 1; cut the objects out or use \
         `DetectionCollate`"
    )]
    NotOneObject {
        /// Place in the batch.
        sample: usize,
        /// Its count of objects.
        found: usize,
    },
    /// An object's numbers point past the data set's names.
    #[error(
        "sample {sample} of the batch: its {what} is {found}, the data set has {known}; \
         make the collate with the data set that the samples come from"
    )]
    OtherDataSet {
        /// Place in the batch.
        sample: usize,
        /// `category` or `count of attributes`.
        what: &'static str,
        /// The object's.
        found: usize,
        /// The data set's count.
        known: usize,
    },
}
