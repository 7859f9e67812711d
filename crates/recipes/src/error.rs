//! Why a recipe cannot be prepared or run; one variant per remedy.

use std::path::PathBuf;

use thiserror::Error;
use wardrobe_backbones::{ConfigError, WeightsError};
use wardrobe_datasets::loader::LoaderError;
use wardrobe_datasets::sample::MaskError;
use wardrobe_datasets::synthetic::WardrobeError;
use wardrobe_datasets::transforms::TransformError;
use wardrobe_datasets::{OpenError, OutputError};
use wardrobe_losses::LossSettingError;
use wardrobe_mask_head::MaskHeadError;
use wardrobe_metrics::{CocoError, MetricError};
use wardrobe_rpn_roi::RpnRoiError;
use wardrobe_training::TrainingError;

/// Why a recipe cannot be prepared or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The JSON does not fit.
    #[error("{file}: at {field}: {source}")]
    Json {
        /// The file.
        file: String,
        /// The path of the value.
        field: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A setting does not fit.
    #[error("{field}: found {found}; {remedy}")]
    Setting {
        /// Its path in the JSON.
        field: String,
        /// What stands there.
        found: String,
        /// What to write instead.
        remedy: String,
    },
    /// Annotations cannot be what they are taken for.
    #[error("{file}, object {object}: {problem}; {remedy}")]
    Annotation {
        /// The picture's file.
        file: String,
        /// Which of its objects, from 0.
        object: usize,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A classifier's settings.
    #[error("model: {0}")]
    Network(#[from] ConfigError),
    /// A detector, or a batch for it.
    #[error(transparent)]
    Detector(#[from] RpnRoiError),
    /// A Mask R-CNN, or a batch for it.
    #[error(transparent)]
    MaskHead(#[from] MaskHeadError),
    /// The settings of a class loss.
    #[error("loss: {0}")]
    Loss(#[from] LossSettingError),
    /// Weights to start from, or to hand on.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A synthetic wardrobe that cannot be drawn.
    #[error("synthetic wardrobe: {0}")]
    Wardrobe(#[from] WardrobeError),
    /// A pipeline of transforms.
    #[error("transforms: {0}")]
    Transforms(#[from] TransformError),
    /// Pictures that cannot be loaded.
    #[error(transparent)]
    Loader(#[from] LoaderError),
    /// Data that cannot be opened.
    #[error("{key}: {source}")]
    Open {
        /// Their path in the JSON.
        key: String,
        /// What was looked for, and what is there.
        source: Box<OpenError>,
    },
    /// A picture that cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The engine.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// COCO's metric.
    #[error(transparent)]
    Coco(#[from] CocoError),
    /// Another metric.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

/// A picture of which the network's resizing leaves no pixel; the loader adds its name.
#[derive(Debug, Error)]
#[error(
    "is {width}x{height} pixels, of which resizing to {resized_width}x{resized_height} leaves none; crop it, give the network a larger `max_size`, or let bad files be skipped"
)]
pub(crate) struct ShapeError {
    pub width: usize,
    pub height: usize,
    pub resized_width: usize,
    pub resized_height: usize,
}

/// A picture of which no object says the class; the loader adds its name.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// There is none.
    #[error(
        "has no object to say its class; annotate one, leave the picture out, or let bad files be skipped"
    )]
    NoObject,
    /// One is there, and cannot say it.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// One object of a picture that cannot be learnt from; the loader adds the picture's name.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("object {object}: {problem}; {remedy}")]
pub struct ObjectError {
    /// Which, from 0.
    pub object: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

impl ObjectError {
    pub(crate) fn new(object: usize, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            object,
            problem: problem.into(),
            remedy,
        }
    }

    pub(crate) fn of_mask(object: usize, error: &MaskError) -> Self {
        Self::new(
            object,
            format!("its mask has no pixels to learn from: {error}"),
            "mend it, or train without masks",
        )
    }

    /// The same with the picture's file.
    pub fn in_file(self, file: impl Into<String>) -> RecipeError {
        RecipeError::Annotation {
            file: file.into(),
            object: self.object,
            problem: self.problem,
            remedy: self.remedy,
        }
    }
}
