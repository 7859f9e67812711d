//! Paper A's scores: detections and truth painted as maps of one class per pixel (tables 2 and 3).

use wardrobe_mask_head::InstanceTruth;
use wardrobe_metrics::{
    ConfusionMatrix, Instance, MetricError, Shape, paint_detections, paint_truth,
};

use super::model::Found;

/// What is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// Boxes: table 2.
    Boxes,
    /// Masks: table 3.
    Masks,
}

/// Pixels counted so far.
#[derive(Debug)]
pub(super) struct Maps {
    paint: Paint,
    min_score: f64,
    pixels: ConfusionMatrix,
}

impl Maps {
    pub fn new(paint: Paint, num_classes: usize, min_score: f64) -> Self {
        Self {
            paint,
            min_score,
            pixels: ConfusionMatrix::new(num_classes),
        }
    }

    /// Counts the pixels of one picture.
    pub fn add(
        &mut self,
        [width, height]: [usize; 2],
        truth: &InstanceTruth,
        found: &[Found],
    ) -> Result<(), MetricError> {
        let objects = truth.objects.boxes.iter().zip(&truth.objects.labels);
        let wanted: Vec<Instance> = objects
            .enumerate()
            .map(|(index, (corners, &label))| Instance {
                label: label as u8,
                shape: match (self.paint, truth.masks.get(index)) {
                    (Paint::Masks, Some(mask)) => Shape::Bits {
                        left: mask.x,
                        top: mask.y,
                        width: mask.width,
                        bits: mask.bits.clone(),
                    },
                    _ => Shape::Corners(corners.map(f64::from)),
                },
                score: 1.0,
            })
            .collect();
        let painted: Vec<Instance> = found
            .iter()
            .map(|found| Instance {
                label: found.detection.label as u8,
                shape: match (self.paint, &found.mask) {
                    (Paint::Masks, Some(mask)) => Shape::Bits {
                        left: mask.left(),
                        top: mask.top(),
                        width: mask.width(),
                        bits: mask.bits().to_vec(),
                    },
                    _ => Shape::Corners(found.detection.bbox.map(f64::from)),
                },
                score: found.detection.score.into(),
            })
            .collect();
        let truth = paint_truth(width, height, &wanted)?;
        let found = paint_detections(width, height, self.min_score, &painted)?;
        self.pixels.add_labels(&truth, &found)
    }

    /// How often which class was painted on which.
    pub fn into_pixels(self) -> ConfusionMatrix {
        self.pixels
    }
}
