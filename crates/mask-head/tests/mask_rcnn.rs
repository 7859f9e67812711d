//! Whole Mask R-CNNs in miniature.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe_backbones::BackboneConfig;
use wardrobe_backbones::weights::{apply_named, named_parameters, named_tensors};
use wardrobe_kernels::device::test_device;
use wardrobe_kernels::generator::Generator;
use wardrobe_mask_head::{
    DetectorConfig, InstanceDetections, InstanceTruth, MaskHeadError, MaskRcnnConfig,
};
use wardrobe_rpn_roi::cascade_head::CascadeHeadsConfig;
use wardrobe_rpn_roi::config::{
    AnchorConfig, BoxHeadConfig, ProposalLimits, RoiHeadsConfig, RpnConfig, TransformConfig,
};
use wardrobe_rpn_roi::{CascadeRcnnConfig, FasterRcnnConfig, RgbPicture};

fn detector() -> FasterRcnnConfig {
    let sizes = [8.0, 16.0, 32.0, 64.0, 128.0]
        .map(|size| vec![size])
        .to_vec();
    FasterRcnnConfig {
        num_classes: 4,
        transform: TransformConfig {
            min_size: 64,
            max_size: 96,
            ..TransformConfig::default()
        },
        backbone: BackboneConfig::resnet_fpn_miniature(),
        rpn: RpnConfig {
            anchors: AnchorConfig {
                sizes,
                ..AnchorConfig::pyramid()
            },
            test: ProposalLimits {
                before_suppression: 50,
                after_suppression: 20,
            },
            ..RpnConfig::default()
        },
        roi_heads: RoiHeadsConfig {
            head: BoxHeadConfig::TwoMlp { features: 32 },
            ..RoiHeadsConfig::new(4)
        },
    }
}

fn miniature() -> MaskRcnnConfig {
    let mut config = MaskRcnnConfig::faster(detector());
    config.mask.layers = vec![8, 8];
    config.mask.reduced = 8;
    config
}

fn noise(width: usize, height: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    (0..width * height * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn masks(found: &InstanceDetections) -> Vec<f32> {
    found.masks.clone().into_data().try_to_vec().unwrap()
}

fn assert_alike(a: &InstanceDetections, b: &InstanceDetections, tolerance: f32) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.detections.to_vec().iter().zip(b.detections.to_vec()) {
        assert_eq!(a.label, b.label);
        assert!((a.score - b.score).abs() < tolerance);
    }
    let (a, b) = (masks(a), masks(b));
    let near = |(a, b): (&f32, &f32)| (a - b).abs() < tolerance;
    assert!(
        a.iter().zip(&b).all(near),
        "masks differ by {tolerance} or more"
    );
}

#[test]
fn each_detection_has_a_mask_of_probabilities() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 1);
    let model = miniature().init(&device).unwrap();
    let bytes = noise(50, 40, 1);
    let picture = RgbPicture {
        data: &bytes,
        width: 50,
        height: 40,
    };
    let found = model.detect(&[picture]).unwrap().remove(0);
    assert!(!found.is_empty());
    assert_eq!(found.masks.dims(), [found.len(), 28, 28]);
    assert!(masks(&found).iter().all(|p| (0.0..=1.0).contains(p)));
    let instances = found.instances();
    assert_eq!(instances.len(), found.len());
    for instance in instances {
        assert!(
            instance.mask.x0 + instance.mask.width <= 50
                && instance.mask.y0 + instance.mask.height <= 40
        );
    }
}

#[test]
fn a_batch_of_two_sizes_equals_its_pictures_alone() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 2);
    let model = miniature().init(&device).unwrap();
    // Both are padded to 64×96, alone and together.
    let (first, second) = (noise(90, 60, 3), noise(88, 62, 4));
    let pictures = [
        RgbPicture {
            data: &first,
            width: 90,
            height: 60,
        },
        RgbPicture {
            data: &second,
            width: 88,
            height: 62,
        },
    ];
    let together = model.detect(&pictures).unwrap();
    for (picture, together) in pictures.iter().zip(&together) {
        let alone = model.detect(&[*picture]).unwrap().remove(0);
        assert!(!alone.is_empty());
        assert_alike(&alone, together, 1e-4);
    }
}

#[test]
fn without_detections_there_are_no_masks() {
    let device = test_device();
    let mut config = miniature();
    let DetectorConfig::Faster(detector) = &mut config.detector else {
        panic!("the miniature is a Faster R-CNN")
    };
    detector.roi_heads.postprocess.score_threshold = 1.0;
    let model = config.init(&device).unwrap();
    let bytes = noise(64, 64, 5);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    let found = model.detect(&[picture]).unwrap().remove(0);
    assert!(found.is_empty() && found.instances().is_empty());
    assert_eq!(found.masks.dims(), [0, 28, 28]);
}

/// The module with batch norms that do something: fresh ones keep every number as it is, whether they are folded or lost.
fn with_active_norms<M: Module>(module: M) -> M {
    let own: BTreeMap<String, TensorData> = named_tensors(&module).into_iter().collect();
    apply_named(module, |name, shape| {
        let (part, field) = name.rsplit_once('.').unwrap();
        let [centre, spread] = match field {
            _ if !own.contains_key(&format!("{part}.running_mean")) => {
                return own[name].try_to_vec().unwrap();
            }
            "weight" => [1.1, 0.3],
            "running_var" => [0.8, 0.4],
            _ => [0.0, 0.2],
        };
        let value = |channel: usize| centre + spread * ((channel % 5) as f32 - 2.0) / 2.0;
        (0..shape.iter().product()).map(value).collect()
    })
}

#[test]
fn folding_batch_norm_keeps_the_masks() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 6);
    let mut config = miniature();
    config.mask.norm_epsilon = Some(1e-5);
    let fresh = config.init(&device).unwrap();
    let bytes = noise(64, 64, 7);
    let picture = [RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    }];
    let unchanged = fresh.detect(&picture).unwrap().remove(0);
    let model = with_active_norms(fresh);
    let before = model.detect(&picture).unwrap().remove(0);
    let after = model.fold_batch_norm().detect(&picture).unwrap().remove(0);
    assert!(!before.is_empty() && masks(&before) != masks(&unchanged));
    assert_alike(&before, &after, 1e-3);
}

/// Nothing was seen of masks, so nothing is known about them: the norms' statistics stay.
#[test]
fn pictures_without_objects_leave_the_mask_head_as_it_is() {
    let device = test_device().autodiff();
    let _generator = Generator::seeded(&device, 12);
    let mut config = miniature();
    config.mask.norm_epsilon = Some(1e-5);
    let model = config.init(&device).unwrap();
    let of_masks = || -> BTreeMap<String, Vec<f32>> {
        named_tensors(&model)
            .into_iter()
            .filter(|(name, _)| name.contains("mask_head"))
            .map(|(name, data)| (name, data.iter::<f32>().collect()))
            .collect()
    };
    let before = of_masks();
    assert!(before.keys().any(|name| name.ends_with("running_var")));
    let bytes = noise(64, 64, 13);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    let (images, truths) = model
        .training_batch(&[picture], vec![InstanceTruth::default()], 4)
        .unwrap();
    let losses = model.losses(&images, &truths, &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(of_masks(), before);
    // Each parameter still has a gradient, as the steps of several devices need.
    let gradients = losses.total().backward();
    let weight = model.roi_heads.second.mask_head.sequential[0]
        .conv
        .weight
        .val();
    let gradient = weight.grad(&gradients).unwrap();
    assert_eq!(gradient.abs().sum().into_scalar::<f32>(), 0.0);
}

#[test]
fn a_cascade_takes_the_same_mask_branch() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 8);
    let plain = detector();
    let config = MaskRcnnConfig {
        detector: DetectorConfig::Cascade(CascadeRcnnConfig {
            num_classes: plain.num_classes,
            transform: plain.transform,
            backbone: plain.backbone,
            rpn: plain.rpn,
            roi_heads: CascadeHeadsConfig {
                head: BoxHeadConfig::TwoMlp { features: 16 },
                ..CascadeHeadsConfig::new(4)
            },
        }),
        ..miniature()
    };
    let model = config.init(&device).unwrap();
    let bytes = noise(64, 64, 9);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    let found = model.detect(&[picture]).unwrap().remove(0);
    assert!(!found.is_empty());
    assert_eq!(found.masks.dims(), [found.len(), 28, 28]);
    let names: Vec<String> = named_parameters(&model)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for name in [
        "roi_heads.box_head.2.fc7.bias",
        "roi_heads.box_predictor.0.cls_score.weight",
    ] {
        assert!(names.iter().any(|found| found == name), "{name}");
    }
}

#[test]
fn parameters_carry_torchvisions_names() {
    let device = test_device();
    let shapes = |config: MaskRcnnConfig| named_parameters(&config.init(&device).unwrap());
    let has = |all: &[(String, Vec<usize>)], name: &str, shape: &[usize]| {
        let found = all.iter().find(|(found, _)| found == name);
        assert_eq!(
            found.map(|(_, shape)| shape.as_slice()),
            Some(shape),
            "{name}"
        );
    };
    let plain = shapes(MaskRcnnConfig::resnet50_fpn(91));
    // 307 tensors: 265 of the body, 16 of the pyramid, 6 of the RPN, 20 of the heads.
    assert_eq!(plain.len(), 307);
    has(
        &plain,
        "backbone.body.layer1.0.conv1.weight",
        &[64, 64, 1, 1],
    );
    has(&plain, "rpn.head.conv.0.0.weight", &[256, 256, 3, 3]);
    has(&plain, "rpn.head.cls_logits.weight", &[3, 256, 1, 1]);
    has(&plain, "roi_heads.box_head.fc6.weight", &[1024, 12544]);
    has(
        &plain,
        "roi_heads.box_predictor.bbox_pred.weight",
        &[364, 1024],
    );
    has(&plain, "roi_heads.mask_head.3.0.bias", &[256]);
    has(
        &plain,
        "roi_heads.mask_predictor.conv5_mask.weight",
        &[256, 256, 2, 2],
    );
    has(
        &plain,
        "roi_heads.mask_predictor.mask_fcn_logits.weight",
        &[91, 256, 1, 1],
    );
    let second = shapes(MaskRcnnConfig::resnet50_fpn_v2(91));
    has(&second, "rpn.head.conv.1.0.bias", &[256]);
    has(&second, "roi_heads.box_head.3.1.running_var", &[256]);
    has(&second, "roi_heads.box_head.5.weight", &[1024, 12544]);
    has(&second, "roi_heads.mask_head.0.1.weight", &[256]);
}

#[test]
fn presets_are_valid_values_that_survive_a_file() {
    for config in [
        MaskRcnnConfig::resnet50_fpn(14),
        MaskRcnnConfig::resnet50_fpn_v2(14),
        MaskRcnnConfig::cascade_resnet50_fpn(14),
        MaskRcnnConfig::coco_v1(),
    ] {
        config.validate().unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(
            serde_json::from_str::<MaskRcnnConfig>(&text).unwrap(),
            config
        );
    }
    let mut config = MaskRcnnConfig::resnet50_fpn(14);
    config.mask.layers.clear();
    assert!(matches!(
        config.validate(),
        Err(MaskHeadError::Setting {
            field: "mask.layers",
            ..
        })
    ));
}
