//! The numbers of a COCO evaluation: the table, the same per category, and the curves.

use serde::Serialize;

use super::settings::{CocoKind, CocoSettings};
use crate::numbers::mean;

/// Nearness at which a threshold is the one asked for, as in [`CocoScores::curve`].
const SAME_THRESHOLD: f64 = 1e-9;

/// The result of an evaluation.
///
/// Its arrays are pycocotools' `eval["precision"]` and `eval["recall"]`, with axes in this order:
/// T IoU thresholds, R recalls, K categories (1 where pooled), A areas (all, small, medium, large),
/// M detection limits. −1 stands for "no object of this category and size".
#[derive(Debug, Clone)]
pub struct CocoScores {
    pub(super) settings: CocoSettings,
    pub(super) categories: Vec<(u64, String)>,
    pub(super) precision: Vec<f64>,
    pub(super) recall: Vec<f64>,
    pub(super) scores: Vec<f64>,
}

/// AP and AR, each 0–1; `None` where no object of that size occurs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CocoSummary {
    /// Mean of AP over the IoU thresholds.
    pub ap: Option<f64>,
    /// AP at IoU 0.5.
    pub ap50: Option<f64>,
    /// AP at IoU 0.75.
    pub ap75: Option<f64>,
    /// AP of small objects; never for keypoints.
    pub ap_small: Option<f64>,
    /// AP of medium objects.
    pub ap_medium: Option<f64>,
    /// AP of large objects.
    pub ap_large: Option<f64>,
    /// AR for each detection limit: the limit, and the mean over the IoU thresholds of the recall.
    pub ar: Vec<(usize, Option<f64>)>,
    /// Recall at IoU 0.5, at the last limit.
    pub ar50: Option<f64>,
    /// Recall at IoU 0.75, at the last limit.
    pub ar75: Option<f64>,
    /// AR of small objects; never for keypoints.
    pub ar_small: Option<f64>,
    /// AR of medium objects.
    pub ar_medium: Option<f64>,
    /// AR of large objects.
    pub ar_large: Option<f64>,
}

/// The table of one category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CocoCategoryScores {
    /// The category's id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its AP and AR.
    pub summary: CocoSummary,
}

/// Precision at each recall of the settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CocoCurve {
    /// The recalls, 0–1.
    pub recall: Vec<f64>,
    /// The best precision at this recall or a higher one; 0 beyond the recall reached.
    pub precision: Vec<f64>,
    /// The score at which that recall is reached; 0 beyond the recall reached.
    pub score: Vec<f64>,
}

/// An area class by name, where the kind has it.
#[derive(Clone, Copy)]
struct Slice<'a> {
    thresholds: Option<f64>,
    area: &'a str,
    limit: usize,
    category: Option<usize>,
}

impl CocoScores {
    /// The settings it was computed with.
    pub fn settings(&self) -> &CocoSettings {
        &self.settings
    }

    /// Ids and names of the categories in the order of the K axis (ascending ids); where categories
    /// are pooled, the axis has one entry for all.
    pub fn categories(&self) -> &[(u64, String)] {
        &self.categories
    }

    /// Precision, T × R × K × A × M.
    pub fn precision(&self) -> &[f64] {
        &self.precision
    }

    /// Recall, T × K × A × M.
    pub fn recall(&self) -> &[f64] {
        &self.recall
    }

    /// The table over all categories.
    pub fn summary(&self) -> CocoSummary {
        self.summary_of(None)
    }

    /// AP over all categories and sizes at one of the IoU thresholds, such as 0.9. `None` where the
    /// threshold is not one of the settings', or there was nothing to find.
    pub fn ap_at(&self, iou: f64) -> Option<f64> {
        self.threshold(iou)?;
        self.mean_precision(Slice {
            thresholds: Some(iou),
            area: "all",
            limit: self.settings.detection_limits.len() - 1,
            category: None,
        })
    }

    /// The table of each category, by ascending id; empty where categories are pooled.
    pub fn per_category(&self) -> Vec<CocoCategoryScores> {
        if self.settings.pool_categories {
            return Vec::new();
        }
        let of = |(k, (id, name)): (usize, &(u64, String))| CocoCategoryScores {
            id: *id,
            name: name.clone(),
            summary: self.summary_of(Some(k)),
        };
        self.categories.iter().enumerate().map(of).collect()
    }

    /// The curve of one category (or of the pool) at one of the IoU thresholds, over all sizes, at
    /// the last detection limit. `None` where the threshold is not one of the settings', the
    /// category is unknown or has no object.
    pub fn curve(&self, category: Option<u64>, iou: f64) -> Option<CocoCurve> {
        let t = self.threshold(iou)?;
        let k = match category {
            None if self.settings.pool_categories => 0,
            None => return None,
            Some(id) => self.categories.iter().position(|(own, _)| *own == id)?,
        };
        let limit = self.settings.detection_limits.len() - 1;
        let at = |values: &[f64], r| values[self.precision_index(t, r, k, 0, limit)];
        let recalls = 0..self.settings.recall_thresholds.len();
        let precision: Vec<f64> = recalls.clone().map(|r| at(&self.precision, r)).collect();
        (precision.first()? > &-1.0).then(|| CocoCurve {
            recall: self.settings.recall_thresholds.clone(),
            precision,
            score: recalls.map(|r| at(&self.scores, r)).collect(),
        })
    }

    /// The list `COCOeval.stats` holds: 12 numbers for boxes and masks, 10 for keypoints, −1 for
    /// what is undefined. With detection limits other than pycocotools', AP is that of the last
    /// limit (pycocotools looks for 100 and reports −1 without it), AR those of the first three.
    pub fn as_pycocotools(&self) -> Vec<f64> {
        let s = self.summary();
        let ar = |i: usize| s.ar.get(i).and_then(|(_, ar)| *ar);
        let stats = match self.settings.kind {
            CocoKind::Keypoints => vec![
                s.ap,
                s.ap50,
                s.ap75,
                s.ap_medium,
                s.ap_large,
                ar(s.ar.len() - 1),
                s.ar50,
                s.ar75,
                s.ar_medium,
                s.ar_large,
            ],
            _ => vec![
                s.ap,
                s.ap50,
                s.ap75,
                s.ap_small,
                s.ap_medium,
                s.ap_large,
                ar(0),
                ar(1),
                ar(2),
                s.ar_small,
                s.ar_medium,
                s.ar_large,
            ],
        };
        stats
            .into_iter()
            .map(|value| value.unwrap_or(-1.0))
            .collect()
    }

    fn summary_of(&self, category: Option<usize>) -> CocoSummary {
        let last = self.settings.detection_limits.len() - 1;
        let slice = |thresholds, area| Slice {
            thresholds,
            area,
            limit: last,
            category,
        };
        let ap = |thresholds, area| self.mean_precision(slice(thresholds, area));
        let ar = |thresholds, area| self.mean_recall(slice(thresholds, area));
        let limits = self.settings.detection_limits.iter().enumerate();
        CocoSummary {
            ap: ap(None, "all"),
            ap50: ap(Some(0.5), "all"),
            ap75: ap(Some(0.75), "all"),
            ap_small: ap(None, "small"),
            ap_medium: ap(None, "medium"),
            ap_large: ap(None, "large"),
            ar: limits
                .map(|(limit, &count)| {
                    (
                        count,
                        self.mean_recall(Slice {
                            limit,
                            ..slice(None, "all")
                        }),
                    )
                })
                .collect(),
            ar50: ar(Some(0.5), "all"),
            ar75: ar(Some(0.75), "all"),
            ar_small: ar(None, "small"),
            ar_medium: ar(None, "medium"),
            ar_large: ar(None, "large"),
        }
    }

    fn mean_precision(&self, slice: Slice<'_>) -> Option<f64> {
        let recalls = self.settings.recall_thresholds.len();
        self.mean_of(slice, recalls, |t, r, k, a, m| {
            self.precision[self.precision_index(t, r, k, a, m)]
        })
    }

    fn mean_recall(&self, slice: Slice<'_>) -> Option<f64> {
        self.mean_of(slice, 1, |t, _, k, a, m| {
            self.recall[self.recall_index(t, k, a, m)]
        })
    }

    /// The mean of the entries above −1, in the order NumPy flattens them: categories fastest.
    fn mean_of(
        &self,
        slice: Slice<'_>,
        recalls: usize,
        at: impl Fn(usize, usize, usize, usize, usize) -> f64,
    ) -> Option<f64> {
        let area = self
            .settings
            .areas()
            .iter()
            .position(|(name, _)| *name == slice.area)?;
        let thresholds = match slice.thresholds {
            None => 0..self.settings.iou_thresholds.len(),
            Some(iou) => self.threshold(iou).map(|t| t..t + 1)?,
        };
        let categories = slice
            .category
            .map_or(0..self.categories.len(), |k| k..k + 1);
        let mut values = Vec::with_capacity(thresholds.len() * recalls * categories.len());
        for t in thresholds {
            for r in 0..recalls {
                values.extend(
                    categories
                        .clone()
                        .map(|k| at(t, r, k, area, slice.limit))
                        .filter(|v| *v > -1.0),
                );
            }
        }
        mean(&values)
    }

    fn threshold(&self, iou: f64) -> Option<usize> {
        self.settings
            .iou_thresholds
            .iter()
            .position(|t| (t - iou).abs() < SAME_THRESHOLD)
    }

    fn precision_index(&self, t: usize, r: usize, k: usize, a: usize, m: usize) -> usize {
        let recalls = self.settings.recall_thresholds.len();
        self.cell(t * recalls + r, k, a, m)
    }

    fn recall_index(&self, t: usize, k: usize, a: usize, m: usize) -> usize {
        self.cell(t, k, a, m)
    }

    fn cell(&self, row: usize, k: usize, a: usize, m: usize) -> usize {
        let areas = self.settings.areas().len();
        ((row * self.categories.len() + k) * areas + a) * self.settings.detection_limits.len() + m
    }
}
