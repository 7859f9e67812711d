//! Weights that are none, or of another model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};

use crate::common::{self, CLASSES, detect_with, failure, files, picture, weights};

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
    assert_eq!(message.matches("No such file").count(), 1, "{message}");
    // Half of a whole file.
    let whole = std::fs::read(weights()).unwrap();
    let message = message_of_weights(
        &write("half.safetensors", &whole[..whole.len() / 2]),
        CLASSES,
    );
    assert!(message.contains("half.safetensors"), "{message}");
}

/// With the feature it would be fetched.
#[cfg(not(feature = "download"))]
#[test]
fn a_published_file_that_is_not_there_names_its_address() {
    let message = message_of_weights(
        Path::new("maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"),
        CLASSES,
    );
    assert!(
        message.contains(
            "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"
        ) && message.contains("--features download"),
        "{message}"
    );
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
