//! Paper A's claims as experiments with the miniatures.
//!
//! Members differ from a miniature in what their claim is about; where in more, the claim says so.

use std::collections::BTreeMap;

use wardrobe_rpn_roi::config::{IouHeadConfig, RefinementConfig, Suppression};
use wardrobe_training::{
    OptimiserConfig, PhaseConfig, ScheduleConfig, SgdConfig, Span, WarmUpConfig,
};

use super::miniature as mini;
use crate::classification::ClassifierRecipe;
use crate::data::LoaderSettings;
use crate::detection::{DetectorModel, DetectorRecipe};
use crate::experiments::{Claim, Experiments, Member, Reading};

/// Seeds of the runs.
const SEEDS: [u64; 3] = [0, 1, 2];
/// Pictures of the scores: twice the quickstart's, as differences are smaller than scores.
const TEST: usize = 320;
/// Where pictures are few: a quarter of the miniatures'.
const FEW: usize = mini::PICTURES / 4;
/// Passes over few pictures: half as many steps as over all of them.
const FEW_EPOCHS: u64 = 2 * mini::EPOCHS;
/// What a longer clothNet learns from, in as many passes: five times the miniature's pictures, and its steps.
const MANY: usize = 5 * mini::PICTURES;
/// Passes over part 2 alone that make as many steps as grafting's two parts (1,600 pictures against 320).
const LONG_EPOCHS: u64 = 5 * mini::EPOCHS;
/// Hidden values of the IoU head, as many as of the box head.
const IOU_FEATURES: usize = 128;
/// Pictures in a step where the rate is put to the test: four times the miniatures'.
const LARGE_BATCH: usize = 4 * mini::BATCH;
/// Paper A's initial rate, which torchvision's recipes give for [`PAPER_BATCH`].
const PAPER_RATE: f64 = 0.02;
/// The batch of that rate (torchvision, `references/detection`: 8 GPUs of 2 pictures).
const PAPER_BATCH: f64 = 16.0;
/// Passes of the warm-up ("some epochs", paper A).
const WARM_UP_EPOCHS: u64 = 1;

const TABLE_2: [&str; 2] = ["box_mean_accuracy", "box_mean_IoU"];
const TABLE_3: [&str; 3] = ["mask_pixel_accuracy", "mask_mean_accuracy", "mask_mean_IoU"];
const BOXES: [&str; 4] = ["box_AP", "box_AP50", "box_AP75", "box_mean_IoU"];
const MASKS: [&str; 3] = ["mask_AP", "mask_AP50", "mask_mean_IoU"];
/// AP at single thresholds too: from boxes that fit loosely to boxes that must fit well.
const THRESHOLDS: [&str; 4] = ["box_AP", "box_AP50", "box_AP75", "box_AP90"];

pub(super) fn experiments() -> Experiments {
    Experiments {
        seeds: SEEDS.to_vec(),
        members: members(),
        test: mini::test_of(TEST),
        claims: claims(),
    }
}

fn members() -> Vec<Member> {
    let faster = mini::faster_rcnn;
    let mask = mini::mask_rcnn;
    vec![
        Member::classifier("clothnet", mini::clothnet()),
        Member::classifier("clothnet-longer", longer(mini::clothnet())),
        Member::detector("faster-rcnn", faster()),
        Member::detector("faster-rcnn-clothnet", faster()).with_body("clothnet"),
        Member::detector("faster-rcnn-clothnet-longer", faster()).with_body("clothnet-longer"),
        Member::detector("faster-rcnn-few", few(faster())),
        Member::detector("faster-rcnn-few-clothnet", few(faster())).with_body("clothnet"),
        Member::detector("faster-rcnn-few-clothnet-longer", few(faster()))
            .with_body("clothnet-longer"),
        Member::classifier("clothnet-resnet", mini::clothnet_resnet()),
        Member::classifier("clothnet-resnet-longer", longer(mini::clothnet_resnet())),
        Member::detector("mask-rcnn", mask()),
        Member::detector("mask-rcnn-clothnet", mask()).with_body("clothnet-resnet"),
        Member::detector("mask-rcnn-clothnet-longer", mask()).with_body("clothnet-resnet-longer"),
        Member::detector("mask-rcnn-part-2", part_2(mini::EPOCHS)),
        Member::detector("mask-rcnn-part-2-long", part_2(LONG_EPOCHS)),
        Member::detector("mask-rcnn-grafting", mini::grafting()),
        Member::detector("faster-rcnn-pyramid", on_pyramid(None)),
        Member::detector("faster-rcnn-iou", on_pyramid(Some(iou_head()))),
        Member::detector("sgd", sgd(None, None)),
        Member::detector("sgd-warm-up", sgd(None, Some(warm_up()))),
        Member::detector("sgd-scaled", sgd(Some(mini::BATCH), None)),
        Member::detector(
            "sgd-scaled-warm-up",
            sgd(Some(mini::BATCH), Some(warm_up())),
        ),
    ]
}

fn claims() -> Vec<Claim> {
    let mut claims = body();
    claims.extend(grafting());
    claims.extend(suppression());
    claims.extend(masks());
    claims.extend(rate());
    claims
}

fn body() -> Vec<Claim> {
    let claim = |title: &str, source: &str, body: &str, member: &str, scores: &[&str]| {
        let better = Reading::of(format!("{member}-{body}"));
        claim(title, source, better, Reading::of(member), scores)
    };
    let table_2 = "Paper A, table 2: 80.2 and 39.2 with clothNet, 78.3 and 38.5 without.";
    let table_3 =
        "Paper A, table 3: 88.3, 53.5 and 45.2 with clothNet, 85.2, 51.7 and 39.5 without.";
    let few = "What one learns elsewhere should matter most where there is little to learn from.";
    let longer = "The paper's clothNet learnt from 40,000 photographs, after ImageNet.";
    vec![
        claim(
            "clothNet's body against weights drawn at random, boxes",
            table_2,
            "clothnet",
            "faster-rcnn",
            &TABLE_2,
        ),
        claim(
            "The same where pictures are few",
            few,
            "clothnet",
            "faster-rcnn-few",
            &TABLE_2,
        ),
        claim(
            "clothNet's body against weights drawn at random, masks",
            table_3,
            "clothnet",
            "mask-rcnn",
            &TABLE_3,
        ),
        claim(
            "A longer clothNet's body against weights drawn at random, boxes",
            longer,
            "clothnet-longer",
            "faster-rcnn",
            &TABLE_2,
        ),
        claim(
            "The same where pictures are few, a longer clothNet",
            longer,
            "clothnet-longer",
            "faster-rcnn-few",
            &TABLE_2,
        ),
        claim(
            "A longer clothNet's body against weights drawn at random, masks",
            longer,
            "clothnet-longer",
            "mask-rcnn",
            &TABLE_3,
        ),
    ]
}

fn grafting() -> Vec<Claim> {
    let grafted = || Reading::of("mask-rcnn-grafting");
    vec![
        claim(
            "Part 1, then part 2, against part 2 alone",
            "Paper A, grafting; part 1 has four times part 2's pictures.",
            grafted(),
            Reading::of("mask-rcnn-part-2"),
            &MASKS,
        ),
        claim(
            "The same against part 2 alone for as many steps",
            "So that it is not only the longer training that tells.",
            grafted(),
            Reading::of("mask-rcnn-part-2-long"),
            &MASKS,
        ),
    ]
}

fn suppression() -> Vec<Claim> {
    let read = |suppression, refinement| Reading {
        suppression: Some(suppression),
        refinement,
        ..Reading::of("faster-rcnn-iou")
    };
    let standard = || read(Suppression::Standard, None);
    vec![
        claim(
            "IoU-guided suppression against standard, the same weights",
            "Paper A's suppression, after IoU-Net, table 1.",
            read(Suppression::IouGuided, None),
            standard(),
            &THRESHOLDS,
        ),
        claim(
            "Boxes moved uphill of the predicted IoU, the same weights",
            "IoU-Net, table 3.",
            read(Suppression::Standard, Some(RefinementConfig::default())),
            standard(),
            &THRESHOLDS,
        ),
        claim(
            "Both against neither, the same weights",
            "IoU-Net, table 3.",
            read(Suppression::IouGuided, Some(RefinementConfig::default())),
            standard(),
            &THRESHOLDS,
        ),
    ]
}

fn masks() -> Vec<Claim> {
    let mask = || Reading::of("mask-rcnn");
    vec![
        claim(
            "Mask R-CNN's boxes against Faster R-CNN's",
            "Paper A argues for Mask R-CNN and its body (section 2.2); of its tables 2 and 3, on other annotations each, the mean IoU is higher and the mean accuracy lower.",
            mask(),
            Reading::of("faster-rcnn"),
            &BOXES,
        ),
        claim(
            "The same on one body",
            "Mask R-CNN, table 3: what the mask branch alone does for boxes.",
            mask(),
            Reading::of("faster-rcnn-pyramid"),
            &BOXES,
        ),
    ]
}

fn rate() -> Vec<Claim> {
    let both = || Reading::of("sgd-scaled-warm-up");
    let source = "Paper A, tricks, after the bag of tricks (linear scaling, warm-up).";
    vec![
        claim(
            "Warm-up and linear scaling against neither",
            source,
            both(),
            Reading::of("sgd"),
            &BOXES,
        ),
        claim(
            "Warm-up where the rate is scaled",
            source,
            both(),
            Reading::of("sgd-scaled"),
            &BOXES,
        ),
        claim(
            "Linear scaling where there is a warm-up",
            source,
            both(),
            Reading::of("sgd-warm-up"),
            &BOXES,
        ),
    ]
}

fn claim(title: &str, source: &str, better: Reading, worse: Reading, scores: &[&str]) -> Claim {
    Claim {
        title: title.into(),
        source: source.into(),
        better,
        worse,
        scores: scores.iter().map(|score| (*score).to_owned()).collect(),
    }
}

fn longer(mut recipe: ClassifierRecipe) -> ClassifierRecipe {
    recipe.data = BTreeMap::from([(mini::TRAIN.to_owned(), mini::single_garments(MANY))]);
    recipe
}

/// The same network on a part of the pictures.
fn few(mut recipe: DetectorRecipe) -> DetectorRecipe {
    recipe.data = BTreeMap::from([(mini::TRAIN.to_owned(), mini::pictures(0, FEW))]);
    recipe.training.phases = vec![mini::phase("all", mini::TRAIN, FEW_EPOCHS)];
    recipe
}

fn part_2(epochs: u64) -> DetectorRecipe {
    let mut recipe = mini::mask_rcnn();
    recipe.data = BTreeMap::from([(mini::TRAIN.to_owned(), mini::part_2())]);
    recipe.training.phases = vec![mini::pyramid_phase("part 2", mini::TRAIN, epochs)];
    recipe
}

/// Mask R-CNN without its masks.
fn on_pyramid(iou_head: Option<IouHeadConfig>) -> DetectorRecipe {
    let mut model = mini::on_pyramid();
    model.roi_heads.iou_head = iou_head;
    mini::pyramid_recipe(DetectorModel::FasterRcnn(model), "box_AP50")
}

fn iou_head() -> IouHeadConfig {
    let pooler = mini::on_pyramid().roi_heads.pooler;
    let mut head = IouHeadConfig::new(pooler.levels);
    head.features = IOU_FEATURES;
    head.pooler.canonical_size = pooler.canonical_size;
    head
}

fn warm_up() -> WarmUpConfig {
    WarmUpConfig {
        span: Span::Epochs(WARM_UP_EPOCHS),
        from: 0.001,
    }
}

/// Large batches with SGD as the paper has it; the rate is for `rate_for_batch`, or taken as it is.
fn sgd(rate_for_batch: Option<usize>, warm_up: Option<WarmUpConfig>) -> DetectorRecipe {
    let mut recipe = mini::faster_rcnn();
    recipe.loader = LoaderSettings::of(LARGE_BATCH);
    let plain = mini::phase("all", mini::TRAIN, mini::EPOCHS);
    recipe.training.phases = vec![PhaseConfig {
        rate: PAPER_RATE * mini::BATCH as f64 / PAPER_BATCH,
        rate_for_batch,
        optimiser: OptimiserConfig::Sgd(SgdConfig::default()),
        schedule: ScheduleConfig {
            warm_up,
            ..plain.schedule
        },
        // Warm-up is there to bear what clipping would cut.
        clip_norm: None,
        ..plain
    }];
    recipe
}
