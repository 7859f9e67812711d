//! Confidence intervals of AP by drawing pictures with replacement.

use std::collections::HashMap;

use serde::Serialize;

use super::sets::{CocoDetections, CocoTruth};
use super::settings::CocoSettings;
use crate::bootstrap::{Bootstrap, Interval};
use crate::error::{CocoError, MetricError};
use crate::numbers::{descending, mean, mean_of_defined};

/// AP over all sizes, at the last detection limit, with its intervals; `None` where undefined or
/// where the settings lack the IoU threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CocoIntervals {
    /// Mean of AP over the IoU thresholds.
    pub ap: Option<Interval>,
    /// AP at IoU 0.5.
    pub ap50: Option<Interval>,
    /// AP at IoU 0.75.
    pub ap75: Option<Interval>,
}

/// Thresholds one detection's outcomes have room for.
const MAX_THRESHOLDS: usize = 64;

/// A detection and its outcome at each IoU threshold, one bit each.
struct Outcome {
    score: f64,
    picture: usize,
    right: u64,
    ignored: u64,
}

#[derive(Default)]
struct Category {
    /// By descending score, of equals in the order of pictures and list.
    outcomes: Vec<Outcome>,
    /// Pictures with objects, and how many.
    objects: Vec<(usize, usize)>,
}

/// Evaluates, and gives AP its confidence interval by drawing pictures: a picture drawn twice
/// counts with its objects and detections twice, its copies next to each other in the ranking.
///
/// ```
/// use wardrobe_metrics::Bootstrap;
/// use wardrobe_metrics::coco::{
///     self, CocoCategory, CocoDetection, CocoDetections, CocoObject, CocoPicture, CocoSettings, CocoTruth,
/// };
/// let bbox = [1.0, 1.0, 9.0, 9.0];
/// let truth = CocoTruth::new(
///     (0..20).map(|id| CocoPicture { id, width: 0, height: 0 }).collect(),
///     vec![CocoCategory { id: 1, name: "coat".into() }],
///     (0..20).map(|id| CocoObject::boxed(id, id, 1, bbox)).collect(),
/// );
/// let found = CocoDetections::new((0..10).map(|id| CocoDetection::boxed(id, 1, 0.9, bbox)).collect());
/// let intervals = coco::intervals(&truth, &found, &CocoSettings::boxes(), &Bootstrap::default())?;
/// let ap50 = intervals.ap50.unwrap();
/// assert!(ap50.lower < ap50.estimate && ap50.estimate < ap50.upper);
/// # Ok::<(), wardrobe_metrics::CocoError>(())
/// ```
///
/// # Errors
/// As [`evaluate`](super::evaluate()), and [`CocoError::Setting`] for settings of the bootstrap, no
/// pictures, or more than 64 IoU thresholds.
pub fn intervals(
    truth: &CocoTruth,
    detections: &CocoDetections,
    settings: &CocoSettings,
    bootstrap: &Bootstrap,
) -> Result<CocoIntervals, CocoError> {
    if settings.iou_thresholds.len() > MAX_THRESHOLDS {
        return Err(CocoError::Setting(MetricError::BadSetting {
            name: "iou_thresholds",
            value: format!("a list of {}", settings.iou_thresholds.len()),
            expected: "at most 64 thresholds to resample",
        }));
    }
    let categories = outcomes(truth, detections, settings)?;
    let at = |iou: f64| {
        settings
            .iou_thresholds
            .iter()
            .position(|t| (t - iou).abs() < 1e-9)
    };
    let (half, three_quarters) = (at(0.5), at(0.75));
    let pictures = truth.images.len();
    let [ap, ap50, ap75] = bootstrap.intervals(pictures, |draw| {
        let mut copies = vec![0_u32; pictures];
        for &picture in draw {
            copies[picture] += 1;
        }
        let per_category: Vec<Vec<f64>> = categories
            .iter()
            .filter_map(|category| category.average_precisions(&copies, settings))
            .collect();
        let of = |t: usize| mean(&per_category.iter().map(|aps| aps[t]).collect::<Vec<_>>());
        let all = mean_of_defined((0..settings.iou_thresholds.len()).map(of));
        [all, half.and_then(of), three_quarters.and_then(of)]
    })?;
    Ok(CocoIntervals { ap, ap50, ap75 })
}

/// The outcomes of every detection, category by category.
fn outcomes(
    truth: &CocoTruth,
    detections: &CocoDetections,
    settings: &CocoSettings,
) -> Result<Vec<Category>, CocoError> {
    let evaluator = super::matched_over_all_sizes(truth, detections, settings)?;
    let pictures: HashMap<u64, usize> = truth
        .images
        .iter()
        .enumerate()
        .map(|(i, image)| (image.id, i))
        .collect();
    let mut categories: HashMap<u64, Category> = HashMap::new();
    for cell in evaluator.eval_imgs().iter().flatten() {
        let picture = pictures[&cell.image_id];
        let category = categories.entry(cell.category_id).or_default();
        category
            .objects
            .push((picture, cell.num_gt_in_denominator()));
        category
            .outcomes
            .extend(cell.dt_scores.iter().enumerate().map(|(d, &score)| {
                let bits = |is: &dyn Fn(usize) -> bool| {
                    (0..settings.iou_thresholds.len())
                        .fold(0, |bits, t| bits | u64::from(is(t)) << t)
                };
                Outcome {
                    score,
                    picture,
                    right: bits(&|t| cell.dt_matched[(t, d)]),
                    ignored: bits(&|t| cell.dt_ignore[(t, d)]),
                }
            }));
    }
    let mut categories: Vec<(u64, Category)> = categories.into_iter().collect();
    categories.sort_unstable_by_key(|(id, _)| *id);
    for (_, category) in &mut categories {
        category
            .outcomes
            .sort_by(|a, b| descending(a.score, b.score));
    }
    Ok(categories
        .into_iter()
        .map(|(_, category)| category)
        .collect())
}

impl Category {
    /// AP at each threshold with each picture counted as often as `copies` says; nothing where no
    /// object is drawn.
    fn average_precisions(&self, copies: &[u32], settings: &CocoSettings) -> Option<Vec<f64>> {
        let objects: usize = self
            .objects
            .iter()
            .map(|&(picture, count)| copies[picture] as usize * count)
            .sum();
        if objects == 0 {
            return None;
        }
        let mut curve: Vec<(u32, f64)> = Vec::with_capacity(self.outcomes.len());
        let of = |t: usize| {
            curve.clear();
            let (mut right, mut wrong) = (0_u32, 0_u32);
            for outcome in self
                .outcomes
                .iter()
                .filter(|outcome| outcome.ignored >> t & 1 == 0)
            {
                for _ in 0..copies[outcome.picture] {
                    let is_right = (outcome.right >> t & 1) as u32;
                    right += is_right;
                    wrong += 1 - is_right;
                    curve.push((
                        right,
                        f64::from(right) / (f64::from(wrong + right) + f64::EPSILON),
                    ));
                }
            }
            for i in (1..curve.len()).rev() {
                curve[i - 1].1 = curve[i - 1].1.max(curve[i].1);
            }
            let mut at = 0;
            let sampled: Vec<f64> = settings
                .recall_thresholds
                .iter()
                .map(|&recall| {
                    while at < curve.len() && f64::from(curve[at].0) / (objects as f64) < recall {
                        at += 1;
                    }
                    curve.get(at).map_or(0.0, |point| point.1)
                })
                .collect();
            mean(&sampled).unwrap_or(0.0)
        };
        Some((0..settings.iou_thresholds.len()).map(of).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::coco::{CocoCategory, CocoDetection, CocoObject, CocoPicture, evaluate};

    const BOX: [f64; 4] = [10.0, 10.0, 20.0, 30.0];

    /// Pictures 0 … n−1 with one object of category 1 + id % 2, found in every third picture, and
    /// with a wrong detection in every fourth.
    fn set(n: u64) -> (CocoTruth, CocoDetections) {
        let category = |id| 1 + id % 2;
        let truth = CocoTruth::new(
            (0..n)
                .map(|id| CocoPicture {
                    id,
                    width: 99,
                    height: 99,
                })
                .collect(),
            [1, 2]
                .map(|id| CocoCategory {
                    id,
                    name: "c".into(),
                })
                .to_vec(),
            (0..n)
                .map(|id| CocoObject::boxed(id, id, category(id), BOX))
                .collect(),
        );
        let mut found = Vec::new();
        for id in 0..n {
            let score = 1.0 / (id + 2) as f64;
            if id % 3 == 0 {
                found.push(CocoDetection::boxed(
                    id,
                    category(id),
                    score,
                    [11.0, 10.0, 20.0, 30.0],
                ));
            }
            if id % 4 == 0 {
                found.push(CocoDetection::boxed(
                    id,
                    category(id),
                    score * 0.9,
                    [60.0, 60.0, 5.0, 5.0],
                ));
            }
        }
        (truth, CocoDetections::new(found))
    }

    #[test]
    fn the_estimate_is_the_evaluation() {
        let (truth, found) = set(40);
        let settings = CocoSettings::boxes();
        let bootstrap = Bootstrap {
            resamples: 200,
            ..Bootstrap::default()
        };
        let intervals = intervals(&truth, &found, &settings, &bootstrap).unwrap();
        let summary = evaluate(&truth, &found, &settings).unwrap().summary();
        for (interval, value) in [
            (intervals.ap, summary.ap),
            (intervals.ap50, summary.ap50),
            (intervals.ap75, summary.ap75),
        ] {
            let (interval, value) = (interval.unwrap(), value.unwrap());
            assert!(
                (interval.estimate - value).abs() < 1e-12,
                "{interval:?} {value}"
            );
            assert!(
                interval.lower < value && value < interval.upper,
                "{interval:?}"
            );
        }
    }

    /// A draw of every picture twice is the evaluation of the doubled set.
    #[test]
    fn a_picture_drawn_twice_counts_twice() {
        let (truth, found) = set(12);
        let settings = CocoSettings::boxes();
        let (mut doubled, mut doubled_found) = (truth.clone(), found.clone());
        for image in &truth.images {
            doubled.images.push(CocoPicture {
                id: image.id + 100,
                ..image.clone()
            });
        }
        for object in &truth.annotations {
            let (id, image_id) = (object.id + 100, object.image_id + 100);
            doubled.annotations.push(CocoObject {
                id,
                image_id,
                ..object.clone()
            });
        }
        for detection in &found.list {
            doubled_found.list.push(CocoDetection {
                image_id: detection.image_id + 100,
                ..detection.clone()
            });
        }
        let expected = evaluate(&doubled, &doubled_found, &settings)
            .unwrap()
            .per_category();
        let drawn = outcomes(&truth, &found, &settings).unwrap();
        for (category, expected) in drawn.iter().zip(expected) {
            let aps = category.average_precisions(&[2; 12], &settings).unwrap();
            assert!((mean(&aps).unwrap() - expected.summary.ap.unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_to_draw_and_nothing_found() {
        let settings = CocoSettings::boxes();
        let bootstrap = Bootstrap {
            resamples: 20,
            ..Bootstrap::default()
        };
        let none = CocoTruth::new(vec![], vec![], vec![]);
        let message = intervals(&none, &CocoDetections::new(vec![]), &settings, &bootstrap)
            .unwrap_err()
            .to_string();
        assert!(message.contains("units is 0"), "{message}");
        let (truth, _) = set(5);
        let found = intervals(&truth, &CocoDetections::new(vec![]), &settings, &bootstrap).unwrap();
        assert_eq!(found.ap.unwrap().upper, 0.0);
        let without = CocoTruth::new(truth.images, truth.categories, vec![]);
        let found = intervals(
            &without,
            &CocoDetections::new(vec![]),
            &settings,
            &bootstrap,
        )
        .unwrap();
        assert_eq!(found.ap, None);
        let many = CocoSettings {
            iou_thresholds: (1..=65).map(|i| f64::from(i) / 100.0).collect(),
            ..settings
        };
        let message = intervals(&without, &CocoDetections::new(vec![]), &many, &bootstrap)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("a list of 65; expected at most 64"),
            "{message}"
        );
    }
}
