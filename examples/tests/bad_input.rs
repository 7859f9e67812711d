//! Each bad input has a message that names it and the remedy, no panic, and no output file.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{CLASSES, detect, detect_with, encoded, failure, files, picture, success, weights};
use image::ImageFormat;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

/// `detect` on one file; the weights are never opened, because the file is looked at first or
/// decoding fails at once.
fn message_of_picture(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let message =
        failure(detect(folder.path()).args([name, "--json", "out.json", "--draw", "drawn"]));
    assert!(message.contains(name), "{message}");
    assert!(message.contains("--skip-bad"), "{message}");
    assert!(
        message.contains("No list of results was written"),
        "{message}"
    );
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

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_older_results() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    let mut plain = detect(folder.path());
    plain.args(["one.png", "--json", "out.json"]);
    success(&mut plain);
    let out = folder.path().join("out.json");
    let results = std::fs::read(&out).unwrap();

    // Files may grow to one block, of 512 bytes (1024 in some shells): the results are longer.
    assert!(results.len() > 1024, "{}", results.len());
    std::fs::write(&out, "older").unwrap();
    let mut full = Command::new("sh");
    full.arg("-c")
        .arg("ulimit -f 1; trap '' XFSZ; exec \"$0\" \"$@\"")
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(folder.path());
    let message = failure(&mut full);
    assert!(message.contains("out.json: cannot be written"), "{message}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "older");
    assert_eq!(files(folder.path()), ["one.png", "out.json"]);

    // The disk has room again.
    success(&mut plain);
    assert_eq!(std::fs::read(&out).unwrap(), results);
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

/// Three pictures of which the second's box leaves it by 20 pixels.
#[test]
fn annotations_that_are_skipped_are_named_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.png", "b.png", "c.png"];
    for name in names {
        picture(folder.path(), name, 64, 64);
    }
    let images = (1..)
        .zip(names)
        .map(|(id, name)| json!({"id": id, "file_name": name, "width": 64, "height": 64}));
    let widths = [40, 74, 50];
    let annotations = (1..).zip(widths).map(|(id, width)| {
        let right = 10 + width;
        json!({"id": id, "image_id": id, "category_id": 1, "bbox": [10, 10, width, 40],
               "segmentation": [[10, 10, right, 10, right, 50, 10, 50]]})
    });
    let whole = json!({
        "images": images.collect::<Vec<_>>(),
        "annotations": annotations.collect::<Vec<_>>(),
        "categories": [{"id": 1, "name": "coat"}]
    });
    std::fs::write(folder.path().join("coats.json"), whole.to_string()).unwrap();
    std::fs::write(folder.path().join("names.txt"), "coat\nshirt\nskirt\n").unwrap();
    let evaluate = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evaluate"));
        command.current_dir(folder.path()).args([
            "--arch",
            common::ARCH,
            "--classes",
            "names.txt",
            "--min-size",
            "64",
            "--max-size",
            "96",
            "--json",
            "scores.json",
            "coats.json",
            "--weights",
        ]);
        command.arg(weights());
        command
    };
    let finding = "coats.json, annotations[1].bbox: the box (10, 10) – (84, 50) leaves the picture";
    let before = files(folder.path());
    let message = failure(&mut evaluate());
    assert!(message.contains(finding), "{message}");
    assert_eq!(files(folder.path()), before);

    // An older list of scores is replaced in one step: under another name it stays.
    let [scores, old] = ["scores.json", "old.json"].map(|name| folder.path().join(name));
    std::fs::write(&scores, "old").unwrap();
    std::fs::hard_link(&scores, &old).unwrap();
    let told = success(evaluate().arg("--skip-bad"));
    assert!(
        told.contains(&format!("1 entries skipped\n{finding}")),
        "{told}"
    );
    assert!(told.contains("2 pictures, 2 objects"), "{told}");
    let scores: Value = serde_json::from_slice(&std::fs::read(scores).unwrap()).unwrap();
    assert_eq!(scores["pictures"], 2);
    assert_eq!(std::fs::read_to_string(old).unwrap(), "old");
    assert_eq!(files(folder.path()).len(), before.len() + 2);
}
