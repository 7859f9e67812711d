//! Each bad input has a message that names it and the remedy, no panic, and no output file.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use common::{CLASSES, detect, detect_with, encoded, failure, files, picture, weights};
use image::ImageFormat;
use safetensors::tensor::{Dtype, TensorView};

/// `detect` on one file; the weights are never opened, because the file is looked at first or
/// decoding fails at once.
fn message_of_picture(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let message =
        failure(detect(folder.path()).args([name, "--json", "out.json", "--draw", "drawn"]));
    assert!(message.contains(name), "{message}");
    assert!(message.contains("--skip-bad"), "{message}");
    let left: Vec<String> = files(folder.path())
        .into_iter()
        .filter(|file| file != name && file != "drawn")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    message
}

#[test]
fn a_truncated_jpeg() {
    let whole = encoded(ImageFormat::Jpeg);
    let message = message_of_picture("cut.jpg", &whole[..whole.len() / 2]);
    assert!(
        message.contains("the JPEG file ends before its picture does"),
        "{message}"
    );
}

#[test]
fn a_decompression_bomb() {
    let mut bytes = encoded(ImageFormat::Jpeg);
    // Height and width follow the frame marker FF C0, its length and precision.
    let frame = bytes
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    let message = message_of_picture("bomb.jpg", &bytes);
    assert!(
        message.contains("announces 65535x65535 = 4294836225 pixels"),
        "{message}"
    );
}

#[test]
fn an_empty_file() {
    assert!(message_of_picture("empty.png", b"").contains("is empty (0 bytes)"));
}

#[test]
fn a_file_that_is_no_picture() {
    assert!(
        message_of_picture("list.jpg", b"path,key,p0;p1\n")
            .contains("is not a PNG, JPEG, WebP or BMP picture")
    );
}

#[test]
fn a_missing_picture_and_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    // Before the weights are opened: these do not exist.
    let run = |name: &str| {
        failure(
            detect_with(folder.path(), common::ARCH, Path::new("none.pth"))
                .args([name, "--json", "out.json"]),
        )
    };
    let message = run("missing.jpg");
    assert!(
        message.contains("missing.jpg: cannot be read") && message.contains("--skip-bad"),
        "{message}"
    );
    let message = run("pictures");
    assert!(message.contains("pictures: is not a file"), "{message}");
    assert_eq!(files(folder.path()), ["pictures"]);
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    std::fs::create_dir(folder.path().join("results")).unwrap();
    let run = |output: [&str; 2]| {
        failure(
            detect_with(folder.path(), common::ARCH, Path::new("none.pth"))
                .arg("one.png")
                .args(output),
        )
    };
    let message = run(["--json", "no/such/folder/out.json"]);
    assert!(
        message.contains("no/such/folder/out.json: cannot be written"),
        "{message}"
    );
    let message = run(["--json", "results"]);
    assert!(
        message.contains("results: is a folder; name a file"),
        "{message}"
    );
    let message = run(["--draw", "one.png"]);
    assert!(
        message.contains("one.png: the folder cannot be made"),
        "{message}"
    );
    assert_eq!(files(folder.path()), ["one.png", "results"]);
}

/// `detect` with a weight file it must refuse.
fn message_of_weights(path: &Path, num_classes: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    let mut command = detect_with(folder.path(), common::ARCH, path);
    let message = failure(command.args([
        "--num-classes",
        &num_classes.to_string(),
        "one.png",
        "--json",
        "out.json",
    ]));
    assert_eq!(files(folder.path()), ["one.png"], "{message}");
    message
}

#[test]
fn weights_with_missing_surplus_and_misshapen_tensors_list_them_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let zeros = vec![0_u8; 4 * 6];
    let view = |shape: &[usize]| TensorView::new(Dtype::F32, shape.to_vec(), &zeros).unwrap();
    let tensors = HashMap::from([
        ("backbone.body.conv1.weight", view(&[6])),
        ("head.of.another.network", view(&[2, 3])),
    ]);
    safetensors::serialize_to_file(tensors, None, &path).unwrap();
    let message = message_of_weights(&path, CLASSES);
    assert!(message.contains("other.safetensors"), "{message}");
    assert!(
        message.contains(
            "backbone.body.conv1.weight is [6] in the file, the model needs [64, 3, 7, 7]"
        ),
        "{message}"
    );
    assert!(
        message.contains("head.of.another.network [2, 3]"),
        "{message}"
    );
    // All others are missing; the first and the last of them by name.
    assert!(message.contains("backbone.body.bn1.bias [64]"), "{message}");
    assert!(
        message.contains("rpn.head.conv.0.0.weight [256, 256, 3, 3]"),
        "{message}"
    );
}

#[test]
fn weights_of_another_class_count_name_the_flag() {
    let message = message_of_weights(weights(), 6);
    assert!(
        message.contains("was trained with 4 classes (background included), the detector has 6"),
        "{message}"
    );
    assert!(message.contains("--num-classes 4"), "{message}");
}

#[test]
fn a_pickle_that_would_execute_code_is_refused() {
    let executing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/executing.pth");
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    let message = failure(
        detect_with(folder.path(), common::ARCH, &executing)
            .args(["one.png", "--json", "out.json"]),
    );
    assert!(
        message.contains("executing.pth") && message.contains("nothing was executed"),
        "{message}"
    );
    assert!(message.contains("system"), "{message}");
    // The pickle's command makes a file in the working folder.
    assert_eq!(files(folder.path()), ["one.png"]);
}

#[test]
fn files_that_are_no_weights() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for (name, bytes) in [
        ("empty.pth", &b""[..]),
        ("text.pth", b"not a pickle"),
        ("empty.safetensors", b""),
        ("text.safetensors", b"not weights"),
    ] {
        let message = message_of_weights(&write(name, bytes), CLASSES);
        assert!(message.contains(name), "{message}");
    }
    let message = message_of_weights(&write("weights.onnx", b"x"), CLASSES);
    assert!(
        message.contains("expected a name ending in .safetensors, .pth or .pt"),
        "{message}"
    );
    let message = message_of_weights(&folder.path().join("missing.pth"), CLASSES);
    assert!(message.contains("missing.pth: cannot be read"), "{message}");
    // Half of a whole file.
    let whole = std::fs::read(weights()).unwrap();
    let message = message_of_weights(
        &write("half.safetensors", &whole[..whole.len() / 2]),
        CLASSES,
    );
    assert!(message.contains("half.safetensors"), "{message}");
}

/// Writes a NaN into the first value of one tensor of a `.safetensors` file: 8 bytes of header
/// length, the header, the values.
fn spoil(bytes: &mut [u8], name: &str) {
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let offsets: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let start = offsets[name]["data_offsets"][0].as_u64().unwrap() as usize;
    bytes[8 + header + start..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
}

#[test]
fn weights_with_nan_name_the_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("diverged.safetensors");
    let mut bytes = std::fs::read(weights()).unwrap();
    spoil(&mut bytes, "roi_heads.box_head.fc6.weight");
    std::fs::write(&path, bytes).unwrap();
    let message = message_of_weights(&path, CLASSES);
    assert!(
        message.contains("diverged.safetensors: 1 of its tensors hold NaN or infinite values"),
        "{message}"
    );
    assert!(
        message.contains("roi_heads.box_head.fc6.weight"),
        "{message}"
    );
}

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
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_detect"));
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
