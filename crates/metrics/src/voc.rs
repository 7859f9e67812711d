//! Average precision of boxes as the Pascal VOC development kits define it.
//!
//! Detections of a class are taken by descending score, and each is compared with the ground truth
//! of its picture and class it overlaps most, already found or not: IoU ≥ threshold and not found
//! yet is right, found already is wrong (a duplicate), IoU below is wrong, and a `difficult` object
//! leaves the detection out and is no object to find. The kit of 2007 averages the best precision
//! at recall ≥ 0, 0.1 … 1; from 2010 on AP is the area under the monotone envelope.
//!
//! Corners are `[x1, y1, x2, y2]`, continuous, width = x2 − x1. VOC's XML has inclusive pixels from
//! 1 on, so its box is `[xmin − 1, ymin − 1, xmax, ymax]` here, and the IoU is the kit's, whose
//! widths are xmax − xmin + 1.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{check_label, check_same, descending, mean_of_defined};

/// The overlap from which a detection is right, in all VOC kits.
pub const VOC_IOU: f64 = 0.5;

/// Which integration of the precision–recall curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum VocYear {
    /// Mean over the 11 recalls 0, 0.1 … 1 (kits of 2007 to 2009). Recalls are compared as
    /// fractions, 10 · found ≥ i · objects: scripts that step a float miss 3 of 10 by an ulp.
    Voc2007,
    /// Area under the monotone envelope (kits from 2010 on).
    Voc2010,
}

/// One object of the ground truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VocTruth {
    /// The class, from 0.
    pub label: usize,
    /// `[x1, y1, x2, y2]` in pixels.
    pub corners: [f64; 4],
    /// Not an object to find, and no mistake to find.
    pub difficult: bool,
}

/// One detection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VocDetection {
    /// The class, from 0.
    pub label: usize,
    /// `[x1, y1, x2, y2]` in pixels.
    pub corners: [f64; 4],
    /// Any finite number; larger is surer.
    pub score: f64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct ClassRecord {
    objects: u64,
    /// Score and whether right, in the order of the pictures; detections left out are not here.
    detections: Vec<(f64, bool)>,
}

/// Matches pictures one by one. Parts merge; as in the kit, detections of equal score keep the
/// order of their pictures, so merge parts in that order.
///
/// ```
/// use wardrobe_metrics::{VocAccumulator, VocDetection, VocTruth, VocYear};
/// let mut voc = VocAccumulator::new(1);
/// let coat = [10.0, 10.0, 50.0, 90.0];
/// voc.push(
///     &[VocTruth { label: 0, corners: coat, difficult: false }],
///     &[VocDetection { label: 0, corners: coat, score: 0.9 }],
/// )?;
/// assert_eq!(voc.average_precision(0, VocYear::Voc2010), Some(1.0));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct VocAccumulator {
    iou: f64,
    classes: Vec<ClassRecord>,
}

impl VocAccumulator {
    /// An accumulator at IoU ≥ 0.5.
    pub fn new(classes: usize) -> Self {
        Self {
            iou: VOC_IOU,
            classes: vec![ClassRecord::default(); classes],
        }
    }

    /// An accumulator at another overlap.
    ///
    /// # Errors
    /// [`MetricError::BadSetting`] unless 0 < `iou` ≤ 1.
    pub fn with_iou(classes: usize, iou: f64) -> Result<Self, MetricError> {
        if !(iou > 0.0 && iou <= 1.0) {
            return Err(MetricError::BadSetting {
                name: "iou",
                value: iou.to_string(),
                expected: "a number above 0 and at most 1",
            });
        }
        Ok(Self {
            iou,
            ..Self::new(classes)
        })
    }

    /// Matches one picture.
    ///
    /// # Errors
    /// [`MetricError::LabelOutOfRange`], [`MetricError::BadBox`], [`MetricError::NotFinite`]; then
    /// nothing of the picture is counted.
    pub fn push(
        &mut self,
        truths: &[VocTruth],
        detections: &[VocDetection],
    ) -> Result<(), MetricError> {
        for (index, truth) in truths.iter().enumerate() {
            check_label("truths", index, truth.label, self.classes.len())?;
            check_box("truths", index, truth.corners)?;
        }
        for (index, detection) in detections.iter().enumerate() {
            check_label("detections", index, detection.label, self.classes.len())?;
            check_box("detections", index, detection.corners)?;
            if !detection.score.is_finite() {
                return Err(MetricError::NotFinite {
                    what: "scores",
                    index,
                    value: detection.score,
                });
            }
        }
        for truth in truths.iter().filter(|truth| !truth.difficult) {
            self.classes[truth.label].objects += 1;
        }
        let mut order: Vec<&VocDetection> = detections.iter().collect();
        order.sort_by(|a, b| descending(a.score, b.score));
        let mut found = vec![false; truths.len()];
        for detection in order {
            let of_class = (0..truths.len()).filter(|&i| truths[i].label == detection.label);
            let best = of_class
                .map(|i| (i, box_iou(truths[i].corners, detection.corners)))
                .reduce(|best, next| if next.1 > best.1 { next } else { best })
                .filter(|&(_, iou)| iou >= self.iou);
            let right = match best {
                Some((i, _)) if truths[i].difficult => continue,
                Some((i, _)) => !std::mem::replace(&mut found[i], true),
                None => false,
            };
            self.classes[detection.label]
                .detections
                .push((detection.score, right));
        }
        Ok(())
    }

    /// Adds later pictures.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when classes or overlap differ.
    pub fn merge(&mut self, later: &Self) -> Result<(), MetricError> {
        check_same(
            "the number of classes",
            &self.classes.len(),
            &later.classes.len(),
        )?;
        check_same("the overlap", &self.iou, &later.iou)?;
        for (class, more) in self.classes.iter_mut().zip(&later.classes) {
            class.objects += more.objects;
            class.detections.extend_from_slice(&more.detections);
        }
        Ok(())
    }

    /// (right, counted) after each detection of the class, by descending score.
    fn cumulative(&self, class: usize) -> Vec<(u64, u64)> {
        let mut ordered = self.classes[class].detections.clone();
        ordered.sort_by(|a, b| descending(a.0, b.0));
        let mut right = 0;
        let counted = 1..;
        counted
            .zip(ordered)
            .map(|(counted, (_, is_right))| {
                right += u64::from(is_right);
                (right, counted)
            })
            .collect()
    }

    /// (recall, precision) after each detection of the class, by descending score; empty for a class
    /// without objects.
    ///
    /// # Panics
    /// When there is no such class.
    pub fn curve(&self, class: usize) -> Vec<(f64, f64)> {
        let objects = self.classes[class].objects;
        if objects == 0 {
            return Vec::new();
        }
        let point = |(right, counted): (u64, u64)| {
            (right as f64 / objects as f64, right as f64 / counted as f64)
        };
        self.cumulative(class).into_iter().map(point).collect()
    }

    /// AP of one class, 0–1; `None` for a class without objects, 0 for one without detections.
    ///
    /// # Panics
    /// When there is no such class.
    pub fn average_precision(&self, class: usize, year: VocYear) -> Option<f64> {
        let objects = self.classes[class].objects;
        if objects == 0 {
            return None;
        }
        let cumulative = self.cumulative(class);
        // The envelope: the best precision from each detection on.
        let mut envelope: Vec<f64> = cumulative
            .iter()
            .map(|&(right, counted)| right as f64 / counted as f64)
            .collect();
        for i in (1..envelope.len()).rev() {
            envelope[i - 1] = envelope[i - 1].max(envelope[i]);
        }
        Some(match year {
            VocYear::Voc2007 => {
                let at = |tenth: u64| {
                    cumulative
                        .iter()
                        .position(|&(right, _)| 10 * right >= tenth * objects)
                };
                (0..=10)
                    .filter_map(|tenth| Some(envelope[at(tenth)?]))
                    .sum::<f64>()
                    / 11.0
            }
            VocYear::Voc2010 => {
                let mut before = 0;
                let mut area = 0.0;
                for (&(right, _), precision) in cumulative.iter().zip(envelope) {
                    area += (right - before) as f64 / objects as f64 * precision;
                    before = right;
                }
                area
            }
        })
    }

    /// The plain mean of AP over the classes that have objects.
    pub fn mean_average_precision(&self, year: VocYear) -> Option<f64> {
        mean_of_defined((0..self.classes.len()).map(|class| self.average_precision(class, year)))
    }
}

pub(crate) fn check_box(
    what: &'static str,
    index: usize,
    corners: [f64; 4],
) -> Result<(), MetricError> {
    let [x1, y1, x2, y2] = corners;
    if corners.iter().all(|c| c.is_finite()) && x1 < x2 && y1 < y2 {
        return Ok(());
    }
    Err(MetricError::BadBox {
        what,
        index,
        corners,
    })
}

fn box_iou(a: [f64; 4], b: [f64; 4]) -> f64 {
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let both = width * height;
    let area = |c: [f64; 4]| (c[2] - c[0]) * (c[3] - c[1]);
    both / (area(a) + area(b) - both)
}

#[cfg(test)]
mod tests;
