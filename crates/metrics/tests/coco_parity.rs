//! Evaluations of the sets under `fixtures/coco` beside pycocotools' own (`generate_coco.py`).
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use serde_json::Value;
use wardrobe_metrics::coco::{
    self, CocoDetection, CocoDetections, CocoScores, CocoSettings, CocoTruth, DetectionArea,
};

/// Keypoints only: NumPy's exponential function and Rust's differ in the last bit, which moves no
/// match here.
const KEYPOINT_TOLERANCE: f64 = 0.0;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/coco")
}

fn expected() -> Vec<Value> {
    let text = std::fs::read(folder().join("expected.json")).unwrap();
    let whole: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(whole["pycocotools"], "2.0.11");
    whole["cases"].as_array().unwrap().clone()
}

fn case(name: &str) -> Value {
    expected()
        .into_iter()
        .find(|case| case["name"] == name)
        .unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn settings(case: &Value) -> CocoSettings {
    let mut settings = match case["kind"].as_str().unwrap() {
        "boxes" => CocoSettings::boxes(),
        "masks" => CocoSettings::masks(),
        _ => CocoSettings::person_keypoints(),
    };
    let departs = &case["settings"];
    if let Some(limits) = departs["limits"].as_array() {
        settings.detection_limits = limits
            .iter()
            .map(|limit| limit.as_u64().unwrap() as usize)
            .collect();
    }
    if !departs["sigmas"].is_null() {
        settings.sigmas = numbers(&departs["sigmas"]);
    }
    settings.pool_categories = departs["pooled"].as_bool().unwrap_or(false);
    settings
}

fn read(name: &str) -> (CocoTruth, CocoDetections) {
    (
        CocoTruth::read(folder().join(format!("{name}_truth.json"))).unwrap(),
        CocoDetections::read(folder().join(format!("{name}_found.json"))).unwrap(),
    )
}

fn evaluate(case: &Value) -> CocoScores {
    let (truth, found) = read(case["name"].as_str().unwrap());
    coco::evaluate(&truth, &found, &settings(case)).unwrap()
}

#[test]
fn every_number_is_pycocotools() {
    let cases = expected();
    assert_eq!(cases.len(), 12);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let tolerance = if name.starts_with("keypoints") {
            KEYPOINT_TOLERANCE
        } else {
            0.0
        };
        let equal = |what: &str, ours: &[f64], theirs: &[f64]| {
            assert_eq!(ours.len(), theirs.len(), "{name} {what}");
            for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
                assert!(
                    (a - b).abs() <= tolerance,
                    "{name} {what}[{i}]: {a:?} against {b:?}"
                );
            }
        };
        let scores = evaluate(case);
        let (mut stats, mut theirs) = (scores.as_pycocotools(), numbers(&case["stats"]));
        if name == "boxes_limits" {
            // pycocotools looks for the limit 100 and, without it, reports no AP.
            assert_eq!(theirs.remove(0), -1.0);
            stats.remove(0);
        }
        equal("stats", &stats, &theirs);
        equal("recall", scores.recall(), &numbers(&case["recall"]));
        let table = scores.per_category();
        let of = |pick: fn(&coco::CocoSummary) -> Option<f64>| -> Vec<f64> {
            table
                .iter()
                .map(|row| pick(&row.summary).unwrap_or(-1.0))
                .collect()
        };
        if !table.is_empty() {
            equal("category AP", &of(|s| s.ap), &numbers(&case["category_ap"]));
            equal(
                "category AR",
                &of(|s| s.ar.last().unwrap().1),
                &numbers(&case["category_ar"]),
            );
        }
        for (t, iou) in [0.5, 0.75].into_iter().enumerate() {
            let categories = scores.categories().iter().map(|(id, _)| Some(*id));
            for (k, category) in categories.enumerate() {
                let category = category.filter(|_| !table.is_empty());
                let precision = numbers(&case["precision_curves"][t][k]);
                match scores.curve(category, iou) {
                    Some(curve) => {
                        equal("precision", &curve.precision, &precision);
                        equal(
                            "scores",
                            &curve.score,
                            &numbers(&case["score_curves"][t][k]),
                        );
                    }
                    None => assert!(precision.iter().all(|&p| p == -1.0), "{name}"),
                }
            }
        }
    }
}

/// pycocotools counts a match with the object of id 0 as none, 1 of 4 objects here; the values the
/// test above compares are those of the same set numbered from 1.
#[test]
fn an_object_with_id_0_is_found() {
    let case = case("boxes_id_zero");
    let theirs = numbers(&case["stats_of_pycocotools"]);
    let ours = evaluate(&case).as_pycocotools();
    assert!(
        theirs[0] < ours[0] - 0.2,
        "{} against {}",
        theirs[0],
        ours[0]
    );
}

/// Areas decide the size classes only.
#[test]
fn the_area_of_a_mask_can_be_its_own() {
    let case = case("masks_beside_boxes");
    let (truth, found) = read("masks_beside_boxes");
    let own = CocoSettings {
        detection_area: DetectionArea::OfShape,
        ..CocoSettings::masks()
    };
    let without: Vec<CocoDetection> = found
        .list
        .iter()
        .map(|d| CocoDetection {
            bbox: None,
            ..d.clone()
        })
        .collect();
    let by_mask = coco::evaluate(&truth, &found, &own)
        .unwrap()
        .as_pycocotools();
    let as_without = coco::evaluate(
        &truth,
        &CocoDetections::new(without),
        &CocoSettings::masks(),
    )
    .unwrap();
    assert_eq!(by_mask, as_without.as_pycocotools());
    let by_box = numbers(&case["stats"]);
    assert_eq!(by_mask[..3], by_box[..3]);
    assert_ne!(by_mask[3..6], by_box[3..6]);
}

/// Renaming the categories moves rows of the table and no value.
#[test]
fn the_names_of_ids_do_not_matter() {
    let (mut truth, mut found) = read("boxes_mixed");
    let before = coco::evaluate(&truth, &found, &CocoSettings::boxes()).unwrap();
    let category = |id: u64| 5 * id + 2;
    let image = |id: u64| 1_000_000 + 7 * id;
    truth.images.iter_mut().for_each(|i| i.id = image(i.id));
    truth
        .categories
        .iter_mut()
        .for_each(|c| c.id = category(c.id));
    for object in &mut truth.annotations {
        (object.id, object.image_id, object.category_id) = (
            u64::MAX - object.id,
            image(object.image_id),
            category(object.category_id),
        );
    }
    for detection in &mut found.list {
        (detection.image_id, detection.category_id) =
            (image(detection.image_id), category(detection.category_id));
    }
    let after = coco::evaluate(&truth, &found, &CocoSettings::boxes()).unwrap();
    assert_eq!(before.precision(), after.precision());
    assert_eq!(before.summary(), after.summary());
}
