//! What a detector hands back for one image.
//!
//! Legend: D detections, best score first. Boxes are `[x1, y1, x2, y2]` in pixels of `size`, continuous, without the `+1`
//! of pixel-inclusive formats. Labels count classes from 1; 0 is the background and never appears.

use burn::tensor::{Device, Int, Tensor};

use crate::image_batch::{ImageBatch, ImageSize};

/// The detections of one image.
#[derive(Debug, Clone)]
pub struct Detections {
    /// `[D, 4]` boxes in pixels of `size`.
    pub boxes: Tensor<2>,
    /// `[D]` probabilities, descending.
    pub scores: Tensor<1>,
    /// `[D]` class indices from 1.
    pub labels: Tensor<1, Int>,
    /// The image the boxes lie in.
    pub size: ImageSize,
}

/// One detection on the host.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Detection {
    /// `[x1, y1, x2, y2]` in pixels.
    pub bbox: [f32; 4],
    /// Probability of the class.
    pub score: f32,
    /// Class index from 1.
    pub label: usize,
}

impl Detections {
    /// No detection in an image of `size`.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use wardrobe_rpn_roi::{detections::Detections, image_batch::ImageSize};
    ///
    /// let none = Detections::none(ImageSize::new(480, 640), &Device::flex());
    /// assert!(none.is_empty());
    /// ```
    pub fn none(size: ImageSize, device: &Device) -> Self {
        Self {
            boxes: Tensor::zeros([0, 4], device),
            scores: Tensor::zeros([0], device),
            labels: Tensor::zeros([0], device),
            size,
        }
    }

    /// No detection in any image of the batch.
    pub(crate) fn none_in(images: &ImageBatch) -> Vec<Self> {
        let device = images.pixels.device();
        images
            .sizes
            .iter()
            .map(|size| Self::none(*size, &device))
            .collect()
    }

    /// D, the number of detections.
    pub fn len(&self) -> usize {
        self.scores.dims()[0]
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same detections in an image of another size: each axis is scaled by `new / old` in 32-bit floats, as torchvision's
    /// `resize_boxes` does.
    pub fn resized(self, size: ImageSize) -> Self {
        if self.is_empty() || size == self.size {
            return Self { size, ..self };
        }
        let x = size.width as f32 / self.size.width as f32;
        let y = size.height as f32 / self.size.height as f32;
        let ratios = Tensor::<2>::from_floats([[x, y, x, y]], &self.boxes.device());
        Self {
            boxes: self.boxes * ratios,
            size,
            ..self
        }
    }

    /// Copies the detections to the host, best first.
    ///
    /// # Panics
    ///
    /// If the backend fails to hand back the values.
    pub fn to_vec(&self) -> Vec<Detection> {
        if self.is_empty() {
            return Vec::new();
        }
        let boxes: Vec<f32> = self.boxes.to_data().iter::<f32>().collect();
        let scores = self.scores.to_data();
        let labels = self.labels.to_data();
        boxes
            .chunks_exact(4)
            .zip(scores.iter::<f32>())
            .zip(labels.iter::<i64>())
            .map(|((corners, score), label)| Detection {
                bbox: [corners[0], corners[1], corners[2], corners[3]],
                score,
                label: usize::try_from(label).unwrap_or(0),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn resizing_scales_each_axis() {
        let device = test_device();
        let found = Detections {
            boxes: Tensor::from_floats([[10.0, 20.0, 30.0, 40.0]], &device),
            scores: Tensor::from_floats([0.5], &device),
            labels: Tensor::from_ints([3], &device),
            size: ImageSize::new(100, 200),
        };
        // Width 200 → 100 halves x, height 100 → 300 triples y.
        let back = found.resized(ImageSize::new(300, 100)).to_vec();
        assert_eq!(
            back,
            vec![Detection {
                bbox: [5.0, 60.0, 15.0, 120.0],
                score: 0.5,
                label: 3
            }]
        );
    }

    #[test]
    fn no_detection_survives_resizing() {
        let none =
            Detections::none(ImageSize::new(10, 10), &test_device()).resized(ImageSize::new(20, 5));
        assert!(none.is_empty());
        assert_eq!(none.size, ImageSize::new(20, 5));
        assert!(none.to_vec().is_empty());
    }
}
