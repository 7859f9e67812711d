//! From a configuration to a source of samples, and what can be wrong with it before the first step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wardrobe_datasets::loader::Source;
use wardrobe_datasets::sample::Category;
use wardrobe_datasets::synthetic::labels;
use wardrobe_datasets::transforms::Mirrors;

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
