//! What goes wrong in a long run: a picture that is cut off, weights that are no numbers.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const DETECTOR: &str = env!("CARGO_BIN_EXE_train-detector");

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A drawn wardrobe of eight pictures as COCO, and a Mask R-CNN to be trained on it for two passes.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let coco = folder.path().join("coco").display().to_string();
        let arguments = [
            "--layout", "coco", "--count", "8", "--size", "48", "--empty", "0", &coco,
        ];
        let drawn = run(env!("CARGO_BIN_EXE_synthesise"), &arguments);
        assert!(drawn.status.success(), "{}", said(&drawn));
        Self { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A picture that is trained on.
    fn picture(&self) -> PathBuf {
        let folder = self.folder.path().join("coco/train2017");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.remove(0)
    }

    /// Trains into the folder `out`, the configuration changed by `change`.
    fn train(&self, out: &str, change: impl FnOnce(&mut Value)) -> Output {
        let printed = run(
            DETECTOR,
            &["--preset", "mask-rcnn-miniature", "--print-config"],
        );
        let mut config: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let wardrobe = json!({"long_side": [48, 48], "empty_share": 0.0});
        config["data"] = json!({"train": {"folder": {"path": self.at("coco")}}});
        config["validation"] = json!({"synthetic": {"wardrobe": wardrobe, "first": 0, "count": 2}});
        config["loader"] = json!({"batching": {"size": 2}});
        config["training"] = json!({
            "phases": [{"name": "all", "data": "train", "duration": {"epochs": 2}, "rate": 1e-3,
                        "optimiser": {"adam": {}}}]
        });
        change(&mut config);
        let file = self.at(&format!("{out}.json"));
        std::fs::write(&file, config.to_string()).unwrap();
        run(DETECTOR, &[&file, "--out", &self.at(out)])
    }
}

/// Overwrites the first number of a tensor in a safetensors file with NaN.
fn poison(file: &Path, tensor: &str) {
    let mut bytes = std::fs::read(file).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let names: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let start = names[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    bytes[8 + header + start..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_picture_cut_off_stops_the_run_unless_it_may_be_skipped() {
    let scene = Scene::new();
    let picture = scene.picture();
    let bytes = std::fs::read(&picture).unwrap();
    std::fs::write(&picture, &bytes[..bytes.len() / 3]).unwrap();
    let stopped = scene.train("strict", |_| ());
    let name = picture.file_name().unwrap().to_string_lossy().into_owned();
    assert!(!stopped.status.success());
    assert!(said(&stopped).contains(&name), "{}", said(&stopped));

    let skipped = scene.train("lenient", |config| {
        config["loader"]["on_bad_file"] = json!("skip");
    });
    assert!(skipped.status.success(), "{}", said(&skipped));
}

#[test]
fn a_nan_among_the_weights_is_traced_to_its_module_and_pictures() {
    let scene = Scene::new();
    let first = scene.train("first", |_| ());
    assert!(first.status.success(), "{}", said(&first));
    let weights = scene.folder.path().join("first/model.safetensors");
    poison(&weights, "roi_heads.mask_predictor.conv5_mask.weight");
    let stopped = scene.train("second", |config| {
        config["weights"] = json!([{"file": {"path": weights}}]);
    });
    let words = said(&stopped);
    assert!(!stopped.status.success(), "{words}");
    for part in ["mask_predictor", ".jpg"] {
        assert!(words.contains(part), "no `{part}` in: {words}");
    }
}

#[test]
fn devices_that_are_not_there_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run").display().to_string();
    let arguments = [
        "--preset",
        "mask-rcnn-miniature",
        "--out",
        &out,
        "--devices",
        "2",
    ];
    let refused = run(DETECTOR, &arguments);
    assert!(!refused.status.success());
    let words = said(&refused);
    assert!(
        words.contains("backend `flex` has fewer than 2 devices: ask for 1"),
        "{words}"
    );
}
