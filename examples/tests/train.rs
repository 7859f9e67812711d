//! The training programs: a preset's configuration is printed, shortened, trained, and its body moves
//! on into a detector; a killed run goes on.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use wardrobe::recipes::MODEL_FILE;

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

/// Whether the run has saved itself.
fn has_checkpoint(run: &Path) -> bool {
    // The folder is not there at first.
    std::fs::read_dir(run.join("checkpoints"))
        .into_iter()
        .flatten()
        .any(|entry| {
            let name = entry.unwrap().file_name();
            let name = name.to_string_lossy();
            name.starts_with("step-") && name.ends_with(".safetensors")
        })
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (config, whole, killed) = (at("detector.json"), at("whole"), at("killed"));
    shortened(DETECTOR, "faster-rcnn-miniature", config.as_ref());
    let mut longer: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    // Long enough for the first checkpoint to be seen before the end.
    longer["training"]["phases"][0]["duration"] = json!({"iterations": 40});
    longer["training"]["validate_every"] = json!({"iterations": 40});
    longer["training"]["checkpoint_every"] = json!({"iterations": 4});
    std::fs::write(&config, longer.to_string()).unwrap();
    let done = run(DETECTOR, &[&config, "--out", &whole]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );

    let mut training = Command::new(DETECTOR)
        .args([&config, "--out", &killed])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !has_checkpoint(killed.as_ref()) {
        assert!(training.try_wait().unwrap().is_none(), "no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    // SIGKILL: nothing is put in order.
    training.kill().unwrap();
    assert!(!training.wait().unwrap().success());
    let weights = |run: &str| Path::new(run).join(MODEL_FILE);
    assert!(!weights(&killed).exists(), "the run was over");

    let resumed = run(DETECTOR, &[&config, "--out", &killed, "--resume"]);
    assert!(
        resumed.status.success(),
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
    let bytes = |run: &str| std::fs::read(weights(run)).unwrap();
    assert!(bytes(&whole) == bytes(&killed), "the weights differ");
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
