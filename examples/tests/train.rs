//! The training programs: a preset's configuration is printed, shortened, trained, and its body moves
//! on into a detector.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

const DETECTOR: &str = env!("CARGO_BIN_EXE_train-detector");
const CLASSIFIER: &str = env!("CARGO_BIN_EXE_train-classifier");

/// The preset over four drawn pictures for two steps, as a file.
fn shortened(program: &str, preset: &str, path: &Path) {
    let printed = run(program, &["--preset", preset, "--print-config"]);
    let mut config: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let pictures = |first: u64| {
        let wardrobe = json!({"long_side": [48, 48], "garments": [1, 1], "empty_share": 0.0});
        json!({"synthetic": {"wardrobe": wardrobe, "first": first, "count": 4}})
    };
    config["data"] = json!({"train": pictures(0)});
    config["validation"] = pictures(10);
    config["loader"] = json!({"batching": {"size": 2}});
    config["training"] = json!({
        "phases": [{"name": "all", "data": "train", "duration": {"iterations": 2}, "rate": 1e-3}]
    });
    std::fs::write(path, config.to_string()).unwrap();
}

#[test]
fn a_classifier_and_a_detector_from_its_body() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (classifier, detector) = (at("classifier.json"), at("detector.json"));
    shortened(CLASSIFIER, "clothnet-miniature", classifier.as_ref());
    let done = run(CLASSIFIER, &[&classifier, "--out", &at("clothnet")]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    // A rate that is not scaled to the batch is a likely mistake with SGD.
    assert!(said.contains("warning: phases[0].rate"), "{said}");

    shortened(DETECTOR, "faster-rcnn-miniature", detector.as_ref());
    let out = at("detector");
    let from = at("clothnet");
    let arguments = [&detector, "--classifier", &from, "--out", &out];
    let done = run(DETECTOR, &arguments);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(
        told.contains("loaded ") && told.contains("report.html"),
        "{told}"
    );

    // A run is not overwritten, and a finished one is resumed to its end.
    let again = run(DETECTOR, &arguments);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds a run already"));
    let resumed = run(
        DETECTOR,
        &[&detector, "--classifier", &from, "--out", &out, "--resume"],
    );
    assert!(resumed.status.success());
}

#[test]
fn an_unknown_preset_lists_the_known_ones() {
    let done = run(DETECTOR, &["--preset", "faster", "--out", "run"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        !done.status.success() && said.contains("mask-rcnn-miniature"),
        "{said}"
    );
}
