//! A trained detector with what it was trained for, and its scores on data.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use serde::Deserialize;
use wardrobe_backbones::weights::{self, LoadOptions, LoadReport};
use wardrobe_datasets::Sample;
use wardrobe_mask_head::{InstanceTruth, MaskRcnn};
use wardrobe_rpn_roi::{CascadeRcnn, FasterRcnn, RgbPicture};
use wardrobe_training::Flow;

use super::run;
use crate::data::{ClassChoice, Classes, DataConfig, LoaderData};
use crate::detection::{
    DetectorModel, Found, Scorer, ScoringConfig, Tally, TrainableDetector, instance_truth, rgb,
    settle,
};
use crate::error::RecipeError;
use crate::weights::MODEL_FILE;

/// A detector of any kind.
#[derive(Debug)]
pub enum TrainedDetector {
    /// Faster R-CNN.
    FasterRcnn(Box<FasterRcnn>),
    /// Cascade R-CNN.
    CascadeRcnn(Box<CascadeRcnn>),
    /// Mask R-CNN.
    MaskRcnn(Box<MaskRcnn>),
}

impl TrainedDetector {
    /// The network of a configuration with a file's weights; strict.
    ///
    /// # Errors
    /// [`RecipeError::Weights`] with everything that differs; [`RecipeError::Detector`] and
    /// [`RecipeError::MaskHead`] for numbers that are no network.
    pub fn load(model: &DetectorModel, path: &Path, device: &Device) -> Result<Self, RecipeError> {
        fn filled<M: Module>(model: M, path: &Path) -> Result<Box<M>, RecipeError> {
            let (model, _): (M, LoadReport) = weights::load(model, path, &LoadOptions::strict())?;
            Ok(Box::new(model))
        }
        Ok(match model {
            DetectorModel::FasterRcnn(config) => {
                Self::FasterRcnn(filled(config.init(device)?, path)?)
            }
            DetectorModel::CascadeRcnn(config) => {
                Self::CascadeRcnn(filled(config.init(device)?, path)?)
            }
            DetectorModel::MaskRcnn(config) => Self::MaskRcnn(filled(config.init(device)?, path)?),
            DetectorModel::Preset(name) => return Self::load(&name.model(), path, device),
        })
    }

    /// Whether it gives masks.
    pub const fn has_masks(&self) -> bool {
        matches!(self, Self::MaskRcnn(_))
    }

    /// What it finds in each picture, best first.
    ///
    /// # Errors
    /// When a picture cannot be resized.
    pub fn find(&self, pictures: &[RgbPicture<'_>]) -> Result<Vec<Vec<Found>>, RecipeError> {
        match self {
            Self::FasterRcnn(model) => model.find(pictures),
            Self::CascadeRcnn(model) => model.find(pictures),
            Self::MaskRcnn(model) => model.find(pictures),
        }
    }
}

/// A detector and the classes it knows.
#[derive(Debug)]
pub struct DetectorCheckpoint {
    /// The detector.
    pub detector: TrainedDetector,
    /// The names of its classes, without the background: label 1 is the first.
    pub names: Vec<String>,
    /// Whether classes are groups of categories.
    pub by_group: bool,
    /// How detections become scores.
    pub scoring: ScoringConfig,
    /// What its run was scored on, where it is a run's.
    pub validation: Option<DataConfig>,
}

/// A picture with what was to be found in it and what was found.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The picture's file, or what a drawn picture is called.
    pub name: String,
    /// Its number in the data, such as COCO's image id; from 1, in order, where the data have none.
    pub id: u64,
    /// The picture and its objects, settled: categories are classes, from 0.
    pub sample: Sample,
    /// What was to be found.
    pub truth: InstanceTruth,
    /// What was found, best first.
    pub found: Vec<Found>,
}

impl DetectorCheckpoint {
    /// The model that a run left, with the run's classes and scoring.
    ///
    /// # Errors
    /// [`RecipeError::Io`] for a folder without a run, or one that has not ended;
    /// [`RecipeError::Json`] for a classifier's run; as [`TrainedDetector::load`].
    pub fn of_run(folder: impl AsRef<Path>, device: &Device) -> Result<Self, RecipeError> {
        #[derive(Deserialize)]
        struct Program {
            model: DetectorModel,
            classes: Vec<String>,
            class_choice: ClassChoice,
            validation: DataConfig,
            scoring: ScoringConfig,
        }
        let folder = folder.as_ref();
        let program: Program = run::program(folder)?;
        let detector = TrainedDetector::load(&program.model, &folder.join(MODEL_FILE), device)?;
        Ok(Self {
            detector,
            names: program.classes,
            by_group: program.class_choice == ClassChoice::Groups,
            scoring: program.scoring,
            validation: Some(program.validation),
        })
    }

    /// Scores it on data; `each` hears of every picture, in order, and may stop: the scores are then of
    /// the pictures so far. With `ignore_others`, objects of
    /// categories that it does not know are neither to be found nor background.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for data with other classes; as [`DataConfig::open`] and
    /// [`Scorer::tally`]; [`RecipeError::Loader`] for the first picture that cannot be used; whatever
    /// `each` gives.
    pub fn evaluate(
        &self,
        data: &DataConfig,
        ignore_others: bool,
        each: &mut dyn FnMut(Judged) -> Result<Flow, RecipeError>,
    ) -> Result<Tally, RecipeError> {
        let opened = data.open("data")?;
        let classes = Classes::of_checkpoint(
            self.names.clone(),
            "data",
            &opened.categories,
            self.by_group,
            ignore_others,
        )?;
        let masks = self.detector.has_masks();
        let ids = opened.ids;
        let pictures =
            LoaderData::in_order(opened.source, move |sample| settle(sample, &classes, masks))?;
        let mut scorer = Scorer::new(&self.names, masks, self.scoring)?;
        for (sample, id) in pictures.pass()?.zip(ids) {
            let sample = sample?;
            let truth = instance_truth(&sample.value);
            let found = self.detector.find(&[rgb(&sample.value)])?;
            let found = found.into_iter().next().unwrap_or_default();
            let picture = &sample.value.picture;
            scorer.add([picture.width(), picture.height()], &truth, &found)?;
            let judged = Judged {
                name: sample.name,
                id,
                sample: sample.value,
                truth,
                found,
            };
            if each(judged)? == Flow::Stop {
                break;
            }
        }
        scorer.tally()
    }
}
