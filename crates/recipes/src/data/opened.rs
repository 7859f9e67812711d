//! From a configuration to a source of samples, and what can be wrong with it before the first step.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wardrobe_datasets::loader::Source;
use wardrobe_datasets::sample::Category;
use wardrobe_datasets::synthetic::labels;
use wardrobe_datasets::transforms::Mirrors;
use wardrobe_training::TrainingConfig;

use super::classes::{ClassChoice, Classes};
use super::synthetic::{SyntheticConfig, SyntheticSource};
use crate::error::RecipeError;

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataConfig {
    /// Drawn.
    Synthetic(SyntheticConfig),
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
}

impl std::fmt::Debug for OpenedData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedData")
            .field("samples", &self.source.len())
            .field("categories", &self.categories.len())
            .finish_non_exhaustive()
    }
}

impl DataConfig {
    /// Opens the data; `key` is their name in the configuration, for messages.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for data without pictures; [`RecipeError::Wardrobe`].
    pub fn open(&self, key: &str) -> Result<OpenedData, RecipeError> {
        let opened = match self {
            Self::Synthetic(config) => OpenedData {
                source: Arc::new(SyntheticSource::new(config)?),
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
                remedy: match self {
                    Self::Synthetic(_) => "give a `count` above 0".into(),
                },
            });
        }
        Ok(opened)
    }
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
