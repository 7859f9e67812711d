//! What a detector got most wrong, ranked: for pictures on a page.
//!
//! Detections of a picture are matched as COCO does it at IoU 0.5: the surest first, each to the object
//! of its class that it overlaps most and that is not taken yet.

use wardrobe_datasets::MaskRegion;
use wardrobe_mask_head::TruthMask;

use super::detector::Judged;
use crate::detection::targets;

/// Overlap from which a detection is of an object (COCO's and Pascal VOC's 0.5).
const MATCHED_FROM: f32 = 0.5;
/// An object counts as found by detections of at least this score: those that are drawn.
const SURE_FROM: f32 = 0.5;

/// A wrong detection, a missed object, or a bad mask.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// Which of the judged pictures, from 0.
    pub picture: usize,
    /// What is wrong there.
    pub what: Wrong,
}

/// What is wrong; indices are of the picture's truth and of what was found in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// A detection of nothing: no object of its class is there, or it was found already.
    Invented {
        /// Which detection.
        found: usize,
        /// The object it overlaps most from IoU 0.5 on, whatever its class.
        covers: Option<usize>,
    },
    /// An object without a sure detection.
    Missed {
        /// Which object.
        object: usize,
        /// The share of the picture that its box covers.
        share: f32,
    },
    /// A sure detection of an object whose mask is not the object's.
    PoorMask {
        /// Which detection.
        found: usize,
        /// Which object.
        object: usize,
        /// The masks' IoU.
        iou: f32,
    },
}

/// The worst of each kind, worst first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorstErrors {
    /// Sure detections of nothing, by score.
    pub invented: Vec<Mistake>,
    /// Missed objects, by size.
    pub missed: Vec<Mistake>,
    /// Masks of objects that were found, by IoU from the lowest.
    pub poor_masks: Vec<Mistake>,
}

/// The worst `count` of each kind; of equals the earlier picture's.
pub fn worst_errors(judged: &[Judged], count: usize) -> WorstErrors {
    let mut worst = WorstErrors::default();
    for (picture, one) in judged.iter().enumerate() {
        for what in mistakes(one) {
            let list = match what {
                Wrong::Invented { .. } => &mut worst.invented,
                Wrong::Missed { .. } => &mut worst.missed,
                Wrong::PoorMask { .. } => &mut worst.poor_masks,
            };
            list.push(Mistake { picture, what });
        }
    }
    let badness = |mistake: &Mistake| match mistake.what {
        Wrong::Invented { found, .. } => judged[mistake.picture].found[found].detection.score,
        Wrong::Missed { share, .. } => share,
        Wrong::PoorMask { iou, .. } => 1.0 - iou,
    };
    let lists = [
        &mut worst.invented,
        &mut worst.missed,
        &mut worst.poor_masks,
    ];
    for list in lists {
        // Stable: of equals the earlier stays first.
        list.sort_by(|a, b| badness(b).total_cmp(&badness(a)));
        list.truncate(count);
    }
    worst
}

fn mistakes(one: &Judged) -> Vec<Wrong> {
    let objects = &one.truth.objects;
    let mut finder: Vec<Option<usize>> = vec![None; objects.boxes.len()];
    let mut wrong = Vec::new();
    // Detections come best first.
    for (index, found) in one.found.iter().enumerate() {
        let detection = &found.detection;
        if detection.score < SURE_FROM {
            break;
        }
        let overlaps = |object: &usize| iou(objects.boxes[*object], detection.bbox);
        let best = |free: &dyn Fn(usize) -> bool| {
            (0..objects.boxes.len())
                .filter(|&object| free(object))
                .filter(|object| overlaps(object) >= MATCHED_FROM)
                .max_by(|a, b| overlaps(a).total_cmp(&overlaps(b)))
        };
        let own =
            |object: usize| objects.labels[object] == detection.label && finder[object].is_none();
        if let Some(object) = best(&own) {
            finder[object] = Some(index);
            continue;
        }
        let excused = targets(&one.sample).any(|target| {
            target.ignored
                && target.label.is_none_or(|label| label == detection.label)
                && covered(detection.bbox, target.corners) >= MATCHED_FROM
        });
        if !excused {
            let covers = best(&|_| true);
            wrong.push(Wrong::Invented {
                found: index,
                covers,
            });
        }
    }
    let [width, height] = [one.sample.picture.width(), one.sample.picture.height()];
    for (object, finder) in finder.into_iter().enumerate() {
        let Some(found) = finder else {
            let share = area(objects.boxes[object]) / (width * height) as f32;
            wrong.push(Wrong::Missed { object, share });
            continue;
        };
        if let (Some(mask), Some(truth)) = (&one.found[found].mask, one.truth.masks.get(object)) {
            let iou = mask_iou(mask, truth);
            wrong.push(Wrong::PoorMask { found, object, iou });
        }
    }
    wrong
}

fn area([x1, y1, x2, y2]: [f32; 4]) -> f32 {
    (x2 - x1).max(0.0) * (y2 - y1).max(0.0)
}

fn common(a: [f32; 4], b: [f32; 4]) -> f32 {
    area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ])
}

fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let common = common(a, b);
    common / (area(a) + area(b) - common)
}

/// The share of a box inside a region.
fn covered(bbox: [f32; 4], region: [f32; 4]) -> f32 {
    common(bbox, region) / area(bbox)
}

fn mask_iou(found: &MaskRegion, truth: &TruthMask) -> f32 {
    let truth_area = truth.bits.iter().filter(|bit| **bit).count();
    let common = truth
        .bits
        .iter()
        .enumerate()
        .filter(|&(index, &bit)| {
            let (column, row) = (index % truth.width, index / truth.width);
            bit && found.contains(truth.x + column, truth.y + row)
        })
        .count();
    let union = truth_area + found.area() - common;
    if union == 0 {
        return 1.0;
    }
    common as f32 / union as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::detection::Found;
    use wardrobe_datasets::sample::BBox;
    use wardrobe_datasets::{Object, Picture, Sample};
    use wardrobe_mask_head::InstanceTruth;
    use wardrobe_rpn_roi::{Detection, GroundTruth};

    /// Of coats.
    const CROWD: [f32; 4] = [15.0, 0.0, 20.0, 10.0];

    fn judged(boxes: &[([f32; 4], usize)], found: &[([f32; 4], usize, f32)]) -> Judged {
        let mask = |[x1, y1, x2, y2]: [f32; 4]| TruthMask {
            x: x1 as usize,
            y: y1 as usize,
            width: (x2 - x1) as usize,
            bits: vec![true; ((x2 - x1) * (y2 - y1)) as usize],
        };
        let crowd = Object {
            category: Some(0),
            bbox: Some(BBox::from(CROWD)),
            crowd: true,
            ..Object::default()
        };
        Judged {
            name: "a.png".into(),
            id: 1,
            sample: Sample {
                picture: Picture::new(vec![0; 3 * 20 * 10], 20, 10),
                objects: vec![crowd],
                parsing: None,
            },
            truth: InstanceTruth {
                objects: GroundTruth {
                    boxes: boxes.iter().map(|one| one.0).collect(),
                    labels: boxes.iter().map(|one| one.1).collect(),
                    ignored: vec![CROWD],
                },
                masks: boxes.iter().map(|one| mask(one.0)).collect(),
            },
            found: found
                .iter()
                .map(|&(bbox, label, score)| {
                    let mask = mask(bbox);
                    let region = MaskRegion::new(mask.x, mask.y, mask.width, mask.bits);
                    Found {
                        detection: Detection { bbox, score, label },
                        mask: Some(region),
                    }
                })
                .collect(),
        }
    }

    /// The first picture: a coat of 8 × 5 found with 8 × 4 of its pixels (IoU 32/40); found again, of
    /// another class; and a coat and a dress in the crowd of coats. The second: an unsure detection leaves its
    /// object, 50 of 200 pixels, missed. The third: an object of 20 missed, and a sure invention.
    #[test]
    fn each_kind_is_ranked_from_the_worst() {
        let coat = [0.0, 0.0, 8.0, 5.0];
        let first = judged(
            &[(coat, 1)],
            &[
                ([0.0, 0.0, 8.0, 4.0], 1, 0.9),
                (coat, 2, 0.8),
                ([16.0, 1.0, 19.0, 8.0], 1, 0.7),
                ([16.0, 1.0, 19.0, 8.0], 2, 0.6),
            ],
        );
        let large = [0.0, 0.0, 10.0, 5.0];
        let second = judged(&[(large, 1)], &[(large, 1, 0.4)]);
        let small = [0.0, 0.0, 5.0, 4.0];
        let third = judged(&[(small, 1)], &[([6.0, 6.0, 9.0, 9.0], 2, 0.95)]);
        let worst = worst_errors(&[first, second, third], 3);
        let mistake = |picture, what| Mistake { picture, what };
        let invented = |found, covers| Wrong::Invented { found, covers };
        assert_eq!(
            worst.invented,
            [
                mistake(2, invented(0, None)),
                mistake(0, invented(1, Some(0))),
                mistake(0, invented(3, None)),
            ]
        );
        let missed = |share| Wrong::Missed { object: 0, share };
        assert_eq!(
            worst.missed,
            [mistake(1, missed(0.25)), mistake(2, missed(0.1))]
        );
        let iou = 0.8;
        let poor = Wrong::PoorMask {
            found: 0,
            object: 0,
            iou,
        };
        assert_eq!(worst.poor_masks, [mistake(0, poor)]);
    }

    #[test]
    fn a_mask_elsewhere_has_no_overlap() {
        let truth = TruthMask {
            x: 0,
            y: 0,
            width: 2,
            bits: vec![true; 4],
        };
        let elsewhere = MaskRegion::new(2, 0, 2, vec![true; 4]);
        assert_eq!(mask_iou(&elsewhere, &truth), 0.0);
        // One column of two in common: 2 / (4 + 4 − 2).
        let beside = MaskRegion::new(1, 0, 2, vec![true; 4]);
        assert_eq!(mask_iou(&beside, &truth), 2.0 / 6.0);
    }
}
