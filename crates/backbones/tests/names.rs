//! The names and shapes of whole networks against torchvision's `state_dict()`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use burn::module::Module;
use wardrobe_backbones::{
    backbone::BackboneConfig, resnet::ResNetConfig, vgg::VggConfig, weights::named_parameters,
};
use wardrobe_kernels::device::test_device;

type Names = BTreeSet<(String, Vec<usize>)>;

/// Names and shapes of a fixture below a prefix, batch counters left out.
fn torchvision(fixture: &str, prefix: &str) -> Names {
    fixture
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains("num_batches_tracked"))
        .filter_map(|line| line.strip_prefix(prefix))
        .map(|line| {
            let (name, shape) = line.split_once(' ').unwrap();
            let sizes = shape.trim_matches(['[', ']']).split(", ");
            (
                name.to_owned(),
                sizes.map(|size| size.parse().unwrap()).collect(),
            )
        })
        .collect()
}

fn names<M: Module>(module: &M) -> Names {
    let listed = named_parameters(module);
    let unique: Names = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "a name occurs twice");
    unique
}

#[test]
fn resnets_are_named_as_in_torchvision() {
    let device = test_device();
    let resnet18 = ResNetConfig::resnet18()
        .with_classes(Some(1000))
        .init(&device);
    assert_eq!(
        names(&resnet18),
        torchvision(include_str!("fixtures/state_dict_resnet18.txt"), "")
    );
    let resnet50 = ResNetConfig::resnet50()
        .with_classes(Some(1000))
        .init(&device);
    assert_eq!(
        names(&resnet50),
        torchvision(include_str!("fixtures/state_dict_resnet50.txt"), "")
    );
}

#[test]
fn deeper_resnets_have_the_published_number_of_parameters() {
    // torchvision's `num_params` of each, which leaves out the running statistics: two of the four
    // vectors of every batch norm.
    for (config, parameters) in [
        (ResNetConfig::resnet34(), 21_797_672),
        (ResNetConfig::resnet101(), 44_549_160),
        (ResNetConfig::resnet152(), 60_192_808),
    ] {
        let net = config.with_classes(Some(1000)).init(&test_device());
        let learnt: usize = named_parameters(&net)
            .iter()
            .filter(|(name, _)| !name.contains("running_"))
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum();
        assert_eq!(learnt, parameters);
    }
}

#[test]
fn vggs_are_named_as_in_torchvision() {
    let device = test_device();
    let vgg16 = VggConfig::vgg16().with_classes(Some(1000)).init(&device);
    assert_eq!(
        names(&vgg16),
        torchvision(include_str!("fixtures/state_dict_vgg16.txt"), "")
    );
    let vgg16_bn = VggConfig::vgg16_bn().with_classes(Some(1000)).init(&device);
    assert_eq!(
        names(&vgg16_bn),
        torchvision(include_str!("fixtures/state_dict_vgg16_bn.txt"), "")
    );
}

#[test]
fn detector_backbones_are_named_as_in_torchvision() {
    let device = test_device();
    assert_eq!(
        names(&BackboneConfig::resnet50_fpn(0.0).init(&device)),
        torchvision(
            include_str!("fixtures/state_dict_maskrcnn_resnet50_fpn.txt"),
            "backbone."
        )
    );
    assert_eq!(
        names(&BackboneConfig::resnet50_fpn_v2().init(&device)),
        torchvision(
            include_str!("fixtures/state_dict_maskrcnn_resnet50_fpn_v2.txt"),
            "backbone."
        )
    );
}

#[test]
fn a_vgg_backbone_keeps_the_indices_of_features_without_the_last_pool() {
    let expected: Names = torchvision(include_str!("fixtures/state_dict_vgg16.txt"), "features.");
    assert_eq!(
        names(&BackboneConfig::vgg16().init(&test_device())),
        expected
    );
}
