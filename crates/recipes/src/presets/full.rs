//! Paper A's recipes at full size, on folders beside the program: its subsets of DeepFashion as
//! `subsets` writes them.
//!
//! The paper gives the networks, the data, the rate and its steps (`PhaseConfig::paper_a`); what it
//! leaves open is torchvision's. It trains in 16-bit floats; here that is left to the device (`precision`). Its classifier's schedule is not given: VGG's own
//! rate and decay are taken. Weights are files beside the program: ImageNet's, where they are at hand, go under `weights`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wardrobe_backbones::{BackboneConfig, BatchNormConfig, ResNetConfig, VggConfig};
use wardrobe_datasets::sample::Split;
use wardrobe_datasets::transforms::HorizontalFlip;
use wardrobe_losses::ClassLoss;
use wardrobe_rpn_roi::config::{IouHeadConfig, Suppression, TransformConfig};
use wardrobe_training::{
    KeepBestConfig, OptimiserConfig, PhaseConfig, ScheduleConfig, SgdConfig, ShapeConfig, Span,
    TrainingConfig,
};

use crate::classification::{ClassifierModel, ClassifierRecipe, Subject};
use crate::data::{ClassChoice, DataConfig, FolderConfig, LoaderSettings};
use crate::detection::{Architecture, DetectorRecipe, ScoringConfig};
use crate::weights::{FileWeights, StartWeights};

/// Where the classifiers' presets are expected to have been trained.
pub(super) const CLOTHNET: &str = "runs/clothnet";
/// The same on ResNet.
pub(super) const CLOTHNET_RESNET: &str = "runs/clothnet-resnet";

/// torchvision's Mask R-CNN on COCO, as the download is named.
pub(super) const COCO: &str = "weights/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth";
/// Its sibling for the keypoints of persons, which has no mask branch.
pub(super) const KEYPOINTS: &str = "weights/keypointrcnn_resnet50_fpn_coco-fc266e95.pth";
/// Tensors whose shape follows the number of classes.
const OF_CLASSES: [&str; 2] = [
    "roi_heads.box_predictor.*",
    "roi_heads.mask_predictor.mask_fcn_logits.*",
];

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
/// Steps of a detector between two scores: a pass and a quarter over deepfashionVoc's 3,200 pictures to learn from.
const BETWEEN_SCORES: u64 = 2_000;

/// The key of the training data.
const TRAIN: &str = "train";

fn train_folder(path: &str) -> FolderConfig {
    FolderConfig {
        path: PathBuf::from(path),
        split: Some(Split::Train),
        ..FolderConfig::default()
    }
}

fn folder(path: &str, split: Split) -> DataConfig {
    DataConfig::Folder(FolderConfig {
        split: Some(split),
        ..train_folder(path)
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

/// From weights drawn at random the norms learn, as torchvision has it; those that come with weights stand still.
pub(super) fn mask_rcnn() -> DetectorRecipe {
    let recipe = detector(
        Architecture::MaskRcnnResNet50Fpn,
        "deepfashionMask",
        "mask_AP50",
    );
    with_norms(recipe, BatchNormConfig::trained())
}

pub(super) fn cascade_rcnn() -> DetectorRecipe {
    let recipe = detector(
        Architecture::CascadeRcnnResNet50Fpn,
        "deepfashionVoc",
        "box_AP50",
    );
    with_norms(recipe, BatchNormConfig::trained())
}

/// Paper A's suppression: a head predicts how well a box fits, and the best fitting of a cluster stays.
pub(super) fn faster_rcnn_iou_guided() -> DetectorRecipe {
    let mut recipe = faster_rcnn();
    if let Some(heads) = recipe.model.roi_heads_mut() {
        heads.iou_head = Some(IouHeadConfig::new(heads.pooler.levels));
        heads.postprocess.suppression = Suppression::IouGuided;
    }
    recipe
}

/// Mask R-CNN from torchvision's weights of another detector with its body and box branch. The classes are others.
pub(super) fn mask_rcnn_from(path: &str) -> DetectorRecipe {
    let file = FileWeights {
        path: PathBuf::from(path),
        except: OF_CLASSES.map(str::to_owned).to_vec(),
        ..FileWeights::default()
    };
    DetectorRecipe {
        weights: vec![StartWeights::File(file)],
        // torchvision's COCO_V1 detectors were trained with ε = 0.
        ..with_norms(mask_rcnn(), BatchNormConfig::frozen().with_epsilon(0.0))
    }
}

/// The norms of a residual body.
fn with_norms(mut recipe: DetectorRecipe, norm: BatchNormConfig) -> DetectorRecipe {
    if let Some(BackboneConfig::ResNetFpn { body, .. }) = recipe.model.backbone_mut() {
        body.norm = norm;
    }
    recipe
}

/// The share of part 1, which paper A wants far larger than part 2 and gives no number for.
const PART_1: f64 = 0.8;

/// Paper A: on part 1, then on part 2 from that model.
pub(super) fn grafting() -> DetectorRecipe {
    DetectorRecipe {
        data: [("part1", [0.0, PART_1]), ("part2", [PART_1, 1.0])]
            .map(|(part, share)| {
                let part_of = FolderConfig {
                    share: Some(share),
                    ..train_folder("deepfashionMask")
                };
                (part.to_owned(), DataConfig::Folder(part_of))
            })
            .into(),
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
        ..with_norms(recipe, BatchNormConfig::frozen())
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
        class_balance: None,
        training: training(vec![phase], Span::Epochs(1), "accuracy"),
    }
}

pub(super) fn clothnet() -> ClassifierRecipe {
    classifier(ClassifierModel::Vgg(VggConfig::vgg16()))
}

pub(super) fn clothnet_resnet() -> ClassifierRecipe {
    classifier(ClassifierModel::ResNet(ResNetConfig::resnet50()))
}
