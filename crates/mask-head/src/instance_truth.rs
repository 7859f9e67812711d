//! What is to be found in a picture, masks included, as training gives it.

use wardrobe_rpn_roi::{GroundTruth, ImageSize, RpnRoiError};

use crate::error::MaskHeadError;

/// The pixels of one object: a rectangle of the picture and which of its pixels belong to the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TruthMask {
    /// Left column of the rectangle.
    pub x: usize,
    /// Top row of the rectangle.
    pub y: usize,
    /// Columns of the rectangle.
    pub width: usize,
    /// `width · height` pixels, row after row.
    pub bits: Vec<bool>,
}

impl TruthMask {
    /// Rows of the rectangle.
    pub fn height(&self) -> usize {
        self.bits.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether the picture's pixel belongs to the object.
    fn contains(&self, x: usize, y: usize) -> bool {
        let (Some(column), Some(row)) = (x.checked_sub(self.x), y.checked_sub(self.y)) else {
            return false;
        };
        column < self.width && row < self.height() && self.bits[row * self.width + column]
    }

    /// Draws the mask, resized from a picture of `from` to one of `to` pixels, as 0 and 1 into `plane` of `to` pixels.
    ///
    /// Nearest neighbour as PyTorch's `interpolate` has it: pixel i of the result is pixel `⌊i · from / to⌋` of the source,
    /// the ratio and the product in 32-bit floats.
    pub(crate) fn draw_resized(&self, from: ImageSize, to: ImageSize, plane: &mut [f32]) {
        let columns: Vec<usize> = source_indices(from.width, to.width).collect();
        for (source, row) in
            source_indices(from.height, to.height).zip(plane.chunks_exact_mut(to.width))
        {
            for (&column, pixel) in columns.iter().zip(row) {
                *pixel = f32::from(u8::from(self.contains(column, source)));
            }
        }
    }
}

fn source_indices(from: usize, to: usize) -> impl Iterator<Item = usize> {
    let ratio = from as f32 / to as f32;
    (0..to).map(move |index| ((index as f32 * ratio) as usize).min(from - 1))
}

/// The objects of one picture with their masks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InstanceTruth {
    /// Boxes and classes.
    pub objects: GroundTruth,
    /// One mask for each box, in pixels of the picture as it came.
    pub masks: Vec<TruthMask>,
}

impl InstanceTruth {
    /// Checks what [`GroundTruth::check`] checks, and the masks.
    ///
    /// # Errors
    ///
    /// As there, and [`MaskHeadError::TruthMasks`] unless there is one mask for each box,
    /// [`MaskHeadError::TruthMask`] for a mask that is no rectangle inside the picture.
    pub fn check(
        &self,
        picture: usize,
        size: ImageSize,
        num_classes: usize,
    ) -> Result<(), MaskHeadError> {
        let checked: Result<(), RpnRoiError> = self.objects.check(picture, size, num_classes);
        checked?;
        if self.masks.len() != self.objects.boxes.len() {
            return Err(MaskHeadError::TruthMasks {
                picture,
                boxes: self.objects.boxes.len(),
                masks: self.masks.len(),
            });
        }
        for (index, mask) in self.masks.iter().enumerate() {
            let whole = mask.width * mask.height() == mask.bits.len();
            let inside = mask.x + mask.width <= size.width && mask.y + mask.height() <= size.height;
            if !(whole && inside) {
                return Err(MaskHeadError::TruthMask {
                    picture,
                    index,
                    rectangle: [mask.x, mask.y, mask.width, mask.height()],
                    pixels: mask.bits.len(),
                    width: size.width,
                    height: size.height,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;

    fn mask() -> TruthMask {
        TruthMask {
            x: 1,
            y: 0,
            width: 2,
            bits: vec![true, false, true, true],
        }
    }

    #[test]
    fn resizing_takes_the_nearest_pixel_below() {
        // A picture of 2 rows and 3 columns: .#. / .##, drawn at 3 rows and 6 columns: rows ⌊0, .67, 1.33⌋, columns ⌊i/2⌋.
        let mut plane = vec![9.0; 18];
        mask().draw_resized(ImageSize::new(2, 3), ImageSize::new(3, 6), &mut plane);
        let (above, below) = ([0., 0., 1., 1., 0., 0.], [0., 0., 1., 1., 1., 1.]);
        assert_eq!(plane, [above, above, below].concat());
    }

    #[test]
    fn mistakes_are_named() {
        let truth = |masks| InstanceTruth {
            objects: GroundTruth {
                boxes: vec![[0.0, 0.0, 2.0, 2.0]],
                labels: vec![1],
                ignored: Vec::new(),
            },
            masks,
        };
        let check = |masks| truth(masks).check(2, ImageSize::new(2, 3), 5);
        assert_eq!(check(vec![mask()]), Ok(()));
        assert_eq!(
            check(vec![]).unwrap_err().to_string(),
            "picture 2 of the batch: 1 boxes and 0 masks; give each box one mask, or train without masks"
        );
        let ragged = TruthMask {
            bits: vec![true; 5],
            ..mask()
        };
        let outside = TruthMask { x: 2, ..mask() };
        for wrong in [ragged, outside] {
            let message = check(vec![wrong]).unwrap_err().to_string();
            assert!(
                message.starts_with("picture 2 of the batch, object 0: mask"),
                "{message}"
            );
        }
    }
}
