//! The quickstart from end to end on a handful of pictures: it leaves everything it promises, the same
//! bytes each time, and does nothing twice.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn quickstart(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_quickstart");
    Command::new(program).args(arguments).output().unwrap()
}

/// The quickstart over four pictures for two steps a run.
fn shortened(path: &Path) {
    let printed = quickstart(&["--print-config"]);
    let mut config: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let pictures = |first: u64| {
        let wardrobe = json!({"long_side": [48, 48], "garments": [1, 1], "empty_share": 0.0});
        json!({"synthetic": {"wardrobe": wardrobe, "first": first, "count": 4}})
    };
    for run in ["clothnet", "clothnet_resnet", "faster_rcnn", "mask_rcnn"] {
        config[run]["data"] = json!({"train": pictures(0)});
        config[run]["validation"] = pictures(10);
        config[run]["loader"] = json!({"batching": {"size": 2}});
        config[run]["training"] = json!({
            "phases": [{"name": "all", "data": "train", "duration": {"iterations": 2}, "rate": 1e-3}]
        });
    }
    config["test"] = pictures(20);
    std::fs::write(path, config.to_string()).unwrap();
}

/// Every file that must not differ between two starts, by its place.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let place = path.strip_prefix(folder).unwrap().display().to_string();
            // A run's settings name the folder of the weights it starts from.
            if !place.ends_with("config.json") {
                found.insert(place, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

const RUNS: [&str; 6] = [
    "clothnet",
    "faster-rcnn",
    "faster-rcnn-clothnet",
    "clothnet-resnet",
    "mask-rcnn",
    "mask-rcnn-clothnet",
];

#[test]
fn everything_is_there_the_same_each_time_and_nothing_is_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let config = at("config.json");
    shortened(config.as_ref());

    let first = quickstart(&["--config", &config, "--out", &at("first")]);
    let said = String::from_utf8_lossy(&first.stderr);
    assert!(first.status.success(), "{said}");
    let told = String::from_utf8_lossy(&first.stdout);
    let rows = |start: &str| told.lines().filter(|line| line.starts_with(start)).count();
    // Table 2, then COCO's table; table 3, then boxes and masks.
    assert_eq!(rows("  Faster R-CNN  "), 2, "{told}");
    assert_eq!(rows("  Faster R-CNN + clothNet  "), 2, "{told}");
    assert_eq!(rows("  Mask R-CNN  "), 3, "{told}");
    assert_eq!(rows("  Mask R-CNN + clothNet  "), 3, "{told}");
    for number in [
        "78.3 |", "38.5 |", "80.2 |", "39.2 |", "85.2 |", "51.7 |", "39.5 |",
    ] {
        assert!(told.contains(number), "{number}: {told}");
    }
    for number in ["88.3 |", "53.5 |", "45.2 |"] {
        assert!(told.contains(number), "{number}: {told}");
    }

    let left = bytes(at("first").as_ref());
    for run in RUNS {
        for file in [
            "model.safetensors",
            "metrics.jsonl",
            "classes.txt",
            "report.html",
        ] {
            assert!(left.contains_key(&format!("{run}/{file}")), "{run}/{file}");
        }
    }
    for detector in ["faster-rcnn-clothnet", "mask-rcnn-clothnet"] {
        let picture = format!("pictures/{detector}/04.jpg");
        assert!(left.contains_key(&picture), "{picture}");
    }
    let page = String::from_utf8_lossy(&left["report.html"]).into_owned();
    for part in [
        "Table 2",
        "Table 3",
        "average precision",
        "Losses of clothNet",
        "Losses of Faster R-CNN",
        "Losses of Mask R-CNN",
        "href=\"mask-rcnn-clothnet/report.html\"",
        "annotated (left) and found (right)",
        "largest garments missed",
    ] {
        assert!(page.contains(part), "{part}");
    }

    let other = quickstart(&["--config", &config, "--out", &at("second")]);
    assert!(other.status.success());
    assert!(
        left == bytes(at("second").as_ref()),
        "another folder, other bytes"
    );

    let again = quickstart(&["--config", &config, "--out", &at("first")]);
    let told = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success());
    assert!(
        told.contains("goes on") && !told.contains("step "),
        "{told}"
    );
    assert!(
        left == bytes(at("first").as_ref()),
        "nothing was to be done"
    );

    // Another seed is another quickstart.
    let seeded = quickstart(&["--config", &config, "--seed", "1", "--out", &at("first")]);
    let said = String::from_utf8_lossy(&seeded.stderr);
    assert!(
        !seeded.status.success() && said.contains("training.seed"),
        "{said}"
    );
}

#[test]
fn a_printed_configuration_keeps_its_seed_unless_another_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json").display().to_string();
    let printed =
        |arguments: &[&str]| quickstart(&[arguments, &["--print-config"]].concat()).stdout;
    let third = printed(&["--seed", "3"]);
    std::fs::write(&file, &third).unwrap();
    assert_eq!(printed(&["--config", &file]), third);
    let fourth = printed(&["--config", &file, "--seed", "4"]);
    assert_eq!(fourth, printed(&["--seed", "4"]));
    assert_ne!(fourth, third);
}
