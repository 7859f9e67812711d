//! What the unit tests of the stages share: the least input that a stage takes.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor};

use crate::constants::box_tensor;
use crate::image_batch::{ImageBatch, ImageSize};
use crate::proposals::Proposals;

/// One black image of `size` in a batch padded to `[height, width]`.
pub(crate) fn one_image(size: ImageSize, padded: [usize; 2], device: &Device) -> ImageBatch {
    ImageBatch {
        pixels: Tensor::zeros([1, 3, padded[0], padded[1]], device),
        sizes: vec![size],
        originals: vec![size],
    }
}

/// Proposals of one image, all of score 1.
pub(crate) fn proposals_of_one_image(boxes: &[[f32; 4]], device: &Device) -> Proposals {
    Proposals {
        boxes: box_tensor(boxes, device).unsqueeze(),
        scores: Tensor::ones([1, boxes.len()], device),
        counts: vec![boxes.len()],
    }
}

/// The corners of boxes `[K, 4]`.
pub(crate) fn corners(boxes: Tensor<2>) -> Vec<[f32; 4]> {
    let values: Vec<f32> = boxes.into_data().try_to_vec().unwrap();
    values.as_chunks().0.to_vec()
}
