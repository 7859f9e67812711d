//! Models that start from another model's weights: what is taken, what is not, and what they then see.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use tempfile::TempDir;
use wardrobe::RgbPicture;
use wardrobe::backbones::weights::{self, LoadOptions};
use wardrobe::backbones::{BackboneConfig, VggConfig};
use wardrobe::kernels::device::test_device;
use wardrobe::mask_head::mask_rcnn::BoxStage;
use wardrobe::mask_head::{DetectorConfig, MaskRcnnConfig};
use wardrobe::recipes::{FileWeights, StartWeights};
use wardrobe::rpn_roi::config::BoxHeadConfig;
use wardrobe::rpn_roi::roi_pooler::RoiPooler;
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::weights_file;
use wardrobe_tests::parameters::{Draw, parameter, write_safetensors};

/// Relative, of features.
const TOLERANCE: f64 = 1e-4;

/// The keypoint model's fixture and its weights in a file, which lives as long as the folder.
fn keypoint_model() -> (Fixture, PathBuf, TempDir) {
    let fixture = Fixture::open("state_dict_keypointrcnn_resnet50_fpn").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = weights_file(&fixture, folder.path());
    (fixture, path, folder)
}

#[test]
fn a_mask_rcnn_starts_from_a_keypoint_model() {
    let (fixture, path, _folder) = keypoint_model();
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

    let loaded = values(&model);
    for name in [
        "backbone.body.conv1.weight",
        "roi_heads.box_head.fc7.weight",
    ] {
        let data = &loaded[name];
        let expected = parameter(name, &data.shape().to_vec(), fixture.draw());
        assert_eq!(data.try_to_vec::<f32>().unwrap(), expected, "{name}");
    }
}

/// torchvision's Keypoint R-CNN says what these weights make of a picture.
#[test]
fn a_mask_rcnn_sees_what_the_keypoint_model_sees() {
    let (fixture, path, _folder) = keypoint_model();
    let device = test_device();
    let mut config = MaskRcnnConfig::resnet50_fpn(21);
    let DetectorConfig::Faster(detector) = &mut config.detector else {
        panic!("this preset is a Faster R-CNN with masks")
    };
    detector.transform.min_size = fixture.fact("min_size");
    detector.transform.max_size = fixture.fact("max_size");
    let pooler = RoiPooler::new(&detector.roi_heads.pooler);
    let options = LoadOptions::except(["roi_heads.box_predictor.*"]);
    let (model, _) = weights::load(config.init(&device).unwrap(), &path, &options).unwrap();

    let shape = fixture.shape("0.picture");
    let picture = RgbPicture {
        data: fixture.bytes("0.picture"),
        width: shape[1],
        height: shape[0],
    };
    let images = model.transform().batch(&[picture], &device).unwrap();
    let pyramid = model.backbone.forward(images.pixels.clone());
    for (index, level) in pyramid.levels.iter().enumerate() {
        fixture.assert_close(&format!("pyramid.{index}"), level.clone(), TOLERANCE);
    }
    let boxes = fixture.boxes("0.proposals");
    let rois = boxes
        .iter()
        .flat_map(|&[x1, y1, x2, y2]| [0.0, x1, y1, x2, y2]);
    let rois = TensorData::new(rois.collect::<Vec<f32>>(), [boxes.len(), 5]);
    let pooled = pooler.forward(&pyramid, Tensor::from_data(rois, &device), &images);
    let BoxStage::Single(heads) = &model.roi_heads.first else {
        panic!("this preset has one box head")
    };
    fixture.assert_close("box_features", heads.box_head.forward(pooled), TOLERANCE);
}

#[test]
fn a_misshapen_predictor_is_an_error_when_asked_for() {
    let (_, path, _folder) = keypoint_model();
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

/// The values of a module's tensors by name.
fn values<M: Module>(module: &M) -> BTreeMap<String, TensorData> {
    weights::named_tensors(module).into_iter().collect()
}

/// One line of a recipe: a file for all but the tensors that match.
fn all_but(path: &std::path::Path, except: &str) -> StartWeights {
    StartWeights::File(FileWeights {
        path: path.to_owned(),
        except: vec![except.to_owned()],
        ..FileWeights::default()
    })
}

/// A Mask R-CNN of torchvision's parts and names, few channels wide.
fn narrow_mask_rcnn(num_classes: usize) -> MaskRcnnConfig {
    let mut config = MaskRcnnConfig::resnet50_fpn(num_classes);
    config.mask.layers = vec![8; 4];
    config.mask.reduced = 8;
    let DetectorConfig::Faster(detector) = &mut config.detector else {
        panic!("this preset is a Faster R-CNN with masks")
    };
    detector.backbone = BackboneConfig::resnet_fpn_miniature();
    detector.roi_heads.head = BoxHeadConfig::TwoMlp { features: 16 };
    config
}

/// The name that the released COCO_V1 files have for a tensor.
fn name_in_coco_v1(name: &str) -> String {
    let name = name.replace("rpn.head.conv.0.0.", "rpn.head.conv.");
    (0..4).fold(name, |name, index| {
        let blocks = ["inner_blocks", "layer_blocks"];
        let name = blocks.iter().fold(name, |name, blocks| {
            name.replace(
                &format!("{blocks}.{index}.0."),
                &format!("{blocks}.{index}."),
            )
        });
        name.replace(
            &format!("mask_head.{index}.0."),
            &format!("mask_head.mask_fcn{}.", index + 1),
        )
    })
}

#[test]
fn a_coco_model_of_91_classes_starts_one_of_5() {
    let device = test_device();
    let coco = narrow_mask_rcnn(91).init(&device).unwrap();
    let listing: Vec<_> = weights::named_parameters(&coco)
        .into_iter()
        .map(|(name, shape)| (name_in_coco_v1(&name), shape))
        .collect();
    for name in [
        "backbone.body.layer1.0.downsample.1.running_var",
        "backbone.fpn.inner_blocks.3.weight",
        "backbone.fpn.layer_blocks.0.bias",
        "rpn.head.conv.weight",
        "roi_heads.mask_head.mask_fcn4.bias",
        "roi_heads.mask_predictor.mask_fcn_logits.weight",
    ] {
        assert!(listing.iter().any(|(found, _)| found == name), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coco.safetensors");
    write_safetensors(&listing, Draw::default(), &path).unwrap();

    let fresh = narrow_mask_rcnn(5).init(&device).unwrap();
    let own = values(&fresh);
    let start = all_but(&path, "roi_heads.*_predictor.*");
    let (model, report) = start.load(fresh, None).unwrap();
    // The predictors of boxes and masks: one convolution of theirs would fit, but leads to classes that are gone.
    let left = [
        "roi_heads.box_predictor.bbox_pred.bias",
        "roi_heads.box_predictor.bbox_pred.weight",
        "roi_heads.box_predictor.cls_score.bias",
        "roi_heads.box_predictor.cls_score.weight",
        "roi_heads.mask_predictor.conv5_mask.bias",
        "roi_heads.mask_predictor.conv5_mask.weight",
        "roi_heads.mask_predictor.mask_fcn_logits.bias",
        "roi_heads.mask_predictor.mask_fcn_logits.weight",
    ];
    assert_eq!(report.skipped, left);
    let taken: Vec<&String> = own
        .keys()
        .filter(|name| !left.contains(&name.as_str()))
        .collect();
    assert_eq!(report.taken.iter().collect::<Vec<_>>(), taken);
    assert!(report.missing.is_empty() && report.surplus.is_empty());
    for (name, data) in values(&model) {
        let expected = if left.contains(&name.as_str()) {
            own[&name].try_to_vec::<f32>().unwrap()
        } else {
            let shape = data.shape().to_vec();
            parameter(&name_in_coco_v1(&name), &shape, Draw::default())
        };
        assert_eq!(data.try_to_vec::<f32>().unwrap(), expected, "{name}");
    }
    assert_eq!(
        values(&model)["roi_heads.box_predictor.cls_score.bias"]
            .shape()
            .to_vec(),
        [5]
    );
}

#[test]
fn an_imagenet_vgg16_starts_a_clothnet_of_20_classes() {
    let device = test_device();
    // VGG-16's thirteen convolutions under their numbers in torchvision's list.
    let vgg = |classes| VggConfig {
        groups: vec![vec![4; 2], vec![4; 2], vec![6; 3], vec![6; 3], vec![6; 3]],
        hidden: 8,
        ..VggConfig::vgg16().with_classes(Some(classes))
    };
    let convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
    let layers = convolutions.map(|index| format!("features.{index}"));
    let layers = layers
        .into_iter()
        .chain(["classifier.0".into(), "classifier.3".into()]);
    let mut body: Vec<String> = layers
        .flat_map(|layer| [format!("{layer}.bias"), format!("{layer}.weight")])
        .collect();
    body.sort();

    let imagenet = weights::named_parameters(&vgg(1000).init(&device));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vgg16.safetensors");
    write_safetensors(&imagenet, Draw::default(), &path).unwrap();
    let fresh = vgg(20).init(&device);
    let own = values(&fresh);
    let (model, report) = all_but(&path, "classifier.6.*").load(fresh, None).unwrap();
    let left = ["classifier.6.bias", "classifier.6.weight"];
    assert_eq!(
        (report.taken, report.skipped),
        (body, left.map(String::from).to_vec())
    );
    assert!(report.missing.is_empty() && report.surplus.is_empty());
    for (name, data) in values(&model) {
        let expected = if left.contains(&name.as_str()) {
            own[&name].try_to_vec::<f32>().unwrap()
        } else {
            parameter(&name, &data.shape().to_vec(), Draw::default())
        };
        assert_eq!(data.try_to_vec::<f32>().unwrap(), expected, "{name}");
    }
    // Asked for all of it, the load says what does not fit.
    let strict = StartWeights::File(FileWeights {
        path,
        ..FileWeights::default()
    });
    let error = strict
        .load(vgg(20).init(&device), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("classifier.6.weight") && !error.contains("classifier.3"),
        "{error}"
    );
}
