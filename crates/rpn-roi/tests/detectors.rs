//! Whole detectors in miniature: batches, empty pictures, folding, settings.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe_backbones::BackboneConfig;
use wardrobe_backbones::weights::{apply_named, named_tensors};
use wardrobe_kernels::device::test_device;
use wardrobe_kernels::generator::Generator;
use wardrobe_rpn_roi::cascade_head::CascadeHeadsConfig;
use wardrobe_rpn_roi::config::{
    AnchorConfig, BoxHeadConfig, IouHeadConfig, ProposalLimits, RoiHeadsConfig, RpnConfig,
    Suppression, TransformConfig,
};
use wardrobe_rpn_roi::{
    CascadeRcnnConfig, Detection, Detections, DetectorLosses, FasterRcnnConfig, GroundTruth,
    RgbPicture, RpnRoiError,
};

fn transform() -> TransformConfig {
    TransformConfig {
        min_size: 64,
        max_size: 96,
        ..TransformConfig::default()
    }
}

fn rpn() -> RpnConfig {
    let sizes = [8.0, 16.0, 32.0, 64.0, 128.0]
        .map(|size| vec![size])
        .to_vec();
    let limits = ProposalLimits {
        before_suppression: 50,
        after_suppression: 40,
    };
    RpnConfig {
        anchors: AnchorConfig {
            sizes,
            ..AnchorConfig::pyramid()
        },
        test: limits,
        ..RpnConfig::default()
    }
}

fn faster() -> FasterRcnnConfig {
    let heads = RoiHeadsConfig::new(4);
    FasterRcnnConfig {
        num_classes: 4,
        transform: transform(),
        backbone: BackboneConfig::resnet_fpn_miniature(),
        rpn: rpn(),
        roi_heads: RoiHeadsConfig {
            head: BoxHeadConfig::TwoMlp { features: 32 },
            ..heads
        },
    }
}

/// Noise, so that fresh weights find something everywhere.
fn noise(width: usize, height: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    (0..width * height * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn assert_alike(a: &[Detection], b: &[Detection], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.label, b.label);
        assert!((a.score - b.score).abs() < tolerance, "{a:?} {b:?}");
        let mut corners = a.bbox.iter().zip(&b.bbox);
        let near = corners.all(|(a, b)| (a - b).abs() < 100.0 * tolerance);
        assert!(near, "{a:?} {b:?}");
    }
}

#[test]
fn detections_lie_in_the_picture_and_keep_the_rules() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 1);
    let detector = faster().init(&device).unwrap();
    let bytes = noise(50, 40, 1);
    let picture = RgbPicture {
        data: &bytes,
        width: 50,
        height: 40,
    };
    let found = detector.detect(&[picture]).unwrap().remove(0).to_vec();
    assert!(!found.is_empty() && found.len() <= 100);
    assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
    for detection in &found {
        let [x1, y1, x2, y2] = detection.bbox;
        assert!(x1 >= 0.0 && y1 >= 0.0 && x2 <= 50.001 && y2 <= 40.001 && x1 < x2 && y1 < y2);
        assert!(detection.score > 0.05 && (1..4).contains(&detection.label));
    }
}

#[test]
fn a_batch_of_two_sizes_equals_its_pictures_alone() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 2);
    let detector = faster().init(&device).unwrap();
    // Resized to about 64×96 and 64×90, both padded to 64×96, alone and together: padding reaches the features near the
    // border (in torchvision too), so only pictures of one padded size can be compared exactly.
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
    let together: Vec<Vec<Detection>> = detector
        .detect(&pictures)
        .unwrap()
        .iter()
        .map(Detections::to_vec)
        .collect();
    for (picture, together) in pictures.iter().zip(&together) {
        let alone = detector.detect(&[*picture]).unwrap().remove(0).to_vec();
        assert!(!alone.is_empty());
        assert_alike(&alone, together, 1e-4);
    }
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
fn folding_batch_norm_keeps_the_detections() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 5);
    let config = FasterRcnnConfig {
        backbone: BackboneConfig::resnet_fpn_miniature(),
        rpn: RpnConfig {
            convolutions: 2,
            ..rpn()
        },
        roi_heads: RoiHeadsConfig {
            head: BoxHeadConfig::ConvFc {
                convolutions: 2,
                channels: 8,
                features: 16,
                norm_epsilon: 1e-5,
            },
            ..RoiHeadsConfig::new(4)
        },
        ..faster()
    };
    let fresh = config.init(&device).unwrap();
    let bytes = noise(64, 64, 6);
    let picture = [RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    }];
    let unchanged = fresh.detect(&picture).unwrap().remove(0).to_vec();
    let detector = with_active_norms(fresh);
    let before = detector.detect(&picture).unwrap().remove(0).to_vec();
    let after = detector
        .fold_batch_norm()
        .detect(&picture)
        .unwrap()
        .remove(0)
        .to_vec();
    assert!(!before.is_empty() && before != unchanged);
    assert_alike(&before, &after, 1e-3);
}

#[test]
fn vgg_reads_one_level() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 8);
    let config = FasterRcnnConfig {
        backbone: BackboneConfig::Vgg(wardrobe_backbones::VggConfig::miniature()),
        rpn: RpnConfig {
            anchors: AnchorConfig {
                sizes: vec![vec![16.0, 32.0, 64.0]],
                aspect_ratios: vec![0.5, 1.0, 2.0],
            },
            ..rpn()
        },
        roi_heads: RoiHeadsConfig {
            head: BoxHeadConfig::TwoMlp { features: 16 },
            ..RoiHeadsConfig::new(1)
        },
        ..faster()
    };
    let detector = config.init(&device).unwrap();
    let bytes = noise(64, 64, 9);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    assert!(!detector.detect(&[picture]).unwrap()[0].is_empty());
}

fn cascade() -> CascadeRcnnConfig {
    let plain = faster();
    CascadeRcnnConfig {
        num_classes: 4,
        transform: plain.transform,
        backbone: plain.backbone,
        rpn: plain.rpn,
        roi_heads: CascadeHeadsConfig {
            head: BoxHeadConfig::TwoMlp { features: 16 },
            ..CascadeHeadsConfig::new(4)
        },
    }
}

#[test]
fn a_cascade_finds_its_way() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 10);
    let detector = cascade().init(&device).unwrap();
    let bytes = noise(64, 64, 11);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    let found = detector.detect(&[picture]).unwrap().remove(0).to_vec();
    assert!(!found.is_empty());
    assert!(found.iter().all(|d| d.score > 0.05 && d.score < 1.0));
}

#[test]
fn iou_guided_suppression_needs_its_head_and_runs_with_it() {
    let mut config = faster();
    config.roi_heads.postprocess.suppression = Suppression::IouGuided;
    assert!(matches!(
        config.validate(),
        Err(RpnRoiError::Setting {
            field: "postprocess.suppression",
            ..
        })
    ));
    config.roi_heads.iou_head = Some(IouHeadConfig {
        features: 8,
        ..IouHeadConfig::new(4)
    });
    let device = test_device();
    let _generator = Generator::seeded(&device, 12);
    let detector = config.init(&device).unwrap();
    let bytes = noise(64, 64, 13);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    let found = detector.detect(&[picture]).unwrap().remove(0).to_vec();
    assert!(!found.is_empty());
    assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
}

#[test]
fn presets_are_valid_values_that_survive_a_file() {
    for config in [
        FasterRcnnConfig::resnet50_fpn(14),
        FasterRcnnConfig::resnet50_fpn_v2(14),
        FasterRcnnConfig::vgg16(14),
        FasterRcnnConfig::coco_v1(),
    ] {
        config.validate().unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(
            serde_json::from_str::<FasterRcnnConfig>(&text).unwrap(),
            config
        );
    }
    let cascade = CascadeRcnnConfig::resnet50_fpn(14);
    cascade.validate().unwrap();
    let text = serde_json::to_string(&cascade).unwrap();
    assert_eq!(
        serde_json::from_str::<CascadeRcnnConfig>(&text).unwrap(),
        cascade
    );
}

#[test]
fn settings_out_of_range_are_named() {
    let field = |change: fn(&mut FasterRcnnConfig)| {
        let mut config = FasterRcnnConfig::resnet50_fpn(14);
        change(&mut config);
        match config.validate() {
            Err(RpnRoiError::Setting { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field(|c| c.num_classes = 1), "num_classes");
    assert_eq!(field(|c| c.transform.std[1] = 0.0), "transform.std");
    assert_eq!(
        field(|c| c.rpn.nms_threshold = f32::NAN),
        "rpn.nms_threshold"
    );
    assert_eq!(
        field(|c| c.rpn.anchors = AnchorConfig::single_level()),
        "anchors.sizes"
    );
    assert_eq!(field(|c| c.rpn.matcher.negative = 0.8), "matcher.negative");
    assert_eq!(field(|c| c.roi_heads.pooler.levels = 5), "pooler.levels");
    assert_eq!(
        field(|c| c.roi_heads.postprocess.detections = 0),
        "postprocess.detections"
    );
    assert_eq!(
        field(|c| c.roi_heads.class_loss.class_weights = Some(vec![1.0; 13])),
        "class_weights"
    );
    assert_eq!(
        field(|c| c.roi_heads.class_loss.label_smoothing = 1.5),
        "label_smoothing"
    );
    assert_eq!(
        field(|c| {
            c.roi_heads.head = BoxHeadConfig::ConvFc {
                convolutions: 1,
                channels: 8,
                features: 8,
                norm_epsilon: f64::INFINITY,
            };
        }),
        "box_head.norm_epsilon"
    );
    assert_eq!(
        field(|c| {
            let BackboneConfig::ResNetFpn {
                returned_stages,
                fpn,
                ..
            } = &mut c.backbone
            else {
                panic!("a pyramid")
            };
            *returned_stages = vec![2, 4];
            fpn.in_channels = vec![512, 2048];
            c.rpn.anchors.sizes.truncate(3);
            c.roi_heads.pooler.levels = 2;
        }),
        "returned_stages"
    );
}

/// The losses' names and values.
fn named(losses: &DetectorLosses) -> Vec<(String, f32)> {
    let named = losses.named().into_iter();
    named
        .map(|(name, loss)| (name, loss.into_scalar()))
        .collect()
}

/// Asserts that all losses are 0 but that of anchors, the largest of which reach beyond the picture and so lie mostly outside of
/// what is ignored.
fn assert_silent_heads(losses: &[(String, f32)]) {
    for (name, loss) in losses {
        let anchors = name == "loss_objectness";
        assert!(
            *loss == 0.0 || anchors && loss.is_finite(),
            "{name}: {loss}"
        );
    }
}

#[test]
fn a_batch_without_a_roi_to_draw_has_losses() {
    let device = test_device().autodiff();
    let _generator = Generator::seeded(&device, 14);
    let bytes = noise(64, 64, 15);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    // What lies in an ignored region says nothing: no proposal is background, and there is no object.
    let everywhere = GroundTruth {
        ignored: vec![[0.0, 0.0, 64.0, 64.0]],
        ..GroundTruth::default()
    };
    let plain = faster().init(&device).unwrap();
    let (images, truths) = plain
        .transform()
        .training_batch(&[picture], &[everywhere], 4, &device)
        .unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let losses = plain.losses(&images, &truths, &mut rng);
    assert_silent_heads(&named(&losses));
    // Each parameter still has a gradient, as the steps of several devices need.
    let gradients = losses.total().backward();
    let of_head = plain.roi_heads.box_predictor.cls_score.weight.val();
    let of_head: Vec<f32> = of_head
        .grad(&gradients)
        .unwrap()
        .into_data()
        .iter()
        .collect();
    assert!(of_head.iter().all(|gradient| *gradient == 0.0));

    let stages = cascade().init(&device).unwrap();
    let losses = named(&stages.losses(&images, &truths, &mut rng));
    assert_eq!(losses.len(), 2 + 3 * 2);
    assert_silent_heads(&losses);
}

#[test]
fn weights_that_are_no_numbers_have_losses_that_are_none() {
    let device = test_device().autodiff();
    let _generator = Generator::seeded(&device, 16);
    let mut detector = faster().init(&device).unwrap();
    let broken = &mut detector.rpn.head.cls_logits.weight;
    *broken = broken.clone().map(|weight| weight * f32::NAN);
    let bytes = noise(64, 64, 17);
    let picture = RgbPicture {
        data: &bytes,
        width: 64,
        height: 64,
    };
    let (images, truths) = detector
        .transform()
        .training_batch(&[picture], &[GroundTruth::default()], 4, &device)
        .unwrap();
    // NaN scores propose nothing, and nothing is there to be drawn beside.
    let losses = detector.losses(&images, &truths, &mut ChaCha8Rng::seed_from_u64(1));
    assert!(losses.total().into_scalar::<f32>().is_nan());
}
