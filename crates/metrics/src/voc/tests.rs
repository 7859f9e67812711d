#![allow(clippy::unwrap_used)]
use super::*;

const A: [f64; 4] = [0.0, 0.0, 10.0, 10.0];
const FAR: [f64; 4] = [50.0, 50.0, 60.0, 60.0];

fn truth(corners: [f64; 4]) -> VocTruth {
    VocTruth {
        label: 0,
        corners,
        difficult: false,
    }
}

fn detection(corners: [f64; 4], score: f64) -> VocDetection {
    VocDetection {
        label: 0,
        corners,
        score,
    }
}

fn shifted(by: f64) -> [f64; 4] {
    [by, 0.0, 10.0 + by, 10.0]
}

/// Three objects in three pictures; right .9, wrong .8, right .7, the third never found.
/// Precisions 1, 1/2, 2/3; envelope 1, 2/3, 2/3; recalls 1/3, 1/3, 2/3.
/// 2010: 1/3 · 1 + 1/3 · 2/3 = 5/9. 2007: recalls 0 to .3 → 1 (4 points), .4 to .6 → 2/3
/// (3 points), 0 above: (4 + 2) / 11.
#[test]
fn both_years_by_hand() {
    let mut voc = VocAccumulator::new(1);
    voc.push(&[truth(A)], &[detection(A, 0.9), detection(FAR, 0.8)])
        .unwrap();
    voc.push(&[truth(A)], &[detection(A, 0.7)]).unwrap();
    voc.push(&[truth(A)], &[]).unwrap();
    let of = |year| voc.average_precision(0, year).unwrap();
    assert!((of(VocYear::Voc2010) - 5.0 / 9.0).abs() < 1e-15);
    assert!((of(VocYear::Voc2007) - 6.0 / 11.0).abs() < 1e-15);
    assert_eq!(voc.curve(0)[1], (1.0 / 3.0, 0.5));
}

/// Ten objects, three found: recall 3/10 reaches the point 0.3 exactly, so 0, .1, .2, .3 count.
#[test]
fn recalls_are_compared_as_fractions() {
    let mut voc = VocAccumulator::new(1);
    for i in 0..10 {
        let found = if i < 3 {
            vec![detection(A, 0.9)]
        } else {
            vec![]
        };
        voc.push(&[truth(A)], &found).unwrap();
    }
    let ap = voc.average_precision(0, VocYear::Voc2007).unwrap();
    assert!((ap - 4.0 / 11.0).abs() < 1e-15);
}

/// Shift s of a 10 × 10 box: IoU = (10 − s) / (10 + s); s = 10/3 gives 0.5.
#[test]
fn the_overlap_itself_is_enough_and_duplicates_are_wrong() {
    let mut voc = VocAccumulator::with_iou(1, 0.25).unwrap();
    // (10 − 6) / (10 + 6) = 1/4 exactly.
    voc.push(&[truth(A)], &[detection(shifted(6.0), 0.9)])
        .unwrap();
    assert_eq!(voc.average_precision(0, VocYear::Voc2010), Some(1.0));
    let mut voc = VocAccumulator::new(1);
    voc.push(
        &[truth(A), truth(FAR)],
        &[detection(A, 0.9), detection(A, 0.8), detection(FAR, 0.7)],
    )
    .unwrap();
    // 1, 1/2, 2/3: 1/2 · 1 + 1/2 · 2/3.
    assert!((voc.average_precision(0, VocYear::Voc2010).unwrap() - 5.0 / 6.0).abs() < 1e-15);
}

/// The object overlapped most decides, even if it is found already: no second choice.
#[test]
fn the_most_overlapped_object_is_the_only_candidate() {
    let mut voc = VocAccumulator::new(1);
    voc.push(
        &[truth(A), truth(shifted(2.0))],
        &[detection(A, 0.9), detection(shifted(0.5), 0.8)],
    )
    .unwrap();
    assert_eq!(voc.curve(0), [(0.5, 1.0), (0.5, 0.5)]);
}

#[test]
fn difficult_objects_are_neither_found_nor_missed() {
    let mut voc = VocAccumulator::new(1);
    let difficult = VocTruth {
        difficult: true,
        ..truth(FAR)
    };
    voc.push(
        &[truth(A), difficult],
        &[detection(A, 0.5), detection(FAR, 0.9)],
    )
    .unwrap();
    assert_eq!(voc.average_precision(0, VocYear::Voc2010), Some(1.0));
    let mut only_difficult = VocAccumulator::new(1);
    only_difficult
        .push(&[difficult], &[detection(A, 0.5)])
        .unwrap();
    assert_eq!(only_difficult.average_precision(0, VocYear::Voc2007), None);
}

#[test]
fn classes_without_objects_have_no_ap_and_without_detections_zero() {
    let mut voc = VocAccumulator::new(3);
    voc.push(
        &[truth(A)],
        &[VocDetection {
            label: 1,
            ..detection(A, 0.9)
        }],
    )
    .unwrap();
    let aps: Vec<_> = (0..3)
        .map(|c| voc.average_precision(c, VocYear::Voc2010))
        .collect();
    assert_eq!(aps, [Some(0.0), None, None]);
    assert_eq!(voc.mean_average_precision(VocYear::Voc2007), Some(0.0));
    assert!(voc.curve(1).is_empty());
    assert_eq!(
        VocAccumulator::new(0).mean_average_precision(VocYear::Voc2007),
        None
    );
}

/// Equal scores keep the order of the pictures: right before wrong gives 1, the other way 1/2.
#[test]
fn ties_keep_the_order_of_the_pictures() {
    let (mut hit, mut miss) = (VocAccumulator::new(1), VocAccumulator::new(1));
    hit.push(&[truth(A)], &[detection(A, 0.5)]).unwrap();
    miss.push(&[], &[detection(A, 0.5)]).unwrap();
    let mut hit_first = hit.clone();
    hit_first.merge(&miss).unwrap();
    miss.merge(&hit).unwrap();
    assert_eq!(hit_first.average_precision(0, VocYear::Voc2010), Some(1.0));
    assert_eq!(miss.average_precision(0, VocYear::Voc2010), Some(0.5));
}

#[test]
fn bad_values_are_named_and_the_picture_is_not_counted() {
    let mut voc = VocAccumulator::new(1);
    let flat = [5.0, 0.0, 5.0, 10.0];
    let message = voc
        .push(&[truth(A), truth(flat)], &[])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("truths[1] is [5, 0, 5, 10]") && message.contains("x1 < x2"),
        "{message}"
    );
    let message = voc
        .push(&[truth(A)], &[detection(A, f64::NAN)])
        .unwrap_err()
        .to_string();
    assert!(message.contains("scores[0] is NaN"), "{message}");
    let other = VocDetection {
        label: 4,
        ..detection(A, 0.5)
    };
    let message = voc.push(&[truth(A)], &[other]).unwrap_err().to_string();
    assert!(message.contains("detections[0] is 4"), "{message}");
    assert_eq!(voc, VocAccumulator::new(1));
    let message = VocAccumulator::with_iou(1, 0.0).unwrap_err().to_string();
    assert!(
        message.contains("iou is 0; expected a number above 0"),
        "{message}"
    );
}
