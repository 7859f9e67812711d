//! A trained classifier with what it was trained for, and its scores on data.

use std::path::Path;

use burn::tensor::Device;
use serde::Deserialize;
use wardrobe_datasets::formats::Skipped;
use wardrobe_datasets::loader::SkippedFiles;
use wardrobe_losses::ClassLoss;
use wardrobe_metrics::ConfusionMatrix;
use wardrobe_rpn_roi::config::TransformConfig;
use wardrobe_rpn_roi::transform::ImageTransform;

use super::run::{self, Weights};
use crate::classification::{
    Classifier, ClassifierModel, ClassifierTask, Subject, of_classes, settle,
};
use crate::data::{ClassChoice, Classes, DataConfig, LoaderData};
use crate::error::RecipeError;
use crate::weights::MODEL_FILE;

/// A classifier and the classes it knows.
#[derive(Debug)]
pub struct ClassifierCheckpoint {
    /// The classifier.
    pub classifier: Classifier,
    /// The names of its classes.
    pub names: Vec<String>,
    /// What the classes were made of: tells the class of a category of other data.
    pub class_choice: ClassChoice,
    /// Which object of a picture says its class.
    pub subject: Subject,
    /// Pictures → batch.
    pub input: TransformConfig,
    /// What its run was scored on.
    pub validation: DataConfig,
}

impl ClassifierCheckpoint {
    /// The model that a run left, with the run's classes.
    ///
    /// # Errors
    /// [`RecipeError::Io`] for a folder without a run, or one that has not ended;
    /// [`RecipeError::Json`] for a detector's run; [`RecipeError::Weights`].
    pub fn of_run(folder: impl AsRef<Path>, device: &Device) -> Result<Self, RecipeError> {
        let folder = folder.as_ref();
        let model = folder.join(MODEL_FILE);
        Self::read(folder, Weights::Model(&model), device)
    }

    /// The same with the weights of a checkpoint of the run, also of one that has not ended: the averaged ones where it has
    /// them.
    ///
    /// # Errors
    /// As [`ClassifierCheckpoint::of_run`]; [`RecipeError::Training`] for a file that is no checkpoint of this network.
    pub fn of_run_at(
        folder: impl AsRef<Path>,
        checkpoint: &Path,
        device: &Device,
    ) -> Result<Self, RecipeError> {
        Self::read(folder.as_ref(), Weights::Checkpoint(checkpoint), device)
    }

    fn read(folder: &Path, weights: Weights<'_>, device: &Device) -> Result<Self, RecipeError> {
        #[derive(Deserialize)]
        struct Program {
            model: ClassifierModel,
            classes: Vec<String>,
            class_choice: ClassChoice,
            subject: Subject,
            input: TransformConfig,
            validation: DataConfig,
        }
        let program: Program = run::program(folder)?;
        let classifier = weights.fill(program.model.init(device)?)?;
        Ok(Self {
            classifier,
            names: program.classes,
            class_choice: program.class_choice,
            subject: program.subject,
            input: program.input,
            validation: program.validation,
        })
    }

    /// Opens data to score it on. With `ignore_others`, or where it was trained on some categories of its data
    /// ([`ClassChoice::Only`]), pictures of categories that it does not know are left out.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for data with other classes; as [`DataConfig::open`].
    pub fn open(
        &self,
        data: &DataConfig,
        ignore_others: bool,
    ) -> Result<LabelledPictures, RecipeError> {
        let opened = data.open("data")?;
        let classes = Classes::of_checkpoint(
            self.names.clone(),
            "data",
            &opened.categories,
            &self.class_choice,
            ignore_others,
        )?;
        let subject = self.subject;
        let source = of_classes("data", opened.source, &classes, subject)?;
        let loader = LoaderData::in_order(source, data.on_bad_file(), move |sample| {
            settle(sample, &classes, subject)
        })?
        .seen_through(&ImageTransform::new(self.input.clone())?);
        Ok(LabelledPictures {
            loader,
            skipped: opened.skipped,
        })
    }

    /// What it takes for what; `each` hears of every picture's name, in order.
    ///
    /// # Errors
    /// [`RecipeError::Loader`] for the first picture that cannot be used, or where lenient data have no
    /// other.
    pub fn evaluate(
        &self,
        pictures: &LabelledPictures,
        each: &mut dyn FnMut(&str),
    ) -> Result<ConfusionMatrix, RecipeError> {
        let input = ImageTransform::new(self.input.clone())?;
        let loader = pictures.loader.clone();
        let task = ClassifierTask::new(self.names.clone(), loader, input, ClassLoss::default());
        task.confusion_with(&self.classifier, each)
    }
}

/// Opened data, in the words of a checkpoint.
#[derive(Debug)]
pub struct LabelledPictures {
    loader: LoaderData,
    skipped: Skipped,
}

impl LabelledPictures {
    /// What a lenient reader left out of the data.
    pub const fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The pictures of lenient data that could not be used when they were evaluated.
    pub fn skipped_files(&self) -> SkippedFiles {
        self.loader.skipped()
    }
}
