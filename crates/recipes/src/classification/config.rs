//! A classifier's training as one JSON file.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use wardrobe_backbones::{ResNetConfig, VggConfig};
use wardrobe_datasets::transforms::Step;
use wardrobe_losses::ClassLoss;
use wardrobe_rpn_roi::config::TransformConfig;
use wardrobe_training::TrainingConfig;

use super::model::Classifier;
use crate::data::{ClassChoice, DataConfig, LoaderSettings};
use crate::error::RecipeError;
use crate::json;
use crate::run::check_files;
use crate::weights::StartWeights;

/// Everything that makes a training run of a classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierRecipe {
    /// The network.
    pub model: ClassifierModel,
    /// What it starts from, in this order; drawn from the seed where nothing is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<StartWeights>,
    /// What a class is; the data of the first phase say which there are.
    #[serde(default)]
    pub classes: ClassChoice,
    /// Which object of a picture says its class.
    #[serde(default)]
    pub subject: Subject,
    /// Training data by the key under which phases name them.
    pub data: BTreeMap<String, DataConfig>,
    /// Held-out data, for scores.
    pub validation: DataConfig,
    /// What is done to training pictures, in the loader's threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transforms: Option<Step>,
    /// Pictures → batch, as detectors do it, so that a body that moves on sees what it knows.
    pub input: TransformConfig,
    /// How samples become batches.
    pub loader: LoaderSettings,
    /// The loss.
    #[serde(default)]
    pub loss: ClassLoss,
    /// β, in 0 … 1 without 1: weights the loss by class, the rarer the more (*Class-Balanced Loss Based on Effective Number of
    /// Samples*, equation 10; 0.9 to 0.9999), counted over the pictures that phases learn from, each data set once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_balance: Option<f64>,
    /// Phases, optimisers, schedules.
    pub training: TrainingConfig,
}

/// Which object of a picture says its class; asked of the whole picture, before transforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The only one; a picture with none or several is a bad file (DeepFashion's pictures have one).
    #[default]
    Only,
    /// The one with the largest box; of equals the first.
    Largest,
}

/// The network with all its numbers. `num_classes` may be left out: as the data say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassifierModel {
    /// VGG, paper A's clothNet.
    Vgg(VggConfig),
    /// ResNet.
    ResNet(ResNetConfig),
}

impl ClassifierModel {
    /// The network for so many classes.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] when the configuration asks for another number.
    pub fn for_classes(&self, classes: usize) -> Result<Self, RecipeError> {
        let (field, asked) = match self {
            Self::Vgg(config) => ("model.vgg.num_classes", config.num_classes),
            Self::ResNet(config) => ("model.res_net.num_classes", config.num_classes),
        };
        if let Some(asked) = asked
            && asked != classes
        {
            return Err(RecipeError::Setting {
                field: field.into(),
                found: asked.to_string(),
                remedy: format!(
                    "the data have {classes} classes; write that, or null for as many as the data have"
                ),
            });
        }
        Ok(match self.clone() {
            Self::Vgg(config) => Self::Vgg(config.with_classes(Some(classes))),
            Self::ResNet(config) => Self::ResNet(config.with_classes(Some(classes))),
        })
    }

    /// A fresh network.
    ///
    /// # Errors
    /// [`RecipeError::Network`] for numbers that do not fit.
    pub fn init(&self, device: &Device) -> Result<Classifier, RecipeError> {
        Ok(match self {
            Self::Vgg(config) => {
                config.validate()?;
                Classifier::Vgg(config.init(device))
            }
            Self::ResNet(config) => {
                config.validate()?;
                Classifier::ResNet(config.init(device))
            }
        })
    }
}

impl ClassifierRecipe {
    /// Reads and validates a JSON text.
    ///
    /// # Errors
    /// [`RecipeError::Json`] with the path of what does not fit; as [`ClassifierRecipe::validate`].
    pub fn from_json(text: &str) -> Result<Self, RecipeError> {
        let recipe: Self = json::parse(text, "configuration")?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// Reads and validates a JSON file.
    ///
    /// # Errors
    /// [`RecipeError::Io`]; as [`ClassifierRecipe::from_json`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, RecipeError> {
        let recipe: Self = json::read(path.as_ref())?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`RecipeError::Training`], [`RecipeError::Detector`] for the input; [`RecipeError::Setting`] for paths that are not
    /// UTF-8.
    pub fn validate(&self) -> Result<(), RecipeError> {
        self.training.validate()?;
        check_files(&self.weights, &self.data, &self.validation)?;
        Ok(self.input.validate()?)
    }
}
