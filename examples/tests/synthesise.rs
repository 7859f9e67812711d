//! What `synthesise` writes, the readers of the real data sets read strictly, pictures included.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

use wardrobe::datasets::formats::{Mode, coco, deepfashion, fashionai, labelme, lip, voc};
use wardrobe::datasets::{DataSet, DecodeLimits};

const COUNT: usize = 6;

fn synthesise(layout: &str, out: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_synthesise"))
        .args(["--layout", layout, "--count", "6", "--size", "96"])
        .arg(out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{layout}: {said}");
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
