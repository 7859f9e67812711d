//! What the tests of the programs share: weights, pictures, and running a program.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use image::{ImageFormat, RgbImage};
use wardrobe::backbones::weights::LoadOptions;
use wardrobe::{Architecture, BackendKind, Detector, DetectorOptions, Device};

pub const ARCH: &str = "maskrcnn-resnet50-fpn";
/// Classes of [`weights`], background included.
pub const CLASSES: usize = 4;

pub fn device() -> Device {
    BackendKind::Flex.device().unwrap()
}

/// Weights of a Mask R-CNN of [`CLASSES`] classes drawn from a fixed seed, written once a test
/// program.
pub fn weights() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let device = device();
        device.seed(7);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("maskrcnn-of-4-classes.safetensors");
        let options = DetectorOptions::new(CLASSES);
        Detector::new(Architecture::MaskRcnnResnet50Fpn, &options, &device)
            .unwrap()
            .save(&path)
            .unwrap();
        path
    })
}

/// The same weights in this process, not folded.
pub fn detector() -> Detector {
    let fresh = Detector::new(
        Architecture::MaskRcnnResnet50Fpn,
        &DetectorOptions::new(CLASSES),
        &device(),
    )
    .unwrap();
    fresh
        .with_weights(weights(), &LoadOptions::strict(), CLASSES)
        .unwrap()
        .0
}

/// A gradient of `width` × `height` in the format of the name's ending.
pub fn picture(folder: &Path, name: &str, width: u32, height: u32) -> PathBuf {
    let path = folder.join(name);
    let image = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([
            (255 * x / width) as u8,
            (255 * y / height) as u8,
            if (x / 8 + y / 8) % 2 == 0 { 40 } else { 200 },
        ])
    });
    image.save(&path).unwrap();
    path
}

/// The bytes of such a picture.
pub fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::from_fn(48, 32, |x, y| {
        image::Rgb([(5 * x) as u8, (7 * y) as u8, 90])
    })
    .write_to(&mut bytes, format)
    .unwrap();
    bytes.into_inner()
}

/// `detect` for the weights above, on small pictures, run in `folder`.
pub fn detect(folder: &Path) -> Command {
    let mut command = detect_with(folder, ARCH, weights());
    command.args(["--num-classes", &CLASSES.to_string()]);
    command
}

pub fn detect_with(folder: &Path, arch: &str, weights: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detect"));
    command
        .current_dir(folder)
        .args([
            "--arch",
            arch,
            "--min-size",
            "64",
            "--max-size",
            "96",
            "--weights",
        ])
        .arg(weights);
    command
}

/// The message of a run that must fail with status 1 and no panic.
pub fn failure(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// What a run that must succeed printed.
pub fn success(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Every file below a folder, hidden ones included.
pub fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
