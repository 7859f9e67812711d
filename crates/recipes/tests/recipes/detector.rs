//! Detectors: losses fall, the folder is whole, a run in two parts ends with the same bytes.

use wardrobe_backbones::{BackboneConfig, BatchNormConfig};
use wardrobe_kernels::device::test_device;
use wardrobe_recipes::{Begin, FileWeights, MODEL_FILE, StartWeights};
use wardrobe_training::{Progress, Record, read_log};

use crate::support::{
    bytes, detector, fall, learns_the_same_checkpointed, losses, train, train_in_two,
};

#[test]
fn a_mask_rcnn_learns_and_leaves_a_whole_folder() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = train(&detector("mask-rcnn-miniature", 48), folder.path());
    assert_eq!(outcome.progress, Progress::Finished);
    let losses = losses(folder.path());
    assert_eq!(losses.len(), 48);
    assert!(fall(&losses) < 0.7, "{losses:?}");

    for name in ["config.json", "metrics.jsonl", MODEL_FILE, "report.html"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    let names = std::fs::read_to_string(outcome.classes).unwrap();
    // As the groups turn up among the twenty categories: Blouse, …, Dress, …, Jeans.
    assert_eq!(names, "upper\nfull\nlower\n");
    // Three held-out pictures, drawn on.
    assert_eq!(
        std::fs::read_dir(folder.path().join("pictures"))
            .unwrap()
            .count(),
        3
    );

    let log = read_log(folder.path().join("metrics.jsonl")).unwrap();
    let Some(Record::Step(first)) = log.first() else {
        panic!("the log begins with a step");
    };
    let terms: Vec<&str> = first
        .losses
        .0
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        terms,
        [
            "loss_objectness",
            "loss_rpn_box_reg",
            "loss_classifier",
            "loss_box_reg",
            "loss_mask"
        ]
    );
    let Some(Record::Epoch(last)) = log.last() else {
        panic!("the log ends with scores");
    };
    for name in ["box_AP", "box_mean_IoU", "mask_AP50", "mask_pixel_accuracy"] {
        let score = last.scores.get(name).unwrap();
        assert!((0.0..=1.0).contains(&score), "{name}: {score}");
    }
}

#[test]
fn a_run_in_two_parts_ends_with_the_same_bytes() {
    let recipe = detector("faster-rcnn-miniature", 10);
    let whole = tempfile::tempdir().unwrap();
    train(&recipe, whole.path());
    let parts = tempfile::tempdir().unwrap();
    // Passes have four steps.
    train_in_two(&recipe, parts.path(), 6);
    assert!(bytes(whole.path()) == bytes(parts.path()));
}

#[test]
fn a_cascade_trains_with_losses_of_every_stage() {
    let folder = tempfile::tempdir().unwrap();
    train(&detector("cascade-rcnn-miniature", 2), folder.path());
    let log = read_log(folder.path().join("metrics.jsonl")).unwrap();
    let Some(Record::Step(first)) = log.first() else {
        panic!("the log begins with a step");
    };
    // Two of the proposals, two of each of three stages.
    assert_eq!(first.losses.0.len(), 8);
    assert!(first.losses.get("loss_box_reg_stage2").is_some());
}

/// Batch norm's running statistics differ, so scores and files do; what is learnt from does not.
#[test]
fn two_devices_learn_as_one() {
    let mut recipe = detector("mask-rcnn-miniature", 6);
    recipe.training.phases[0].batches_per_step = 2;
    let [one, two] = [1, 2].map(|devices| {
        let folder = tempfile::tempdir().unwrap();
        let devices = vec![test_device(); devices];
        let trained = recipe.train(&devices, folder.path(), Begin::Anew, &mut ());
        assert_eq!(trained.unwrap().progress, Progress::Finished);
        losses(folder.path())
    });
    assert_eq!(one.len(), 6);
    assert_eq!(one, two);
}

/// What is computed again is computed to the same bits, whatever a detector is made of.
#[test]
fn checkpointed_gradients_learn_the_same() {
    let folder = tempfile::tempdir().unwrap();
    train(&detector("mask-rcnn-miniature", 1), folder.path());
    let mut frozen = detector("mask-rcnn-miniature", 3);
    let Some(BackboneConfig::ResNetFpn { body, .. }) = frozen.model.backbone_mut() else {
        panic!("the preset has a pyramid");
    };
    body.norm = BatchNormConfig::frozen();
    frozen.weights = vec![StartWeights::File(FileWeights {
        path: folder.path().to_owned(),
        ..FileWeights::default()
    })];
    learns_the_same_checkpointed("frozen norms", |checkpointing, folder| {
        frozen.training.gradient_checkpointing = checkpointing;
        train(&frozen, folder);
    });
    for preset in [
        "mask-rcnn-miniature",
        "faster-rcnn-miniature",
        "faster-rcnn-iou-guided-miniature",
        "cascade-rcnn-miniature",
    ] {
        let mut recipe = detector(preset, 3);
        learns_the_same_checkpointed(preset, |checkpointing, folder| {
            recipe.training.gradient_checkpointing = checkpointing;
            train(&recipe, folder);
        });
    }
}

#[test]
fn no_device_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = detector("mask-rcnn-miniature", 1);
    let error = recipe.train(&[], folder.path(), Begin::Anew, &mut ());
    assert_eq!(
        error.unwrap_err().to_string(),
        "devices: found none; give at least one"
    );
}

#[test]
fn frozen_norms_want_weights() {
    let mut recipe = detector("mask-rcnn-miniature", 1);
    let Some(BackboneConfig::ResNetFpn { body, .. }) = recipe.model.backbone_mut() else {
        panic!("the preset has a pyramid");
    };
    body.norm = BatchNormConfig::frozen();
    let folder = tempfile::tempdir().unwrap();
    let error = recipe.train(&[test_device()], folder.path(), Begin::Anew, &mut ());
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("weights: found none, for a body whose norms are frozen; give"),
        "{message}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
