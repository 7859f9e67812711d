#![allow(clippy::unwrap_used)]
use super::*;
use wardrobe_backbones::error::{NamedShape, ShapeMismatch};
use wardrobe_kernels::device::test_device;

fn misshapen(name: &str, found: usize) -> ShapeMismatch {
    ShapeMismatch {
        name: name.into(),
        found: vec![found],
        expected: vec![91],
    }
}

#[test]
fn only_predictors_of_another_size_are_a_class_count() {
    let predictors = vec![
        misshapen("roi_heads.box_predictor.cls_score.bias", 14),
        misshapen("roi_heads.box_predictor.bbox_pred.bias", 56),
    ];
    let only = Differences {
        misshapen: predictors.clone(),
        ..Differences::default()
    };
    assert_eq!(classes_of_file(&only), Some(14));
    let mut with_body = only.clone();
    with_body
        .misshapen
        .push(misshapen("backbone.body.conv1.weight", 3));
    assert_eq!(classes_of_file(&with_body), None);
    let missing = NamedShape {
        name: "rpn.head.cls_logits.bias".into(),
        shape: vec![3],
    };
    assert_eq!(
        classes_of_file(&Differences {
            missing: vec![missing],
            ..only
        }),
        None
    );
}

#[test]
fn settings_reach_the_configuration() {
    let options = DetectorOptions {
        min_size: 64,
        max_size: 96,
        score_threshold: 0.3,
        suppression: Suppression::IouGuided,
        norm_epsilon: Some(0.0),
        ..DetectorOptions::new(7)
    };
    let Plan::Masks(config) = Plan::new(Architecture::MaskRcnnResnet50Fpn, &options).unwrap()
    else {
        panic!("has masks")
    };
    let DetectorConfig::Faster(config) = config.detector else {
        panic!("has one stage")
    };
    assert_eq!(
        (
            config.num_classes,
            config.transform.min_size,
            config.transform.max_size
        ),
        (7, 64, 96)
    );
    assert_eq!(config.roi_heads.postprocess.score_threshold, 0.3);
    assert_eq!(config.roi_heads.iou_head, Some(IouHeadConfig::new(4)));
    let BackboneConfig::ResNetFpn { body, .. } = config.backbone else {
        panic!("is a ResNet")
    };
    assert_eq!(body.norm.epsilon, 0.0);
}

#[test]
fn every_architecture_is_built_and_a_number_out_of_range_is_named() {
    let device = test_device();
    for architecture in Architecture::ALL {
        let detector = Detector::new(architecture, &DetectorOptions::new(5), &device).unwrap();
        assert_eq!(
            matches!(detector, Detector::Masks(_)),
            architecture.has_masks(),
            "{architecture}"
        );
        let error = Detector::new(architecture, &DetectorOptions::new(1), &device)
            .unwrap_err()
            .to_string();
        assert!(error.contains("num_classes"), "{error}");
    }
    let guided = DetectorOptions {
        suppression: Suppression::IouGuided,
        ..DetectorOptions::new(5)
    };
    let error =
        Detector::new(Architecture::CascadeMaskRcnnResnet50Fpn, &guided, &device).unwrap_err();
    assert!(error.to_string().contains("has no IoU head"), "{error}");
}
