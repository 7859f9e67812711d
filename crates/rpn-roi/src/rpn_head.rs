//! The RPN's head: at each cell, A logits and A codes.
//!
//! Legend: N images, H×W cells of one level, A anchors per cell, M chosen anchors. Anchor number `(row · W + column) · A + a`.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use wardrobe_backbones::conv_norm::{Conv2d, Conv2dConfig, ConvNorm, ConvNormConfig};
use wardrobe_backbones::initialisation::normal;
use wardrobe_kernels::conv::{ConvOptions, conv2d};
use wardrobe_kernels::precision::widened;

use crate::config::RpnConfig;
use crate::image_batch::ImageSize;

/// Standard deviation of fresh weights (Faster R-CNN, section 3.1.3).
const WEIGHT_STD: f64 = 0.01;

/// 3×3 convolutions with ReLU, then two 1×1 convolutions; the same weights on every level.
#[derive(Module, Debug)]
pub struct RpnHead {
    /// The 3×3 convolutions.
    pub conv: Vec<ConvNorm>,
    /// `[A, channels, 1, 1]`: objectness.
    pub cls_logits: Conv2d,
    /// `[4A, channels, 1, 1]`: codes, anchor by anchor.
    pub bbox_pred: Conv2d,
}

impl RpnHead {
    /// A fresh head for feature maps of `channels` channels.
    pub fn new(config: &RpnConfig, channels: usize, device: &Device) -> Self {
        let anchors = config.anchors.per_cell();
        let convolution =
            ConvNormConfig::new(channels, channels, 3).with_initializer(normal(WEIGHT_STD));
        let predictor = |outputs| {
            Conv2dConfig::new(channels, outputs, 1)
                .with_initializer(normal(WEIGHT_STD))
                .init(device)
        };
        Self {
            conv: (0..config.convolutions)
                .map(|_| convolution.init(device))
                .collect(),
            cls_logits: predictor(anchors),
            bbox_pred: predictor(4 * anchors),
        }
    }

    /// What the head says about one level, `features` `[N, channels, H, W]`; in f32 whatever the weights' type.
    ///
    /// # Panics
    ///
    /// If the channels are not those the head was made for.
    pub fn forward(&self, features: Tensor<4>) -> LevelPrediction {
        let [images, _, height, width] = features.dims();
        let hidden = self.conv.iter().fold(features, |x, conv| conv.forward(x));
        // The two predictors read the same cells: one convolution with 5A outputs reads them once.
        let weights = [&self.cls_logits, &self.bbox_pred].map(|conv| widened(conv.weight.val()));
        let weight = Tensor::cat(weights.to_vec(), 0);
        let bias = |conv: &Conv2d| match &conv.bias {
            Some(bias) => widened(bias.val()),
            None => Tensor::zeros([conv.out_channels()], &hidden.device()),
        };
        let bias = Tensor::cat(vec![bias(&self.cls_logits), bias(&self.bbox_pred)], 0);
        let outputs = conv2d(hidden, weight, Some(bias), None, &ConvOptions::default());
        let anchors = self.cls_logits.out_channels();
        LevelPrediction {
            outputs: widened(outputs)
                .permute([0, 2, 3, 1])
                .reshape([images * height * width, 5 * anchors]),
            images,
            cells: ImageSize::new(height, width),
            anchors,
        }
    }
}

/// The head's outputs on one level, cell by cell.
#[derive(Debug, Clone)]
pub struct LevelPrediction {
    /// `[N·H·W, 5A]`: A logits, then A codes of four.
    outputs: Tensor<2>,
    images: usize,
    cells: ImageSize,
    anchors: usize,
}

impl LevelPrediction {
    /// Rows and columns of the level.
    pub const fn cells(&self) -> ImageSize {
        self.cells
    }

    /// Objectness logits `[N, H·W·A]`.
    pub fn objectness(&self) -> Tensor<2> {
        let count = self.cells.height * self.cells.width * self.anchors;
        self.outputs
            .clone()
            .narrow(1, 0, self.anchors)
            .reshape([self.images, count])
    }

    /// The codes of all anchors, `[N, H·W·A, 4]`.
    pub fn all_codes(&self) -> Tensor<3> {
        let count = self.cells.height * self.cells.width * self.anchors;
        self.outputs
            .clone()
            .narrow(1, self.anchors, 4 * self.anchors)
            .reshape([self.images, count, 4])
    }

    /// The codes `[N·M, 4]` of the anchors with numbers `indices` `[N, M]`; the other codes are not touched.
    ///
    /// # Panics
    ///
    /// If `indices` has not N rows.
    pub fn codes(&self, indices: &Tensor<2, Int>) -> Tensor<2> {
        let [images, chosen] = indices.dims();
        assert_eq!(
            images,
            self.images,
            "indices {:?} for {} images",
            indices.dims(),
            self.images
        );
        let cells = (self.cells.height * self.cells.width) as i64;
        let device = indices.device();
        let within = indices.clone().remainder_scalar(self.anchors as i64);
        let cell = (indices.clone() - within.clone()).div_scalar(self.anchors as i64);
        let image =
            Tensor::<1, Int>::arange(0..images as i64, &device).reshape([images, 1]) * cells;
        let rows = self
            .outputs
            .clone()
            .select(0, (cell + image).reshape([images * chosen]));
        let first = within.reshape([images * chosen, 1]) * 4 + self.anchors as i64;
        rows.gather(
            1,
            first + Tensor::<1, Int>::arange(0..4, &device).reshape([1, 4]),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use burn::module::Param;
    use wardrobe_kernels::device::test_device;

    /// A head without 3×3 convolutions' effect: one input channel that holds the cell's number, predictor `o` multiplies by
    /// `o + 1` and adds nothing.
    fn counting_head(anchors: usize, device: &Device) -> RpnHead {
        let config = RpnConfig {
            anchors: crate::config::AnchorConfig {
                sizes: vec![vec![1.0; anchors]],
                aspect_ratios: vec![1.0],
            },
            ..RpnConfig::default()
        };
        let mut head = RpnHead::new(&config, 1, device);
        head.conv.clear();
        let weights = |from: usize, count: usize| {
            let values: Vec<f32> = (from..from + count)
                .map(|output| output as f32 + 1.0)
                .collect();
            Param::from_tensor(
                Tensor::<1>::from_floats(values.as_slice(), device).reshape([count, 1, 1, 1]),
            )
        };
        head.cls_logits.weight = weights(0, anchors);
        head.bbox_pred.weight = weights(anchors, 4 * anchors);
        head
    }

    #[test]
    fn outputs_stand_cell_by_cell() {
        let device = test_device();
        // Two images of 1×3 cells: 0 1 2 and 10 11 12. A = 2.
        let features = Tensor::<1>::from_floats([0.0, 1.0, 2.0, 10.0, 11.0, 12.0], &device)
            .reshape([2, 1, 1, 3]);
        let prediction = counting_head(2, &device).forward(features);
        let logits = prediction
            .objectness()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        // Anchor a's logit = cell · (a + 1).
        assert_eq!(
            logits,
            [
                0.0, 0.0, 1.0, 2.0, 2.0, 4.0, 10.0, 20.0, 11.0, 22.0, 12.0, 24.0
            ]
        );
        // Image 0: anchor 3 = cell 1, a = 1; image 1: anchor 4 = cell 2, a = 0. Code k of a = cell · (2 + 4a + k + 1).
        let codes = prediction
            .codes(&Tensor::from_ints([[3], [4]], &device))
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        let expected = [7.0, 8.0, 9.0, 10.0, 36.0, 48.0, 60.0, 72.0];
        assert_eq!(codes, expected);
        let all = prediction.all_codes();
        assert_eq!(all.dims(), [2, 6, 4]);
        let all = all.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(all[3 * 4..4 * 4], expected[..4]);
        assert_eq!(all[10 * 4..11 * 4], expected[4..]);
    }
}
