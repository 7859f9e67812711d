//! What is to be found in a picture, as training gives it.
//!
//! Host side: boxes are few, and who answers for which of them is decided there. Boxes are `[x1, y1, x2, y2]` in pixels of
//! the picture; labels count classes from 1, 0 is the background. A picture without boxes is a valid one: a negative.

use crate::error::RpnRoiError;
use crate::image_batch::ImageSize;

/// The objects of one picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroundTruth {
    /// G boxes.
    pub boxes: Vec<[f32; 4]>,
    /// One class for each box, from 1.
    pub labels: Vec<usize>,
    /// Regions that are neither object nor background (crowds, difficult objects): what lies in them is not learnt from.
    pub ignored: Vec<[f32; 4]>,
}

impl GroundTruth {
    /// Checks what a detector of `num_classes` classes (background included) would learn wrongly from, or not at all.
    ///
    /// ```
    /// use wardrobe_rpn_roi::{GroundTruth, ImageSize};
    ///
    /// let truth = GroundTruth { boxes: vec![[10.0, 10.0, 20.0, 5.0]], labels: vec![1], ignored: vec![] };
    /// let error = truth.check(0, ImageSize::new(480, 640), 21).unwrap_err();
    /// assert!(error.to_string().contains("[x, y, width, height]"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::TruthLabels`] unless there is one label for each box, [`RpnRoiError::TruthLabel`] for a label that is
    /// no class, [`RpnRoiError::TruthBox`] for a box without an inside, with a NaN, or outside the picture; regions to be
    /// ignored count on behind the objects.
    pub fn check(
        &self,
        picture: usize,
        size: ImageSize,
        num_classes: usize,
    ) -> Result<(), RpnRoiError> {
        if self.boxes.len() != self.labels.len() {
            return Err(RpnRoiError::TruthLabels {
                picture,
                boxes: self.boxes.len(),
                labels: self.labels.len(),
            });
        }
        for (index, &label) in self.labels.iter().enumerate() {
            if !(1..num_classes).contains(&label) {
                return Err(RpnRoiError::TruthLabel {
                    picture,
                    index,
                    label,
                    classes: num_classes - 1,
                });
            }
        }
        for (index, &corners) in self.boxes.iter().chain(&self.ignored).enumerate() {
            let [x1, y1, x2, y2] = corners;
            let proper = corners.iter().all(|c| c.is_finite()) && x1 < x2 && y1 < y2;
            let touches = x2 > 0.0 && y2 > 0.0 && x1 < size.width as f32 && y1 < size.height as f32;
            if !(proper && touches) {
                return Err(RpnRoiError::TruthBox {
                    picture,
                    index,
                    corners,
                    width: size.width,
                    height: size.height,
                });
            }
        }
        Ok(())
    }

    /// The same objects in the picture resized from `from` to `to` pixels: each axis scaled in 32-bit floats, as
    /// torchvision's `resize_boxes` does.
    pub fn resized(&self, from: ImageSize, to: ImageSize) -> Self {
        let x = to.width as f32 / from.width as f32;
        let y = to.height as f32 / from.height as f32;
        let scale = |boxes: &[[f32; 4]]| {
            boxes
                .iter()
                .map(|[x1, y1, x2, y2]| [x1 * x, y1 * y, x2 * x, y2 * y])
                .collect()
        };
        Self {
            boxes: scale(&self.boxes),
            labels: self.labels.clone(),
            ignored: scale(&self.ignored),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;

    fn message(boxes: Vec<[f32; 4]>, labels: Vec<usize>) -> String {
        let truth = GroundTruth {
            boxes,
            labels,
            ignored: Vec::new(),
        };
        truth
            .check(3, ImageSize::new(100, 200), 5)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn mistakes_are_named() {
        let good = [10.0, 20.0, 30.0, 40.0];
        assert_eq!(
            message(vec![good], vec![]),
            "picture 3 of the batch: 1 boxes and 0 labels; give each box one label"
        );
        assert_eq!(
            message(vec![good; 2], vec![4, 5]),
            "picture 3 of the batch, object 1: label 5 of 4 classes; labels count from 1, 0 is the background"
        );
        assert!(message(vec![good], vec![0]).contains("label 0 of 4 classes"));
        for wrong in [
            [10.0, 20.0, 10.0, 40.0],
            [50.0, 20.0, 30.0, 40.0],
            [200.0, 20.0, 230.0, 40.0],
            [10.0, f32::NAN, 30.0, 40.0],
        ] {
            let message = message(vec![good, wrong], vec![1, 1]);
            assert!(
                message.starts_with("picture 3 of the batch, object 1: box [")
                    && message.contains("200x100"),
                "{message}"
            );
        }
        let crowd = GroundTruth {
            boxes: vec![good],
            labels: vec![1],
            ignored: vec![good, [50.0, 20.0, 30.0, 40.0]],
        };
        let error = crowd.check(3, ImageSize::new(100, 200), 5).unwrap_err();
        assert!(error.to_string().contains("object 2: box [50"), "{error}");
        let negative = GroundTruth::default();
        assert_eq!(negative.check(0, ImageSize::new(1, 1), 2), Ok(()));
    }

    #[test]
    fn boxes_follow_their_picture() {
        let truth = GroundTruth {
            boxes: vec![[10.0, 20.0, 30.0, 40.0]],
            labels: vec![1],
            ignored: vec![[0.0, 0.0, 100.0, 50.0]],
        };
        let resized = truth.resized(ImageSize::new(50, 100), ImageSize::new(100, 50));
        assert_eq!(resized.boxes, [[5.0, 40.0, 15.0, 80.0]]);
        assert_eq!(resized.ignored, [[0.0, 0.0, 50.0, 100.0]]);
    }
}
