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

/// The message of a program that must fail.
fn refused(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{command:?}: {said}");
    said
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

/// A DeepFashion of two categories.
fn tees_and_jeans(source: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synthesise"));
    command.args(["--layout", "deepfashion", "--count", "60", "--size", "64"]);
    command.args(["--categories", "Tee,Jeans", "--fewest", "1", "--most", "1"]);
    run(command.arg(source));
}

/// `subsets` with 7 and 3 pictures of each in deepfashionkid.
fn subsets(source: &Path, out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_subsets"));
    command.arg(source).arg("--out").arg(out);
    command.args([
        "--categories",
        "Tee,Jeans",
        "--train",
        "7",
        "--validation",
        "3",
    ]);
    command.args(arguments);
    command
}

const FIVE_AND_TWO: [&str; 4] = ["--detection-train", "5", "--detection-validation", "2"];

#[test]
fn subsets_that_cannot_be_drawn_leave_none() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("DeepFashion");
    tees_and_jeans(&source);
    let out = folder.path().join("subsets");
    let subsets = |arguments: &[&str]| subsets(&source, &out, arguments);

    // The other two's own numbers are 160 and 40.
    let said = refused(&mut subsets(&[]));
    assert!(
        said.contains("--detection-train: 160 pictures") && said.contains("7 (--train)"),
        "{said}"
    );
    let said = refused(&mut subsets(&FIVE_AND_TWO[..2]));
    assert!(
        said.contains("--detection-validation: 40 pictures") && said.contains("3 (--validation)"),
        "{said}"
    );
    let none = ["--detection-train", "0", "--detection-validation", "0"];
    let said = refused(&mut subsets(&none));
    assert!(
        said.contains("`deepfashionVoc` has no picture of any category"),
        "{said}"
    );
    assert!(!out.exists());

    // Boxes, which only the other two need: none of the 7 + 3 has one.
    let boxes = source.join("Anno_coarse/list_bbox.txt");
    let kept = source.join("list_bbox.kept");
    std::fs::rename(&boxes, &kept).unwrap();
    let said = refused(&mut subsets(&FIVE_AND_TWO));
    assert!(
        said.contains(
            "deepfashionVoc (--detection-train, --detection-validation): \
             `Tee` has 0 training pictures, 5 are needed (10 more have no box)"
        ),
        "{said}"
    );
    assert!(!out.exists());
    std::fs::rename(&kept, &boxes).unwrap();

    // A folder of the last one's name.
    let there = out.join("deepfashionMask");
    std::fs::create_dir_all(&there).unwrap();
    let said = refused(&mut subsets(&FIVE_AND_TWO));
    assert!(
        said.contains("--out: ") && said.contains("deepfashionMask: already exists"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);

    // Nothing is in the way of the next one.
    std::fs::remove_dir(&there).unwrap();
    run(&mut subsets(&FIVE_AND_TWO));
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 3);
}

#[test]
fn subsets_are_what_the_recipes_at_full_size_open() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("DeepFashion");
    tees_and_jeans(&source);
    let out = folder.path().join("subsets");
    run(&mut subsets(&source, &out, &FIVE_AND_TWO));

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
