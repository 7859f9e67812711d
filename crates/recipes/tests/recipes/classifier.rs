//! clothNet: it learns, resumes, and its body becomes a detector's backbone.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use wardrobe_backbones::weights::named_tensors;
use wardrobe_datasets::transforms::CentreCrop;
use wardrobe_datasets::{Picture, save_picture};
use wardrobe_kernels::{device::test_device, generator::Generator};
use wardrobe_recipes::classification::{ClassifierModel, ClassifierRecipe, Subject};
use wardrobe_recipes::data::{ClassChoice, DataConfig, FolderConfig};
use wardrobe_recipes::detection::DetectorModel;
use wardrobe_recipes::evaluation::ClassifierCheckpoint;
use wardrobe_recipes::{Begin, Notice, RecipeError, StartWeights};
use wardrobe_rpn_roi::FasterRcnnConfig;
use wardrobe_training::Flow;

use crate::support::{
    bytes, classifier, detector, fall, learns_the_same_checkpointed, losses, pictures, train,
    train_in_two,
};

#[test]
fn clothnet_learns_and_resumes_with_the_same_bytes() {
    let mut recipe = classifier("clothnet-miniature", 40);
    recipe.training.phases[0].rate = 1e-3;
    let whole = tempfile::tempdir().unwrap();
    train(&recipe, whole.path());
    let losses = losses(whole.path());
    assert!(fall(&losses) < 0.8, "{losses:?}");
    let page = std::fs::read_to_string(whole.path().join("report.html")).unwrap();
    assert!(page.contains("Accuracy by class"));

    let parts = tempfile::tempdir().unwrap();
    train_in_two(&recipe, parts.path(), 9);
    assert!(bytes(whole.path()) == bytes(parts.path()));
}

#[test]
fn checkpointed_gradients_learn_the_same() {
    for preset in ["clothnet-miniature", "clothnet-resnet-miniature"] {
        let mut recipe = classifier(preset, 3);
        learns_the_same_checkpointed(preset, |checkpointing, folder| {
            recipe.training.gradient_checkpointing = checkpointing;
            train(&recipe, folder);
        });
    }
}

/// What a detector is after loading, by torchvision's names.
fn loaded(config: &FasterRcnnConfig, weights: &StartWeights) -> BTreeMap<String, Vec<u8>> {
    let detector = config.init(&test_device()).unwrap();
    let (detector, _) = weights.load(detector, Some(&config.backbone)).unwrap();
    named_tensors(&detector)
        .into_iter()
        .map(|(name, data)| (name, data.as_bytes().to_vec()))
        .collect()
}

#[test]
fn the_body_of_clothnet_becomes_the_backbone() {
    for (preset, target, prefix, in_detector) in [
        (
            "clothnet-miniature",
            "faster-rcnn-miniature",
            "features.",
            "backbone.",
        ),
        (
            "clothnet-resnet-miniature",
            "mask-rcnn-miniature",
            "layer",
            "backbone.body.layer",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let recipe = classifier(preset, 1);
        train(&recipe, folder.path());
        // Drawn beside a run of another test, what no weights fill would disturb its numbers.
        let _generator = Generator::seeded(&test_device(), 0);
        let model = recipe.model.for_classes(20).unwrap();
        let net = model.init(&test_device()).unwrap();
        let own = StartWeights::File(wardrobe_recipes::FileWeights {
            path: folder.path().to_owned(),
            ..Default::default()
        });
        let (net, report) = own.load(net, None).unwrap();
        assert!(report.missing.is_empty());

        let config = match detector(target, 1).model.for_classes(4).unwrap() {
            DetectorModel::FasterRcnn(config) => config,
            DetectorModel::MaskRcnn(config) => match config.detector {
                wardrobe_mask_head::DetectorConfig::Faster(config) => config,
                wardrobe_mask_head::DetectorConfig::Cascade(_) => panic!("no cascade here"),
            },
            _ => panic!("no other model here"),
        };
        let line = StartWeights::Classifier(folder.path().to_owned());
        let detector = loaded(&config, &line);
        let mut compared = 0;
        for (name, data) in named_tensors(&net) {
            if let Some(rest) = name.strip_prefix(prefix) {
                let found = &detector[&format!("{in_detector}{rest}")];
                assert!(found == data.as_bytes(), "{name}");
                compared += 1;
            }
        }
        assert!(compared > 10, "{preset}: {compared}");
    }
}

#[test]
fn a_classifier_of_another_width_is_refused_with_both_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let mut recipe = classifier("clothnet-miniature", 1);
    let ClassifierModel::Vgg(vgg) = &mut recipe.model else {
        panic!("clothNet is a VGG");
    };
    vgg.groups[0] = vec![12];
    train(&recipe, folder.path());
    let mut target = detector("faster-rcnn-miniature", 1);
    target.weights = vec![StartWeights::Classifier(folder.path().to_owned())];
    let out = tempfile::tempdir().unwrap();
    let mut begun = false;
    let error = target
        .train(
            &[test_device()],
            out.path(),
            Begin::Anew,
            &mut |_: Notice<'_>| {
                begun = true;
                Flow::Continue
            },
        )
        .unwrap_err();
    assert!(!begun && matches!(error, RecipeError::Weights(_)));
    let message = error.to_string();
    assert!(
        message.contains("12, 3, 3, 3") && message.contains("16, 3, 3, 3"),
        "{message}"
    );
}

/// Pictures of a coat, a tee and a hat, each in its picture's corner.
fn three_garments(folder: &Path) -> DataConfig {
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for id in 0..3 {
        let name = format!("{id}.png");
        let picture = Picture::new(vec![100; 3 * 64 * 64], 64, 64);
        save_picture(&picture, folder.join(&name)).unwrap();
        images.push(json!({"id": id, "file_name": name, "width": 64, "height": 64}));
        let (category, bbox) = (id + 1, [0, 0, 12, 10]);
        annotations.push(json!({"id": id, "image_id": id, "category_id": category, "bbox": bbox}));
    }
    let whole = json!({
        "images": images, "annotations": annotations,
        "categories": [{"id": 1, "name": "coat"}, {"id": 2, "name": "tee"}, {"id": 3, "name": "hat"}]
    });
    std::fs::write(folder.join("garments.json"), whole.to_string()).unwrap();
    DataConfig::Folder(FolderConfig {
        path: folder.to_owned(),
        ..FolderConfig::default()
    })
}

/// The hat is none of the classes: nothing is learnt from its picture, and it is not scored.
#[test]
fn pictures_of_other_categories_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = three_garments(folder.path());
    let mut recipe = classifier("clothnet-miniature", 1);
    recipe.classes = ClassChoice::Only(vec!["tee".into(), "coat".into()]);
    recipe.data = BTreeMap::from([("train".to_owned(), data.clone())]);
    recipe.validation = data.clone();
    let run = tempfile::tempdir().unwrap();
    train(&recipe, run.path());
    let _generator = Generator::seeded(&test_device(), 0);
    let mut checkpoint = ClassifierCheckpoint::of_run(run.path(), &test_device()).unwrap();
    let mut met = Vec::new();
    let pictures = checkpoint.open(&data, false).unwrap();
    let each = &mut |name: &str| met.push(name.to_owned());
    checkpoint.evaluate(&pictures, each).unwrap();
    assert_eq!(met, ["0.png", "1.png"]);
    // Of a checkpoint of all categories of other data, others are left out where that is asked for.
    checkpoint.class_choice = ClassChoice::Categories;
    let refused = checkpoint.open(&data, false).unwrap_err().to_string();
    assert!(refused.contains("hat"), "{refused}");
    let pictures = checkpoint.open(&data, true).unwrap();
    checkpoint.evaluate(&pictures, &mut |_| ()).unwrap();
    assert_eq!(pictures.skipped_files().files(), 0);
}

/// Crops of the middle: what a picture was annotated with is its class.
#[test]
fn a_crop_beside_the_garment_is_learnt_from() {
    let folder = tempfile::tempdir().unwrap();
    let data = three_garments(folder.path());
    let mut recipe = classifier("clothnet-miniature", 1);
    recipe.data = BTreeMap::from([("train".to_owned(), data.clone())]);
    recipe.validation = data;
    let middle = CentreCrop {
        width: 32,
        height: 32,
        min_visible: 0.0,
    };
    recipe.transforms = Some(middle.into());
    for subject in [Subject::Only, Subject::Largest] {
        recipe.subject = subject;
        let run = tempfile::tempdir().unwrap();
        train(&recipe, run.path());
        assert_eq!(losses(run.path()).len(), 1);
    }
}

/// The weights of the classes in the settings of a run.
fn class_weights(recipe: &ClassifierRecipe) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    train(recipe, folder.path());
    let text = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(config["program"]["loss"]["class_weights"].clone()).unwrap()
}

/// What is counted reaches the loss: the run's settings have a weight for each class, 1 in the mean over those that occur.
#[test]
fn a_balanced_loss_is_weighted_by_what_is_counted() {
    let mut recipe = classifier("clothnet-miniature", 1);
    recipe.class_balance = Some(0.9);
    let weights = class_weights(&recipe);
    assert_eq!(weights.len(), 20);
    // Data that no phase learns from do not count.
    recipe.data.insert("spare".into(), pictures(8, 20));
    assert_eq!(class_weights(&recipe), weights);
    let occur: Vec<f64> = weights.into_iter().filter(|one| *one > 0.0).collect();
    let mean = occur.iter().sum::<f64>() / occur.len() as f64;
    assert!(occur.len() > 1 && (mean - 1.0).abs() < 1e-5, "{occur:?}");
}
