//! The weights a model starts from.

use std::path::{Path, PathBuf};

use burn::module::Module;
use serde::{Deserialize, Serialize};
use wardrobe_backbones::BackboneConfig;
use wardrobe_backbones::weights::{self, LoadOptions, LoadReport};

use crate::error::RecipeError;
use crate::json;

/// The file a run leaves its weights in, under torchvision's names.
pub const MODEL_FILE: &str = "model.safetensors";

/// Weights to start from; those of a list are loaded one after the other.
///
/// ```
/// use wardrobe_recipes::StartWeights;
/// // clothNet's body, by one line of the configuration.
/// let line: StartWeights = serde_json::from_str(r#"{"classifier": "runs/clothnet"}"#)?;
/// assert_eq!(line, StartWeights::Classifier("runs/clothnet".into()));
/// // A COCO model for other classes.
/// let line = r#"{"file": {"path": "maskrcnn.pth", "except": ["roi_heads.*_predictor.*"]}}"#;
/// assert!(matches!(serde_json::from_str(line)?, StartWeights::File(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartWeights {
    /// A classifier of the same architecture as the detector's backbone, such as clothNet: its body
    /// becomes the backbone's. A file, or the folder of a run.
    Classifier(PathBuf),
    /// Any file of weights, or the folder of a run.
    File(FileWeights),
}

/// Which tensors of a file go where. Patterns are torchvision's names; `*` is any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileWeights {
    /// `.safetensors`, `.pth` or `.pt`, or the folder of a run.
    pub path: PathBuf,
    /// The part of the model the file's names are relative to: `backbone.body`. The whole model if
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// The key of the file below which the weights lie: `model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_level: Option<String>,
    /// Only tensors of the model that match are loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// All tensors of the model but those that match are loaded: predictors of other classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Tensors of the file that are expected surplus.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignoring: Vec<String>,
}

impl StartWeights {
    /// Checks what can be checked without the file; `field` is their path in the configuration.
    pub(crate) fn check(&self, field: &str) -> Result<(), RecipeError> {
        match self {
            Self::Classifier(path) => json::check_path(&format!("{field}.classifier"), path),
            Self::File(file) => json::check_path(&format!("{field}.file.path"), &file.path),
        }
    }

    /// Loads them into a model; `backbone` is a detector's, without which there is no place for a
    /// classifier's body.
    ///
    /// # Errors
    /// [`RecipeError::Weights`] with everything that is missing, surplus or misshapen;
    /// [`RecipeError::Setting`] for patterns that contradict each other, or a classifier's body where
    /// no backbone is.
    pub fn load<M: Module>(
        &self,
        model: M,
        backbone: Option<&BackboneConfig>,
    ) -> Result<(M, LoadReport), RecipeError> {
        let (path, options) = match (self, backbone) {
            // A detector's VGG is the list `features` without its last pool, which has no weights.
            (Self::Classifier(path), Some(BackboneConfig::Vgg(_))) => (
                path,
                LoadOptions::strict()
                    .under("backbone")
                    .with_top_level("features"),
            ),
            (Self::Classifier(path), Some(BackboneConfig::ResNetFpn { .. })) => (
                path,
                LoadOptions::strict()
                    .under("backbone.body")
                    .ignoring(["fc.*"]),
            ),
            (Self::Classifier(path), None) => {
                return Err(RecipeError::Setting {
                    field: "weights.classifier".into(),
                    found: path.display().to_string(),
                    remedy: "only detectors have a backbone for it; write {\"file\": …}".into(),
                });
            }
            (Self::File(file), _) => (&file.path, file.options()?),
        };
        Ok(weights::load(model, weights_file(path), &options)?)
    }
}

impl FileWeights {
    fn options(&self) -> Result<LoadOptions, RecipeError> {
        let options = match (self.only.as_slice(), self.except.as_slice()) {
            ([], []) => LoadOptions::strict(),
            (only, []) => LoadOptions::partial(only.iter().cloned()),
            ([], except) => LoadOptions::except(except.iter().cloned()),
            _ => {
                return Err(RecipeError::Setting {
                    field: "weights.file".into(),
                    found: "both `only` and `except`".into(),
                    remedy: "give one of them".into(),
                });
            }
        };
        let options = options.ignoring(self.ignoring.iter().cloned());
        let options = match &self.into {
            Some(part) => options.under(part),
            None => options,
        };
        Ok(match &self.top_level {
            Some(key) => options.with_top_level(key),
            None => options,
        })
    }
}

/// A run's folder stands for the weights it left.
fn weights_file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(MODEL_FILE)
    } else {
        path.to_owned()
    }
}
