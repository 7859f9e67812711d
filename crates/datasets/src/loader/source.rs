//! Where samples come from.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::error::PictureError;
use crate::image_file::DecodeLimits;
use crate::sample::{BBox, DataSet, Record, Sample, Split};

use super::{LoaderError, weight};

/// Samples by index. [`Source::get`] may be slow and is called from many threads at once; everything
/// else is asked for the whole set when an epoch is planned, so it must not decode.
pub trait Source: Send + Sync {
    /// Count of samples.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample at `index`, the same each time.
    ///
    /// # Errors
    /// [`PictureError`] when its files cannot be used.
    fn get(&self, index: usize) -> Result<Sample, PictureError>;

    /// What messages call it, the same on every machine: a relative path, or `sample 12`.
    fn name(&self, index: usize) -> String {
        format!("sample {index}")
    }

    /// Width divided by height, where known.
    fn aspect(&self, index: usize) -> Option<f32> {
        let _ = index;
        None
    }

    /// The categories in it, in any order, repeats allowed; empty for a negative.
    fn categories(&self, index: usize) -> Vec<u32> {
        let _ = index;
        Vec::new()
    }

    /// The category and the box of each of its objects, in their order; empty where they are not known.
    fn boxes(&self, index: usize) -> Vec<(Option<u32>, Option<BBox>)> {
        let _ = index;
        Vec::new()
    }

    /// The bytes it takes once read, where known; 3 for each pixel, and the rest.
    fn bytes(&self, index: usize) -> Option<usize> {
        let _ = index;
        None
    }
}

/// The records of a data set, or some of them, read from disk.
///
/// ```
/// use wardrobe_datasets::loader::{DataSetSource, Source};
/// use wardrobe_datasets::{DataSet, DecodeLimits, Record};
///
/// let mut record = Record::default();
/// record.image.path = "img/coat.jpg".into();
/// record.image.size = Some([600, 800]);
/// let set = DataSet { records: vec![record], ..DataSet::default() };
/// let source = DataSetSource::new(set, DecodeLimits::default());
/// assert_eq!(source.len(), 1);
/// assert_eq!(source.aspect(0), Some(0.75));
/// assert!(source.bytes(0) >= Some(3 * 600 * 800));
/// ```
#[derive(Debug, Clone)]
pub struct DataSetSource {
    set: Arc<DataSet>,
    limits: DecodeLimits,
    /// Which records, where not all.
    chosen: Option<Vec<usize>>,
}

impl DataSetSource {
    /// Every record.
    pub fn new(set: impl Into<Arc<DataSet>>, limits: DecodeLimits) -> Self {
        Self {
            set: set.into(),
            limits,
            chosen: None,
        }
    }

    /// The records of one part of the set, in the set's order.
    ///
    /// # Errors
    /// [`LoaderError::NoSuchSplit`] when no record belongs to that part.
    pub fn of_split(
        set: impl Into<Arc<DataSet>>,
        split: Split,
        limits: DecodeLimits,
    ) -> Result<Self, LoaderError> {
        let set = set.into();
        let chosen: Vec<usize> = (0..set.records.len())
            .filter(|&index| set.records[index].split == Some(split))
            .collect();
        if chosen.is_empty() {
            let there = set.splits();
            return Err(LoaderError::NoSuchSplit { split, there });
        }
        Ok(Self {
            set,
            limits,
            chosen: Some(chosen),
        })
    }

    /// The records at these indices of [`DataSet::records`], in this order.
    ///
    /// # Panics
    /// When there is no such record.
    pub fn of_records(
        set: impl Into<Arc<DataSet>>,
        indices: Vec<usize>,
        limits: DecodeLimits,
    ) -> Self {
        let set = set.into();
        if let Some(index) = indices.iter().find(|&&index| index >= set.records.len()) {
            panic!("record {index} of {}", set.records.len());
        }
        Self {
            set,
            limits,
            chosen: Some(indices),
        }
    }

    /// The data set.
    pub fn data_set(&self) -> &Arc<DataSet> {
        &self.set
    }

    /// The place in [`DataSet::records`] of the sample at `index`.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn record_index(&self, index: usize) -> usize {
        self.chosen.as_ref().map_or(index, |chosen| chosen[index])
    }

    /// The record of the sample at `index`.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn record(&self, index: usize) -> &Record {
        &self.set.records[self.record_index(index)]
    }
}

impl Source for DataSetSource {
    fn len(&self) -> usize {
        self.chosen
            .as_ref()
            .map_or(self.set.records.len(), Vec::len)
    }

    fn get(&self, index: usize) -> Result<Sample, PictureError> {
        self.record(index).load(&self.set.root, &self.limits)
    }

    fn name(&self, index: usize) -> String {
        self.record(index).image.path.clone()
    }

    fn aspect(&self, index: usize) -> Option<f32> {
        let [width, height] = self.record(index).image.size?;
        (width > 0 && height > 0).then(|| width as f32 / height as f32)
    }

    fn categories(&self, index: usize) -> Vec<u32> {
        let objects = self.record(index).objects.iter();
        let distinct: BTreeSet<u32> = objects.filter_map(|object| object.category).collect();
        distinct.into_iter().collect()
    }

    fn boxes(&self, index: usize) -> Vec<(Option<u32>, Option<BBox>)> {
        let objects = self.record(index).objects.iter();
        objects
            .map(|object| (object.category, object.bbox))
            .collect()
    }

    fn bytes(&self, index: usize) -> Option<usize> {
        let record = self.record(index);
        let [width, height] = record.image.size?.map(|side| side as usize);
        // Three bytes a pixel, and one for the parsing map.
        let per_pixel = 3 + usize::from(record.parsing.is_some());
        let pixels = width.saturating_mul(height).saturating_mul(per_pixel);
        Some(weight::of_parts(pixels, &record.objects))
    }
}

/// Samples made by a function: drawn instead of read.
///
/// ```
/// use wardrobe_datasets::loader::{FnSource, Source};
/// use wardrobe_datasets::{Picture, Sample};
///
/// let greys = FnSource::new(256, |index| Ok(Sample {
///     picture: Picture::new(vec![index as u8; 3], 1, 1),
///     objects: Vec::new(),
///     parsing: None,
/// }));
/// assert_eq!(greys.get(9)?.picture.data(), [9, 9, 9]);
/// # Ok::<(), wardrobe_datasets::PictureError>(())
/// ```
pub struct FnSource<F> {
    len: usize,
    make: F,
}

impl<F> FnSource<F>
where
    F: Fn(usize) -> Result<Sample, PictureError> + Send + Sync,
{
    /// `len` samples; `make` is called with indices below `len`.
    pub fn new(len: usize, make: F) -> Self {
        Self { len, make }
    }
}

impl<F> fmt::Debug for FnSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnSource")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl<F> Source for FnSource<F>
where
    F: Fn(usize) -> Result<Sample, PictureError> + Send + Sync,
{
    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<Sample, PictureError> {
        (self.make)(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Object;

    fn record(path: &str, split: Split, categories: &[u32]) -> Record {
        let mut record = Record {
            split: Some(split),
            ..Record::default()
        };
        record.image.path = path.into();
        record.objects = categories
            .iter()
            .map(|&category| Object {
                category: Some(category),
                ..Object::default()
            })
            .collect();
        record
    }

    fn set() -> Arc<DataSet> {
        Arc::new(DataSet {
            records: vec![
                record("a.png", Split::Train, &[4, 1, 4]),
                record("b.png", Split::Test, &[]),
                record("c.png", Split::Train, &[2]),
            ],
            ..DataSet::default()
        })
    }

    #[test]
    fn a_split_counts_its_own_records() -> Result<(), LoaderError> {
        let source = DataSetSource::of_split(set(), Split::Train, DecodeLimits::default())?;
        assert_eq!(source.len(), 2);
        assert_eq!(source.name(1), "c.png");
        assert_eq!(source.record_index(1), 2);
        assert_eq!(source.categories(0), [1, 4]);
        let boxes: [(Option<u32>, Option<BBox>); 3] = [4, 1, 4].map(|one| (Some(one), None));
        assert_eq!(source.boxes(0), boxes);
        assert!(
            source
                .get(0)
                .is_err_and(|error| error.to_string().starts_with("a.png: "))
        );
        Ok(())
    }

    #[test]
    fn a_split_that_is_not_there_is_refused_at_once() {
        let refused = |set: Arc<DataSet>| {
            DataSetSource::of_split(set, Split::Validation, DecodeLimits::default())
                .map_err(|error| error.to_string())
                .err()
        };
        let remedy = "; ask for another part, take every record with `DataSetSource::new`, \
                      or divide the set with `subsets`";
        assert_eq!(
            refused(set()),
            Some(format!(
                "the data set has no validation part, but train and test{remedy}"
            ))
        );
        let silent = "does not say which pictures belong to which part";
        assert_eq!(
            refused(Arc::new(DataSet::default())),
            Some(format!(
                "the data set has no validation part, but {silent}{remedy}"
            ))
        );
    }

    #[test]
    fn records_come_in_the_order_asked_for() {
        let source = DataSetSource::of_records(set(), vec![2, 1], DecodeLimits::default());
        assert_eq!([source.name(0), source.name(1)], ["c.png", "b.png"]);
        assert!(source.categories(1).is_empty());
        assert_eq!((source.aspect(0), source.bytes(0)), (None, None));
    }

    #[test]
    #[should_panic(expected = "record 3 of 3")]
    fn a_record_that_is_not_there_is_refused_at_once() {
        DataSetSource::of_records(set(), vec![0, 3], DecodeLimits::default());
    }
}
