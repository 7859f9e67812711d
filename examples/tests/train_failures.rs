//! What goes wrong in a long run, and before it: a picture that is cut off, weights that are no
//! numbers, boxes of another format.
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

/// Overwrites every number of a tensor in a safetensors file.
fn overwrite(file: &Path, tensor: &str, value: f32) {
    let mut bytes = std::fs::read(file).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let names: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let [start, end] =
        [0, 1].map(|side| names[tensor]["data_offsets"][side].as_u64().unwrap() as usize);
    for number in bytes[8 + header..][start..end].chunks_exact_mut(4) {
        number.copy_from_slice(&value.to_le_bytes());
    }
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
    let words = said(&skipped);
    assert!(skipped.status.success(), "{words}");
    // Met in both passes, it is one file.
    assert!(
        words.contains("warning: data.train: 1 files skipped\n") && words.contains(&name),
        "{words}"
    );
}

/// An annotation that a lenient reader leaves out with its picture.
#[test]
fn annotations_left_out_are_named_before_the_first_step() {
    let scene = Scene::new();
    let annotations = scene.folder.path().join("coco/annotations");
    let file = std::fs::read_dir(annotations).unwrap().next().unwrap();
    let file = file.unwrap().path();
    let mut whole: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    whole["annotations"][0]["bbox"] = json!([1, 1, 0, 5]);
    std::fs::write(&file, whole.to_string()).unwrap();
    let done = scene.train("out", |config| {
        config["data"]["train"]["folder"]["mode"] = json!("lenient");
    });
    let words = said(&done);
    assert!(done.status.success(), "{words}");
    let finding = format!(
        "warning: data.train: 1 entries skipped\n{}, annotations[0].bbox: the box (1, 1) – (1, 6) has no inside",
        file.display()
    );
    assert!(words.contains(&finding), "no `{finding}` in: {words}");
}

/// Corners in a COCO file, which has left, top, width and height.
#[test]
fn boxes_of_another_format_are_asked_about_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let coco = folder.path().join("coco");
    std::fs::create_dir(&coco).unwrap();
    // Never opened.
    std::fs::write(coco.join("a.jpg"), "").unwrap();
    let file = coco.join("coats.json");
    let whole = json!({
        "images": [{"id": 1, "file_name": "a.jpg", "width": 48, "height": 48}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 40, 44]}],
        "categories": [{"id": 1, "name": "coat"}]
    });
    std::fs::write(&file, whole.to_string()).unwrap();
    let scene = Scene { folder };
    let refused = scene.train("out", |_| ());
    assert!(!refused.status.success());
    // 10 + 40 and 20 + 44.
    let expected = format!(
        "error: data.train: {}, annotations[0].bbox: the box (10, 20) – (50, 64) leaves the picture, \
         which is of 48x48 pixels; clip the box to the picture, and check that the annotation belongs \
         to it; or were x1, y1, x2, y2 written where the format has x, y, width, height?\n",
        file.display()
    );
    assert_eq!(said(&refused), expected);
    assert!(!scene.folder.path().join("out/config.json").exists());
}

#[test]
fn what_is_not_finite_is_traced_to_its_module_and_pictures() {
    let scene = Scene::new();
    let first = scene.train("first", |_| ());
    assert!(first.status.success(), "{}", said(&first));
    let trained = scene.folder.path().join("first/model.safetensors");
    // The second is finite, but not times the sum of what the last stage's ReLU puts out.
    for (out, tensor, value, found) in [
        (
            "nan",
            "roi_heads.mask_predictor.conv5_mask.weight",
            f32::NAN,
            "first in parameter roi_heads.mask_predictor.conv5_mask.weight;",
        ),
        (
            "overflow",
            "backbone.fpn.inner_blocks.3.0.weight",
            f32::MAX,
            "first in the output of backbone.fpn.inner_blocks.3.0;",
        ),
    ] {
        let weights = scene.folder.path().join(format!("{out}.safetensors"));
        std::fs::copy(&trained, &weights).unwrap();
        overwrite(&weights, tensor, value);
        let stopped = scene.train(out, |config| {
            config["weights"] = json!([{"file": {"path": weights}}]);
        });
        let words = said(&stopped);
        assert!(!stopped.status.success(), "{words}");
        for part in [found, ".jpg", "is not finite"] {
            assert!(words.contains(part), "no `{part}` in: {words}");
        }
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
