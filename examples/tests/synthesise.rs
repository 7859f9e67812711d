//! What `synthesise` writes, the readers of the real data sets read strictly, pictures included; what `subsets` draws from it,
//! the recipes at full size open.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

use wardrobe::datasets::formats::{Mode, coco, deepfashion, fashionai, labelme, lip, voc};
use wardrobe::datasets::{DataSet, DecodeLimits};
use wardrobe::recipes::{data::DataConfig, presets};

const COUNT: usize = 6;

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
}

fn synthesise(layout: &str, out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synthesise"));
    command.args(["--layout", layout, "--count", "6", "--size", "96"]);
    run(command.arg(out));
}

/// Every picture decodes and is of the size its annotation states.
fn assert_loads(layout: &str, set: &DataSet) {
    assert!(!set.records.is_empty(), "{layout}");
    for record in &set.records {
        let sample = record.load(&set.root, &DecodeLimits::default());
        assert!(sample.is_ok(), "{layout}: {}", sample.unwrap_err());
    }
}

#[test]
fn folders_of_one_format_each() {
    let folder = tempfile::tempdir().unwrap();
    let out = |layout: &str| {
        let out = folder.path().join(layout);
        synthesise(layout, &out);
        out
    };
    let sets = [
        ("voc", voc::read(out("voc"), Mode::Strict).unwrap().value),
        (
            "labelme",
            labelme::read(out("labelme"), Mode::Strict).unwrap().value,
        ),
        ("lip", lip::read(out("lip"), Mode::Strict).unwrap().value),
    ];
    for (layout, set) in &sets {
        assert_eq!(set.records.len(), COUNT, "{layout}");
        assert_loads(layout, set);
    }
}

#[test]
fn coco_has_a_file_a_part() {
    let folder = tempfile::tempdir().unwrap();
    synthesise("coco", folder.path());
    let mut count = 0;
    for part in ["train2017", "val2017", "test2017"] {
        let annotations = folder
            .path()
            .join(format!("annotations/instances_{part}.json"));
        let set = coco::read(annotations, folder.path().join(part), Mode::Strict).unwrap();
        count += set.value.records.len();
        for record in &set.value.records {
            record
                .load(&set.value.root, &DecodeLimits::default())
                .unwrap();
        }
    }
    assert_eq!(count, COUNT);
}

#[test]
fn fashionai_has_its_labels_beside_its_images() {
    let folder = tempfile::tempdir().unwrap();
    synthesise("fashionai", folder.path());
    let labels = folder.path().join("Annotations/label.csv");
    let set = fashionai::read_labels(labels, Some(folder.path()), Mode::Strict).unwrap();
    assert_eq!(set.value.records.len(), COUNT);
    assert_loads("fashionai", &set.value);
}

#[test]
fn deepfashion_has_its_lists() {
    let folder = tempfile::tempdir().unwrap();
    synthesise("deepfashion", folder.path());
    let set = deepfashion::read(folder.path(), Mode::Strict)
        .unwrap()
        .loaded
        .value;
    assert_eq!(set.records.len(), COUNT);
    assert_loads("deepfashion", &set);
}

/// Pictures of the data below `root`.
fn pictures(data: &DataConfig, root: &Path) -> usize {
    let DataConfig::Folder(mut folder) = data.clone() else {
        panic!("a recipe at full size reads a folder");
    };
    folder.path = root.join(folder.path);
    let opened = DataConfig::Folder(folder).open("data").unwrap();
    opened.source.len()
}

#[test]
fn subsets_are_what_the_recipes_at_full_size_open() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("DeepFashion");
    let mut command = Command::new(env!("CARGO_BIN_EXE_synthesise"));
    command.args(["--layout", "deepfashion", "--count", "60", "--size", "64"]);
    command.args(["--categories", "Tee,Jeans", "--fewest", "1", "--most", "1"]);
    run(command.arg(&source));
    let out = folder.path().join("subsets");
    let mut command = Command::new(env!("CARGO_BIN_EXE_subsets"));
    command.arg(&source).arg("--out").arg(&out);
    command.args([
        "--categories",
        "Tee,Jeans",
        "--train",
        "7",
        "--validation",
        "3",
    ]);
    command.args(["--detection-train", "5", "--detection-validation", "2"]);
    run(&mut command);

    let full = |names: &[&'static str]| -> Vec<&str> {
        let full = names.iter().filter(|name| !name.ends_with("-miniature"));
        full.copied().collect()
    };
    for name in full(&presets::CLASSIFIERS) {
        let recipe = presets::classifier(name).unwrap();
        assert_eq!(pictures(&recipe.data["train"], &out), 2 * 7, "{name}");
        assert_eq!(pictures(&recipe.validation, &out), 2 * 3, "{name}");
    }
    for name in full(&presets::DETECTORS) {
        let recipe = presets::detector(name).unwrap();
        let training: Vec<usize> = recipe
            .data
            .values()
            .map(|data| pictures(data, &out))
            .collect();
        // Four fifths of ten are part 1.
        let expected = match name {
            "mask-rcnn-grafting" => vec![8, 2],
            _ => vec![2 * 5],
        };
        assert_eq!(training, expected, "{name}");
        assert_eq!(pictures(&recipe.validation, &out), 2 * 2, "{name}");
    }
}
