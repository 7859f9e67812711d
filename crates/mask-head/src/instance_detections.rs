//! Detections with their masks.
//!
//! Legend: D detections, M×M the mask laid over the detection's box.

use burn::tensor::Tensor;
use wardrobe_rpn_roi::{Detections, ImageSize};

/// The detections of one image, each with a mask.
#[derive(Debug, Clone)]
pub struct InstanceDetections {
    /// Boxes, scores, labels.
    pub detections: Detections,
    /// `[D, M, M]` probabilities, stretched over each box.
    pub masks: Tensor<3>,
}

impl InstanceDetections {
    /// D, the number of detections.
    pub fn len(&self) -> usize {
        self.detections.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.detections.is_empty()
    }

    /// The same detections in an image of another size; the masks stretch with their boxes.
    pub fn resized(self, size: ImageSize) -> Self {
        Self {
            detections: self.detections.resized(size),
            masks: self.masks,
        }
    }
}
