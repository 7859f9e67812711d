//! `evaluate` on a COCO folder: the numbers that training logged, lists in the data's own ids, and
//! messages that help.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

fn evaluate(arguments: &[&str]) -> Output {
    run(env!("CARGO_BIN_EXE_evaluate"), arguments)
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(arguments: &[&str]) -> String {
    let output = evaluate(arguments);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A drawn wardrobe as COCO, a Mask R-CNN and a classifier trained on it for a few steps.
struct Trained {
    folder: TempDir,
}

static TRAINED: LazyLock<Trained> = LazyLock::new(Trained::new);

impl Trained {
    fn new() -> Self {
        let trained = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        done(&run(
            env!("CARGO_BIN_EXE_synthesise"),
            &[
                "--layout",
                "coco",
                "--count",
                "6",
                "--size",
                "64",
                "--empty",
                "0",
                &trained.at("coco"),
            ],
        ));
        let detector = env!("CARGO_BIN_EXE_train-detector");
        trained.train(detector, "mask-rcnn-miniature", "mask", 12);
        let classifier = env!("CARGO_BIN_EXE_train-classifier");
        trained.train(classifier, "clothnet-miniature", "clothnet", 2);
        trained
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn train(&self, program: &str, preset: &str, name: &str, steps: u64) {
        let printed = run(program, &["--preset", preset, "--print-config"]);
        let mut config: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let coco = json!({"folder": {"path": self.path("coco")}});
        config["data"] = json!({"train": coco});
        config["validation"] = coco;
        config["loader"] = json!({"batching": {"size": 2}, "on_bad_file": "skip"});
        // A few steps teach little: what is found counts here whatever its score.
        if let Some(model) = config["model"].get_mut("mask_rcnn") {
            let threshold = "/detector/Faster/roi_heads/postprocess/score_threshold";
            *model.pointer_mut(threshold).unwrap() = json!(0.0);
        }
        config["training"] = json!({
            "phases": [{"name": "all", "data": "train", "duration": {"iterations": steps},
                        "rate": 3e-3, "optimiser": {"adam": {}}}]
        });
        let file = self.at(&format!("{name}.json"));
        std::fs::write(&file, config.to_string()).unwrap();
        done(&run(program, &[&file, "--out", &self.at(name)]));
    }
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The scores of a run's last validation.
fn logged(run: &Path) -> Value {
    let log = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let mut records = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let last = records.rfind(|record| record["kind"] == "epoch");
    last.unwrap()["scores"].clone()
}

#[test]
fn a_detectors_scores_are_those_that_training_logged() {
    let trained = &*TRAINED;
    let (scores, list) = (trained.path("scores.json"), trained.path("list.json"));
    let page = trained.path("page");
    let told = done(&evaluate(&[
        "--run",
        &trained.at("mask"),
        &trained.at("coco"),
        "--ci",
        "--json",
        scores.to_str().unwrap(),
        "--detections",
        list.to_str().unwrap(),
        "--report",
        page.to_str().unwrap(),
    ]));
    assert!(told.contains("6 pictures"), "{told}");
    assert!(told.contains("Masks class by class"), "{told}");
    let found = json_of(&scores);
    assert_eq!(found["scores"], logged(&trained.path("mask")));
    assert_eq!(found["pictures"], 6);
    assert_eq!(found["coco"]["mask"]["ap50"], found["scores"]["mask_AP50"]);
    assert!(found["intervals"]["box_AP50"]["lower"].is_number());
    let page = std::fs::read_to_string(page.join("report.html")).unwrap();
    assert!(page.contains("Boxes, class by class") && page.contains("largest garments missed"));

    // Without data: those the run was scored on.
    let again = trained.path("again.json");
    done(&evaluate(&[
        "--run",
        &trained.at("mask"),
        "--json",
        again.to_str().unwrap(),
    ]));
    assert_eq!(json_of(&again)["scores"], found["scores"]);

    // The list speaks of the data's own pictures and categories (or groups, counted from 1).
    let annotations = std::fs::read_dir(trained.path("coco/annotations")).unwrap();
    let annotations = json_of(&annotations.map(|file| file.unwrap().path()).next().unwrap());
    let images = annotations["images"].as_array().unwrap();
    let ids: BTreeSet<u64> = images
        .iter()
        .map(|image| image["id"].as_u64().unwrap())
        .collect();
    let list = json_of(&list);
    let list = list.as_array().unwrap();
    assert_eq!(list.len() as u64, found["detections"].as_u64().unwrap());
    assert!(!list.is_empty());
    for one in list {
        assert!(ids.contains(&one["image_id"].as_u64().unwrap()), "{one}");
        assert!(
            (1..=3).contains(&one["category_id"].as_u64().unwrap()),
            "{one}"
        );
        assert_eq!(one["segmentation"]["size"], json!([64, 64]));
    }
}

#[test]
fn a_classifiers_accuracy_is_what_training_logged() {
    let trained = &*TRAINED;
    let scores = trained.path("classifier.json");
    let told = done(&evaluate(&[
        "--run",
        &trained.at("clothnet"),
        "--json",
        scores.to_str().unwrap(),
    ]));
    assert!(told.contains("Class by class"), "{told}");
    let (found, logged) = (json_of(&scores), logged(&trained.path("clothnet")));
    assert_eq!(found["accuracy"], logged["accuracy"]);
    assert_eq!(found["mean_accuracy"], logged["mean_accuracy"]);

    let said = refused(&[
        "--run",
        &trained.at("clothnet"),
        "--detections",
        "list.json",
    ]);
    assert!(said.contains("detects nothing"), "{said}");
}

/// The last checkpoint has the weights that the run left at its end, for a run that has none too.
#[test]
fn a_checkpoint_of_a_run_that_has_not_ended_is_scored() {
    let trained = &*TRAINED;
    for (name, step) in [("mask", 12), ("clothnet", 2)] {
        let under_way = trained.path(&format!("{name}-under-way"));
        std::fs::create_dir(&under_way).unwrap();
        let config = trained.path(name).join("config.json");
        std::fs::copy(config, under_way.join("config.json")).unwrap();
        let scores = under_way.join("scores.json");
        done(&evaluate(&[
            "--run",
            under_way.to_str().unwrap(),
            "--checkpoint",
            &trained.at(&format!("{name}/checkpoints/step-{step:08}.safetensors")),
            "--json",
            scores.to_str().unwrap(),
        ]));
        let logged = logged(&trained.path(name));
        let scores = json_of(&scores);
        let found = scores.get("scores").unwrap_or(&scores);
        for (score, value) in logged.as_object().unwrap() {
            assert_eq!(&found[score], value, "{name}: {score}");
        }
    }
}

#[test]
fn a_damaged_picture_stops_the_evaluation_unless_it_may_be_skipped() {
    let trained = &*TRAINED;
    let coco = trained.path("damaged");
    done(&run(
        env!("CARGO_BIN_EXE_synthesise"),
        &[
            "--layout",
            "coco",
            "--count",
            "3",
            "--size",
            "64",
            "--empty",
            "0",
            coco.to_str().unwrap(),
        ],
    ));
    // The second picture, so that those after it must keep their own numbers.
    let annotations = std::fs::read_dir(coco.join("annotations")).unwrap();
    let annotations = json_of(&annotations.map(|file| file.unwrap().path()).next().unwrap());
    let images = annotations["images"].as_array().unwrap();
    let name = images[1]["file_name"].as_str().unwrap();
    let picture = picture_below(&coco, name).unwrap();
    let bytes = std::fs::read(&picture).unwrap();
    std::fs::write(&picture, &bytes[..bytes.len() / 3]).unwrap();

    let list = trained.path("damaged.json");
    let left = tempfile::tempdir().unwrap();
    let [scores, page] =
        ["scores.json", "new/page"].map(|name| left.path().join(name).display().to_string());
    for run in ["mask", "clothnet"] {
        let run = trained.at(run);
        let mut arguments = vec!["--run", &run, coco.to_str().unwrap()];
        let outputs = ["--json", &scores, "--report", &page];
        let said = refused(&[arguments.as_slice(), &outputs].concat());
        assert!(said.contains(name), "{said}");
        assert_eq!(std::fs::read_dir(left.path()).unwrap().count(), 0);
        arguments.push("--skip-bad");
        if run.ends_with("mask") {
            arguments.extend(["--detections", list.to_str().unwrap()]);
        }
        let told = done(&evaluate(&arguments));
        assert!(told.contains("1 files skipped\n"), "{told}");
        assert!(told.contains(name), "{told}");
    }
    let ids = json_of(&list);
    let ids = ids.as_array().unwrap().iter();
    let found: BTreeSet<u64> = ids.map(|one| one["image_id"].as_u64().unwrap()).collect();
    let whole = [0, 2].map(|index| images[index]["id"].as_u64().unwrap());
    assert_eq!(found, BTreeSet::from(whole));

    // Without data: those that the run was scored on.
    for run in ["mask", "clothnet"] {
        let scored = trained.path(&format!("{run}-scored-on-damaged"));
        std::fs::create_dir(&scored).unwrap();
        let mut config = json_of(&trained.path(run).join("config.json"));
        config["program"]["validation"] = json!({"folder": {"path": coco}});
        std::fs::write(scored.join("config.json"), config.to_string()).unwrap();
        let model = "model.safetensors";
        std::fs::copy(trained.path(run).join(model), scored.join(model)).unwrap();
        let arguments = ["--run", scored.to_str().unwrap(), "--skip-bad"];
        let said = refused(&arguments[..2]);
        assert!(said.contains(name), "{said}");
        let told = done(&evaluate(&arguments));
        assert!(told.contains("1 files skipped\n"), "{told}");
        assert!(told.contains(name), "{told}");
    }
}

/// The file of that name in a folder or the folders in it.
fn picture_below(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let direct = folder.join(name);
    if direct.is_file() {
        return Some(direct);
    }
    paths.find_map(|path| path.is_dir().then(|| picture_below(&path, name)).flatten())
}

/// The message of an evaluation that must end before anything was scored.
fn refused_at_the_start(arguments: &[&str]) -> String {
    let output = evaluate(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.is_empty(), "{told}");
    said
}

#[test]
fn outputs_are_tried_before_anything_is_scored() {
    let trained = &*TRAINED;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("file"), "older").unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    for run in ["mask", "clothnet"] {
        let run = trained.at(run);
        for (flag, name, problem) in [
            ("--json", "no/scores.json", "cannot be written"),
            ("--json", "folder", "is a folder; name a file"),
            ("--detections", "no/list.json", "cannot be written"),
            ("--report", "file", "the folder cannot be made"),
            ("--report", "file/page", "the folder cannot be made"),
        ] {
            let said = refused_at_the_start(&["--run", &run, flag, &at(name)]);
            let expected = format!("error: {flag}: {}: {problem}", at(name));
            assert!(said.starts_with(&expected), "no `{expected}` in: {said}");
        }
    }

    // One file by two paths.
    let (run, list) = (trained.at("mask"), at("folder/../file"));
    let said = refused_at_the_start(&["--run", &run, "--json", &at("file"), "--detections", &list]);
    assert!(
        said.contains("--json and --detections both write") && said.contains("a file of its own"),
        "{said}"
    );

    let mut left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["file", "folder"]);
    assert_eq!(std::fs::read_to_string(at("file")).unwrap(), "older");
}

/// Before any file is looked at: none of these is there.
#[test]
fn flags_that_mean_nothing_are_refused() {
    let run = ["--run", "runs/mine"];
    for flag in [
        ["--arch", "maskrcnn-resnet50-fpn"],
        ["--num-classes", "4"],
        ["--weights", "weights.pth"],
        ["--classes", "names.txt"],
        ["--min-size", "400"],
        ["--max-size", "600"],
        ["--norm-epsilon", "0"],
    ] {
        let said = refused(&[run, flag].concat());
        assert!(
            said.contains("cannot be used with") && said.contains(flag[0]),
            "{said}"
        );
    }
    // They speak of data that are named.
    for flag in [
        ["--split", "validation"],
        ["--format", "coco_instances"],
        ["--pictures", "val2017"],
    ] {
        let said = refused(&[run, flag].concat());
        assert!(
            said.contains("arguments were not provided") && said.contains("DATA"),
            "{said}"
        );
    }
    let weights = ["--arch", "fasterrcnn-vgg16", "--weights", "weights.pth"];
    let said = refused(&[&weights[..], &["--checkpoint", "best.safetensors", "coco"]].concat());
    assert!(
        said.contains("cannot be used with") && said.contains("--checkpoint"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_evaluated_is_said_with_a_remedy() {
    let trained = &*TRAINED;
    let (run, coco) = (trained.at("mask"), trained.at("coco"));
    let said = refused(&["--run", &trained.at("nowhere"), &coco]);
    assert!(said.contains("no run is there"), "{said}");

    let said = refused(&["--run", &run, &trained.at("nothing")]);
    assert!(said.contains("nothing"), "{said}");

    // Data of other classes.
    let other = trained.path("other.json");
    let data = json!({
        "images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 4}],
        "categories": [{"id": 1, "name": "zebra"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2], "area": 4,
                         "iscrowd": 0, "segmentation": [[0, 0, 2, 0, 2, 2]]}]
    });
    std::fs::write(&other, data.to_string()).unwrap();
    let said = refused(&["--run", &run, other.to_str().unwrap()]);
    assert!(
        said.contains("a.png") && said.contains("set --pictures"),
        "{said}"
    );
    assert_eq!(said.matches("a.png").count(), 1, "said twice: {said}");
    image::RgbImage::new(4, 4)
        .save(trained.path("a.png"))
        .unwrap();
    let said = refused(&["--run", &run, other.to_str().unwrap()]);
    assert!(
        said.contains("no class: zebra")
            && said.contains("upper")
            && said.contains("--ignore-unknown"),
        "{said}"
    );

    // Weights of another architecture: everything that differs is listed.
    let weights = trained.at("mask/model.safetensors");
    let arguments = [
        "--arch",
        "fasterrcnn-vgg16",
        "--weights",
        &weights,
        "--num-classes",
        "4",
        &coco,
    ];
    let said = refused(&arguments);
    assert!(
        said.contains("backbone.") && said.contains("missing"),
        "{said}"
    );

    // A run that has not ended.
    let stopped = trained.path("stopped");
    std::fs::create_dir(&stopped).unwrap();
    std::fs::copy(
        trained.path("mask/config.json"),
        stopped.join("config.json"),
    )
    .unwrap();
    let said = refused(&["--run", stopped.to_str().unwrap(), &coco]);
    assert!(
        said.contains("has not ended") && said.contains("--checkpoint"),
        "{said}"
    );

    // A checkpoint of another network.
    let said = refused(&[
        "--run",
        stopped.to_str().unwrap(),
        "--checkpoint",
        &trained.at("clothnet/checkpoints/step-00000002.safetensors"),
        &coco,
    ]);
    assert!(said.contains("holds another model"), "{said}");

    // No checkpoint at all.
    assert!(
        refused(&[&coco]).contains("--weights"),
        "nothing to evaluate"
    );
}
