//! A Mask R-CNN that starts from a person-keypoint model: what is taken, what is not.
#![allow(clippy::unwrap_used, missing_docs)]

use wardrobe::backbones::weights::{self, LoadOptions};
use wardrobe::kernels::device::test_device;
use wardrobe::mask_head::MaskRcnnConfig;
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::weights_file;
use wardrobe_tests::parameters::parameter;

#[test]
fn a_mask_rcnn_starts_from_a_keypoint_model() {
    let fixture = Fixture::open("state_dict_keypointrcnn_resnet50_fpn").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = weights_file(&fixture, folder.path());
    let fresh = MaskRcnnConfig::resnet50_fpn(21)
        .init(&test_device())
        .unwrap();

    // Person or not is no use for 21 garments: the box predictor stays fresh, and has another shape.
    let options = LoadOptions::except(["roi_heads.box_predictor.*"]);
    let (model, report) = weights::load(fresh, &path, &options).unwrap();
    let mut taken: Vec<String> = fixture.fact("taken");
    taken.sort();
    assert_eq!(report.taken, taken);
    let starts = |names: &[String], prefix: &str| names.iter().all(|name| name.starts_with(prefix));
    assert!(
        !report.surplus.is_empty() && starts(&report.surplus, "roi_heads.keypoint_"),
        "{:?}",
        report.surplus
    );
    assert!(
        !report.missing.is_empty() && starts(&report.missing, "roi_heads.mask_"),
        "{:?}",
        report.missing
    );
    assert!(
        !report.skipped.is_empty() && starts(&report.skipped, "roi_heads.box_predictor."),
        "{:?}",
        report.skipped
    );

    let loaded: std::collections::BTreeMap<_, _> =
        weights::named_tensors(&model).into_iter().collect();
    for name in [
        "backbone.body.conv1.weight",
        "roi_heads.box_head.fc7.weight",
    ] {
        let data = &loaded[name];
        let expected = parameter(name, &data.shape().to_vec(), fixture.draw());
        assert_eq!(data.try_to_vec::<f32>().unwrap(), expected, "{name}");
    }
}

#[test]
fn a_misshapen_predictor_is_an_error_when_asked_for() {
    let fixture = Fixture::open("state_dict_keypointrcnn_resnet50_fpn").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = weights_file(&fixture, folder.path());
    let fresh = MaskRcnnConfig::resnet50_fpn(21)
        .init(&test_device())
        .unwrap();
    let error = weights::load(
        fresh,
        &path,
        &LoadOptions::partial(["roi_heads.box_predictor.*"]),
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("roi_heads.box_predictor.cls_score.weight"),
        "{error}"
    );
}
