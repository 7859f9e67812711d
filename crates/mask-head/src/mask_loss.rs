//! What the mask branch learns from: the part of an object's mask that its RoI sees.
//!
//! Legend: P positive RoIs of the batch, G objects of an image, M×M the mask. *Mask R-CNN*, section 3: binary
//! cross-entropy of every pixel of the mask of the object's own class, mean over P·M·M; the other classes' masks do not
//! compete. The target is the object's mask under the RoI, cut out by `RoIAlign` (torchvision's `project_masks_on_boxes`).

use burn::tensor::{Device, Tensor, TensorData};
use wardrobe_kernels::roi::{RoiAlignOptions, roi_align};
use wardrobe_rpn_roi::roi_sample::{Positive, RoiSample};
use wardrobe_rpn_roi::{ImageBatch, ImageSize};

use crate::instance_truth::{InstanceTruth, TruthMask};

/// The targets `[P, M, M]` in 0 … 1 of the positives of `sample`, without autodiff.
///
/// # Panics
///
/// If there are no positives, or not one truth for each image.
pub(crate) fn mask_targets(
    sample: &RoiSample,
    truths: &[InstanceTruth],
    images: &ImageBatch,
    side: usize,
) -> Tensor<3> {
    let rois = sample.positive_rois();
    let device = rois.device();
    // One sample per pixel of the RoI, as torchvision asks for.
    let options = RoiAlignOptions::new([side; 2], 1.0).with_sampling_ratio(0);
    let mut cut = Vec::new();
    let mut row = 0;
    // Positives stand image after image.
    for positives in sample.positives.chunk_by(|a, b| a.image == b.image) {
        let Positive { image, .. } = positives[0];
        let size = images.sizes[image];
        let planes = planes(&truths[image].masks, images.originals[image], size, &device);
        let objects: Vec<f32> = positives.iter().map(|p| p.object as f32).collect();
        let count = objects.len();
        let objects = Tensor::from_data(TensorData::new(objects, [count, 1]), &device);
        let boxes = rois.clone().narrow(0, row, count).narrow(1, 1, 4);
        let seen = roi_align(planes, Tensor::cat(vec![objects, boxes], 1), &options);
        cut.push(seen.squeeze_dim::<3>(1));
        row += count;
    }
    Tensor::cat(cut, 0)
}

/// `[G, 1, H, W]`: the masks in pixels of the resized image.
fn planes(masks: &[TruthMask], from: ImageSize, to: ImageSize, device: &Device) -> Tensor<4> {
    let plane = to.height * to.width;
    let mut values = vec![0.0; masks.len() * plane];
    for (mask, plane) in masks.iter().zip(values.chunks_exact_mut(plane)) {
        mask.draw_resized(from, to, plane);
    }
    let shape = [masks.len(), 1, to.height, to.width];
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;
    use wardrobe_rpn_roi::GroundTruth;

    #[test]
    fn the_target_is_what_the_roi_sees() {
        let device = test_device();
        // The second object of the second image: the left half of an 8×8 picture. Its RoI covers the whole picture.
        let half: Vec<bool> = (0..64).map(|pixel| pixel % 8 < 4).collect();
        let object = |bits| TruthMask {
            x: 0,
            y: 0,
            width: 8,
            bits,
        };
        let truths = [
            InstanceTruth::default(),
            InstanceTruth {
                objects: GroundTruth::default(),
                masks: vec![object(vec![false; 64]), object(half)],
            },
        ];
        let size = ImageSize::new(8, 8);
        let images = ImageBatch {
            pixels: Tensor::zeros([2, 3, 32, 32], &device),
            sizes: vec![size; 2],
            originals: vec![size; 2],
        };
        let sample = RoiSample {
            rois: Tensor::from_floats(
                [[0.0, 0.0, 0.0, 8.0, 8.0], [1.0, 0.0, 0.0, 8.0, 8.0]],
                &device,
            ),
            labels: vec![0, 3],
            counts: vec![1, 1],
            positives: vec![Positive {
                row: 1,
                image: 1,
                object: 1,
                label: 3,
                truth: [0.0, 0.0, 4.0, 8.0],
            }],
        };
        let targets = mask_targets(&sample, &truths, &images, 4);
        assert_eq!(targets.dims(), [1, 4, 4]);
        let targets = targets.into_data().try_to_vec::<f32>().unwrap();
        // Bins of 2×2 pixels with samples at .5, 1.5: pixels 0 to 3 are 1, 4 is 0, and 3.5 lies half between:
        // bin 1 has samples 2.5 → 1 and 3.5 → ½.
        let row = [1.0, 0.75, 0.0, 0.0];
        assert_eq!(targets, [row; 4].concat());
    }
}
