//! What a run's folder says of its model.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::RecipeError;
use crate::json;

/// What a run trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum RunKind {
    /// A detector.
    Detector,
    /// A classifier.
    Classifier,
}

impl RunKind {
    /// What the run in a folder trained.
    ///
    /// # Errors
    /// [`RecipeError::Io`] without `config.json`; [`RecipeError::Json`] for one that is not a recipe's.
    pub fn of(folder: impl AsRef<Path>) -> Result<Self, RecipeError> {
        #[derive(Deserialize)]
        struct Titled {
            title: RunKind,
        }
        Ok(program::<Titled>(folder.as_ref())?.title)
    }
}

/// The program's part of `config.json`, as training wrote it.
pub(super) fn program<P: DeserializeOwned>(folder: &Path) -> Result<P, RecipeError> {
    #[derive(Deserialize)]
    struct Described<P> {
        program: P,
    }
    Ok(json::read::<Described<P>>(&folder.join("config.json"))?.program)
}
