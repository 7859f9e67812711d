//! Loading and saving: round trips, the files torch writes, and everything that is refused.
#![allow(clippy::unwrap_used, missing_docs)]

mod saving;

use std::{fs, path::PathBuf};

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, TensorData},
};
use safetensors::SafeTensors;
use wardrobe_backbones::{
    backbone::BackboneConfig,
    conv_norm::{Conv2d, Conv2dConfig},
    error::WeightsError,
    norm::{BatchNormConfig, Norm},
    resnet::{ResNet, ResNetConfig},
    weights::{self, LoadOptions, named_tensors},
};
use wardrobe_kernels::device::test_device;

/// The network of scripts/make_fixtures.py.
#[derive(Module, Debug)]
struct TinyNet {
    conv1: Conv2d,
    bn1: Norm,
    fc: Linear,
}

fn tiny_net(device: &Device) -> TinyNet {
    TinyNet {
        conv1: Conv2dConfig::new(3, 2, 1).with_bias(false).init(device),
        bn1: BatchNormConfig::trained().init(2, device),
        fc: LinearConfig::new(2, 3).init(device),
    }
}

/// t + i / 64 for element i of tensor t, see scripts/make_fixtures.py.
fn tiny_values(t: usize, count: usize) -> Vec<f32> {
    (0..count).map(|i| t as f32 + i as f32 / 64.0).collect()
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn miniature(classes: usize) -> ResNet {
    ResNetConfig::miniature()
        .with_classes(Some(classes))
        .init(&test_device())
}

#[test]
fn files_of_torch_load_in_each_of_its_formats() {
    let device = test_device();
    for (file, options) in [
        ("tiny_net.pth", LoadOptions::strict()),
        ("tiny_net_legacy.pth", LoadOptions::strict()),
        (
            "tiny_checkpoint.pth",
            LoadOptions::strict().with_top_level("model"),
        ),
    ] {
        let (net, report) = weights::load(tiny_net(&device), fixture(file), &options).unwrap();
        assert_eq!(report.taken.len(), 7, "{file}");
        let expected: Vec<(String, TensorData)> = [
            ("conv1.weight", vec![2, 3, 1, 1]),
            ("bn1.weight", vec![2]),
            ("bn1.bias", vec![2]),
            ("bn1.running_mean", vec![2]),
            ("bn1.running_var", vec![2]),
            ("fc.weight", vec![3, 2]),
            ("fc.bias", vec![3]),
        ]
        .into_iter()
        .enumerate()
        .map(|(t, (name, shape))| {
            let count = shape.iter().product();
            (
                name.to_owned(),
                TensorData::new(tiny_values(t, count), shape),
            )
        })
        .collect();
        assert_eq!(named_tensors(&net), expected, "{file}");
        // Burn's linear layer holds the transpose: element (in 1, out 0) is torch's (out 0, in 1).
        let weight = net.fc.weight.val().into_data().try_to_vec::<f32>().unwrap();
        let expected = [0.0, 2.0, 4.0, 1.0, 3.0, 5.0].map(|i| 5.0 + i / 64.0);
        assert_eq!(weight, expected, "{file}");
    }
}

#[test]
fn a_pickle_that_runs_code_is_refused_and_not_run() {
    let device = test_device();
    for (file, key) in [
        ("executes_code.pth", "the top"),
        ("smuggles_code.pth", "extra"),
    ] {
        let error =
            weights::load(tiny_net(&device), fixture(file), &LoadOptions::strict()).unwrap_err();
        let message = error.to_string();
        assert!(
            matches!(&error, WeightsError::ForeignObject { key: at, .. } if at == key),
            "{message}"
        );
        for part in [file, "posix.system", "nothing was executed", "state_dict"] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }
    // The command is `touch executed`, relative to wherever the tests run.
    assert!(!PathBuf::from("executed").exists());
}

#[test]
fn a_strict_load_lists_every_difference_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    weights::save_safetensors(&miniature(5), &file).unwrap();
    let other = ResNetConfig {
        blocks: [1, 1, 1, 2],
        ..ResNetConfig::miniature().with_classes(Some(4))
    };
    let error =
        weights::load(other.init(&test_device()), &file, &LoadOptions::strict()).unwrap_err();
    let WeightsError::Differences { differences, .. } = &error else {
        panic!("{error}");
    };
    // The second block of layer4: three convolutions and three norms of four vectors.
    assert_eq!(differences.missing.len(), 3 + 3 * 4);
    assert_eq!(differences.missing[0].name, "layer4.1.bn1.bias");
    assert_eq!(differences.missing[0].shape, [16]);
    assert!(differences.missing.is_sorted_by_key(|tensor| &tensor.name));
    assert_eq!(differences.surplus.len(), 0);
    let misshapen: Vec<&str> = differences
        .misshapen
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    assert_eq!(misshapen, ["fc.bias", "fc.weight"]);
    let message = error.to_string();
    for part in [
        file.to_str().unwrap(),
        "15 missing from the file:",
        "layer4.1.conv2.weight [16, 16, 3, 3]",
        "2 of another shape:",
        "fc.weight is [5, 64] in the file, the model needs [4, 64]",
        "LoadOptions::partial",
    ] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
}

#[test]
fn a_strict_load_lists_what_the_model_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    weights::save_safetensors(&miniature(5), &file).unwrap();
    let headless = || ResNetConfig::miniature().init(&test_device());
    let message = weights::load(headless(), &file, &LoadOptions::strict())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("2 surplus in the file:\n    fc.bias [5]\n    fc.weight [5, 64]"),
        "{message}"
    );
    let options = LoadOptions::strict().ignoring(["fc.*"]);
    let (_, report) = weights::load(headless(), &file, &options).unwrap();
    assert_eq!(report.surplus, ["fc.bias", "fc.weight"]);
}

#[test]
fn a_partial_load_takes_what_the_patterns_name_and_reports_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let saved = miniature(5);
    weights::save_safetensors(&saved, &file).unwrap();

    // Other classes: everything but the classifier.
    let fresh = miniature(7);
    let fc = named_tensors(&fresh.fc);
    let (loaded, report) = weights::load(fresh, &file, &LoadOptions::except(["fc.*"])).unwrap();
    assert_eq!(report.skipped, ["fc.bias", "fc.weight"]);
    assert_eq!((report.missing.len(), report.surplus.len()), (0, 0));
    assert_eq!(named_tensors(&loaded.fc), fc);
    assert_eq!(named_tensors(&loaded.layer4), named_tensors(&saved.layer4));

    // A deeper model: what the file lacks is reported.
    let deeper = ResNetConfig {
        blocks: [1, 1, 1, 2],
        ..ResNetConfig::miniature()
    };
    let options = LoadOptions::partial(["layer4.*"]);
    let (_, report) = weights::load(deeper.init(&test_device()), &file, &options).unwrap();
    assert_eq!(report.missing.len(), 15);
    assert!(
        report
            .taken
            .iter()
            .all(|name| name.starts_with("layer4.0."))
    );
    assert!(report.skipped.contains(&"conv1.weight".to_owned()));
    assert_eq!(report.surplus, ["fc.bias", "fc.weight"]);

    // A tensor that was asked for and has another shape is an error even so.
    let error = weights::load(miniature(7), &file, &LoadOptions::partial(["fc.*"])).unwrap_err();
    assert!(matches!(error, WeightsError::Differences { .. }), "{error}");
    // And so is a pattern that nothing of the model matches, beside one that does.
    let options = LoadOptions::partial(["layer4.*", "layer5.*"]);
    let error = weights::load(miniature(7), &file, &options).unwrap_err();
    assert!(
        error.to_string().contains(
            "the patterns [\"layer5.*\"] match no tensor of the model; its names are like `bn1.bias`"
        ),
        "{error}"
    );
    // And a load that takes nothing.
    let headless = folder.path().join("headless.safetensors");
    let body = ResNetConfig::miniature().init(&test_device());
    weights::save_safetensors(&body, &headless).unwrap();
    let options = LoadOptions::partial(["fc.*"]);
    let error = weights::load(miniature(7), &headless, &options).unwrap_err();
    assert!(
        matches!(error, WeightsError::NothingTaken { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("fc.*"), "{error}");
}

#[test]
fn a_classifier_loads_into_the_body_of_a_detector() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let saved = miniature(5);
    weights::save_safetensors(&saved, &file).unwrap();
    let backbone = BackboneConfig::resnet_fpn_miniature().init(&test_device());
    let fpn_before = named_tensors(&backbone)
        .into_iter()
        .filter(|(name, _)| name.starts_with("fpn."));
    let fpn_before: Vec<_> = fpn_before.collect();
    let options = LoadOptions::strict().under("body").ignoring(["fc.*"]);
    let (backbone, report) = weights::load(backbone, &file, &options).unwrap();
    assert_eq!(report.surplus, ["fc.bias", "fc.weight"]);
    let after = named_tensors(&backbone);
    for (name, value) in named_tensors(&saved) {
        let found = after
            .iter()
            .find(|(other, _)| *other == format!("body.{name}"));
        assert!(
            name.starts_with("fc.") || found.unwrap().1 == value,
            "{name}"
        );
    }
    let fpn_after: Vec<_> = after
        .into_iter()
        .filter(|(name, _)| name.starts_with("fpn."))
        .collect();
    assert_eq!(fpn_after, fpn_before);
}

#[test]
fn names_of_older_torchvision_files_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (
        folder.path().join("new.safetensors"),
        folder.path().join("old.safetensors"),
    );
    let config = BackboneConfig::resnet_fpn_miniature();
    let saved = config.init(&test_device());
    weights::save_safetensors(&saved, &new).unwrap();
    // Written again under the names before torchvision 0.13: fpn.inner_blocks.0.0.weight → ….0.weight.
    let bytes = fs::read(&new).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let renamed = file.tensors().into_iter().map(|(name, tensor)| {
        let name = name.strip_prefix("fpn.").map_or_else(
            || name.clone(),
            |rest| format!("fpn.{}", rest.replacen(".0.", ".", 1)),
        );
        (name, tensor)
    });
    // inner_blocks.0.0.weight and inner_blocks.1.0.weight lose one segment, whichever ".0." is first.
    let renamed: Vec<_> = renamed.collect();
    assert!(
        renamed
            .iter()
            .any(|(name, _)| name == "fpn.inner_blocks.0.weight")
    );
    safetensors::serialize_to_file(renamed, None, &old).unwrap();
    let (loaded, _) =
        weights::load(config.init(&test_device()), &old, &LoadOptions::strict()).unwrap();
    assert_eq!(named_tensors(&loaded), named_tensors(&saved));
}

#[test]
fn a_loaded_clone_leaves_the_original_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let saved = weights::apply_named(miniature(2), |_, shape| vec![0.25; shape.iter().product()]);
    weights::save_safetensors(&saved, &file).unwrap();
    let original = miniature(2);
    let before = named_tensors(&original);
    let _ = weights::load(original.clone(), &file, &LoadOptions::strict()).unwrap();
    assert_eq!(named_tensors(&original), before);
}

#[test]
fn damaged_and_foreign_files_are_named_errors() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.safetensors");
    weights::save_safetensors(&miniature(2), &good).unwrap();
    let bytes = fs::read(&good).unwrap();
    let load = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let error = weights::load(miniature(2), &path, &LoadOptions::strict()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        error
    };
    let malformed = |error| matches!(error, WeightsError::Malformed { .. });
    assert!(malformed(load(
        "truncated.safetensors",
        &bytes[..bytes.len() / 2]
    )));
    assert!(malformed(load("empty.safetensors", b"")));
    assert!(malformed(load("empty.pth", b"")));
    assert!(malformed(load("text.pth", b"not a checkpoint")));
    let pth = fs::read(fixture("tiny_net.pth")).unwrap();
    assert!(malformed(load("truncated.pth", &pth[..pth.len() / 2])));
    assert!(matches!(
        load("net.onnx", b"x"),
        WeightsError::UnknownFormat { .. }
    ));
    let absent = folder.path().join("absent.pth");
    let error = weights::load(miniature(2), &absent, &LoadOptions::strict()).unwrap_err();
    assert!(matches!(error, WeightsError::Read { .. }), "{error}");
}
