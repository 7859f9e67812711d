//! What is written: round trips, torchvision's names, and places that cannot be written.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use safetensors::SafeTensors;
use wardrobe_backbones::{
    backbone::BackboneConfig,
    error::WeightsError,
    norm::BatchNormConfig,
    resnet::ResNetConfig,
    vgg::VggConfig,
    weights::{self, LoadOptions, named_tensors},
};
use wardrobe_kernels::device::test_device;

use crate::miniature;

/// Where the child writes.
const FILE: &str = "WARDROBE_BACKBONES_CHILD_FILE";

fn names_in(path: &PathBuf) -> BTreeSet<String> {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.names().into_iter().map(ToOwned::to_owned).collect()
}

fn torchvision_names(fixture: &str) -> BTreeSet<String> {
    fixture
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_saved_is_what_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let saved = miniature(5);
    weights::save_safetensors(&saved, &file).unwrap();
    let (loaded, report) = weights::load(miniature(5), &file, &LoadOptions::strict()).unwrap();
    assert_eq!(named_tensors(&loaded), named_tensors(&saved));
    assert_eq!(report.taken.len(), weights::named_parameters(&saved).len());
    assert!(report.taken.is_sorted());
    assert_eq!(
        (
            report.skipped.len(),
            report.missing.len(),
            report.surplus.len()
        ),
        (0, 0, 0)
    );
    // Only the file remains: the temporary one was renamed.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn vgg_and_folded_networks_round_trip_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let config = VggConfig::miniature()
        .with_norm(Some(BatchNormConfig::trained()))
        .with_classes(Some(2));
    let vgg = config.init(&test_device());
    weights::save_safetensors(&vgg, &file).unwrap();
    let (loaded, _) =
        weights::load(config.init(&test_device()), &file, &LoadOptions::strict()).unwrap();
    assert_eq!(named_tensors(&loaded), named_tensors(&vgg));

    let folded = miniature(2).fold_batch_norm();
    weights::save_safetensors(&folded, &file).unwrap();
    let (loaded, _) = weights::load(
        miniature(2).fold_batch_norm(),
        &file,
        &LoadOptions::strict(),
    )
    .unwrap();
    assert_eq!(named_tensors(&loaded), named_tensors(&folded));
}

#[test]
fn an_export_has_exactly_torchvisions_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let device = test_device();
    // The trained norm's batch counters are there …
    let resnet18 = ResNetConfig::resnet18()
        .with_classes(Some(1000))
        .init(&device);
    weights::save_safetensors(&resnet18, &file).unwrap();
    let expected = torchvision_names(include_str!("../fixtures/state_dict_resnet18.txt"));
    assert_eq!(names_in(&file), expected);
    let bytes = fs::read(&file).unwrap();
    let counter = SafeTensors::deserialize(&bytes).unwrap();
    let counter = counter.tensor("bn1.num_batches_tracked").unwrap();
    assert_eq!(
        (counter.dtype(), counter.shape()),
        (safetensors::Dtype::I64, &[][..])
    );
    assert_eq!(counter.data(), 0_i64.to_le_bytes());
    // … the frozen norm has none.
    let frozen = BackboneConfig::resnet_fpn_miniature().init(&device);
    weights::save_safetensors(&frozen, &file).unwrap();
    assert!(
        names_in(&file)
            .iter()
            .all(|name| !name.contains("num_batches_tracked"))
    );
}

#[test]
fn an_unwritable_place_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent/net.safetensors");
    let error = weights::save_safetensors(&miniature(2), &path).unwrap_err();
    assert!(matches!(error, WeightsError::Write { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The process that [`a_full_disk_leaves_the_older_file`] starts; alone it does nothing.
#[test]
fn child() {
    let Ok(path) = std::env::var(FILE) else {
        return;
    };
    if let Err(error) = weights::save_safetensors(&miniature(2), path) {
        panic!("{error}");
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_older_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    fs::write(&path, "older").unwrap();
    // Files may grow to one block, of 512 bytes (1024 in some shells).
    let output = Command::new("sh")
        .arg("-c")
        .arg("ulimit -f 1; trap '' XFSZ; exec \"$0\" \"$@\"")
        .arg(std::env::current_exe().unwrap())
        .args(["saving::child", "--exact", "--nocapture"])
        .env(FILE, &path)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("net.safetensors"), "{message}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "older");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
