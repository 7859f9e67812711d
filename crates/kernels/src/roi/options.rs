//! Settings of the RoI pooling operations.

#[cfg(feature = "cube")]
use burn::tensor::Shape;
use serde::{Deserialize, Serialize};

/// How the samples of one `RoIAlign` bin become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SampleReduction {
    /// Mean of the samples, as in torchvision and detectron2.
    #[default]
    Average,
    /// Largest sample; the first of equal samples (row by row) takes the gradient, on CUDA through
    /// LibTorch any of them. Samples outside the map count as zero and lose ties (not there); a bin
    /// without samples is zero. A NaN is never the largest (there it is), and a bin of nothing else is `f32::MIN`.
    Max,
}

/// Settings of [`roi_align`](super::roi_align) and [`pyramid_roi_align`](super::pyramid_roi_align).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoiAlignOptions {
    /// Bins `[PH, PW]`.
    pub output_size: [usize; 2],
    /// Samples per bin and axis; 0 chooses ⌈size of the RoI in cells ÷ bins⌉ for each RoI and axis.
    pub sampling_ratio: usize,
    /// Shift coordinates by half a cell, so that cell centres lie at integers + ½ of the image grid;
    /// also lets boxes be smaller than one cell. torchvision's detectors use `false`.
    pub aligned: bool,
    /// How the samples of a bin are combined.
    pub reduction: SampleReduction,
    /// Feature cells per image pixel of each level, one to four levels, finest first.
    pub scales: Vec<f32>,
}

impl RoiAlignOptions {
    /// torchvision's detector setting for one map: two samples per bin and axis, not aligned, average.
    pub fn new(output_size: [usize; 2], scale: f32) -> Self {
        Self {
            output_size,
            sampling_ratio: 2,
            aligned: false,
            reduction: SampleReduction::Average,
            scales: vec![scale],
        }
    }

    /// Samples per bin and axis, 0 = adaptive.
    pub fn with_sampling_ratio(mut self, sampling_ratio: usize) -> Self {
        self.sampling_ratio = sampling_ratio;
        self
    }

    /// Shift coordinates by half a cell.
    pub fn with_aligned(mut self, aligned: bool) -> Self {
        self.aligned = aligned;
        self
    }

    /// Average or maximum.
    pub fn with_reduction(mut self, reduction: SampleReduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// One scale per pyramid level, finest first.
    pub fn with_scales(mut self, scales: Vec<f32>) -> Self {
        self.scales = scales;
        self
    }

    /// # Panics
    /// If there are no bins, no scales, more than four, or a scale that is not finite and positive.
    pub(crate) fn check(&self) {
        assert!(
            (1..=4).contains(&self.scales.len()),
            "roi_align: one to four levels are supported, got {} scales",
            self.scales.len()
        );
        for scale in &self.scales {
            check_size("roi_align", self.output_size, *scale);
        }
    }
}

/// Settings of [`roi_pool`](super::roi_pool) and [`prroi_pool`](super::prroi_pool).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoiPoolOptions {
    /// Bins `[PH, PW]`.
    pub output_size: [usize; 2],
    /// Feature cells per image pixel.
    pub scale: f32,
}

impl RoiPoolOptions {
    /// `output_size` bins of a map with `scale` cells per image pixel.
    pub fn new(output_size: [usize; 2], scale: f32) -> Self {
        Self { output_size, scale }
    }

    /// # Panics
    /// If there are no bins or the scale is not finite and positive.
    pub(crate) fn check(&self, operation: &str) {
        check_size(operation, self.output_size, self.scale);
    }
}

fn check_size(operation: &str, output_size: [usize; 2], scale: f32) {
    assert!(
        output_size[0] > 0 && output_size[1] > 0,
        "{operation}: output_size must be positive, got {output_size:?}"
    );
    assert!(
        scale.is_finite() && scale > 0.0,
        "{operation}: scale must be finite and positive, got {scale}"
    );
}

/// `[K, C, PH, PW]` of a `RoIAlign` over `features` `[N, C, H, W]`.
#[cfg(feature = "cube")]
pub(crate) fn align_shape(features: &Shape, rois: &Shape, options: &RoiAlignOptions) -> Shape {
    pooled_shape(features, rois, options.output_size)
}

/// `[K, C, PH, PW]` of a RoI pooling of `features` `[N, C, H, W]`.
#[cfg(feature = "cube")]
pub(crate) fn pool_shape(features: &Shape, rois: &Shape, options: &RoiPoolOptions) -> Shape {
    pooled_shape(features, rois, options.output_size)
}

#[cfg(feature = "cube")]
fn pooled_shape(features: &Shape, rois: &Shape, [height, width]: [usize; 2]) -> Shape {
    Shape::new([rois[0], features[1], height, width])
}
