//! Records and the vocabularies their numbers point into.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::PictureError;
use crate::formats::lip;
use crate::image_file::{DecodeLimits, Picture, read_picture};

use super::{AttributeVocabulary, Extra, LabelMap, LandmarkSchema, Object};

/// What part of a data set a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose by.
    #[serde(alias = "val")]
    Validation,
    /// To report.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// What messages call the parts that are there.
pub(crate) fn parts_told(there: &[Split]) -> String {
    if there.is_empty() {
        return "does not say which pictures belong to which part".into();
    }
    let told: Vec<String> = there.iter().map(ToString::to_string).collect();
    told.join(" and ")
}

/// A class of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its name, such as `Blouse`.
    pub name: String,
    /// What it is a kind of: COCO's `supercategory`, DeepFashion's `upper`, `lower` or `full`.
    pub group: Option<String>,
    /// The format's own number: COCO's `id`, DeepFashion's row.
    pub id: u32,
}

/// A picture that is still a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFile {
    /// Path relative to [`DataSet::root`], with `/` between folders.
    pub path: String,
    /// Width and height in pixels as the annotation states them (EXIF orientation applied).
    pub size: Option<[u32; 2]>,
}

/// One picture's annotations; the picture itself stays on disk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The picture.
    pub image: ImageFile,
    /// What is in it; empty for a negative, which is valid.
    pub objects: Vec<Object>,
    /// Its human parsing map (an 8-bit PNG of class numbers), relative to [`DataSet::root`].
    pub parsing: Option<String>,
    /// Its part of the data set, where the format says.
    pub split: Option<Split>,
    /// The format's own number: COCO's image `id`.
    pub id: Option<u64>,
    /// What else the format said.
    pub extra: Option<Box<Extra>>,
}

/// A decoded picture with its annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The pixels.
    pub picture: Picture,
    /// What is in it.
    pub objects: Vec<Object>,
    /// Its human parsing map, of the picture's size.
    pub parsing: Option<LabelMap>,
}

/// Records and the vocabularies their numbers point into.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataSet {
    /// The folder all paths start from.
    pub root: PathBuf,
    /// What [`Object::category`] points into.
    pub categories: Vec<Category>,
    /// What [`Object::attributes`] counts through.
    pub attributes: AttributeVocabulary,
    /// What [`Landmarks::schema`](super::Landmarks::schema) points into.
    pub landmark_schemas: Vec<LandmarkSchema>,
    /// One for each picture.
    pub records: Vec<Record>,
    /// What else the format said of the whole set, such as COCO's `info` and `licenses`.
    pub extra: Option<Box<Extra>>,
}

impl DataSet {
    /// The index of a category by its name, as written.
    pub fn category(&self, name: &str) -> Option<u32> {
        self.categories
            .iter()
            .position(|category| category.name == name)
            .map(|index| index as u32)
    }

    /// The records of one part.
    pub fn of_split(&self, split: Split) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(move |record| record.split == Some(split))
    }

    /// The parts that are there, in order; none where the format says nothing of parts.
    ///
    /// ```
    /// use wardrobe_datasets::sample::{DataSet, Record, Split};
    /// let of = |split| Record { split, ..Record::default() };
    /// let records = vec![of(Some(Split::Test)), of(None), of(Some(Split::Train))];
    /// let set = DataSet { records, ..DataSet::default() };
    /// assert_eq!(set.splits(), [Split::Train, Split::Test]);
    /// ```
    pub fn splits(&self) -> Vec<Split> {
        let distinct: BTreeSet<Split> = self.records.iter().filter_map(|r| r.split).collect();
        distinct.into_iter().collect()
    }

    /// Drops the records of all other parts.
    ///
    /// ```
    /// use wardrobe_datasets::sample::{DataSet, Record, Split};
    /// let of = |split| Record { split, ..Record::default() };
    /// let records = vec![of(Some(Split::Train)), of(Some(Split::Test)), of(None)];
    /// let mut set = DataSet { records, ..DataSet::default() };
    /// set.keep_split(Split::Test);
    /// assert_eq!(set.records, [of(Some(Split::Test))]);
    /// ```
    pub fn keep_split(&mut self, split: Split) {
        self.records.retain(|record| record.split == Some(split));
    }

    /// Drops the records outside a share, from and to between 0 and 1, of an order that only the pictures' paths decide: on
    /// every machine two shares that meet have no record in common.
    ///
    /// ```
    /// use wardrobe_datasets::sample::{DataSet, ImageFile, Record};
    /// let of = |number: u32| Record {
    ///     image: ImageFile { path: format!("{number}.jpg"), ..ImageFile::default() },
    ///     ..Record::default()
    /// };
    /// let all = DataSet { records: (0..10).map(of).collect(), ..DataSet::default() };
    /// let (mut most, mut rest) = (all.clone(), all.clone());
    /// most.keep_share([0.0, 0.8]);
    /// rest.keep_share([0.8, 1.0]);
    /// assert_eq!((most.records.len(), rest.records.len()), (8, 2));
    /// assert!(all.records.iter().all(|one| most.records.contains(one) != rest.records.contains(one)));
    /// ```
    pub fn keep_share(&mut self, [from, to]: [f64; 2]) {
        let count = self.records.len();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_cached_key(|&index| {
            <[u8; 32]>::from(Sha256::digest(&self.records[index].image.path))
        });
        let place = |share: f64| (share.clamp(0.0, 1.0) * count as f64).round() as usize;
        let mut kept = vec![false; count];
        for &index in order.get(place(from)..place(to)).unwrap_or_default() {
            kept[index] = true;
        }
        let mut kept = kept.into_iter();
        self.records.retain(|_| kept.next().unwrap_or_default());
    }
}

impl Record {
    /// Decodes the picture (and the parsing map, if there is one) below `root`.
    ///
    /// # Errors
    /// [`PictureError`] for either file. [`PictureError::SizeMismatch`] when the picture is not of
    /// the size the annotation states: the boxes would then be of another picture.
    pub fn load(&self, root: &Path, limits: &DecodeLimits) -> Result<Sample, PictureError> {
        let path = root.join(&self.image.path);
        let picture = read_picture(&path, limits)?;
        let found = [picture.width(), picture.height()];
        let check = |path: &Path, found: [usize; 2], stated: [usize; 2]| {
            (found == stated)
                .then_some(())
                .ok_or_else(|| PictureError::SizeMismatch {
                    path: path.to_path_buf(),
                    found,
                    stated,
                })
        };
        if let Some(stated) = self.image.size {
            check(&path, found, stated.map(|side| side as usize))?;
        }
        let parsing = match &self.parsing {
            None => None,
            Some(relative) => {
                let path = root.join(relative);
                let map = lip::read_label_map(&path, limits)?;
                check(&path, [map.width(), map.height()], found)?;
                Some(map)
            }
        };
        Ok(Sample {
            picture,
            objects: self.objects.clone(),
            parsing,
        })
    }
}
