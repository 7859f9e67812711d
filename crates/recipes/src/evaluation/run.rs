//! What a run's folder says of its model.

use std::path::Path;

use burn::module::Module;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wardrobe_backbones::weights::{self, LoadOptions};
use wardrobe_training::load_weights;

use crate::detection::torchvision_names;
use crate::error::RecipeError;
use crate::json;

/// A file with a network's weights.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weights<'a> {
    /// Under torchvision's names, as a run leaves them at its end.
    Model(&'a Path),
    /// A checkpoint of a run.
    Checkpoint(&'a Path),
}

impl Weights<'_> {
    /// The network with these weights; strict.
    pub(super) fn fill<M: Module>(self, network: M) -> Result<M, RecipeError> {
        Ok(match self {
            Self::Model(path) => weights::load(network, path, &LoadOptions::strict())?.0,
            Self::Checkpoint(path) => {
                let names = torchvision_names(&network);
                load_weights(network, &names, path)?
            }
        })
    }
}

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
