//! Shapes, folding and training of whole networks, on small ones.
#![allow(clippy::unwrap_used, missing_docs)]

use burn::{
    module::Module,
    tensor::{Device, Distribution, Tensor},
};
use wardrobe_backbones::{
    backbone::BackboneConfig,
    norm::BatchNormConfig,
    resnet::{BlockKind, ResNetConfig},
    vgg::VggConfig,
    weights::{apply_named, named_parameters, named_tensors},
};
use wardrobe_kernels::device::test_device;
use wardrobe_kernels::generator::Generator;

/// Parameters that make every layer matter: values in [-0.5, 0.5), variances in [0.5, 1.5), from a
/// fixed linear congruential sequence (multiplier and increment of Knuth's MMIX).
fn varied<M: Module>(module: M) -> M {
    let mut state = 1_u64;
    apply_named(module, |name, shape| {
        let shift = if name.ends_with("running_var") {
            1.0
        } else {
            0.0
        };
        (0..shape.iter().product())
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5 + shift
            })
            .collect()
    })
}

fn picture(size: [usize; 2], device: &Device) -> Tensor<4> {
    let _generator = Generator::seeded(device, 3);
    Tensor::random(
        [2, 3, size[0], size[1]],
        Distribution::Uniform(-1.0, 1.0),
        device,
    )
}

/// Largest difference over the largest value.
fn relative_difference<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
    let scale: f32 = a.clone().abs().max().into_scalar();
    let difference: f32 = (a - b).abs().max().into_scalar();
    assert!(scale > 0.0, "an all-zero output compares nothing");
    difference / scale
}

fn small_basic() -> ResNetConfig {
    ResNetConfig {
        block: BlockKind::Basic,
        blocks: [2, 1, 1, 1],
        ..ResNetConfig::miniature()
    }
}

#[test]
fn stages_halve_the_picture_and_round_up() {
    let device = test_device();
    let net = ResNetConfig::miniature().init(&device);
    // 70: stem ⌈70/2⌉ = 35, pool 18, then 9, 5; 45: 23, 12, then 6, 3. Widths 4, 8, 12, 16 times 4.
    let sizes: Vec<_> = net
        .stages(picture([70, 45], &device))
        .iter()
        .map(Tensor::dims)
        .collect();
    assert_eq!(
        sizes,
        [[2, 16, 18, 12], [2, 32, 9, 6], [2, 48, 5, 3], [2, 64, 3, 2]]
    );
}

#[test]
fn fewer_stages_are_not_built() {
    let device = test_device();
    let net = ResNetConfig::miniature().with_stages(2).init(&device);
    assert_eq!(net.stages(picture([32, 32], &device)).len(), 2);
    assert!(
        named_parameters(&net)
            .iter()
            .all(|(name, _)| !name.starts_with("layer3"))
    );
}

#[test]
fn folding_batch_norm_changes_no_output() {
    let device = test_device();
    let x = picture([40, 48], &device);
    for config in [ResNetConfig::miniature(), small_basic()] {
        for norm in [
            BatchNormConfig::trained(),
            BatchNormConfig::frozen().with_epsilon(0.0),
        ] {
            let net = varied(
                config
                    .clone()
                    .with_norm(norm)
                    .with_classes(Some(3))
                    .init(&device),
            );
            let folded = net.clone().fold_batch_norm();
            assert!(
                named_parameters(&folded)
                    .iter()
                    .all(|(name, _)| !name.contains("running"))
            );
            let difference = relative_difference(net.forward(x.clone()), folded.forward(x.clone()));
            assert!(difference < 1e-5, "{difference}");
        }
    }
    let norm = Some(BatchNormConfig::trained());
    let vgg = varied(
        VggConfig::miniature()
            .with_norm(norm)
            .with_classes(Some(3))
            .init(&device),
    );
    let folded = vgg.clone().fold_batch_norm();
    assert!(relative_difference(vgg.forward(x.clone()), folded.forward(x.clone())) < 1e-5);
    assert!(relative_difference(vgg.trunk(x.clone()), folded.trunk(x)) < 1e-5);
}

#[test]
fn folding_a_backbone_changes_no_level() {
    let device = test_device();
    let x = picture([64, 64], &device);
    let config =
        BackboneConfig::resnet_fpn_miniature().with_fpn_norm(Some(BatchNormConfig::trained()));
    let net = varied(config.init(&device));
    let folded = net.clone().fold_batch_norm();
    let (levels, folded) = (net.forward(x.clone()).levels, folded.forward(x).levels);
    assert_eq!(levels.len(), config.levels());
    for (level, folded) in levels.into_iter().zip(folded) {
        assert_eq!(level.dims()[1], config.out_channels());
        assert!(relative_difference(level, folded) < 1e-5);
    }
}

#[test]
fn the_unfolded_network_is_convolution_then_norm() {
    // One bottleneck network against the same arithmetic in separate operations: with a stem only and
    // stage 1 an identity block it would be tedious by hand, so the stem is checked alone, through C2 of
    // a network whose blocks add nothing.
    let device = test_device();
    let net = ResNetConfig::miniature().with_stages(1).init(&device);
    let net = apply_named(net, |name, shape| {
        let count = shape.iter().product();
        match name {
            // The stem's first channel reads the red centre pixel, doubled; bn1: (x − 1)/√4 · 3 + 0.5.
            "conv1.weight" => {
                let mut weight = vec![0.0; count];
                weight[3 * 7 + 3] = 2.0;
                weight
            }
            "bn1.weight" => vec![3.0; count],
            "bn1.bias" => vec![0.5; count],
            "bn1.running_mean" => vec![1.0; count],
            "bn1.running_var" => vec![4.0; count],
            // The projection passes channel 0 on to channel 0; all else is 0.
            "layer1.0.downsample.0.weight" => {
                let mut weight = vec![0.0; count];
                weight[0] = 1.0;
                weight
            }
            name if name.ends_with("downsample.1.weight") || name.ends_with("running_var") => {
                vec![1.0; count]
            }
            _ => vec![0.0; count],
        }
    });
    let x = Tensor::<4>::from_floats(
        [[[[5.0, 9.0], [9.0, 9.0]], [[0.0; 2]; 2], [[0.0; 2]; 2]]],
        &device,
    );
    // One stem cell (2/2 = 1), centred at pixel (0, 0): 2·5 = 10, (10 − 1)/√(4 + 1e-5) · 3 + 0.5 = 14.
    let c2 = net.stages(x).remove(0);
    assert_eq!(c2.dims(), [1, 16, 1, 1]);
    let values = c2.into_data().try_to_vec::<f32>().unwrap();
    assert!((values[0] - 14.0).abs() < 1e-3, "{}", values[0]);
    assert!(values[1..].iter().all(|value| *value == 0.0));
}

#[test]
fn training_moves_the_statistics_of_trained_norms_only() {
    let device = test_device().autodiff();
    let x = picture([32, 32], &device);
    let statistics = |norm| {
        let net = varied(ResNetConfig::miniature().with_norm(norm).init(&device));
        let before = named_tensors(&net);
        let _ = net.forward(x.clone());
        let after = named_tensors(&net);
        let changed: Vec<String> = before
            .into_iter()
            .zip(after)
            .filter(|(before, after)| before.1 != after.1)
            .map(|(before, _)| before.0)
            .collect();
        changed
    };
    let changed = statistics(BatchNormConfig::trained());
    assert!(
        changed.contains(&"layer4.0.bn3.running_var".to_owned()),
        "{changed:?}"
    );
    assert!(
        changed.iter().all(|name| name.contains("running_")),
        "{changed:?}"
    );
    assert_eq!(statistics(BatchNormConfig::frozen()), Vec::<String>::new());
}

#[test]
fn gradients_reach_trainable_layers_only() {
    let device = test_device().autodiff();
    let net = varied(
        ResNetConfig::miniature()
            .with_norm(BatchNormConfig::frozen())
            .init(&device),
    );
    let net = net.with_trainable_layers(2);
    let gradients = net.forward(picture([32, 32], &device)).sum().backward();
    let block = |layer: &Vec<_>| match &layer[0] {
        wardrobe_backbones::resnet::ResidualBlock::Bottleneck(block) => block.clone(),
        wardrobe_backbones::resnet::ResidualBlock::Basic(_) => panic!("a bottleneck network"),
    };
    assert!(
        block(&net.layer4)
            .conv2
            .weight
            .val()
            .grad(&gradients)
            .is_some()
    );
    assert!(
        block(&net.layer3)
            .conv1
            .weight
            .val()
            .grad(&gradients)
            .is_some()
    );
    assert!(
        block(&net.layer2)
            .conv3
            .weight
            .val()
            .grad(&gradients)
            .is_none()
    );
    assert!(net.conv1.weight.val().grad(&gradients).is_none());
}

#[test]
fn a_frozen_module_stops_its_trained_norms() {
    let device = test_device().autodiff();
    let net = varied(ResNetConfig::miniature().init(&device)).freeze();
    let before = named_tensors(&net);
    let _ = net.forward(picture([32, 32], &device));
    assert_eq!(named_tensors(&net), before);
}

#[test]
fn vgg_ends_in_seven_by_seven_cells_whatever_the_picture() {
    let device = test_device();
    let net = VggConfig::miniature().with_classes(Some(3)).init(&device);
    // Two groups: features at a quarter, trunk at half the side.
    let x = picture([36, 20], &device);
    assert_eq!(net.features(x.clone()).dims(), [2, 6, 9, 5]);
    assert_eq!(net.trunk(x.clone()).dims(), [2, 6, 18, 10]);
    assert_eq!(net.forward(x.clone()).dims(), [2, 3]);
    let headless = VggConfig::miniature().init(&device);
    assert_eq!(headless.forward(x).dims(), [2, 6 * 49]);
}

#[test]
fn a_vgg_backbone_is_the_trunk() {
    let device = test_device();
    let config = BackboneConfig::Vgg(VggConfig::miniature());
    let backbone = config.init(&device);
    let pyramid = backbone.forward(picture([32, 24], &device));
    assert_eq!(pyramid.sizes(), [[16, 12]]);
    assert_eq!((backbone.out_channels(), config.levels()), (6, 1));
}

#[test]
fn contradictions_in_settings_are_found_before_anything_is_built() {
    let error = ResNetConfig::resnet18()
        .with_classes(Some(10))
        .with_stages(3)
        .validate()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "ResNet stages is [3], but a classifier asks for [4]"
    );
    let narrow = ResNetConfig {
        base_width: 8,
        ..ResNetConfig::miniature()
    };
    // 4 · 8 / 64 channels.
    assert_eq!(
        narrow.validate().unwrap_err().to_string(),
        "ResNet widths × base_width / 64 is 0, expected at least 1"
    );
    let BackboneConfig::ResNetFpn { body, fpn, .. } = BackboneConfig::resnet_fpn_miniature() else {
        panic!("a ResNet with FPN");
    };
    let returned_stages = vec![2, 4];
    let error = BackboneConfig::ResNetFpn {
        body,
        returned_stages,
        fpn,
    }
    .validate()
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "FPN in_channels is [16, 32, 48, 64], but the body's returned stages asks for [32, 64]"
    );
    let norm = BatchNormConfig::trained().with_epsilon(f64::NAN);
    assert!(
        norm.validate()
            .unwrap_err()
            .to_string()
            .starts_with("batch norm epsilon is NaN")
    );
}
