//! Miniatures: the recipes of full size with narrow networks, small pictures and short schedules, over
//! a synthetic wardrobe.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wardrobe_backbones::resnet::BlockKind;
use wardrobe_backbones::{BackboneConfig, BatchNormConfig, FpnConfig, ResNetConfig, VggConfig};
use wardrobe_datasets::synthetic::WardrobeConfig;
use wardrobe_datasets::transforms::HorizontalFlip;
use wardrobe_losses::ClassLoss;
use wardrobe_mask_head::MaskRcnnConfig;
use wardrobe_mask_head::config::MaskConfig;
use wardrobe_rpn_roi::cascade_head::CascadeHeadsConfig;
use wardrobe_rpn_roi::config::{
    AnchorConfig, BoxHeadConfig, IouHeadConfig, ProposalLimits, RoiHeadsConfig, RpnConfig,
    SamplerConfig, Suppression, TransformConfig,
};
use wardrobe_rpn_roi::{CascadeRcnnConfig, FasterRcnnConfig};
use wardrobe_training::{
    AdamConfig, KeepBestConfig, OptimiserConfig, PhaseConfig, ScheduleConfig, ShapeConfig, Span,
    TrainingConfig, WarmUpConfig,
};

use crate::classification::{ClassifierModel, ClassifierRecipe, Subject};
use crate::data::{ClassChoice, DataConfig, LoaderSettings, SyntheticConfig};
use crate::detection::{DetectorModel, DetectorRecipe, ScoringConfig};
use crate::weights::StartWeights;

/// Where the classifiers' presets are expected to have been trained.
pub(super) const CLOTHNET: &str = "runs/clothnet-miniature";
/// The same on ResNet.
pub(super) const CLOTHNET_RESNET: &str = "runs/clothnet-resnet-miniature";

/// Side of the pictures in pixels: the smallest at which collars and hems can still be told apart.
const SIDE: usize = 96;
/// Pictures to learn from.
pub(super) const PICTURES: usize = 1600;
/// Passes of a detector over them: two minutes of Mask R-CNN on two cores.
pub(super) const EPOCHS: u64 = 6;
/// Passes of a classifier.
const CLASSIFIER_EPOCHS: u64 = 8;
/// Held-out pictures.
const HELD_OUT: usize = 80;
/// Pictures that only the quickstart's tables are about.
const TEST: usize = 160;
/// Held-out pictures have numbers from here on, beyond any that are learnt from.
const FIRST_HELD_OUT: u64 = 1_000_000;
/// Pictures in a step.
pub(super) const BATCH: usize = 8;
/// A rate that narrow networks bear with Adam.
const RATE: f64 = 3e-3;
/// Pictures in a step of detectors with a pyramid: they need twice the steps of the single level's.
const PYRAMID_BATCH: usize = 4;
/// Their rate. A narrower Mask R-CNN found most at 2.1e-3, less at 1e-3, 1.5e-3 and 3e-3 (one seed each).
const PYRAMID_RATE: f64 = 2e-3;
/// The VGG classifier's: at twice the rate its hidden layers die and it stays near chance.
const VGG_CLASSIFIER_RATE: f64 = 1e-3;
/// The ResNet classifier's, which has no hidden layers: a narrower one named half as many right at 1e-3.
const RESNET_CLASSIFIER_RATE: f64 = 6e-3;

/// The key of the training data.
pub(super) const TRAIN: &str = "train";

fn wardrobe(difficulty: f32) -> WardrobeConfig {
    WardrobeConfig {
        long_side: [SIDE as u32; 2],
        difficulty,
        garments: [1, 2],
        ..WardrobeConfig::default()
    }
}

fn stretch(wardrobe: WardrobeConfig, first: u64, count: usize) -> DataConfig {
    DataConfig::Synthetic(SyntheticConfig {
        wardrobe,
        first,
        count,
    })
}

/// Pictures that no recipe learns from or is chosen by.
pub(super) fn test() -> DataConfig {
    test_of(TEST)
}

/// So many of them.
pub(super) fn test_of(count: usize) -> DataConfig {
    stretch(wardrobe(0.3), 4 * FIRST_HELD_OUT, count)
}

/// `count` of the detectors' pictures from `first` on.
pub(super) fn pictures(first: usize, count: usize) -> DataConfig {
    stretch(wardrobe(0.3), first as u64, count)
}

fn input() -> TransformConfig {
    TransformConfig {
        min_size: SIDE,
        max_size: SIDE,
        ..TransformConfig::default()
    }
}

/// Four groups instead of five: stride 8 in a detector, a twelfth of the picture.
fn vgg() -> VggConfig {
    VggConfig {
        groups: vec![vec![16], vec![24], vec![32], vec![48]],
        norm: Some(BatchNormConfig::trained()),
        hidden: 64,
        // Of 64 values, half are too few to tell twenty categories.
        dropout: 0.0,
        ..VggConfig::vgg16()
    }
}

/// ResNet-18's blocks: bottlenecks as narrow as these pictures allow see too little.
fn resnet() -> ResNetConfig {
    ResNetConfig {
        block: BlockKind::Basic,
        widths: [16, 32, 48, 64],
        stem_width: 16,
        ..ResNetConfig::miniature()
    }
}

pub(super) fn phase(name: &str, data: &str, epochs: u64) -> PhaseConfig {
    PhaseConfig {
        rate_for_batch: Some(BATCH),
        optimiser: OptimiserConfig::Adam(AdamConfig::default()),
        schedule: ScheduleConfig {
            shape: ShapeConfig::Cosine { final_factor: 0.05 },
            warm_up: Some(WarmUpConfig {
                span: Span::Iterations(20),
                from: 0.1,
            }),
        },
        clip_norm: Some(10.0),
        ..PhaseConfig::new(name, data, Span::Epochs(epochs), RATE)
    }
}

/// A phase of a detector with a pyramid.
pub(super) fn pyramid_phase(name: &str, data: &str, epochs: u64) -> PhaseConfig {
    PhaseConfig {
        rate_for_batch: Some(PYRAMID_BATCH),
        rate: PYRAMID_RATE,
        ..phase(name, data, epochs)
    }
}

fn training(phases: Vec<PhaseConfig>, metric: &str) -> TrainingConfig {
    TrainingConfig {
        validate_every: Span::Epochs(2),
        checkpoint_every: Span::Epochs(2),
        keep_best: Some(KeepBestConfig {
            metric: metric.into(),
            smaller_is_better: false,
        }),
        ..TrainingConfig::new(phases)
    }
}

fn recipe(model: DetectorModel, metric: &str, batch: usize, phase: PhaseConfig) -> DetectorRecipe {
    DetectorRecipe {
        model,
        weights: Vec::new(),
        classes: ClassChoice::Groups,
        data: BTreeMap::from([(TRAIN.to_owned(), pictures(0, PICTURES))]),
        validation: stretch(wardrobe(0.3), FIRST_HELD_OUT, HELD_OUT),
        transforms: Some(HorizontalFlip { probability: 0.5 }.into()),
        loader: LoaderSettings::of(batch),
        scoring: ScoringConfig::default(),
        training: training(vec![phase], metric),
    }
}

/// The recipe of a detector with a pyramid.
pub(super) fn pyramid_recipe(model: DetectorModel, metric: &str) -> DetectorRecipe {
    let phase = pyramid_phase("all", TRAIN, EPOCHS);
    recipe(model, metric, PYRAMID_BATCH, phase)
}

fn rpn(anchors: AnchorConfig) -> RpnConfig {
    RpnConfig {
        anchors,
        training: ProposalLimits {
            before_suppression: 200,
            after_suppression: 100,
        },
        test: ProposalLimits {
            before_suppression: 100,
            after_suppression: 50,
        },
        sampler: SamplerConfig {
            per_image: 64,
            positive_fraction: 0.5,
        },
        ..RpnConfig::default()
    }
}

fn heads(levels: usize, features: usize) -> RoiHeadsConfig {
    let mut heads = RoiHeadsConfig {
        head: BoxHeadConfig::TwoMlp { features },
        sampler: SamplerConfig {
            per_image: 32,
            positive_fraction: 0.25,
        },
        ..RoiHeadsConfig::new(levels)
    };
    heads.pooler.canonical_size = SIDE as f32;
    heads
}

/// One size a level, as large on these pictures as FPN's on theirs.
fn pyramid_anchors() -> AnchorConfig {
    AnchorConfig {
        sizes: [8.0, 16.0, 32.0, 56.0, 80.0]
            .map(|size| vec![size])
            .to_vec(),
        ..AnchorConfig::pyramid()
    }
}

fn pyramid() -> BackboneConfig {
    let body = resnet();
    let fpn = FpnConfig::new(body.stage_channels()).with_out_channels(32);
    BackboneConfig::ResNetFpn {
        body,
        returned_stages: vec![1, 2, 3, 4],
        fpn,
    }
}

pub(super) fn faster_rcnn() -> DetectorRecipe {
    let model = FasterRcnnConfig {
        num_classes: 0,
        transform: input(),
        backbone: BackboneConfig::Vgg(vgg()),
        rpn: rpn(AnchorConfig {
            sizes: vec![vec![16.0, 32.0, 56.0, 80.0]],
            ..AnchorConfig::single_level()
        }),
        roi_heads: heads(1, 64),
    };
    let phase = phase("all", TRAIN, EPOCHS);
    recipe(DetectorModel::FasterRcnn(model), "box_AP50", BATCH, phase)
}

/// Hidden values of an IoU head on [`faster_rcnn`], as many as of its box head.
const IOU_FEATURES: usize = 64;

pub(super) fn faster_rcnn_iou_guided() -> DetectorRecipe {
    let mut recipe = faster_rcnn();
    if let Some(heads) = recipe.model.roi_heads_mut() {
        let mut head = IouHeadConfig::new(heads.pooler.levels);
        head.features = IOU_FEATURES;
        head.pooler.canonical_size = heads.pooler.canonical_size;
        heads.iou_head = Some(head);
        heads.postprocess.suppression = Suppression::IouGuided;
    }
    recipe
}

/// Faster R-CNN on Mask R-CNN's body.
pub(super) fn on_pyramid() -> FasterRcnnConfig {
    FasterRcnnConfig {
        num_classes: 0,
        transform: input(),
        backbone: pyramid(),
        rpn: rpn(pyramid_anchors()),
        roi_heads: heads(4, 128),
    }
}

pub(super) fn mask_rcnn() -> DetectorRecipe {
    let mut model = MaskRcnnConfig::faster(on_pyramid());
    model.mask = MaskConfig {
        layers: vec![32, 32],
        reduced: 32,
        ..model.mask
    };
    model.mask.pooler.canonical_size = SIDE as f32;
    pyramid_recipe(DetectorModel::MaskRcnn(model), "mask_AP50")
}

pub(super) fn cascade_rcnn() -> DetectorRecipe {
    let plain = on_pyramid();
    let model = CascadeRcnnConfig {
        num_classes: 0,
        transform: plain.transform,
        backbone: plain.backbone,
        rpn: plain.rpn,
        roi_heads: CascadeHeadsConfig {
            pooler: plain.roi_heads.pooler,
            head: plain.roi_heads.head,
            sampler: plain.roi_heads.sampler,
            ..CascadeHeadsConfig::new(4)
        },
    };
    pyramid_recipe(DetectorModel::CascadeRcnn(model), "box_AP50")
}

/// Pictures of grafting's part 1, which paper A wants far larger than part 2: four times.
const PART_1: usize = PICTURES * 4 / 5;

/// The pictures of part 2, which follow those of part 1.
pub(super) fn part_2() -> DataConfig {
    pictures(PART_1, PICTURES - PART_1)
}

pub(super) fn grafting() -> DetectorRecipe {
    DetectorRecipe {
        data: BTreeMap::from([
            ("part1".to_owned(), pictures(0, PART_1)),
            ("part2".to_owned(), part_2()),
        ]),
        training: training(
            vec![
                pyramid_phase("part 1", "part1", EPOCHS),
                pyramid_phase("part 2", "part2", EPOCHS),
            ],
            "mask_AP50",
        ),
        ..mask_rcnn()
    }
}

pub(super) fn from_classifier(recipe: DetectorRecipe, run: &str) -> DetectorRecipe {
    DetectorRecipe {
        weights: vec![StartWeights::Classifier(PathBuf::from(run))],
        ..recipe
    }
}

/// `count` pictures of one garment each, for classifiers. Another stretch than the detectors': what clothNet knows, it knows
/// of other pictures.
pub(super) fn single_garments(count: usize) -> DataConfig {
    stretch(single_garment(), 2 * FIRST_HELD_OUT, count)
}

fn single_garment() -> WardrobeConfig {
    WardrobeConfig {
        garments: [1, 1],
        empty_share: 0.0,
        ..wardrobe(0.2)
    }
}

fn classifier(model: ClassifierModel, rate: f64) -> ClassifierRecipe {
    ClassifierRecipe {
        model,
        weights: Vec::new(),
        classes: ClassChoice::Categories,
        subject: Subject::Largest,
        data: BTreeMap::from([(TRAIN.to_owned(), single_garments(PICTURES))]),
        validation: stretch(single_garment(), 3 * FIRST_HELD_OUT, 2 * HELD_OUT),
        transforms: Some(HorizontalFlip { probability: 0.5 }.into()),
        input: input(),
        loader: LoaderSettings::of(2 * BATCH),
        loss: ClassLoss {
            // The bag-of-tricks paper's.
            label_smoothing: 0.1,
            ..ClassLoss::default()
        },
        class_balance: None,
        training: training(
            vec![PhaseConfig {
                rate_for_batch: Some(2 * BATCH),
                rate,
                ..phase("all", TRAIN, CLASSIFIER_EPOCHS)
            }],
            "accuracy",
        ),
    }
}

pub(super) fn clothnet() -> ClassifierRecipe {
    classifier(ClassifierModel::Vgg(vgg()), VGG_CLASSIFIER_RATE)
}

pub(super) fn clothnet_resnet() -> ClassifierRecipe {
    classifier(ClassifierModel::ResNet(resnet()), RESNET_CLASSIFIER_RATE)
}
