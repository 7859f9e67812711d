//! From a configuration to a source of samples, and what can be wrong with it before the first step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wardrobe_datasets::formats::{Format, Mode, Skipped};
use wardrobe_datasets::loader::{DataSetSource, OnBadFile, Source};
use wardrobe_datasets::sample::{Category, DataSet, Split};
use wardrobe_datasets::synthetic::labels;
use wardrobe_datasets::transforms::Mirrors;
use wardrobe_datasets::{DecodeLimits, OpenOptions, Opened};
use wardrobe_training::TrainingConfig;

use super::classes::{ClassChoice, Classes};
use super::synthetic::{MOST_PICTURES, SyntheticConfig, SyntheticSource};
use crate::error::RecipeError;
use crate::json;

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataConfig {
    /// A folder, or file, of any format that can be opened.
    Folder(FolderConfig),
    /// Drawn.
    Synthetic(SyntheticConfig),
}

/// Data on disk.
///
/// ```
/// use wardrobe_datasets::sample::Split;
/// use wardrobe_recipes::data::FolderConfig;
/// let config: FolderConfig = serde_json::from_str(r#"{"path": "deepfashionMask", "split": "train"}"#)?;
/// assert_eq!(config.split, Some(Split::Train));
/// assert!(serde_json::from_str::<FolderConfig>(r#"{"path": "a", "part": "train"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder, or the file of a format that keeps everything in one.
    pub path: PathBuf,
    /// The part; the whole set if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// A share of the pictures, from and to between 0 and 1, in an order that only their paths decide: `[0, 0.8]` and
    /// `[0.8, 1]` are the two parts of grafting. All if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<[f64; 2]>,
    /// The format, where the folder could be read as several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// What becomes of entries that cannot be used.
    #[serde(default)]
    pub mode: Mode,
    /// The folder that COCO's names of pictures start from, where it is not beside the annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PathBuf>,
}

/// A source of samples and the words its numbers stand for.
#[derive(Clone)]
pub struct OpenedData {
    /// The samples.
    pub source: Arc<dyn Source>,
    /// What [`Object::category`](wardrobe_datasets::Object::category) points into.
    pub categories: Vec<Category>,
    /// What changes places in a mirrored picture.
    pub mirrors: Mirrors,
    /// The number of each sample in the data, such as COCO's image id; from 1 where they have none, or
    /// the same twice.
    pub ids: Vec<u64>,
    /// What a lenient reader left out of them.
    pub skipped: Skipped,
}

impl std::fmt::Debug for OpenedData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedData")
            .field("samples", &self.source.len())
            .field("categories", &self.categories.len())
            .field("skipped", &self.skipped.count())
            .finish_non_exhaustive()
    }
}

impl DataConfig {
    /// What becomes of a picture that cannot be used when these data are scored: a lenient reader's is
    /// left out like an entry.
    pub(crate) fn on_bad_file(&self) -> OnBadFile {
        match self {
            Self::Folder(FolderConfig {
                mode: Mode::Lenient,
                ..
            }) => OnBadFile::Skip,
            Self::Folder(_) | Self::Synthetic(_) => OnBadFile::Fail,
        }
    }

    /// Checks what can be checked without the data; `key` is their name in the configuration.
    pub(crate) fn check(&self, key: &str) -> Result<(), RecipeError> {
        let config = match self {
            Self::Folder(config) => config,
            Self::Synthetic(SyntheticConfig { first, count, .. }) => {
                let last = first.checked_add(*count as u64);
                if *count <= MOST_PICTURES && last.is_some() {
                    return Ok(());
                }
                return Err(RecipeError::Setting {
                    field: format!("{key}.synthetic.count"),
                    found: format!("{count} pictures from number {first}"),
                    remedy: format!("take at most {MOST_PICTURES}"),
                });
            }
        };
        json::check_path(&format!("{key}.folder.path"), &config.path)?;
        match &config.pictures {
            Some(pictures) => json::check_path(&format!("{key}.folder.pictures"), pictures),
            None => Ok(()),
        }
    }

    /// Opens the data; `key` is their name in the configuration, for messages.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for data without pictures; [`RecipeError::Wardrobe`].
    pub fn open(&self, key: &str) -> Result<OpenedData, RecipeError> {
        self.check(key)?;
        let opened = match self {
            Self::Folder(config) => config.open(key)?,
            Self::Synthetic(config) => OpenedData {
                ids: (1..=config.count as u64).collect(),
                source: Arc::new(SyntheticSource::new(config)?),
                skipped: Skipped::default(),
                categories: labels::categories(),
                mirrors: Mirrors {
                    landmarks: labels::landmark_schemas()
                        .into_iter()
                        .map(|schema| schema.mirrored)
                        .collect(),
                    ..Mirrors::default()
                },
            },
        };
        if opened.source.is_empty() {
            return Err(RecipeError::Setting {
                field: key.to_owned(),
                found: "no picture".into(),
                remedy: match (self, opened.skipped.first().first()) {
                    (Self::Folder(_), Some(first)) => format!(
                        "mend what was left out, {} entries, the first: {first}",
                        opened.skipped.count()
                    ),
                    (Self::Folder(config), None) => format!(
                        "look at {}: is it the right folder, and the right split?",
                        config.path.display()
                    ),
                    (Self::Synthetic(_), _) => "give a `count` above 0".into(),
                },
            });
        }
        Ok(opened)
    }
}

impl FolderConfig {
    fn open(&self, key: &str) -> Result<OpenedData, RecipeError> {
        let options = OpenOptions {
            format: self.format,
            split: self.split,
            mode: self.mode,
            pictures: self.pictures.clone(),
        };
        if let Some([from, to]) = self.share
            && !(0.0 <= from && from < to && to <= 1.0)
        {
            return Err(RecipeError::Setting {
                field: format!("{key}.folder.share"),
                found: format!("[{from}, {to}]"),
                remedy: "give two numbers from 0 to 1, the smaller first".into(),
            });
        }
        let Opened {
            mut set, skipped, ..
        } = options
            .open(&self.path)
            .map_err(|source| RecipeError::Open {
                key: key.to_owned(),
                source: Box::new(source),
            })?;
        if let Some(share) = self.share {
            set.keep_share(share);
        }
        check_boxes(&set)?;
        check_left_out(key, &set, &skipped)?;
        Ok(OpenedData {
            skipped,
            ids: picture_ids(&set),
            categories: set.categories.clone(),
            mirrors: Mirrors::of(&set),
            source: Arc::new(DataSetSource::new(set, DecodeLimits::default())),
        })
    }
}

fn picture_ids(set: &DataSet) -> Vec<u64> {
    let given: BTreeSet<u64> = set.records.iter().filter_map(|record| record.id).collect();
    if given.len() == set.records.len() {
        set.records.iter().filter_map(|record| record.id).collect()
    } else {
        (1..=set.records.len() as u64).collect()
    }
}

/// Boxes that leave their picture by more than this many pixels are another format's: rounding and
/// counting from 1 account for less.
const BEYOND: f32 = 2.0;

/// Finds boxes written as left, top, width, height where corners are meant, or the other way round.
/// One odd box is a bad file; a share of them is a format.
fn check_boxes(set: &DataSet) -> Result<(), RecipeError> {
    let (mut boxes, mut odd) = (0_usize, None);
    let mut count = 0_usize;
    for record in &set.records {
        let size = record.image.size.map(|size| size.map(|side| side as f32));
        for (index, object) in record.objects.iter().enumerate() {
            let Some(bbox) = object.bbox else { continue };
            boxes += 1;
            let leaves = size.is_some_and(|[width, height]| {
                bbox.x2 > width + BEYOND || bbox.y2 > height + BEYOND
            });
            if leaves || !bbox.is_proper() {
                count += 1;
                odd.get_or_insert((&record.image.path, index, bbox, leaves));
            }
        }
    }
    match odd {
        Some((file, object, bbox, leaves)) if count * TOO_MANY >= boxes => {
            Err(RecipeError::Annotation {
                file: file.clone(),
                object,
                problem: format!(
                    "its box {:?}, like {count} of {boxes}, {}",
                    bbox.corners(),
                    if leaves {
                        "leaves the picture"
                    } else {
                        "has no inside"
                    }
                ),
                remedy: if leaves {
                    "were x1, y1, x2, y2 written where the format has x, y, width, height?"
                } else {
                    "were x, y, width, height written where the format has x1, y1, x2, y2?"
                },
            })
        }
        _ => Ok(()),
    }
}

/// One in so many odd boxes is too many for a slip of an annotator.
const TOO_MANY: usize = 20;

/// The same of boxes that were left out: whoever asked for that expects some.
const TOO_MANY_LEFT_OUT: usize = 4;

/// Fewer boxes left out say nothing, however few there are in all.
const FEWEST_LEFT_OUT: usize = 3;

/// What [`check_boxes`] looks for, where a lenient reader has left it out already.
fn check_left_out(key: &str, set: &DataSet, skipped: &Skipped) -> Result<(), RecipeError> {
    let Some((count, first)) = skipped.boxes_of_other_form() else {
        return Ok(());
    };
    let objects = set.records.iter().flat_map(|record| &record.objects);
    let boxes = count + objects.filter(|object| object.bbox.is_some()).count();
    if count < FEWEST_LEFT_OUT || count * TOO_MANY_LEFT_OUT < boxes {
        return Ok(());
    }
    Err(RecipeError::Setting {
        field: key.to_owned(),
        found: format!("{count} of {boxes} boxes that had to be left out"),
        remedy: format!("that is no slip: {first}"),
    })
}

/// All data of a run, under one list of classes.
#[derive(Debug)]
pub(crate) struct OpenedSets {
    pub training: BTreeMap<String, (OpenedData, Classes)>,
    pub held_out: (OpenedData, Classes),
}

impl OpenedSets {
    /// Opens everything; the data of the first phase say which classes there are.
    pub fn open(
        data: &BTreeMap<String, DataConfig>,
        validation: &DataConfig,
        choice: &ClassChoice,
        training: &TrainingConfig,
    ) -> Result<Self, RecipeError> {
        let mut opened = BTreeMap::new();
        for (key, config) in data {
            opened.insert(key.clone(), config.open(&format!("data.{key}"))?);
        }
        let first = training.phases.first().map(|phase| &phase.data);
        // A key that is not there is the engine's to report; any set then says the classes.
        let chief = first.and_then(|key| opened.get(key));
        let Some(chief) = chief.or(opened.values().next()) else {
            return Err(RecipeError::Setting {
                field: "data".into(),
                found: "{}".into(),
                remedy: "give the data that phases name".into(),
            });
        };
        let classes = Classes::choose(&chief.categories, choice)?;
        let mut sets = BTreeMap::new();
        for (key, opened) in opened {
            let of = classes.matched(&format!("data.{key}"), &opened.categories, choice)?;
            sets.insert(key, (opened, of));
        }
        let held_out = validation.open("validation")?;
        let of = classes.matched("validation", &held_out.categories, choice)?;
        Ok(Self {
            training: sets,
            held_out: (held_out, of),
        })
    }

    /// The names of the classes, without a background.
    pub fn names(&self) -> &[String] {
        self.held_out.1.names()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wardrobe_datasets::sample::{BBox, Object, Record};
    use wardrobe_datasets::synthetic::WardrobeConfig;

    fn set(boxes: &[[f32; 4]]) -> DataSet {
        let record = |corners: &[f32; 4]| {
            let mut record = Record::default();
            record.image.path = "a.jpg".into();
            record.image.size = Some([100, 80]);
            record.objects = vec![Object {
                bbox: Some(BBox::from(*corners)),
                ..Object::default()
            }];
            record
        };
        DataSet {
            records: boxes.iter().map(record).collect(),
            ..DataSet::default()
        }
    }

    #[test]
    fn more_pictures_than_there_can_be_are_refused() {
        for (first, count) in [(0, 1 << 61), (u64::MAX - 2, 3)] {
            let data = DataConfig::Synthetic(SyntheticConfig {
                wardrobe: WardrobeConfig::default(),
                first,
                count,
            });
            let message = data.open("validation").unwrap_err().to_string();
            assert!(
                message.starts_with(&format!(
                    "validation.synthetic.count: found {count} pictures"
                )),
                "{message}"
            );
        }
    }

    #[test]
    fn boxes_of_the_other_kind_are_recognised() {
        let good = [10.0, 10.0, 90.0, 70.0];
        // Corners taken for left, top, width, height reach to 10 + 90, 60 + 70.
        let reaching = [10.0, 60.0, 100.0, 130.0];
        let message = check_boxes(&set(&[good, reaching]))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("a.jpg, object 0: its box [10.0, 60.0, 100.0, 130.0], like 1 of 2, leaves the picture; were x1"),
            "{message}"
        );
        // Width and height taken for the far corner.
        let inside_out = [50.0, 40.0, 30.0, 20.0];
        let message = check_boxes(&set(&[inside_out])).unwrap_err().to_string();
        assert!(
            message.contains("has no inside; were x, y, width"),
            "{message}"
        );
        // One of 21 is a slip, which the loader reports with its file.
        let mut boxes = vec![good; 20];
        boxes.push(inside_out);
        assert!(check_boxes(&set(&boxes)).is_ok());
        assert!(check_boxes(&set(&[[0.0, 0.0, 101.0, 81.0]])).is_ok());
    }
}
