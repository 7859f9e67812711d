//! Pictures that cannot be read.

use std::path::Path;

use image::ImageFormat;

use crate::common::{self, detect, detect_with, encoded, failure, files};

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
