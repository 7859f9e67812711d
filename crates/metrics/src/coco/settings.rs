//! What is compared, and at which thresholds.

use crate::error::MetricError;
use crate::numbers::linspace;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CocoKind {
    /// Boxes, by IoU.
    Boxes,
    /// Masks, by IoU of their pixels.
    Masks,
    /// Keypoints, by object keypoint similarity.
    Keypoints,
}

/// Where the area of a detection comes from. An unmatched detection whose area lies outside a size
/// class is not counted there, so this moves the values of the size classes and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetectionArea {
    /// The box's where detections carry boxes beside their masks or keypoints, the shape's where
    /// they do not: what pycocotools does with the same file.
    AsPycocotools,
    /// Always the shape's: the pixels of the mask, the extent of the keypoints.
    OfShape,
}

/// The spread of annotators over the 17 keypoints of COCO, as a share of √area: pycocotools'
/// `kpt_oks_sigmas`, which are these tenths divided by 10 (0.026 nose, 0.025 eyes …).
const COCO_SIGMA_TENTHS: [f64; 17] = [
    0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89,
    0.89,
];

/// Small objects have at most 32² pixels, large ones at least 96² (COCO's detection task).
const AREA_BOUNDS: [f64; 2] = [32.0 * 32.0, 96.0 * 96.0];

/// pycocotools' bound of all areas, (10⁵)².
const LARGEST_AREA: f64 = 1e10;

/// The settings of an evaluation. The constructors give pycocotools' own, its grids bit for bit.
#[derive(Debug, Clone, PartialEq)]
pub struct CocoSettings {
    /// What is compared.
    pub kind: CocoKind,
    /// Similarities from which a detection is right, ascending, above 0 and at most 1: 0.5, 0.55 …
    /// 0.95.
    pub iou_thresholds: Vec<f64>,
    /// Recalls at which precision is sampled, ascending, 0–1: 0, 0.01 … 1.
    pub recall_thresholds: Vec<f64>,
    /// Numbers of surest detections of a picture and category that are looked at, ascending: 1, 10,
    /// 100; for keypoints 20. AP and the size classes use the last.
    pub detection_limits: Vec<usize>,
    /// Areas between small and medium and between medium and large; an object on a bound is in
    /// both. Keypoints have no small class.
    pub area_bounds: [f64; 2],
    /// Compare regardless of the category (pycocotools' `useCats = 0`); not for keypoints.
    pub pool_categories: bool,
    /// Per keypoint, the spread of annotators as a share of √area; as many as there are keypoints.
    pub sigmas: Vec<f64>,
    /// Where the area of a detection comes from.
    pub detection_area: DetectionArea,
}

impl CocoSettings {
    fn usual(kind: CocoKind, detection_limits: Vec<usize>) -> Self {
        Self {
            kind,
            iou_thresholds: linspace(0.5, 0.95, 10),
            recall_thresholds: linspace(0.0, 1.0, 101),
            detection_limits,
            area_bounds: AREA_BOUNDS,
            pool_categories: false,
            sigmas: Vec::new(),
            detection_area: DetectionArea::AsPycocotools,
        }
    }

    /// COCO's settings for boxes.
    pub fn boxes() -> Self {
        Self::usual(CocoKind::Boxes, vec![1, 10, 100])
    }

    /// COCO's settings for masks.
    pub fn masks() -> Self {
        Self::usual(CocoKind::Masks, vec![1, 10, 100])
    }

    /// COCO's settings for the 17 keypoints of a person.
    pub fn person_keypoints() -> Self {
        Self::keypoints(COCO_SIGMA_TENTHS.iter().map(|tenth| tenth / 10.0).collect())
    }

    /// COCO's settings for other keypoints, such as the landmarks of garments: one sigma each.
    pub fn keypoints(sigmas: Vec<f64>) -> Self {
        Self {
            sigmas,
            ..Self::usual(CocoKind::Keypoints, vec![20])
        }
    }

    /// Names and ranges of the size classes, `all` first.
    pub(super) fn areas(&self) -> Vec<(&'static str, [f64; 2])> {
        let [small, large] = self.area_bounds;
        let mut areas = vec![
            ("all", [0.0, LARGEST_AREA]),
            ("small", [0.0, small]),
            ("medium", [small, large]),
            ("large", [large, LARGEST_AREA]),
        ];
        if self.kind == CocoKind::Keypoints {
            areas.remove(1);
        }
        areas
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`MetricError::BadSetting`] naming the first that cannot be used.
    pub fn check(&self) -> Result<(), MetricError> {
        let bad = |name, value: String, expected| {
            Err(MetricError::BadSetting {
                name,
                value,
                expected,
            })
        };
        let ascending =
            |values: &[f64]| !values.is_empty() && values.windows(2).all(|w| w[0] < w[1]);
        let within = |values: &[f64]| values.iter().all(|v| (0.0..=1.0).contains(v));
        let ious = &self.iou_thresholds;
        if !ascending(ious) || !within(ious) || ious.contains(&0.0) {
            return bad(
                "iou_thresholds",
                format!("{ious:?}"),
                "ascending numbers above 0 and at most 1",
            );
        }
        let recalls = &self.recall_thresholds;
        if !ascending(recalls) || !within(recalls) {
            return bad(
                "recall_thresholds",
                format!("{recalls:?}"),
                "ascending numbers from 0 to 1",
            );
        }
        let limits = &self.detection_limits;
        if limits.is_empty() || limits[0] == 0 || limits.windows(2).any(|w| w[0] >= w[1]) {
            return bad(
                "detection_limits",
                format!("{limits:?}"),
                "ascending numbers from 1 up",
            );
        }
        let [small, large] = self.area_bounds;
        if !(small > 0.0 && small < large && large < LARGEST_AREA) {
            return bad(
                "area_bounds",
                format!("{:?}", self.area_bounds),
                "two ascending areas above 0",
            );
        }
        if self.kind == CocoKind::Keypoints {
            if self.sigmas.is_empty() || !self.sigmas.iter().all(|s| *s > 0.0 && s.is_finite()) {
                return bad(
                    "sigmas",
                    format!("{:?}", self.sigmas),
                    "one number above 0 per keypoint",
                );
            }
            if self.pool_categories {
                return bad("pool_categories", "true".to_owned(), "false for keypoints");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_usual_settings_pass() {
        for settings in [
            CocoSettings::boxes(),
            CocoSettings::masks(),
            CocoSettings::person_keypoints(),
            CocoSettings::keypoints(vec![0.05]),
        ] {
            settings.check().unwrap();
        }
        // .79 / 10 is not the float 0.079.
        assert_eq!(CocoSettings::person_keypoints().sigmas[5], 0.79 / 10.0);
    }

    #[test]
    fn settings_without_meaning_are_named() {
        let with = |change: fn(&mut CocoSettings)| {
            let mut settings = CocoSettings::boxes();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert!(
            with(|s| s.iou_thresholds.clear())
                .starts_with("iou_thresholds is []; expected ascending")
        );
        assert!(with(|s| s.iou_thresholds = vec![0.0]).starts_with("iou_thresholds is [0.0]"));
        assert!(with(|s| s.iou_thresholds = vec![f64::NAN]).starts_with("iou_thresholds is [NaN]"));
        assert!(
            with(|s| s.recall_thresholds = vec![0.5, 0.5])
                .starts_with("recall_thresholds is [0.5, 0.5]")
        );
        assert!(
            with(|s| s.detection_limits = vec![0, 1]).starts_with("detection_limits is [0, 1]")
        );
        assert!(with(|s| s.area_bounds = [9.0, 4.0]).starts_with("area_bounds is [9.0, 4.0]"));
        assert!(
            CocoSettings::keypoints(vec![])
                .check()
                .unwrap_err()
                .to_string()
                .starts_with("sigmas is []")
        );
        let pooled = CocoSettings {
            pool_categories: true,
            ..CocoSettings::person_keypoints()
        };
        assert!(
            pooled
                .check()
                .unwrap_err()
                .to_string()
                .contains("pool_categories is true; expected false")
        );
    }
}
