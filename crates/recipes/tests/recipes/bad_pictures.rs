//! Pictures that cannot be used: left out and counted where that is asked for, named by the error where it is not.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::loader::OnBadFile;
use wardrobe_datasets::{Picture, save_picture};
use wardrobe_kernels::{device::test_device, generator::Generator};
use wardrobe_recipes::data::{ClassChoice, DataConfig, FolderConfig, LoaderSettings};
use wardrobe_recipes::evaluation::{ClassifierCheckpoint, DetectorCheckpoint};
use wardrobe_recipes::{Begin, Outcome};
use wardrobe_training::{Flow, Span, TrainingConfig};

use crate::support::{classifier, detector, train};

/// Width and height. Of no use are the third picture, whose file is empty, and the last, of whose width resizing to 96 pixels
/// leaves 1 · 96/2000.
const SIZES: [[usize; 2]; 4] = [[96, 64], [64, 96], [96, 64], [1, 2_000]];

/// A COCO file of these pictures, coats and tees by turns.
fn garments(folder: &Path) {
    let mut images = Vec::new();
    let mut annotations = Vec::new();
    for (index, [width, height]) in SIZES.into_iter().enumerate() {
        let name = format!("{index}.png");
        let bytes = (0..3 * width * height).map(|value| (value % 251) as u8);
        let picture = Picture::new(bytes.collect(), width, height);
        save_picture(&picture, folder.join(&name)).unwrap();
        images.push(json!({"id": index, "file_name": name, "width": width, "height": height}));
        let (category, bbox) = (index % 2 + 1, [0, 0, width, height / 2]);
        annotations
            .push(json!({"id": index, "image_id": index, "category_id": category, "bbox": bbox}));
    }
    std::fs::write(folder.join("2.png"), "").unwrap();
    let whole = json!({
        "images": images, "annotations": annotations,
        "categories": [{"id": 1, "name": "coat"}, {"id": 2, "name": "tee"}]
    });
    std::fs::write(folder.join("garments.json"), whole.to_string()).unwrap();
}

fn data(folder: &Path, mode: Mode) -> DataConfig {
    DataConfig::Folder(FolderConfig {
        path: folder.to_owned(),
        mode,
        ..FolderConfig::default()
    })
}

/// A pass over all pictures that can be used.
fn one_pass(loader: &mut LoaderSettings, training: &mut TrainingConfig) {
    loader.on_bad_file = OnBadFile::Skip;
    training.phases[0].duration = Span::Epochs(1);
}

fn two_are_left_out(outcome: &Outcome) {
    let counts: Vec<(&str, usize)> = outcome
        .skipped
        .iter()
        .map(|(key, files)| (key.as_str(), files.files()))
        .collect();
    assert_eq!(counts, [("data.train", 2), ("validation", 2)]);
    let held_out = outcome.skipped[1].1.to_string();
    for problem in [
        "2.png: is empty",
        "3.png: is 1x2000 pixels, of which resizing to 0x",
    ] {
        assert!(held_out.contains(problem), "{held_out}");
    }
}

#[test]
fn a_detector_trains_and_is_scored_without_them() {
    let folder = tempfile::tempdir().unwrap();
    garments(folder.path());
    let lenient = data(folder.path(), Mode::Lenient);
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.classes = ClassChoice::Categories;
    recipe.data = BTreeMap::from([("train".to_owned(), lenient.clone())]);
    recipe.validation = lenient.clone();
    one_pass(&mut recipe.loader, &mut recipe.training);
    let run = tempfile::tempdir().unwrap();
    two_are_left_out(&train(&recipe, run.path()));
    {
        let _generator = Generator::seeded(&test_device(), 0);
        let checkpoint = DetectorCheckpoint::of_run(run.path(), &test_device()).unwrap();
        let pictures = checkpoint.open(&lenient, false).unwrap();
        let tally = checkpoint.evaluate(&pictures, &mut |_| Ok(Flow::Continue));
        assert_eq!(tally.unwrap().pictures(), 2);
        assert_eq!(pictures.skipped_files().files(), 2);
    }

    recipe.validation = data(folder.path(), Mode::Strict);
    let run = tempfile::tempdir().unwrap();
    let error = recipe.train(&[test_device()], run.path(), Begin::Anew, &mut ());
    let message = error.unwrap_err().to_string();
    assert!(message.contains("2.png: is empty"), "{message}");
}

#[test]
fn a_classifier_trains_and_is_scored_without_them() {
    let folder = tempfile::tempdir().unwrap();
    garments(folder.path());
    let lenient = data(folder.path(), Mode::Lenient);
    let mut recipe = classifier("clothnet-miniature", 1);
    recipe.data = BTreeMap::from([("train".to_owned(), lenient.clone())]);
    recipe.validation = lenient.clone();
    one_pass(&mut recipe.loader, &mut recipe.training);
    let run = tempfile::tempdir().unwrap();
    two_are_left_out(&train(&recipe, run.path()));

    let _generator = Generator::seeded(&test_device(), 0);
    let checkpoint = ClassifierCheckpoint::of_run(run.path(), &test_device()).unwrap();
    let pictures = checkpoint.open(&lenient, false).unwrap();
    let mut met = 0;
    let matrix = checkpoint.evaluate(&pictures, &mut |_| met += 1);
    assert!(matrix.unwrap().accuracy().is_some());
    assert_eq!((met, pictures.skipped_files().files()), (2, 2));
}
