//! Mistakes that are found before the first step, each with its remedy.

use wardrobe_kernels::device::test_device;
use wardrobe_recipes::Begin;
use wardrobe_recipes::data::{ClassChoice, DataConfig};
use wardrobe_recipes::detection::{DetectorModel, DetectorRecipe};
#[cfg(unix)]
use wardrobe_recipes::{StartWeights, data::FolderConfig, quickstart::Quickstart};
use wardrobe_training::KeepBestConfig;

#[cfg(unix)]
use crate::support::{classifier, not_utf8};
use crate::support::{detector, pictures};

pub fn refused(recipe: &DetectorRecipe) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = recipe
        .train(&[test_device()], folder.path(), Begin::Anew, &mut ())
        .unwrap_err();
    assert!(!folder.path().join("config.json").exists());
    error.to_string()
}

#[test]
fn a_class_count_that_is_not_the_datas() {
    let mut recipe = detector("faster-rcnn-miniature", 1);
    let DetectorModel::FasterRcnn(config) = &mut recipe.model else {
        panic!("this preset is a Faster R-CNN");
    };
    config.num_classes = 21;
    let message = refused(&recipe);
    assert!(
        message.starts_with("model.faster_rcnn.num_classes: found 21; the data have 3 classes"),
        "{message}"
    );
}

#[test]
fn a_category_that_is_not_there() {
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.classes = ClassChoice::Only(vec!["Tee".into(), "T-Shirt".into()]);
    let message = refused(&recipe);
    assert!(
        message.starts_with("classes.only: found T-Shirt;") && message.contains("Tank, Tee, Top"),
        "{message}"
    );
}

#[test]
fn data_without_pictures() {
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.validation = pictures(0, 0);
    assert_eq!(
        refused(&recipe),
        "validation: found no picture; give a `count` above 0"
    );
}

#[test]
fn a_wardrobe_that_cannot_be_drawn() {
    let mut recipe = detector("faster-rcnn-miniature", 1);
    let Some(DataConfig::Synthetic(train)) = recipe.data.get_mut("train") else {
        panic!("the data are drawn");
    };
    train.wardrobe.difficulty = 3.0;
    let message = refused(&recipe);
    assert!(message.contains("`difficulty` is 3"), "{message}");
}

#[test]
fn a_score_that_is_not_given() {
    let mut recipe = detector("mask-rcnn-miniature", 1);
    recipe.training.keep_best = Some(KeepBestConfig {
        metric: "mask_AP05".into(),
        smaller_is_better: false,
    });
    assert_eq!(
        refused(&recipe),
        "keep_best.metric: the task gives no score \"mask_AP05\"; it gives box_AP, box_AP50, box_AP75, box_AP90, \
         box_mean_accuracy, box_mean_IoU, mask_AP, mask_AP50, mask_AP75, mask_AP90, mask_pixel_accuracy, \
         mask_mean_accuracy, mask_mean_IoU"
    );
}

/// What `config.json` names, it must be able to name.
#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8() {
    let remedy = "give a path in UTF-8: it is written into a run's config.json";
    let weights = vec![StartWeights::Classifier(not_utf8())];
    let expected = format!("weights[0].classifier: found r\u{fffd}; {remedy}");
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.weights.clone_from(&weights);
    assert_eq!(refused(&recipe), expected);
    let mut recipe = classifier("clothnet-miniature", 1);
    recipe.weights = weights;
    assert_eq!(recipe.validate().unwrap_err().to_string(), expected);

    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.validation = DataConfig::Folder(FolderConfig {
        path: not_utf8(),
        ..FolderConfig::default()
    });
    assert_eq!(
        refused(&recipe),
        format!("validation.folder.path: found r\u{fffd}; {remedy}")
    );

    // Its later runs name the earlier ones.
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join(not_utf8());
    let error =
        Quickstart::default().run(&test_device(), &out, &mut |_| panic!("no run may begin"));
    assert_eq!(
        error.unwrap_err().to_string(),
        format!("folder: found {}; {remedy}", out.display())
    );
}

#[test]
fn a_phase_without_data() {
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.training.phases[0].data = "trian".into();
    let message = refused(&recipe);
    assert!(
        message.contains("no data set is called \"trian\""),
        "{message}"
    );
}
