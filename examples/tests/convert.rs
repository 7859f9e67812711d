//! `convert-weights` with each of its flags, and `detect` with what it wrote.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use common::{ARCH, CLASSES, detect_with, failure, files, picture, success, weights};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use wardrobe::datasets::CocoResult;

/// What an IoU head adds to the weights: two layers of 1024 over 7 × 7 cells of 256 channels, then
/// one number a class.
const IOU_HEAD: [(&str, &[usize]); 6] = [
    ("roi_heads.iou_head.fc1.weight", &[1024, 256 * 7 * 7]),
    ("roi_heads.iou_head.fc1.bias", &[1024]),
    ("roi_heads.iou_head.fc2.weight", &[1024, 1024]),
    ("roi_heads.iou_head.fc2.bias", &[1024]),
    ("roi_heads.iou_head.iou_pred.weight", &[CLASSES, 1024]),
    ("roi_heads.iou_head.iou_pred.bias", &[CLASSES]),
];

/// `convert-weights` to `new.safetensors`.
fn convert(folder: &Path, input: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convert-weights"));
    command
        .current_dir(folder)
        .args(["--arch", ARCH, "--num-classes", &CLASSES.to_string()])
        .args(flags)
        .arg(input)
        .arg("new.safetensors");
    command
}

/// What `detect` finds in `one.png` with `new.safetensors`.
fn detections(folder: &Path, flags: &[&str]) -> Vec<CocoResult> {
    let mut command = detect_with(folder, ARCH, Path::new("new.safetensors"));
    command.args(["--num-classes", &CLASSES.to_string()]);
    success(command.args(["one.png", "--json", "out.json"]).args(flags));
    let list = std::fs::read(folder.join("out.json")).unwrap();
    let results: Vec<CocoResult> = serde_json::from_slice(&list).unwrap();
    assert!(!results.is_empty(), "{flags:?}");
    for one in &results {
        assert!(one.score > 0.05 && one.score <= 1.0, "{flags:?}: {one:?}");
    }
    results
}

fn same_bytes(one: &Path, other: &Path) -> bool {
    std::fs::read(one).unwrap() == std::fs::read(other).unwrap()
}

/// A training checkpoint: the weights and a counter below `model`, an optimiser beside them.
#[test]
fn a_checkpoint_converts_below_its_key_and_without_what_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let input = here.join("checkpoint.safetensors");
    let bytes = std::fs::read(weights()).unwrap();
    let weights_alone = SafeTensors::deserialize(&bytes).unwrap();
    // Whole numbers, which are refused as weights: what is ignored is not read.
    let seven = 7_i64.to_le_bytes();
    let number = || TensorView::new(Dtype::I64, vec![1], &seven).unwrap();
    let mut tensors: Vec<(String, TensorView<'_>)> = weights_alone
        .iter()
        .map(|(name, tensor)| (format!("model.{name}"), tensor))
        .collect();
    tensors.push(("model.extra.counter".to_owned(), number()));
    tensors.push(("optimizer.step".to_owned(), number()));
    safetensors::serialize_to_file(tensors, None, &input).unwrap();

    // The counter is all that does not fit: the optimiser was passed over.
    let message = failure(&mut convert(here, &input, &["--top-level", "model"]));
    assert!(
        message
            .contains("does not fit the model:\n  1 surplus in the file:\n    extra.counter [1]"),
        "{message}"
    );
    assert!(!message.contains("missing from the file"), "{message}");
    assert_eq!(files(here), ["checkpoint.safetensors"]);

    let flags = ["--top-level", "model", "--ignore", "extra.*"];
    let printed = success(&mut convert(here, &input, &flags));
    let counts = format!(
        "new.safetensors: {} tensors written, 1 of the file ignored",
        weights_alone.len()
    );
    assert!(printed.contains(&counts), "{printed}");
    assert!(same_bytes(&here.join("new.safetensors"), weights()));
}

/// Weights with an IoU head whose stem also tells the two ε apart: its variances are 1e-5, so the
/// usual ε doubles them. Returns how many tensors there are.
fn write_with_iou_head(path: &Path) -> usize {
    let bytes = std::fs::read(weights()).unwrap();
    let original = SafeTensors::deserialize(&bytes).unwrap();
    // 13 divides no width of a layer, so its outputs differ.
    let value = |i: usize| ((i % 13) as f32 - 6.0) / 1000.0;
    let head = IOU_HEAD.map(|(_, shape)| -> Vec<u8> {
        let count = shape.iter().product::<usize>();
        (0..count).flat_map(|i| value(i).to_le_bytes()).collect()
    });
    let variances = 1e-5_f32.to_le_bytes().repeat(64);
    let scales = 1e-5_f32.sqrt().to_le_bytes().repeat(64);

    let mut tensors: HashMap<&str, TensorView<'_>> = original.iter().collect();
    for ((name, shape), values) in IOU_HEAD.into_iter().zip(&head) {
        let tensor = TensorView::new(Dtype::F32, shape.to_vec(), values).unwrap();
        assert!(tensors.insert(name, tensor).is_none(), "{name}");
    }

    for (name, values) in [
        ("backbone.body.bn1.running_var", &variances),
        ("backbone.body.bn1.weight", &scales),
    ] {
        let tensor = TensorView::new(Dtype::F32, vec![64], values).unwrap();
        assert!(tensors.insert(name, tensor).is_some(), "{name}");
    }

    // As the program writes it, so that the files can be compared byte by byte.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let count = tensors.len();
    safetensors::serialize_to_file(tensors, Some(metadata), path).unwrap();
    count
}

#[test]
fn an_iou_head_is_asked_for_converted_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let message = failure(&mut convert(here, weights(), &["--iou-head"]));
    assert!(message.contains("6 missing from the file:"), "{message}");
    for (name, shape) in IOU_HEAD {
        assert!(message.contains(&format!("{name} {shape:?}")), "{message}");
    }
    assert!(files(here).is_empty(), "{:?}", files(here));

    let input = here.join("with-head.safetensors");
    let count = write_with_iou_head(&input);
    let printed = success(&mut convert(here, &input, &["--iou-head"]));
    let counts = format!("new.safetensors: {count} tensors written, 0 of the file ignored");
    assert!(printed.contains(&counts), "{printed}");
    assert!(same_bytes(&here.join("new.safetensors"), &input));

    picture(here, "one.png", 90, 64);
    // The head stands unused in the file.
    let standard = detections(here, &[]);
    let guided = detections(here, &["--nms", "iou-guided"]);
    // Other boxes survive, and each has the best score of those it suppressed.
    assert_ne!(guided, standard);
    assert_eq!(guided[0].score, standard[0].score);

    let scores =
        |results: &[CocoResult]| -> Vec<f32> { results.iter().map(|one| one.score).collect() };
    let without_epsilon = detections(here, &["--norm-epsilon", "0"]);
    assert_ne!(scores(&without_epsilon), scores(&standard));
}
