//! Paper A's scores: detections and truth painted as maps of one class per pixel (tables 2 and 3).

use wardrobe_datasets::{MaskRegion, Sample};
use wardrobe_metrics::{
    ConfusionMatrix, Instance, MetricError, Shape, paint_detections, paint_truth,
};

use super::model::Found;
use super::truth::targets;

/// Painted where nothing counts.
const NOTHING_COUNTS: u8 = u8::MAX;
/// Classes that a map can tell apart, the background included.
pub(super) const MOST_CLASSES: usize = NOTHING_COUNTS as usize;

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

    /// Counts the pixels of one settled picture, but for those that only objects to be ignored cover.
    pub fn add(&mut self, sample: &Sample, found: &[Found]) -> Result<(), MetricError> {
        let [width, height] = [sample.picture.width(), sample.picture.height()];
        let mut wanted = Vec::new();
        let mut ignored = Vec::new();
        for target in targets(sample) {
            let shape = self.shape(target.corners, target.region);
            let (label, list) = match target.label {
                Some(label) if !target.ignored => (label as u8, &mut wanted),
                _ => (NOTHING_COUNTS, &mut ignored),
            };
            list.push(Instance {
                label,
                shape,
                score: 1.0,
            });
        }
        let painted: Vec<Instance> = found
            .iter()
            .map(|found| Instance {
                label: found.detection.label as u8,
                shape: self.shape(found.detection.bbox, found.mask.as_ref()),
                score: found.detection.score.into(),
            })
            .collect();
        let mut truth = paint_truth(width, height, &wanted)?;
        for (label, hidden) in truth.iter_mut().zip(paint_truth(width, height, &ignored)?) {
            if *label == 0 {
                *label = hidden;
            }
        }
        let found = paint_detections(width, height, self.min_score, &painted)?;
        self.pixels
            .add_labels_except(&truth, &found, Some(NOTHING_COUNTS.into()))
    }

    fn shape(&self, corners: [f32; 4], mask: Option<&MaskRegion>) -> Shape {
        match (self.paint, mask) {
            (Paint::Masks, Some(mask)) => Shape::Bits {
                left: mask.left(),
                top: mask.top(),
                width: mask.width(),
                bits: mask.bits().to_vec(),
            },
            _ => Shape::Corners(corners.map(f64::from)),
        }
    }

    /// How often which class was painted on which.
    pub fn into_pixels(self) -> ConfusionMatrix {
        self.pixels
    }
}
