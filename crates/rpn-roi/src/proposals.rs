//! What the first stage hands to the second.
//!
//! Legend: N images, K the largest number of proposals of an image of the batch, R = N·K RoIs.

use burn::tensor::{Device, Tensor, TensorData};

/// Proposals of a batch: one rectangular block, so that the second stage runs on one tensor.
#[derive(Debug, Clone)]
pub struct Proposals {
    /// `[N, K, 4]` boxes in pixels of the resized images, best first; rows from an image's count on mean nothing.
    pub boxes: Tensor<3>,
    /// `[N, K]` objectness probabilities.
    pub scores: Tensor<2>,
    /// Number of proposals of each image.
    pub counts: Vec<usize>,
}

impl Proposals {
    /// No proposal in any of `images` images.
    pub fn none(images: usize, device: &Device) -> Self {
        Self {
            boxes: Tensor::zeros([images, 0, 4], device),
            scores: Tensor::zeros([images, 0], device),
            counts: vec![0; images],
        }
    }

    /// K, the rows of each image.
    pub fn rows(&self) -> usize {
        self.boxes.dims()[1]
    }

    /// Whether no image has a proposal.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// The boxes one below the other, `[R, 4]`.
    pub fn flat_boxes(&self) -> Tensor<2> {
        let [images, rows, _] = self.boxes.dims();
        if rows == 0 {
            return Tensor::zeros([0, 4], &self.boxes.device());
        }
        self.boxes.clone().reshape([images * rows, 4])
    }

    /// RoIs `[R, 5]`: image index, then the box. The image index of a row beyond its image's count is −1, for which pooling
    /// gives zeros.
    pub fn rois(&self) -> Tensor<2> {
        Tensor::cat(
            vec![self.image_indices(&self.boxes.device()), self.flat_boxes()],
            1,
        )
    }

    /// The same images and counts with other boxes `[R, 4]`.
    ///
    /// # Panics
    ///
    /// If `boxes` has not R rows.
    pub fn with_boxes(&self, boxes: Tensor<2>) -> Self {
        Self {
            boxes: boxes.reshape(self.boxes.dims()),
            ..self.clone()
        }
    }

    /// `[R, 1]`.
    fn image_indices(&self, device: &Device) -> Tensor<2> {
        let rows = self.rows();
        let index = |(image, &count): (usize, &usize)| {
            (0..rows).map(move |row| if row < count { image as f32 } else { -1.0 })
        };
        let indices: Vec<f32> = self.counts.iter().enumerate().flat_map(index).collect();
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count, 1]), device)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn rows_beyond_the_count_have_no_image() {
        let device = test_device();
        let proposals = Proposals {
            boxes: Tensor::<3>::ones([2, 2, 4], &device),
            scores: Tensor::ones([2, 2], &device),
            counts: vec![2, 1],
        };
        let rois = proposals.rois().into_data().try_to_vec::<f32>().unwrap();
        let images: Vec<f32> = rois.chunks_exact(5).map(|roi| roi[0]).collect();
        assert_eq!(images, [0.0, 0.0, 1.0, -1.0]);
        assert_eq!(rois[1..5], [1.0; 4]);
    }
}
