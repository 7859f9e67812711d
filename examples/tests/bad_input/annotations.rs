//! Annotations that do not fit their pictures.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::{self, failure, files, picture, success, weights};

/// Three pictures of which the second's box leaves it by 20 pixels.
#[test]
fn annotations_that_are_skipped_are_named_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.png", "b.png", "c.png"];
    for name in names {
        picture(folder.path(), name, 64, 64);
    }
    let images = (1..)
        .zip(names)
        .map(|(id, name)| json!({"id": id, "file_name": name, "width": 64, "height": 64}));
    let widths = [40, 74, 50];
    let annotations = (1..).zip(widths).map(|(id, width)| {
        let right = 10 + width;
        json!({"id": id, "image_id": id, "category_id": 1, "bbox": [10, 10, width, 40],
               "segmentation": [[10, 10, right, 10, right, 50, 10, 50]]})
    });
    let whole = json!({
        "images": images.collect::<Vec<_>>(),
        "annotations": annotations.collect::<Vec<_>>(),
        "categories": [{"id": 1, "name": "coat"}]
    });
    std::fs::write(folder.path().join("coats.json"), whole.to_string()).unwrap();
    std::fs::write(folder.path().join("names.txt"), "coat\nshirt\nskirt\n").unwrap();
    let evaluate = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evaluate"));
        command.current_dir(folder.path()).args([
            "--arch",
            common::ARCH,
            "--classes",
            "names.txt",
            "--min-size",
            "64",
            "--max-size",
            "96",
            "--json",
            "scores.json",
            "coats.json",
            "--weights",
        ]);
        command.arg(weights());
        command
    };
    let finding = "coats.json, annotations[1].bbox: the box (10, 10) – (84, 50) leaves the picture";
    let before = files(folder.path());
    let message = failure(&mut evaluate());
    assert!(message.contains(finding), "{message}");
    assert_eq!(files(folder.path()), before);

    // An older list of scores is replaced in one step: under another name it stays.
    let [scores, old] = ["scores.json", "old.json"].map(|name| folder.path().join(name));
    std::fs::write(&scores, "old").unwrap();
    std::fs::hard_link(&scores, &old).unwrap();
    let told = success(evaluate().arg("--skip-bad"));
    assert!(
        told.contains(&format!("1 entries skipped\n{finding}")),
        "{told}"
    );
    assert!(told.contains("2 pictures, 2 objects"), "{told}");
    let scores: Value = serde_json::from_slice(&std::fs::read(scores).unwrap()).unwrap();
    assert_eq!(scores["pictures"], 2);
    assert_eq!(std::fs::read_to_string(old).unwrap(), "old");
    assert_eq!(files(folder.path()).len(), before.len() + 2);
}
