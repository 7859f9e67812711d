//! Every value an evaluation cannot use is named: file, JSON path, what was found, what to do.
#![allow(clippy::unwrap_used)]

use wardrobe_metrics::coco::{
    self, CocoCategory, CocoDetection, CocoDetections, CocoKind, CocoObject, CocoPicture,
    CocoSettings, CocoTruth, DetectionArea, Segmentation,
};

fn truth() -> CocoTruth {
    let mut object = CocoObject::boxed(1, 1, 1, [1.0, 1.0, 4.0, 4.0]);
    object.segmentation = Some(Segmentation::Polygon(vec![vec![
        1.0, 1.0, 5.0, 1.0, 5.0, 5.0,
    ]]));
    object.keypoints = Some(vec![1.0, 1.0, 2.0]);
    CocoTruth::new(
        vec![CocoPicture {
            id: 1,
            width: 8,
            height: 6,
        }],
        vec![CocoCategory {
            id: 1,
            name: "coat".into(),
        }],
        vec![object],
    )
}

fn detections() -> CocoDetections {
    let mut detection = CocoDetection::boxed(1, 1, 0.5, [1.0, 1.0, 4.0, 4.0]);
    detection.segmentation = Some(Segmentation::UncompressedRle {
        size: [6, 8],
        counts: vec![7, 4, 37],
    });
    detection.keypoints = Some(vec![1.0, 1.0, 2.0]);
    CocoDetections::new(vec![detection])
}

/// The message after one change of a set that passes without it.
fn message(kind: CocoKind, change: impl FnOnce(&mut CocoTruth, &mut CocoDetections)) -> String {
    let settings = match kind {
        CocoKind::Boxes => CocoSettings::boxes(),
        CocoKind::Masks => CocoSettings::masks(),
        CocoKind::Keypoints => CocoSettings::keypoints(vec![0.1]),
    };
    let (mut truth, mut detections) = (truth(), detections());
    assert!(coco::evaluate(&truth, &detections, &settings).is_ok());
    change(&mut truth, &mut detections);
    coco::evaluate(&truth, &detections, &settings)
        .unwrap_err()
        .to_string()
}

#[test]
fn ids_that_stand_twice_or_nowhere_are_named() {
    use CocoKind::Boxes;
    let m = message(Boxes, |t, _| t.annotations.push(t.annotations[0].clone()));
    assert_eq!(
        m,
        "the ground truth: annotations[1].id: 1 is already the id of annotations[0]; give every record its own id"
    );
    let m = message(Boxes, |t, _| t.images.push(t.images[0].clone()));
    assert!(m.contains("images[1].id: 1 is already"), "{m}");
    let m = message(Boxes, |t, _| t.categories.push(t.categories[0].clone()));
    assert!(m.contains("categories[1].id: 1 is already"), "{m}");
    let m = message(Boxes, |t, _| t.annotations[0].image_id = 9);
    assert!(
        m.contains("annotations[0].image_id: 9 is no id in `images`"),
        "{m}"
    );
    let m = message(Boxes, |_, d| d.list[0].category_id = 7);
    assert!(
        m.contains("the detections: [0].category_id: 7 is no id in `categories`"),
        "{m}"
    );
    let m = message(Boxes, |_, d| d.list[0].image_id = 7);
    assert!(
        m.contains("[0].image_id: 7 is no id in `images`") && m.contains("same split"),
        "{m}"
    );
}

#[test]
fn boxes_without_meaning_are_named() {
    use CocoKind::Boxes;
    let m = message(Boxes, |t, _| t.annotations[0].bbox[2] = 0.0);
    assert!(
        m.contains(
            "annotations[0].bbox: is [1.0, 1.0, 0.0, 4.0]; expected width and height above 0"
        ),
        "{m}"
    );
    let m = message(Boxes, |t, _| t.annotations[0].bbox[0] = f64::NAN);
    assert!(m.contains("annotations[0].bbox: is [NaN"), "{m}");
    let m = message(Boxes, |t, _| t.annotations[0].area = -1.0);
    assert!(
        m.contains("annotations[0].area: is -1.0; expected the finite number"),
        "{m}"
    );
    let m = message(Boxes, |_, d| d.list[0].bbox = Some([0.0, 0.0, -1.0, 2.0]));
    assert!(m.contains("[0].bbox: is [0.0, 0.0, -1.0, 2.0]"), "{m}");
    let m = message(Boxes, |_, d| d.list[0].score = f64::NAN);
    assert!(
        m.contains("[0].score: is NaN; expected a finite number"),
        "{m}"
    );
    let m = message(Boxes, |_, d| d.list[0].bbox = None);
    assert!(m.contains("[0].bbox: is missing; evaluate masks"), "{m}");
}

#[test]
fn masks_without_meaning_are_named() {
    use CocoKind::Masks;
    let m = message(Masks, |t, _| t.annotations[0].segmentation = None);
    assert!(
        m.contains("annotations[0].segmentation: is missing; evaluate boxes"),
        "{m}"
    );
    let m = message(Masks, |t, _| {
        t.annotations[0].segmentation = Some(Segmentation::Polygon(vec![]));
    });
    assert!(m.contains("annotations[0].segmentation: is missing"), "{m}");
    let two_points = Segmentation::Polygon(vec![vec![1.0, 1.0, 2.0, 2.0]]);
    let m = message(Masks, |t, _| {
        t.annotations[0].segmentation = Some(two_points);
    });
    assert!(
        m.contains(
            "segmentation[0]: is a polygon of 4 numbers; expected x and y of at least three"
        ),
        "{m}"
    );
    let nan = Segmentation::Polygon(vec![vec![1.0, f64::NAN, 2.0, 2.0, 3.0, 3.0]]);
    let m = message(Masks, |t, _| t.annotations[0].segmentation = Some(nan));
    assert!(m.contains("segmentation[0]: is NaN"), "{m}");
    let m = message(Masks, |t, _| t.images[0].width = 0);
    assert!(
        m.contains("picture 1, whose height and width are [6, 0]"),
        "{m}"
    );
    let other = Segmentation::UncompressedRle {
        size: [8, 6],
        counts: vec![48],
    };
    let m = message(Masks, |_, d| d.list[0].segmentation = Some(other));
    assert!(
        m.contains("[0].segmentation.size: is [8, 6]; expected height and width"),
        "{m}"
    );
    let long = Segmentation::UncompressedRle {
        size: [6, 8],
        counts: vec![40, 40],
    };
    let m = message(Masks, |_, d| d.list[0].segmentation = Some(long));
    assert!(m.contains("[0].segmentation.counts: is "), "{m}");
    let broken = Segmentation::CompressedRle {
        size: [6, 8],
        counts: "~~~~~~~~".into(),
    };
    let m = message(Masks, |_, d| d.list[0].segmentation = Some(broken));
    assert!(m.contains("[0].segmentation.counts: is "), "{m}");
    let m = message(Masks, |_, d| d.list[0].segmentation = None);
    assert!(m.contains("[0].segmentation: is missing"), "{m}");
}

#[test]
fn boxes_beside_masks_are_for_all_or_none() {
    let m = message(CocoKind::Masks, |_, d| {
        d.list.push(CocoDetection {
            bbox: None,
            ..d.list[0].clone()
        });
    });
    assert!(
        m.contains("[1].bbox: is missing; other detections have one"),
        "{m}"
    );
    let m = message(CocoKind::Masks, |_, d| {
        d.list.insert(
            0,
            CocoDetection {
                bbox: None,
                ..d.list[0].clone()
            },
        );
    });
    assert!(m.contains("[0].bbox: is missing"), "{m}");
    let mut detections = detections();
    detections.list.push(CocoDetection {
        bbox: None,
        ..detections.list[0].clone()
    });
    let settings = CocoSettings {
        detection_area: DetectionArea::OfShape,
        ..CocoSettings::masks()
    };
    assert!(coco::evaluate(&truth(), &detections, &settings).is_ok());
}

#[test]
fn keypoints_without_meaning_are_named() {
    use CocoKind::Keypoints;
    let m = message(Keypoints, |t, _| t.annotations[0].keypoints = None);
    assert!(m.contains("annotations[0].keypoints: is missing"), "{m}");
    let m = message(Keypoints, |t, _| {
        t.annotations[0].keypoints = Some(vec![1.0; 6]);
    });
    assert!(
        m.contains("annotations[0].keypoints: is 6 numbers for 1 sigmas"),
        "{m}"
    );
    let m = message(Keypoints, |t, _| t.annotations[0].num_keypoints = Some(0));
    assert!(
        m.contains("annotations[0].num_keypoints: is 0; expected the number of keypoints"),
        "{m}"
    );
    let m = message(Keypoints, |_, d| {
        d.list[0].keypoints = Some(vec![f64::INFINITY; 3]);
    });
    assert!(
        m.contains("[0].keypoints: is inf; expected finite numbers"),
        "{m}"
    );
    let m = message(Keypoints, |_, d| d.list[0].keypoints = None);
    assert!(m.contains("[0].keypoints: is missing"), "{m}");
}
