//! A trained detector with what it was trained for, and its scores on data.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::Device;
use serde::Deserialize;
use wardrobe_datasets::formats::Skipped;
use wardrobe_datasets::loader::SkippedFiles;
use wardrobe_datasets::sample::Category;
use wardrobe_datasets::{CocoResult, CompressedRle, Sample};
use wardrobe_mask_head::{InstanceTruth, MaskRcnn};
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_rpn_roi::{CascadeRcnn, FasterRcnn, RgbPicture};
use wardrobe_training::Flow;

use super::run::{self, Weights};
use crate::data::{ClassChoice, Classes, DataConfig, LoaderData};
use crate::detection::{
    DetectorModel, Found, Scorer, ScoringConfig, Tally, TrainableDetector, instance_truth, rgb,
    settle_for_scores,
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
        Self::filled(model, Weights::Model(path), device)
    }

    fn filled(
        model: &DetectorModel,
        weights: Weights<'_>,
        device: &Device,
    ) -> Result<Self, RecipeError> {
        Ok(match model {
            DetectorModel::FasterRcnn(config) => {
                Self::FasterRcnn(Box::new(weights.fill(config.init(device)?)?))
            }
            DetectorModel::CascadeRcnn(config) => {
                Self::CascadeRcnn(Box::new(weights.fill(config.init(device)?)?))
            }
            DetectorModel::MaskRcnn(config) => {
                Self::MaskRcnn(Box::new(weights.fill(config.init(device)?)?))
            }
            DetectorModel::Preset(name) => return Self::filled(&name.model(), weights, device),
        })
    }

    /// Whether it gives masks.
    pub const fn has_masks(&self) -> bool {
        matches!(self, Self::MaskRcnn(_))
    }

    fn input(&self) -> &ImageTransform {
        match self {
            Self::FasterRcnn(model) => model.transform(),
            Self::CascadeRcnn(model) => model.transform(),
            Self::MaskRcnn(model) => model.transform(),
        }
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
    /// What the classes were made of: tells the class of a category of other data.
    pub class_choice: ClassChoice,
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
        Self::of_changed_run(folder, device, |_| Ok(()))
    }

    /// The same with the weights of a checkpoint of the run, also of one that has not ended: the averaged ones where it has
    /// them.
    ///
    /// # Errors
    /// As [`DetectorCheckpoint::of_run`]; [`RecipeError::Training`] for a file that is no checkpoint of this network.
    pub fn of_run_at(
        folder: impl AsRef<Path>,
        checkpoint: &Path,
        device: &Device,
    ) -> Result<Self, RecipeError> {
        Self::read(
            folder.as_ref(),
            Weights::Checkpoint(checkpoint),
            device,
            |_| Ok(()),
        )
    }

    /// The same with other numbers in the network, such as another suppression.
    ///
    /// # Errors
    /// As [`DetectorCheckpoint::of_run`], also for numbers that need other weights; whatever `change` gives.
    pub fn of_changed_run(
        folder: impl AsRef<Path>,
        device: &Device,
        change: impl FnOnce(&mut DetectorModel) -> Result<(), RecipeError>,
    ) -> Result<Self, RecipeError> {
        let folder = folder.as_ref();
        let model = folder.join(MODEL_FILE);
        Self::read(folder, Weights::Model(&model), device, change)
    }

    fn read(
        folder: &Path,
        weights: Weights<'_>,
        device: &Device,
        change: impl FnOnce(&mut DetectorModel) -> Result<(), RecipeError>,
    ) -> Result<Self, RecipeError> {
        #[derive(Deserialize)]
        struct Program {
            model: DetectorModel,
            classes: Vec<String>,
            class_choice: ClassChoice,
            validation: DataConfig,
            scoring: ScoringConfig,
        }
        let mut program: Program = run::program(folder)?;
        change(&mut program.model)?;
        let detector = TrainedDetector::filled(&program.model, weights, device)?;
        Ok(Self {
            detector,
            names: program.classes,
            class_choice: program.class_choice,
            scoring: program.scoring,
            validation: Some(program.validation),
        })
    }

    /// Opens data to score it on. With `ignore_others`, or where it was trained on some categories of its data
    /// ([`ClassChoice::Only`]), objects of categories that it does not know are neither to be found nor background.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for data with other classes; as [`DataConfig::open`].
    pub fn open(&self, data: &DataConfig, ignore_others: bool) -> Result<Pictures, RecipeError> {
        let opened = data.open("data")?;
        let classes = Classes::of_checkpoint(
            self.names.clone(),
            "data",
            &opened.categories,
            &self.class_choice,
            ignore_others,
        )?;
        let masks = self.detector.has_masks();
        let category_ids = category_ids(&classes, &opened.categories);
        let loader = LoaderData::in_order(opened.source, data.on_bad_file(), move |sample| {
            settle_for_scores(sample, &classes, masks)
        })?
        .seen_through(self.detector.input());
        Ok(Pictures {
            loader,
            ids: opened.ids,
            category_ids,
            skipped: opened.skipped,
        })
    }

    /// Scores it; `each` hears of every picture, in order, and may stop: the scores are then of the
    /// pictures so far.
    ///
    /// # Errors
    /// [`RecipeError::Loader`] for the first picture that cannot be used, or where lenient data have no
    /// other; [`RecipeError::Metric`] and
    /// [`RecipeError::Coco`] for detections that are no numbers; whatever `each` gives.
    pub fn evaluate(
        &self,
        pictures: &Pictures,
        each: &mut dyn FnMut(Judged) -> Result<Flow, RecipeError>,
    ) -> Result<Tally, RecipeError> {
        let mut scorer = Scorer::new(&self.names, self.detector.has_masks(), self.scoring)?;
        for sample in pictures.loader.pass()? {
            let sample = sample?;
            let truth = instance_truth(&sample.value);
            let found = self.detector.find(&[rgb(&sample.value)])?;
            let found = found.into_iter().next().unwrap_or_default();
            scorer.add(&sample.value, &found)?;
            let judged = Judged {
                name: sample.name,
                id: pictures.ids[sample.index],
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

/// Opened data, in the words of a checkpoint.
#[derive(Debug)]
pub struct Pictures {
    loader: LoaderData,
    ids: Vec<u64>,
    category_ids: Vec<u64>,
    skipped: Skipped,
}

impl Pictures {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// What a lenient reader left out of the data.
    pub const fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The pictures of lenient data that could not be used when they were evaluated.
    pub fn skipped_files(&self) -> SkippedFiles {
        self.loader.skipped()
    }

    /// What was found in a picture, as entries of a COCO results list in the data's own numbers.
    pub fn coco_results(&self, judged: &Judged, names: &[String]) -> Vec<CocoResult> {
        let picture = &judged.sample.picture;
        let result = |found: &Found| {
            let detection = &found.detection;
            let class = detection.label.saturating_sub(1);
            let id = self.category_ids.get(class).copied();
            CocoResult {
                image_id: judged.id,
                category_id: id.unwrap_or(detection.label as u64),
                bbox: CocoResult::bbox_of_corners(detection.bbox),
                score: detection.score,
                segmentation: found
                    .mask
                    .as_ref()
                    .map(|mask| CompressedRle::encode(mask, picture.width(), picture.height())),
                file_name: judged.name.clone(),
                category_name: names.get(class).cloned().unwrap_or_default(),
            }
        };
        judged.found.iter().map(result).collect()
    }
}

/// The data's number of each class; labels, from 1, where a class is several categories.
fn category_ids(classes: &Classes, categories: &[Category]) -> Vec<u64> {
    let of_class = |class: usize| {
        (0_u32..)
            .zip(categories)
            .filter(move |&(index, _)| classes.class(index) == Some(class))
            .map(|(_, category)| u64::from(category.id))
    };
    let all = 0..classes.names().len();
    let own: Vec<u64> = all.clone().flat_map(of_class).collect();
    let distinct: BTreeSet<u64> = own.iter().copied().collect();
    let one_each = all.clone().all(|class| of_class(class).count() <= 1);
    if !one_each || distinct.len() < own.len() {
        return (1..=classes.names().len() as u64).collect();
    }
    // A class without a category is found nowhere in the data; its number must only be no other's.
    let spare = categories.iter().map(|category| u64::from(category.id) + 1);
    let spare = spare.max().unwrap_or(1);
    all.map(|class| of_class(class).next().unwrap_or(spare + class as u64))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn categories(list: &[(&str, &str, u32)]) -> Vec<Category> {
        let category = |&(name, group, id): &(&str, &str, u32)| Category {
            name: name.into(),
            group: Some(group.into()),
            id,
        };
        list.iter().map(category).collect()
    }

    fn ids(names: &[&str], categories: &[Category], choice: &ClassChoice) -> Vec<u64> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let classes = Classes::of_checkpoint(names, "data", categories, choice, true).unwrap();
        category_ids(&classes, categories)
    }

    #[test]
    fn results_have_the_numbers_of_the_data() {
        let own = ClassChoice::Categories;
        let data = categories(&[("Tee", "upper", 18), ("Coat", "upper", 39)]);
        assert_eq!(ids(&["Coat", "Tee"], &data, &own), [39, 18]);
        // Dress is not in the data: 39 + 1 + its place.
        assert_eq!(ids(&["Coat", "Dress", "Tee"], &data, &own), [39, 41, 18]);
        // A category that is no class changes nothing but what is free.
        let more = [data.clone(), categories(&[("Hat", "head", 45)])].concat();
        assert_eq!(ids(&["Coat", "Tee"], &more, &own), [39, 18]);
        assert_eq!(ids(&["Coat", "Dress", "Tee"], &more, &own), [39, 47, 18]);
        // A group is no category: labels.
        let groups = ClassChoice::Groups;
        assert_eq!(ids(&["upper", "lower"], &data, &groups), [1, 2]);
    }
}
