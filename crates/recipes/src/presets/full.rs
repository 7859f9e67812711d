//! Paper A's recipes at full size, on folders beside the program: its subsets of DeepFashion as
//! `subsets` writes them.
//!
//! The paper gives the networks, the data, the rate and its steps (`PhaseConfig::paper_a`); what it
//! leaves open is torchvision's. Its classifier's schedule is not given: VGG's own
//! rate and decay are taken. ImageNet weights are not at hand everywhere: give the file under `weights`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wardrobe_backbones::{ResNetConfig, VggConfig};
use wardrobe_datasets::sample::Split;
use wardrobe_datasets::transforms::HorizontalFlip;
use wardrobe_losses::ClassLoss;
use wardrobe_rpn_roi::config::TransformConfig;
use wardrobe_training::{
    KeepBestConfig, OptimiserConfig, PhaseConfig, ScheduleConfig, SgdConfig, ShapeConfig, Span,
    TrainingConfig,
};

use crate::classification::{ClassifierModel, ClassifierRecipe, Subject};
use crate::data::{ClassChoice, DataConfig, FolderConfig, LoaderSettings};
use crate::detection::{Architecture, DetectorRecipe, ScoringConfig};
use crate::weights::StartWeights;

/// Where the classifiers' presets are expected to have been trained.
pub(super) const CLOTHNET: &str = "runs/clothnet";
/// The same on ResNet.
pub(super) const CLOTHNET_RESNET: &str = "runs/clothnet-resnet";

/// Pictures in a step of a detector: what one device of 16 GB holds; the rate follows (0.02 is for 16).
const BATCH: usize = 2;
/// Pictures in a step of a classifier.
const CLASSIFIER_BATCH: usize = 64;
/// Passes over deepfashionkid.
const CLASSIFIER_EPOCHS: u64 = 30;
/// Passes between two steps of its rate.
const CLASSIFIER_STEP: u64 = 10;
/// Its rate for [`CLASSIFIER_BATCH`] (VGG's 0.01 for 256, section 3.1, scaled).
const CLASSIFIER_RATE: f64 = 0.0025;
/// VGG's weight decay (section 3.1).
const CLASSIFIER_DECAY: f64 = 5e-4;
/// Side of a classifier's pictures (VGG, section 2.1).
const CLASSIFIER_SIDE: usize = 224;
/// Steps of a detector between two scores: a pass over deepfashionVoc's 4,000 pictures.
const BETWEEN_SCORES: u64 = 2_000;

/// The key of the training data.
const TRAIN: &str = "train";

fn folder(path: &str, split: Split) -> DataConfig {
    DataConfig::Folder(FolderConfig {
        path: PathBuf::from(path),
        split: Some(split),
        ..FolderConfig::default()
    })
}

fn training(phases: Vec<PhaseConfig>, every: Span, metric: &str) -> TrainingConfig {
    TrainingConfig {
        validate_every: every,
        checkpoint_every: every,
        keep_best: Some(KeepBestConfig {
            metric: metric.into(),
            smaller_is_better: false,
        }),
        ..TrainingConfig::new(phases)
    }
}

fn detector(architecture: Architecture, data: &str, metric: &str) -> DetectorRecipe {
    DetectorRecipe {
        // Spelled out: what the network is, stands in the file.
        model: architecture.model(),
        weights: Vec::new(),
        classes: ClassChoice::Categories,
        data: BTreeMap::from([(TRAIN.to_owned(), folder(data, Split::Train))]),
        validation: folder(data, Split::Validation),
        transforms: Some(HorizontalFlip { probability: 0.5 }.into()),
        loader: LoaderSettings::of(BATCH),
        scoring: ScoringConfig::default(),
        training: training(
            vec![PhaseConfig::paper_a("all", TRAIN)],
            Span::Iterations(BETWEEN_SCORES),
            metric,
        ),
    }
}

pub(super) fn faster_rcnn() -> DetectorRecipe {
    detector(Architecture::FasterRcnnVgg16, "deepfashionVoc", "box_AP50")
}

pub(super) fn mask_rcnn() -> DetectorRecipe {
    detector(
        Architecture::MaskRcnnResNet50Fpn,
        "deepfashionMask",
        "mask_AP50",
    )
}

pub(super) fn cascade_rcnn() -> DetectorRecipe {
    detector(
        Architecture::CascadeRcnnResNet50Fpn,
        "deepfashionVoc",
        "box_AP50",
    )
}

/// Paper A: on part 1, then on part 2 from that model.
pub(super) fn grafting() -> DetectorRecipe {
    DetectorRecipe {
        data: ["part1", "part2"]
            .map(|part| {
                let path = format!("deepfashionMask-{part}");
                (part.to_owned(), folder(&path, Split::Train))
            })
            .into(),
        validation: folder("deepfashionMask-part2", Split::Validation),
        training: TrainingConfig {
            phases: TrainingConfig::grafting("part1", "part2").phases,
            ..mask_rcnn().training
        },
        ..mask_rcnn()
    }
}

pub(super) fn from_classifier(recipe: DetectorRecipe, run: &str) -> DetectorRecipe {
    DetectorRecipe {
        weights: vec![StartWeights::Classifier(PathBuf::from(run))],
        ..recipe
    }
}

fn classifier(model: ClassifierModel) -> ClassifierRecipe {
    let phase = PhaseConfig {
        rate_for_batch: Some(CLASSIFIER_BATCH),
        optimiser: OptimiserConfig::Sgd(SgdConfig {
            weight_decay: CLASSIFIER_DECAY,
            ..SgdConfig::default()
        }),
        schedule: ScheduleConfig {
            shape: ShapeConfig::Step {
                every: Span::Epochs(CLASSIFIER_STEP),
                factor: 0.1,
            },
            warm_up: None,
        },
        ..PhaseConfig::new(
            "all",
            TRAIN,
            Span::Epochs(CLASSIFIER_EPOCHS),
            CLASSIFIER_RATE,
        )
    };
    ClassifierRecipe {
        model,
        weights: Vec::new(),
        classes: ClassChoice::Categories,
        subject: Subject::Only,
        data: BTreeMap::from([(TRAIN.to_owned(), folder("deepfashionkid", Split::Train))]),
        validation: folder("deepfashionkid", Split::Validation),
        transforms: Some(HorizontalFlip { probability: 0.5 }.into()),
        input: TransformConfig {
            min_size: CLASSIFIER_SIDE,
            max_size: CLASSIFIER_SIDE,
            ..TransformConfig::default()
        },
        loader: LoaderSettings::of(CLASSIFIER_BATCH),
        loss: ClassLoss::default(),
        training: training(vec![phase], Span::Epochs(1), "accuracy"),
    }
}

pub(super) fn clothnet() -> ClassifierRecipe {
    classifier(ClassifierModel::Vgg(VggConfig::vgg16()))
}

pub(super) fn clothnet_resnet() -> ClassifierRecipe {
    classifier(ClassifierModel::ResNet(ResNetConfig::resnet50()))
}
