//! A detector's training as one JSON file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wardrobe_backbones::BackboneConfig;
use wardrobe_datasets::transforms::Step;
use wardrobe_mask_head::{DetectorConfig, MaskRcnnConfig};
use wardrobe_rpn_roi::config::RoiHeadsConfig;
use wardrobe_rpn_roi::{CascadeRcnnConfig, FasterRcnnConfig};
use wardrobe_training::TrainingConfig;

use super::scores::ScoringConfig;
use super::tally::Kind;
use crate::data::{ClassChoice, DataConfig, LoaderSettings};
use crate::error::RecipeError;
use crate::json;
use crate::run::check_files;
use crate::weights::StartWeights;

/// Everything that makes a training run of a detector.
///
/// ```
/// use wardrobe_recipes::presets;
/// let recipe = presets::detector("faster-rcnn-miniature")?;
/// let text = serde_json::to_string_pretty(&recipe).unwrap();
/// assert_eq!(wardrobe_recipes::detection::DetectorRecipe::from_json(&text)?, recipe);
/// # Ok::<(), wardrobe_recipes::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorRecipe {
    /// The network.
    pub model: DetectorModel,
    /// What it starts from, in this order; drawn from the seed where nothing is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<StartWeights>,
    /// What a class is; the data of the first phase say which there are.
    #[serde(default)]
    pub classes: ClassChoice,
    /// Training data by the key under which phases name them.
    pub data: BTreeMap<String, DataConfig>,
    /// Held-out data, for scores.
    pub validation: DataConfig,
    /// What is done to training pictures, in the loader's threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transforms: Option<Step>,
    /// How samples become batches.
    pub loader: LoaderSettings,
    /// How detections become scores.
    #[serde(default)]
    pub scoring: ScoringConfig,
    /// Phases, optimisers, schedules.
    pub training: TrainingConfig,
}

/// The network with all its numbers. `num_classes` (background included) may be 0: as the data say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectorModel {
    /// Faster R-CNN.
    FasterRcnn(FasterRcnnConfig),
    /// Cascade R-CNN.
    CascadeRcnn(CascadeRcnnConfig),
    /// Mask R-CNN behind either.
    MaskRcnn(MaskRcnnConfig),
    /// One of the architectures by name, with torchvision's numbers.
    Preset(Architecture),
}

/// Architectures of full size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// Paper A's Faster R-CNN.
    #[serde(rename = "fasterrcnn-vgg16")]
    FasterRcnnVgg16,
    /// torchvision's `fasterrcnn_resnet50_fpn`.
    #[serde(rename = "fasterrcnn-resnet50-fpn")]
    FasterRcnnResNet50Fpn,
    /// Cascade R-CNN on the same.
    #[serde(rename = "cascadercnn-resnet50-fpn")]
    CascadeRcnnResNet50Fpn,
    /// torchvision's `maskrcnn_resnet50_fpn`.
    #[serde(rename = "maskrcnn-resnet50-fpn")]
    MaskRcnnResNet50Fpn,
    /// A cascade with a mask branch.
    #[serde(rename = "cascade-maskrcnn-resnet50-fpn")]
    CascadeMaskRcnnResNet50Fpn,
}

impl DetectorModel {
    /// The network for data of so many classes, the background included.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] when the configuration asks for another number.
    pub fn for_classes(&self, num_classes: usize) -> Result<Self, RecipeError> {
        let mut model = match self {
            Self::Preset(name) => name.model(),
            given => given.clone(),
        };
        let (field, asked) = model.num_classes_mut();
        if *asked != 0 && *asked != num_classes {
            return Err(RecipeError::Setting {
                field: field.into(),
                found: asked.to_string(),
                remedy: format!(
                    "the data have {} classes, which makes {num_classes} with the background; write that, or 0 for as many as the data have",
                    num_classes - 1
                ),
            });
        }
        *asked = num_classes;
        Ok(model)
    }

    /// The backbone; nothing for one that is only named.
    pub fn backbone(&self) -> Option<&BackboneConfig> {
        match self {
            Self::FasterRcnn(config) => Some(&config.backbone),
            Self::CascadeRcnn(config) => Some(&config.backbone),
            Self::MaskRcnn(config) => Some(match &config.detector {
                DetectorConfig::Faster(config) => &config.backbone,
                DetectorConfig::Cascade(config) => &config.backbone,
            }),
            Self::Preset(_) => None,
        }
    }

    /// The same, to be changed.
    pub const fn backbone_mut(&mut self) -> Option<&mut BackboneConfig> {
        match self {
            Self::FasterRcnn(config) => Some(&mut config.backbone),
            Self::CascadeRcnn(config) => Some(&mut config.backbone),
            Self::MaskRcnn(config) => Some(match &mut config.detector {
                DetectorConfig::Faster(config) => &mut config.backbone,
                DetectorConfig::Cascade(config) => &mut config.backbone,
            }),
            Self::Preset(_) => None,
        }
    }

    /// The box branch with one head, where the network has one: a cascade has several.
    pub const fn roi_heads_mut(&mut self) -> Option<&mut RoiHeadsConfig> {
        match self {
            Self::FasterRcnn(config) => Some(&mut config.roi_heads),
            Self::MaskRcnn(config) => match &mut config.detector {
                DetectorConfig::Faster(config) => Some(&mut config.roi_heads),
                DetectorConfig::Cascade(_) => None,
            },
            Self::CascadeRcnn(_) | Self::Preset(_) => None,
        }
    }

    /// Checks every number of a network.
    ///
    /// # Errors
    /// [`RecipeError::Detector`], [`RecipeError::MaskHead`].
    pub fn check(&self) -> Result<(), RecipeError> {
        match self {
            Self::FasterRcnn(config) => config.validate()?,
            Self::CascadeRcnn(config) => config.validate()?,
            Self::MaskRcnn(config) => config.validate()?,
            Self::Preset(_) => {}
        }
        Ok(())
    }

    /// The names of the scores that are given of it.
    pub(crate) fn score_names(&self) -> Vec<String> {
        match self {
            Self::Preset(name) => name.model().score_names(),
            Self::MaskRcnn(_) => Kind::all_score_names(true),
            Self::FasterRcnn(_) | Self::CascadeRcnn(_) => Kind::all_score_names(false),
        }
    }

    fn num_classes_mut(&mut self) -> (&'static str, &mut usize) {
        match self {
            Self::FasterRcnn(config) => ("model.faster_rcnn.num_classes", &mut config.num_classes),
            Self::CascadeRcnn(config) => {
                ("model.cascade_rcnn.num_classes", &mut config.num_classes)
            }
            Self::MaskRcnn(config) => match &mut config.detector {
                DetectorConfig::Faster(config) => (
                    "model.mask_rcnn.detector.Faster.num_classes",
                    &mut config.num_classes,
                ),
                DetectorConfig::Cascade(config) => (
                    "model.mask_rcnn.detector.Cascade.num_classes",
                    &mut config.num_classes,
                ),
            },
            Self::Preset(name) => {
                *self = name.model();
                self.num_classes_mut()
            }
        }
    }
}

impl Architecture {
    /// With as many classes as the data have.
    pub fn model(self) -> DetectorModel {
        match self {
            Self::FasterRcnnVgg16 => DetectorModel::FasterRcnn(FasterRcnnConfig::vgg16(0)),
            Self::FasterRcnnResNet50Fpn => {
                DetectorModel::FasterRcnn(FasterRcnnConfig::resnet50_fpn(0))
            }
            Self::CascadeRcnnResNet50Fpn => {
                DetectorModel::CascadeRcnn(CascadeRcnnConfig::resnet50_fpn(0))
            }
            Self::MaskRcnnResNet50Fpn => DetectorModel::MaskRcnn(MaskRcnnConfig::resnet50_fpn(0)),
            Self::CascadeMaskRcnnResNet50Fpn => {
                DetectorModel::MaskRcnn(MaskRcnnConfig::cascade_resnet50_fpn(0))
            }
        }
    }
}

impl DetectorRecipe {
    /// Reads and validates a JSON text.
    ///
    /// # Errors
    /// [`RecipeError::Json`] with the path of what does not fit; as [`DetectorRecipe::validate`].
    pub fn from_json(text: &str) -> Result<Self, RecipeError> {
        let recipe: Self = json::parse(text, "configuration")?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// Reads and validates a JSON file.
    ///
    /// # Errors
    /// [`RecipeError::Io`]; as [`DetectorRecipe::from_json`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, RecipeError> {
        let recipe: Self = json::read(path.as_ref())?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`RecipeError::Training`]; [`RecipeError::Setting`] for paths that are not UTF-8.
    pub fn validate(&self) -> Result<(), RecipeError> {
        self.training.validate()?;
        check_files(&self.weights, &self.data, &self.validation)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn classes_come_from_the_data_unless_given() {
        let as_data = DetectorModel::Preset(Architecture::MaskRcnnResNet50Fpn);
        let DetectorModel::MaskRcnn(config) = as_data.for_classes(21).unwrap() else {
            panic!("a Mask R-CNN was asked for");
        };
        assert_eq!(config, MaskRcnnConfig::resnet50_fpn(21));

        let given = DetectorModel::FasterRcnn(FasterRcnnConfig::vgg16(20));
        assert!(given.for_classes(20).is_ok());
        assert_eq!(
            given.for_classes(21).unwrap_err().to_string(),
            "model.faster_rcnn.num_classes: found 20; the data have 20 classes, which makes 21 with the background; write that, or 0 for as many as the data have"
        );
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        let text = r#"{"model": {"preset": "fasterrcnn-vgg16"}, "data": {"train": {"synthetic": {"cuont": 3}}}}"#;
        let message = DetectorRecipe::from_json(text).unwrap_err().to_string();
        assert!(
            message.contains("at data.train.synthetic") && message.contains("cuont"),
            "{message}"
        );
    }
}
