//! Lays the small masks into the picture (torchvision's `paste_masks_in_image`; the rule is at
//! [`wardrobe_kernels::boxes::paste_masks`]).
//!
//! Legend: D detections, M×M a mask, H×W the picture.

use burn::tensor::Tensor;
use wardrobe_kernels::boxes::host::{PastedMask, paste_mask};
use wardrobe_kernels::boxes::paste_masks;
use wardrobe_rpn_roi::Detection;

use crate::instance_detections::InstanceDetections;

/// A detection and its mask on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Box, score, label.
    pub detection: Detection,
    /// Probabilities over the part of the picture the box covers; everywhere else 0.
    pub mask: PastedMask,
}

impl InstanceDetections {
    /// Full-size masks `[D, H, W]`, probabilities, on the device.
    ///
    /// Takes `4·D·H·W` bytes; [`InstanceDetections::instances`] keeps only what the boxes cover.
    pub fn paste(&self) -> Tensor<3> {
        let size = self.detections.size;
        if self.is_empty() {
            return Tensor::zeros([0, size.height, size.width], &self.masks.device());
        }
        paste_masks(
            self.masks.clone(),
            self.detections.boxes.clone(),
            [size.height, size.width],
        )
    }

    /// Copies the detections to the host, best first, each mask pasted where its box lies.
    ///
    /// # Panics
    ///
    /// If the backend fails to hand back the values.
    pub fn instances(&self) -> Vec<Instance> {
        if self.is_empty() {
            return Vec::new();
        }
        let [_, side, _] = self.masks.dims();
        let size = [self.detections.size.height, self.detections.size.width];
        let masks: Vec<f32> = self.masks.to_data().iter::<f32>().collect();
        self.detections
            .to_vec()
            .into_iter()
            .zip(masks.chunks_exact(side * side))
            .map(|(detection, mask)| Instance {
                detection,
                mask: paste_mask(mask, side, detection.bbox, size),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use burn::tensor::Int;
    use wardrobe_kernels::device::test_device;
    use wardrobe_rpn_roi::{Detections, ImageSize};

    fn found(count: usize) -> InstanceDetections {
        let device = test_device();
        let boxes = Tensor::<2>::from_floats([[4.0, 4.0, 8.0, 8.0], [0.0, 1.0, 5.0, 9.0]], &device);
        let detections = Detections {
            boxes: boxes.narrow(0, 0, count),
            scores: Tensor::<1>::from_floats([0.9, 0.8], &device).narrow(0, 0, count),
            labels: Tensor::<1, Int>::from_ints([1, 2], &device).narrow(0, 0, count),
            size: ImageSize::new(10, 12),
        };
        InstanceDetections {
            detections,
            masks: Tensor::<3>::ones([2, 2, 2], &device).narrow(0, 0, count),
        }
    }

    #[test]
    fn host_and_device_paste_alike() {
        let found = found(2);
        let full = found.paste().into_data().try_to_vec::<f32>().unwrap();
        let mut drawn = vec![0.0; 2 * 10 * 12];
        for (index, instance) in found.instances().iter().enumerate() {
            let mask = &instance.mask;
            for row in 0..mask.height {
                let start = index * 120 + (mask.y0 + row) * 12 + mask.x0;
                drawn[start..start + mask.width]
                    .copy_from_slice(&mask.values[row * mask.width..][..mask.width]);
            }
        }
        assert!(full.iter().zip(&drawn).all(|(a, b)| (a - b).abs() < 1e-6));
        // The centre of a mask of ones is one.
        assert!((full[6 * 12 + 6] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_found_is_nothing_pasted() {
        let device = test_device();
        let none = InstanceDetections {
            detections: Detections::none(ImageSize::new(3, 5), &device),
            masks: Tensor::zeros([0, 28, 28], &device),
        };
        assert!(none.instances().is_empty());
        assert_eq!(none.paste().dims(), [0, 3, 5]);
    }
}
