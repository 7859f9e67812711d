//! The wardrobe as the folders and names of real data sets.
//!
//! [`synthesise`] draws pictures in parallel, writes them (and parsing maps) where the format has
//! them, and returns the [`DataSet`]; [`write_annotations`] has the format's own writer in
//! [`formats`](crate::formats) write it beside them.

mod annotations;
mod record;
mod write;

pub use annotations::write_annotations;

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::config::{WardrobeConfig, WardrobeError};
use super::labels;
use super::{SyntheticSample, SyntheticWardrobe};
use crate::error::OutputError;
use crate::sample::{AttributeVocabulary, Category, DataSet, Record};

/// A real data set's way of naming files and what it says of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// DeepFashion, category and attribute prediction: `Img/img/Striped_Short-Sleeve_Tee/img_00000001.jpg`,
    /// one garment a picture, landmarks and flags. The pictures' longer side is 300.
    DeepFashion,
    /// FashionAI attributes: `Images/<key>/<32 digits>.jpg`, one dimension a picture.
    FashionAi,
    /// COCO instances: `train2017/000000000001.jpg`.
    Coco,
    /// Pascal VOC: `JPEGImages/000001.jpg`.
    Voc,
    /// labelme: pictures beside their annotations, outlines.
    Labelme,
    /// LIP: people with parsing maps and joints.
    Lip,
}

/// A wardrobe that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SynthesisError {
    /// A setting cannot be drawn.
    #[error(transparent)]
    Config(#[from] WardrobeError),
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// No picture with what the layout needs came up.
    #[error(
        "picture {index}: none of {tries} tries shows what the layout needs; allow more worn pictures or other categories"
    )]
    Nothing {
        /// The picture's number.
        index: u64,
        /// Tries made.
        tries: u64,
    },
}

/// Tries at a picture whose main garment can be seen; nearly all first tries do.
const TRIES: u64 = 64;
/// Numbers of further tries lie this far from any picture's number.
const RETRY: u64 = 1 << 40;

/// Draws `count` pictures into `folder` and returns their annotations; `done` is called after every
/// picture, from any thread.
///
/// The result does not depend on the count of threads. Pictures already there are replaced.
///
/// # Errors
/// [`SynthesisError`]; pictures written before the error stay.
pub fn synthesise(
    config: &WardrobeConfig,
    count: usize,
    layout: Layout,
    folder: &Path,
    done: &(dyn Fn() + Sync),
) -> Result<DataSet, SynthesisError> {
    let wardrobe = SyntheticWardrobe::new(record::settings(config, layout))?;
    // DeepFashion's lists name pictures from this folder on.
    let root = match layout {
        Layout::DeepFashion => folder.join("Img"),
        _ => folder.to_path_buf(),
    };
    let records: Result<Vec<Record>, SynthesisError> = (0..count as u64)
        .into_par_iter()
        .map(|index| {
            let wish = record::wish(&wardrobe, layout, index);
            let drawn = (0..TRIES)
                .map(|attempt| wardrobe.sample_of(index + attempt * RETRY, wish))
                .find(|drawn| record::is_fit(drawn, layout, wish))
                .ok_or(SynthesisError::Nothing {
                    index,
                    tries: TRIES,
                })?;
            let (record, extra) = record::record(&wardrobe, layout, index, wish, &drawn);
            write::files(&root, &record, &drawn, extra)?;
            done();
            Ok(record)
        })
        .collect();
    Ok(DataSet {
        root: root.clone(),
        records: records?,
        ..vocabularies(layout)
    })
}

/// What the numbers of a layout's records point into.
fn vocabularies(layout: Layout) -> DataSet {
    let garments = || -> Vec<Category> {
        let number = |(index, category): (usize, Category)| Category {
            id: index as u32 + 1,
            ..category
        };
        labels::categories()
            .into_iter()
            .enumerate()
            .map(number)
            .collect()
    };
    let mut schemas = labels::landmark_schemas();
    let person = schemas.split_off(usize::from(labels::PERSON_SCHEMA));
    match layout {
        Layout::DeepFashion => DataSet {
            categories: labels::deepfashion_categories(),
            attributes: AttributeVocabulary::new(labels::flag_groups()),
            landmark_schemas: schemas,
            ..DataSet::default()
        },
        Layout::FashionAi => DataSet {
            attributes: AttributeVocabulary::new(labels::dimension_groups()),
            ..DataSet::default()
        },
        Layout::Coco | Layout::Voc | Layout::Labelme => DataSet {
            categories: garments(),
            ..DataSet::default()
        },
        Layout::Lip => DataSet {
            categories: vec![Category {
                name: "person".to_owned(),
                group: None,
                id: 1,
            }],
            landmark_schemas: person,
            ..DataSet::default()
        },
    }
}

/// What must be written beside the picture.
enum Beside {
    Nothing,
    /// The parsing map.
    Parsing,
}

impl SyntheticSample {
    /// The object and the facts of the garment the picture is about.
    fn subject(&self) -> Option<(&crate::sample::Object, &super::GarmentFacts)> {
        let subject = self.facts.subject?;
        Some((&self.sample.objects[subject], &self.facts.garments[subject]))
    }
}
