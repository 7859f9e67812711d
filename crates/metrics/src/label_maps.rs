//! Scores of label maps (one class per pixel), and boxes or masks painted as label maps.
//!
//! Paper A measures its detectors this way: mean accuracy and mean IoU of boxes (table 2), pixel
//! accuracy, mean accuracy and mean IoU of masks (table 3). With n_ij the pixels of class i that
//! were given label j, t_i = Σ_j n_ij (Long et al. 2015, section 5):
//! pixel accuracy = Σ n_ii / Σ t_i, mean accuracy = mean of n_ii / t_i, mean IoU = mean of
//! n_ii / (t_i + Σ_j n_ji − n_ii). Classes that do not occur are in neither mean, except that a
//! class predicted where it does not occur has IoU 0.

use serde::Serialize;

use crate::confusion::ConfusionMatrix;
use crate::error::MetricError;
use crate::numbers::descending;
use crate::voc::check_box;

/// The label of pixels nothing was painted on.
pub const BACKGROUND: u8 = 0;

/// The scores of label maps, each 0–1; `None` where no pixel counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LabelMapScores {
    /// Right pixels over all pixels.
    pub pixel_accuracy: Option<f64>,
    /// Mean over the classes that occur of right over all pixels of the class.
    pub mean_accuracy: Option<f64>,
    /// Mean intersection over union.
    pub mean_iou: Option<f64>,
    /// IoU weighted by the classes' pixels.
    pub frequency_weighted_iou: Option<f64>,
}

impl LabelMapScores {
    /// Reads the scores off a matrix of pixels, filled map by map with
    /// [`ConfusionMatrix::add_labels`] or [`ConfusionMatrix::add_labels_except`].
    ///
    /// ```
    /// use wardrobe_metrics::{ConfusionMatrix, LabelMapScores};
    /// let mut pixels = ConfusionMatrix::new(2);
    /// // A map of 2 × 2: truth and prediction, row by row.
    /// pixels.add_labels::<u8>(&[0, 0, 0, 1], &[0, 0, 1, 1])?;
    /// let scores = LabelMapScores::of(&pixels);
    /// assert_eq!(scores.pixel_accuracy, Some(0.75));
    /// # Ok::<(), wardrobe_metrics::MetricError>(())
    /// ```
    pub fn of(pixels: &ConfusionMatrix) -> Self {
        Self {
            pixel_accuracy: pixels.accuracy(),
            mean_accuracy: pixels.mean_recall(),
            mean_iou: pixels.mean_iou(),
            frequency_weighted_iou: pixels.frequency_weighted_iou(),
        }
    }
}

/// What an instance covers.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// `[x1, y1, x2, y2]` in pixels, continuous. A pixel belongs to the box when its centre does:
    /// x1 ≤ column + ½ < x2, and the same for rows.
    Corners([f64; 4]),
    /// A bitmap of the given width whose top left pixel is (left, top); rows one after the other.
    Bits {
        /// First column in the picture.
        left: usize,
        /// First row in the picture.
        top: usize,
        /// Columns of the bitmap.
        width: usize,
        /// `true` where the instance is.
        bits: Vec<bool>,
    },
}

/// An instance to paint.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// The label to paint; 0 is the background.
    pub label: u8,
    /// The pixels to paint.
    pub shape: Shape,
    /// 0–1; decides what lies on top in [`paint_detections`]. [`paint_truth`] does not read it.
    pub score: f64,
}

/// Paints ground truth into a map of `height` × `width`, rows one after the other: the instance
/// with most pixels first, so that what lies on a larger garment stays visible; of equals, the
/// later one on top. Parts outside the picture are cut off.
///
/// ```
/// use wardrobe_metrics::{Instance, Shape, paint_truth};
/// let coat = Instance { label: 3, shape: Shape::Corners([1.0, 0.0, 3.0, 1.0]), score: 1.0 };
/// assert_eq!(paint_truth(4, 2, &[coat])?, [0, 3, 3, 0, 0, 0, 0, 0]);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::BadBox`], and [`MetricError::LengthsDiffer`] for a bitmap that is not made of
/// whole rows.
pub fn paint_truth(
    width: usize,
    height: usize,
    instances: &[Instance],
) -> Result<Vec<u8>, MetricError> {
    check(instances)?;
    let mut order: Vec<(usize, &Instance)> = instances
        .iter()
        .map(|instance| (pixels(instance, width, height).count(), instance))
        .collect();
    order.sort_by_key(|&(area, _)| std::cmp::Reverse(area));
    Ok(paint(
        width,
        height,
        order.into_iter().map(|(_, instance)| instance),
    ))
}

/// Paints detections with a score of at least `min_score` into a map of `height` × `width`, rows
/// one after the other: the surest on top; of equals, the earlier one. Parts outside the picture
/// are cut off.
///
/// ```
/// use wardrobe_metrics::{Instance, Shape, paint_detections};
/// let found = |label, score, corners| Instance { label, shape: Shape::Corners(corners), score };
/// let map = paint_detections(3, 1, 0.5, &[
///     found(1, 0.9, [0.0, 0.0, 2.0, 1.0]),
///     found(2, 0.6, [1.0, 0.0, 3.0, 1.0]),
///     found(3, 0.4, [0.0, 0.0, 3.0, 1.0]),
/// ])?;
/// assert_eq!(map, [1, 1, 2]);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::BadBox`], [`MetricError::NotFinite`] for a score, and
/// [`MetricError::LengthsDiffer`] for a bitmap that is not made of whole rows.
pub fn paint_detections(
    width: usize,
    height: usize,
    min_score: f64,
    instances: &[Instance],
) -> Result<Vec<u8>, MetricError> {
    check(instances)?;
    if let Some(index) = instances
        .iter()
        .position(|instance| !instance.score.is_finite())
    {
        return Err(MetricError::NotFinite {
            what: "scores",
            index,
            value: instances[index].score,
        });
    }
    let mut order: Vec<&Instance> = instances
        .iter()
        .filter(|instance| instance.score >= min_score)
        .collect();
    order.sort_by(|a, b| descending(a.score, b.score));
    Ok(paint(width, height, order.into_iter().rev()))
}

fn check(instances: &[Instance]) -> Result<(), MetricError> {
    for (index, instance) in instances.iter().enumerate() {
        match &instance.shape {
            Shape::Corners(corners) => check_box("instances", index, *corners)?,
            Shape::Bits { width, bits, .. }
                if bits.len() % (*width).max(1) != 0 || (*width == 0 && !bits.is_empty()) =>
            {
                return Err(MetricError::LengthsDiffer {
                    left: "bits",
                    left_len: bits.len(),
                    right: "whole rows of the bitmap",
                    right_len: bits.len() / (*width).max(1) * width,
                });
            }
            Shape::Bits { .. } => {}
        }
    }
    Ok(())
}

fn paint<'a>(
    width: usize,
    height: usize,
    instances: impl Iterator<Item = &'a Instance>,
) -> Vec<u8> {
    let mut map = vec![BACKGROUND; width * height];
    for instance in instances {
        for (column, row) in pixels(instance, width, height) {
            map[row * width + column] = instance.label;
        }
    }
    map
}

/// (column, row) of the pixels of an instance that lie in the picture.
fn pixels(
    instance: &Instance,
    width: usize,
    height: usize,
) -> Box<dyn Iterator<Item = (usize, usize)> + '_> {
    match &instance.shape {
        Shape::Corners([x1, y1, x2, y2]) => {
            // The first index whose centre is at or beyond the edge: ceil(edge − ½).
            let index = |edge: f64, end: usize| (edge - 0.5).ceil().clamp(0.0, end as f64) as usize;
            let columns = index(*x1, width)..index(*x2, width);
            let rows = index(*y1, height)..index(*y2, height);
            Box::new(rows.flat_map(move |row| columns.clone().map(move |column| (column, row))))
        }
        Shape::Bits {
            left,
            top,
            width: bit_width,
            bits,
        } => Box::new(
            bits.iter()
                .enumerate()
                .filter(|&(_, &bit)| bit)
                .map(move |(i, _)| (left + i % bit_width, top + i / bit_width))
                .filter(move |&(column, row)| column < width && row < height),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn boxed(label: u8, corners: [f64; 4], score: f64) -> Instance {
        Instance {
            label,
            shape: Shape::Corners(corners),
            score,
        }
    }

    /// Truth: class 1 on 4 of 8 pixels. Predicted: class 1 on 2 of them and on 2 others.
    /// Pixel accuracy 4/8; accuracies 2/4 and 2/4; IoU 2/6 and 2/6.
    #[test]
    fn table_2_by_hand() {
        let truth = paint_truth(4, 2, &[boxed(1, [0.0, 0.0, 4.0, 1.0], 1.0)]).unwrap();
        let predicted =
            paint_detections(4, 2, 0.0, &[boxed(1, [2.0, 0.0, 4.0, 2.0], 0.7)]).unwrap();
        let mut pixels = ConfusionMatrix::new(2);
        pixels.add_labels(&truth, &predicted).unwrap();
        let scores = LabelMapScores::of(&pixels);
        assert_eq!(scores.pixel_accuracy, Some(0.5));
        assert_eq!(scores.mean_accuracy, Some(0.5));
        assert_eq!(scores.mean_iou, Some(1.0 / 3.0));
        assert_eq!(scores.frequency_weighted_iou, Some(1.0 / 3.0));
    }

    /// Centres at .5, 1.5, 2.5: [0.5, 2.5) holds the first two, [0.6, 2.6) the last two.
    #[test]
    fn a_pixel_belongs_to_the_box_that_holds_its_centre() {
        let row = |x1, x2| paint_truth(3, 1, &[boxed(1, [x1, 0.0, x2, 1.0], 1.0)]).unwrap();
        assert_eq!(row(0.5, 2.5), [1, 1, 0]);
        assert_eq!(row(0.6, 2.6), [0, 1, 1]);
        assert_eq!(row(-9.0, 99.0), [1, 1, 1]);
        assert_eq!(row(1.6, 2.4), [0, 0, 0]);
        assert_eq!(row(5.0, 9.0), [0, 0, 0]);
    }

    #[test]
    fn small_truth_and_sure_detections_lie_on_top() {
        let (large, small) = ([0.0, 0.0, 4.0, 1.0], [1.0, 0.0, 2.0, 1.0]);
        let truth = paint_truth(4, 1, &[boxed(2, small, 1.0), boxed(1, large, 1.0)]).unwrap();
        assert_eq!(truth, [1, 2, 1, 1]);
        let found =
            paint_detections(4, 1, 0.5, &[boxed(1, large, 0.9), boxed(2, small, 0.8)]).unwrap();
        assert_eq!(found, [1, 1, 1, 1]);
        let tied =
            paint_detections(4, 1, 0.5, &[boxed(2, small, 0.8), boxed(1, large, 0.8)]).unwrap();
        assert_eq!(tied, [1, 2, 1, 1]);
        let none = paint_detections(4, 1, 0.95, &[boxed(1, large, 0.9)]).unwrap();
        assert_eq!(none, [0; 4]);
    }

    #[test]
    fn bitmaps_are_cut_at_the_picture() {
        let shape = Shape::Bits {
            left: 1,
            top: 1,
            width: 3,
            bits: vec![true, false, true, true, true, true],
        };
        let map = paint_truth(
            3,
            2,
            &[Instance {
                label: 7,
                shape,
                score: 1.0,
            }],
        )
        .unwrap();
        assert_eq!(map, [0, 0, 0, 0, 7, 0]);
        let shape = Shape::Bits {
            left: 0,
            top: 0,
            width: 0,
            bits: Vec::new(),
        };
        assert_eq!(
            paint_truth(
                1,
                1,
                &[Instance {
                    label: 7,
                    shape,
                    score: 1.0
                }]
            )
            .unwrap(),
            [0]
        );
    }

    #[test]
    fn no_pixel_no_score() {
        let scores = LabelMapScores::of(&ConfusionMatrix::new(3));
        assert_eq!(
            (scores.pixel_accuracy, scores.mean_accuracy, scores.mean_iou),
            (None, None, None)
        );
    }

    #[test]
    fn bad_shapes_are_named() {
        let message = paint_truth(2, 2, &[boxed(1, [1.0, 0.0, 0.0, f64::NAN], 1.0)])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("instances[0] is [1, 0, 0, NaN]"),
            "{message}"
        );
        let message = paint_detections(2, 2, 0.0, &[boxed(1, [0.0, 0.0, 1.0, 1.0], f64::NAN)])
            .unwrap_err()
            .to_string();
        assert!(message.contains("scores[0] is NaN"), "{message}");
        let shape = Shape::Bits {
            left: 0,
            top: 0,
            width: 2,
            bits: vec![true; 3],
        };
        let message = paint_truth(
            2,
            2,
            &[Instance {
                label: 1,
                shape,
                score: 1.0,
            }],
        )
        .unwrap_err()
        .to_string();
        assert!(
            message.contains("bits has 3 entries and whole rows of the bitmap 2"),
            "{message}"
        );
    }
}
