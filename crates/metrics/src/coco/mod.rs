//! AP and AR as COCO defines them, for boxes, masks and keypoints: pycocotools' numbers, from files
//! or from memory.
//!
//! `hotcoco` matches and accumulates; this module hands it checked input and pycocotools' own grids,
//! and takes the means in NumPy's order, so that results are equal to the last bit on the cases
//! under `tests/fixtures` (2.0.11; keypoints within 1e-9: the exponential function differs by an
//! ulp). Where this departs from pycocotools on purpose:
//!
//! - an object with id 0 is an object like any other; pycocotools takes a match with it for none;
//! - no detections at all is AP 0; pycocotools' `loadRes` fails on an empty list;
//! - what pycocotools skips silently (unknown picture or category, ids that stand twice, masks of
//!   another size) or dies of is a [`CocoError`];
//! - `ignore` flags of annotations are not read, nor does pycocotools: `iscrowd` alone counts.
//!
//! Of detections with equal scores, the earlier in the list comes first; within a picture and
//! category at most the largest of the detection limits are looked at.
//!
//! ```
//! use wardrobe_metrics::coco::{
//!     self, CocoCategory, CocoDetection, CocoDetections, CocoObject, CocoPicture, CocoSettings, CocoTruth,
//! };
//! let truth = CocoTruth::new(
//!     vec![CocoPicture { id: 7, width: 640, height: 480 }],
//!     vec![CocoCategory { id: 1, name: "coat".into() }],
//!     vec![CocoObject::boxed(1, 7, 1, [100.0, 50.0, 200.0, 300.0])],
//! );
//! // 20 of 320 pixels too far right: IoU = 180 · 300 / (220 · 300) = 0.82.
//! let found = CocoDetections::new(vec![CocoDetection::boxed(7, 1, 0.9, [120.0, 50.0, 200.0, 300.0])]);
//! let scores = coco::evaluate(&truth, &found, &CocoSettings::boxes())?;
//! // Right at 0.5, 0.55 … 0.8, wrong at 0.85, 0.9, 0.95. (pycocotools adds 2⁻⁵² to a denominator, so
//! // a perfect AP may miss 1 by that much.)
//! assert!((scores.summary().ap.unwrap() - 0.7).abs() < 1e-12);
//! # Ok::<(), wardrobe_metrics::CocoError>(())
//! ```

mod check;
mod resample;
mod scores;
mod sets;
mod settings;
mod shapes;

use hotcoco::COCOeval;
use hotcoco::params::{AreaRange, IouType, Params};

pub use resample::{CocoIntervals, intervals};
pub use scores::{CocoCategoryScores, CocoCurve, CocoScores, CocoSummary};
pub use sets::{
    CocoCategory, CocoDetection, CocoDetections, CocoObject, CocoPicture, CocoTruth, Segmentation,
};
pub use settings::{CocoKind, CocoSettings, DetectionArea};

use crate::error::CocoError;

/// Evaluates detections against the ground truth.
///
/// # Errors
/// [`CocoError`] naming the file and the JSON path of the first record that cannot be evaluated, or
/// the setting that cannot be used.
pub fn evaluate(
    truth: &CocoTruth,
    detections: &CocoDetections,
    settings: &CocoSettings,
) -> Result<CocoScores, CocoError> {
    let mut evaluator = matched(truth, detections, settings, params(settings))?;
    evaluator.accumulate();
    let accumulated = evaluator
        .accumulated()
        .ok_or_else(|| CocoError::Evaluator {
            reason: "it gave no result".to_owned(),
        })?;
    Ok(CocoScores {
        settings: settings.clone(),
        categories: category_axis(truth, settings),
        precision: accumulated.precision.clone(),
        recall: accumulated.recall.clone(),
        scores: accumulated.scores.clone(),
    })
}

/// `hotcoco`'s evaluator with every picture matched for objects of all sizes only.
fn matched_over_all_sizes(
    truth: &CocoTruth,
    detections: &CocoDetections,
    settings: &CocoSettings,
) -> Result<COCOeval, CocoError> {
    let mut params = params(settings);
    params.area_ranges.truncate(1);
    matched(truth, detections, settings, params)
}

/// `hotcoco`'s evaluator with every picture matched.
fn matched(
    truth: &CocoTruth,
    detections: &CocoDetections,
    settings: &CocoSettings,
    params: Params,
) -> Result<COCOeval, CocoError> {
    settings.check()?;
    let (truth, found) = check::convert(truth, detections, settings)?;
    let mut evaluator = COCOeval::new(truth, found, iou_type(settings.kind));
    evaluator.params = params;
    let failed = |error: hotcoco::Error| CocoError::Evaluator {
        reason: error.to_string(),
    };
    evaluator.evaluate().map_err(failed)?;
    Ok(evaluator)
}

fn iou_type(kind: CocoKind) -> IouType {
    match kind {
        CocoKind::Boxes => IouType::Bbox,
        CocoKind::Masks => IouType::Segm,
        CocoKind::Keypoints => IouType::Keypoints,
    }
}

/// Every number is set, so none depends on `hotcoco`'s defaults.
fn params(settings: &CocoSettings) -> Params {
    let mut params = Params::new(iou_type(settings.kind));
    params.iou_thrs.clone_from(&settings.iou_thresholds);
    params.rec_thrs.clone_from(&settings.recall_thresholds);
    params.max_dets.clone_from(&settings.detection_limits);
    params.use_cats = !settings.pool_categories;
    params.kpt_oks_sigmas.clone_from(&settings.sigmas);
    let area = |(name, range): (&str, [f64; 2])| AreaRange {
        label: name.to_owned(),
        range,
    };
    params.area_ranges = settings.areas().into_iter().map(area).collect();
    params
}

/// Ids and names by ascending id; one entry for all where they are pooled.
fn category_axis(truth: &CocoTruth, settings: &CocoSettings) -> Vec<(u64, String)> {
    if settings.pool_categories {
        return vec![(0, "all categories".to_owned())];
    }
    let mut axis: Vec<_> = truth
        .categories
        .iter()
        .map(|c| (c.id, c.name.clone()))
        .collect();
    axis.sort_unstable();
    axis
}
