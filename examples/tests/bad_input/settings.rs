//! Settings that do not fit.

use std::path::Path;
use std::process::Command;

use crate::common::{self, detect_with, failure, files, picture};

#[test]
fn class_lists_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    std::fs::write(folder.path().join("names.txt"), "coat\nshirt\n").unwrap();
    std::fs::write(folder.path().join("gap.txt"), "coat\n\nshirt\n").unwrap();
    let run = |arguments: &[&str]| {
        failure(
            detect_with(folder.path(), common::ARCH, Path::new("none.pth"))
                .args(["one.png", "--json", "out.json"])
                .args(arguments),
        )
    };
    let message = run(&["--classes", "names.txt", "--num-classes", "4"]);
    assert!(
        message
            .contains("names 2 classes, which makes 3 with the background, but --num-classes is 4"),
        "{message}"
    );
    let message = run(&["--classes", "gap.txt"]);
    assert!(message.contains("gap.txt, line 2: is empty"), "{message}");
    let message = run(&["--classes", "none.txt"]);
    assert!(
        message.contains("none.txt: cannot be read as text"),
        "{message}"
    );
}

#[test]
fn settings_out_of_range() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_detect"));
        command
            .current_dir(folder.path())
            .args(["--weights", "none.pth", "one.png", "--json", "out.json"])
            .args(arguments);
        let output = command.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && !message.contains("panicked"),
            "{message}"
        );
        assert_eq!(files(folder.path()), ["one.png"], "{message}");
        message
    };
    let message = run(&["--arch", "yolo"]);
    assert!(
        message.contains("yolo") && message.contains("cascade-maskrcnn-resnet50-fpn"),
        "{message}"
    );
    let message = run(&["--arch", common::ARCH, "--backend", "cuda"]);
    assert!(message.contains("expected one of flex, tch"), "{message}");
    let message = run(&["--arch", common::ARCH, "--num-classes", "1"]);
    assert!(message.contains("--num-classes"), "{message}");
    let message = run(&["--arch", common::ARCH, "--score", "NaN"]);
    assert!(
        message.contains("score_threshold") && message.contains("0 to 1"),
        "{message}"
    );
    let message = run(&["--arch", common::ARCH, "--min-size", "0"]);
    assert!(message.contains("min_size"), "{message}");
    let message = run(&[
        "--arch",
        "cascade-maskrcnn-resnet50-fpn",
        "--nms",
        "iou-guided",
    ]);
    assert!(
        message.contains("no IoU head") && message.contains("--nms standard"),
        "{message}"
    );
}
