//! Classification, segmentation, calibration and FashionAI scores beside scikit-learn's and
//! NumPy's (`fixtures/generate_scores.py`).
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use wardrobe_metrics::{
    AttributeRecall, ConfusionMatrix, FashionAiDimension, LabelMapScores, ParsingAccumulator,
    Reliability, TopK, average_precision, fashionai_scores, parse_marks, precision_recall,
};

/// Sums of tens of terms in another order: a few units in the last place.
const TOLERANCE: f64 = 1e-14;

fn fixture(part: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/scores.json");
    let whole: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(whole["scikit-learn"], "1.9.1");
    whole[part].clone()
}

fn list<T>(value: &Value, of: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(of).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    list(value, |v| v.as_f64().unwrap() as f32)
}

fn labels(value: &Value) -> Vec<usize> {
    list(value, |v| v.as_u64().unwrap() as usize)
}

fn flags(value: &Value) -> Vec<bool> {
    list(value, |v| v.as_bool().unwrap())
}

#[track_caller]
fn near(ours: impl Into<Option<f64>>, theirs: &Value) {
    let (ours, theirs) = (ours.into().unwrap(), theirs.as_f64().unwrap());
    assert!(
        (ours - theirs).abs() <= TOLERANCE,
        "{ours} against {theirs}"
    );
}

#[test]
fn confusion_matrices() {
    let case = fixture("labels");
    let mut matrix = ConfusionMatrix::new(5);
    matrix
        .add_labels(&labels(&case["truth"]), &labels(&case["predicted"]))
        .unwrap();
    assert_eq!(
        matrix.counts(),
        list(&case["matrix"], |v| v.as_u64().unwrap())
    );
    near(matrix.accuracy(), &case["accuracy"]);
    near(matrix.mean_recall(), &case["balanced_accuracy"]);
    near(matrix.mean_precision(), &case["precision"]);
    near(matrix.mean_f1(), &case["f1"]);
    near(matrix.mean_iou(), &case["iou"]);
    near(matrix.frequency_weighted_iou(), &case["iou_weighted"]);
}

#[test]
fn top_k_accuracy() {
    let case = fixture("top_k");
    let ks = labels(&case["ks"]);
    let mut top = TopK::new(&ks).unwrap();
    for (scores, truth) in list(&case["scores"], floats)
        .iter()
        .zip(labels(&case["truth"]))
    {
        top.push(scores, truth).unwrap();
    }
    for i in 0..ks.len() {
        near(top.accuracy(i), &case["accuracy"][i]);
    }
}

#[test]
fn average_precision_and_its_curve() {
    let case = fixture("binary");
    let (scores, positive) = (floats(&case["scores"]), flags(&case["positive"]));
    near(
        average_precision(&scores, &positive).unwrap(),
        &case["average_precision"],
    );
    let curve = precision_recall(&scores, &positive).unwrap().unwrap();
    // scikit-learn's curve goes on at thresholds below the one that finds the last positive, as ours.
    assert_eq!(curve.len(), case["thresholds"].as_array().unwrap().len());
    for (i, point) in curve.iter().enumerate() {
        near(point.threshold, &case["thresholds"][i]);
        near(point.precision, &case["precision"][i]);
        near(point.recall, &case["recall"][i]);
    }
}

#[test]
fn reliability() {
    let case = fixture("binary");
    let mut reliability = Reliability::new(5).unwrap();
    reliability
        .push(&floats(&case["probabilities"]), &flags(&case["positive"]))
        .unwrap();
    near(reliability.brier_score(), &case["brier"]);
    let filled: Vec<_> = reliability
        .bins()
        .into_iter()
        .filter(|bin| bin.count > 0)
        .collect();
    assert_eq!(
        filled.len(),
        case["calibration_mean"].as_array().unwrap().len()
    );
    for (i, bin) in filled.iter().enumerate() {
        near(bin.observed, &case["calibration_observed"][i]);
        near(bin.mean_probability, &case["calibration_mean"][i]);
    }
}

#[test]
fn fashionai() {
    let case = fixture("fashionai");
    let dimensions = list(&case["dimensions"], |row| {
        let probabilities = list(&row["probabilities"], floats);
        let mut dimension = FashionAiDimension::new("d", probabilities[0].len());
        for (marks, p) in list(&row["marks"], |m| parse_marks(m.as_str().unwrap()).unwrap())
            .iter()
            .zip(&probabilities)
        {
            dimension.push(marks, p).unwrap();
        }
        near(dimension.average_precision(), &row["average_precision"]);
        near(dimension.basic_precision(), &row["basic_precision"]);
        assert_eq!(dimension.counted() as u64, row["counted"].as_u64().unwrap());
        dimension
    });
    near(
        fashionai_scores(&dimensions).mean_average_precision,
        &case["mean_average_precision"],
    );
}

#[test]
fn label_maps() {
    let case = fixture("label_maps");
    let bytes = |value: &Value| list(value, |v| v.as_u64().unwrap() as u8);
    let mut parsing = ParsingAccumulator::lip();
    parsing
        .push(&bytes(&case["truth"]), &bytes(&case["predicted"]))
        .unwrap();
    let scores = LabelMapScores::of(parsing.pixels());
    near(scores.pixel_accuracy, &case["pixel_accuracy"]);
    near(scores.mean_accuracy, &case["mean_accuracy"]);
    near(scores.mean_iou, &case["mean_iou"]);
    near(
        scores.frequency_weighted_iou,
        &case["frequency_weighted_iou"],
    );
    assert_eq!(parsing.scores().maps, scores);
}

#[test]
fn attribute_recall() {
    let case = fixture("attributes");
    let mut recall =
        AttributeRecall::new(&["a", "b", "c"], &labels(&case["groups"]), &[3, 5]).unwrap();
    for (scores, annotated) in list(&case["scores"], floats)
        .iter()
        .zip(list(&case["annotated"], flags))
    {
        recall.push(scores, &annotated).unwrap();
    }
    for (i, k) in ["3", "5"].into_iter().enumerate() {
        let found = &case["found"][k];
        for group in 0..3 {
            near(recall.group(group, i), &found["groups"][group]);
        }
        near(recall.overall(i), &found["overall"]);
        near(recall.macro_mean(None, i), &found["macro"]);
    }
}
