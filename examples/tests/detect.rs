//! `detect` on pictures, from its arguments to its files.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{detect, detector, files, picture, success, weights};
use wardrobe::datasets::{Annotation, CocoResult, CompressedRle, draw};
use wardrobe::{DecodeLimits, Detector, DetectorOptions, read_picture};

fn results(path: &Path) -> Vec<CocoResult> {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn results_and_drawings_of_several_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    picture(here, "wide.png", 90, 60);
    picture(here, "tall.jpg", 50, 80);
    std::fs::write(here.join("names.txt"), "coat\nshirt\nlong dress\n").unwrap();
    let mut command = common::detect_with(here, common::ARCH, weights());
    command.args([
        "--classes",
        "names.txt",
        "wide.png",
        "tall.jpg",
        "--json",
        "out.json",
        "--draw",
        "drawn",
        "--draw-score",
        "0.2",
    ]);
    let printed = success(&mut command);
    assert!(printed.starts_with("2 pictures, "), "{printed}");
    assert_eq!(
        files(&here.join("drawn")),
        ["000001-wide.png", "000002-tall.jpg"]
    );

    let results = results(&here.join("out.json"));
    assert!(
        results.iter().any(|one| one.image_id == 1) && results.iter().any(|one| one.image_id == 2)
    );
    for one in &results {
        let (name, size) = if one.image_id == 1 {
            ("wide.png", [60, 90])
        } else {
            ("tall.jpg", [80, 50])
        };
        assert_eq!(one.file_name, name);
        assert_eq!(
            one.category_name,
            ["coat", "shirt", "long dress"][one.category_id as usize - 1]
        );
        assert!(one.score > 0.05 && one.score <= 1.0);
        let [x, y, width, height] = one.bbox;
        assert!(x >= 0.0 && y >= 0.0 && width > 0.0 && height > 0.0);
        assert!(
            x + width <= size[1] as f32 + 1e-3 && y + height <= size[0] as f32 + 1e-3,
            "{:?}",
            one.bbox
        );
        assert_eq!(one.segmentation.as_ref().unwrap().size, size);
    }
}

/// The program says what the library says of the same picture.
#[test]
fn the_program_is_the_library_with_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = picture(folder.path(), "one.png", 70, 64);
    let options = DetectorOptions {
        min_size: 64,
        max_size: 96,
        score_threshold: 0.3,
        ..DetectorOptions::new(common::CLASSES)
    };
    let device = common::device();
    let arch = common::ARCH.parse().unwrap();
    let pixels = read_picture(&path, &DecodeLimits::default()).unwrap();
    let instances = Detector::load_with(arch, &options, weights(), &device)
        .unwrap()
        .detect(&[&pixels])
        .unwrap()
        .remove(0);
    // Best first: the clear half is drawn.
    let clear = instances[instances.len() / 2].score;

    let mut command = detect(folder.path());
    command.args(["one.png", "--json", "out.json", "--score", "0.3"]);
    success(command.args(["--draw", "drawn", "--draw-score", &clear.to_string()]));
    let results = results(&folder.path().join("out.json"));
    assert_eq!(results.len(), instances.len());
    for (result, instance) in results.iter().zip(&instances) {
        assert_eq!(result.bbox, CocoResult::bbox_of_corners(instance.corners));
        assert_eq!(
            (result.category_id as usize, result.score),
            (instance.label, instance.score)
        );
        assert_eq!(
            result.segmentation,
            instance
                .mask
                .as_ref()
                .map(|mask| CompressedRle::encode(mask, 70, 64))
        );
    }

    let drawn = instances.iter().filter(|one| one.score >= clear);
    let annotations: Vec<Annotation> = drawn
        .map(|one| Annotation {
            corners: one.corners,
            label: one.label,
            name: format!("class_{}", one.label),
            score: one.score,
            mask: one.mask.clone(),
        })
        .collect();
    assert!(annotations.len() < instances.len());
    let drawing = folder.path().join("drawn/000001-one.png");
    let drawing = read_picture(&drawing, &DecodeLimits::default()).unwrap();
    assert_eq!(drawing, draw(&pixels, &annotations));
}

#[test]
fn bad_pictures_are_skipped_and_counted_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    picture(here, "good.png", 64, 64);
    std::fs::write(here.join("empty.jpg"), "").unwrap();
    // So narrow that nothing is left of it at the network's size.
    picture(here, "line.png", 4000, 1);
    let mut command = detect(here);
    command.args([
        "empty.jpg",
        "good.png",
        "line.png",
        "missing.png",
        "--skip-bad",
        "--json",
        "out.json",
    ]);
    let output = command.output().unwrap();
    let (printed, warned) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{warned}");
    assert!(
        printed.contains("1 pictures") && printed.contains("3 bad pictures skipped"),
        "{printed}"
    );
    assert!(
        warned.contains("empty.jpg: is empty")
            && warned.contains("line.png: picture 0: 4000x1 leaves no pixel")
            && warned.contains("missing.png: cannot be read"),
        "{warned}"
    );
    // Ids count the arguments, not the good ones among them.
    assert!(
        results(&here.join("out.json"))
            .iter()
            .all(|one| one.image_id == 2)
    );
}

#[test]
fn a_picture_without_instances_gives_an_empty_list() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    success(detect(folder.path()).args(["one.png", "--json", "out.json", "--score", "1.0"]));
    assert!(results(&folder.path().join("out.json")).is_empty());
}

#[test]
fn converted_weights_detect_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    picture(here, "one.png", 64, 64);
    let convert = |input: &Path, output: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_convert-weights"));
        command
            .current_dir(here)
            .args([
                "--arch",
                common::ARCH,
                "--num-classes",
                &common::CLASSES.to_string(),
            ])
            .arg(input)
            .arg(output);
        command
    };
    let printed = success(&mut convert(weights(), "new.safetensors"));
    assert!(
        printed.contains("new.safetensors: ") && printed.contains("tensors written"),
        "{printed}"
    );
    assert_eq!(
        std::fs::read(weights()).unwrap(),
        std::fs::read(here.join("new.safetensors")).unwrap()
    );

    let message = common::failure(&mut convert(weights(), "new.pth"));
    assert!(
        message.contains("only .safetensors can be written"),
        "{message}"
    );
    detector()
        .fold_batch_norm()
        .save(here.join("folded.safetensors"))
        .unwrap();
    let message = common::failure(&mut convert(
        Path::new("folded.safetensors"),
        "other.safetensors",
    ));
    assert!(
        message.contains("missing from the file") && message.contains("backbone.body.bn1.weight"),
        "{message}"
    );
    assert!(!here.join("other.safetensors").exists());
}

/// A run over one picture `times` over, once it has drawn three.
#[cfg(unix)]
fn drawing(here: &Path, times: usize) -> Child {
    picture(here, "one.png", 64, 64);
    let mut child = detect(here)
        .args(vec!["one.png"; times])
        .args(["--json", "out.json", "--draw", "drawn"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_mins(5);
    while !here.join("drawn").exists() || files(&here.join("drawn")).len() < 3 {
        assert!(Instant::now() < patience, "no drawing after five minutes");
        assert!(
            child.try_wait().unwrap().is_none(),
            "ended before the signal"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// The first signal leaves a list of what was done; there is no half-written file beside it.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_valid_results() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let pictures = 500;
    let child = drawing(here, pictures);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{printed}");
    assert!(
        printed.contains(&format!("of {pictures} pictures")),
        "{printed}"
    );

    let results = results(&here.join("out.json"));
    let drawn = files(&here.join("drawn")).len();
    assert!(drawn >= 3 && drawn < pictures, "{drawn}");
    let last = results.iter().map(|one| one.image_id).max().unwrap();
    assert_eq!(last as usize, drawn);
    assert_eq!(files(here), ["drawn", "one.png", "out.json"]);
}

/// Killed, the program leaves older results as they were and no drawing that is not whole; ended by a second signal
/// it removes what it had begun besides.
#[cfg(unix)]
#[test]
fn nothing_half_written_has_a_name() {
    for signals in [&["-KILL"][..], &["-INT", "-INT"]] {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        std::fs::write(here.join("out.json"), "older").unwrap();
        let mut child = drawing(here, 500);
        for name in signals {
            signal(&child, name);
        }
        assert!(!child.wait().unwrap().success());
        let killed = signals == ["-KILL"];
        if killed {
            assert_eq!(
                std::fs::read_to_string(here.join("out.json")).unwrap(),
                "older"
            );
        }
        for name in files(&here.join("drawn")) {
            if name.starts_with('.') {
                assert!(killed, "{name}");
            } else {
                read_picture(here.join("drawn").join(name), &DecodeLimits::default()).unwrap();
            }
        }
        let hidden = files(here).iter().any(|name| name.starts_with('.'));
        assert_eq!(hidden, killed);
    }
}

/// The second signal ends the program at once, without a results file, and removes the unfinished
/// one.
#[cfg(unix)]
#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    picture(here, "one.png", 64, 64);
    // A pipe without a writer keeps the program where it is: it waits for the names of the weights'
    // tensors.
    let pipe = here.join("weights.pth");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut command = common::detect_with(here, common::ARCH, &pipe);
    let mut child = command
        .args(["one.png", "--json", "out.json"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    while !files(here).iter().any(|name| name.ends_with(".partial")) {
        assert!(
            Instant::now() < patience,
            "no temporary file after a minute"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "-INT");
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > patience {
            child.kill().unwrap();
            panic!("still running after the second signal");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(130));
    assert_eq!(files(here), ["one.png", "weights.pth"]);
}
