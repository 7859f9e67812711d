//! From features to masks: each cell becomes 2×2 pixels, each pixel one logit per class.
//!
//! Legend: R RoIs, S×S the cut-out, M = 2S the mask's side, E the reduced channels, C classes with background 0.
//!
//! The transposed convolution has kernel 2 and stride 2, so no two of its 2×2 blocks overlap: pixel `(2i + a, 2j + b)` of
//! channel e is `Σ_c x[c, i, j] · w[c, e, a, b]`. That is a 1×1 convolution with 4E outputs, one block position after the
//! other, and it is run as one. At test only the detected class's mask is wanted; it is the dot product of the pixel with
//! that class's row, so the other C − 1 masks are never made, and only the finished small mask is put in pixel order.
//! Logits are f32 whatever the weights' type.

use burn::module::{Initializer, Module, Param};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor};
use wardrobe_backbones::conv_norm::{Conv2d, Conv2dConfig};
use wardrobe_backbones::initialisation::kaiming_normal;
use wardrobe_backbones::watch::see;
use wardrobe_kernels::conv::{Activation, ConvOptions, conv2d};
use wardrobe_kernels::precision::widened;

/// Transposed 2×2 convolution, ReLU, 1×1 convolution (*Mask R-CNN*, figure 4; torchvision's `MaskRCNNPredictor`).
#[derive(Module, Debug)]
pub struct MaskPredictor {
    /// The transposed convolution.
    pub conv5_mask: Upsample2,
    /// `[C, E, 1, 1]`: one logit per class.
    pub mask_fcn_logits: Conv2d,
}

/// A transposed convolution of kernel 2 and stride 2.
#[derive(Module, Debug)]
pub struct Upsample2 {
    /// `[inputs, E, 2, 2]`, PyTorch's layout of a transposed convolution.
    pub weight: Param<Tensor<4>>,
    /// `[E]`.
    pub bias: Param<Tensor<1>>,
}

impl Upsample2 {
    /// ReLU of the transposed convolution of `[R, inputs, S, S]`: `[R, S, S, 2, 2, E]`, block position before channel.
    fn forward_relu(&self, x: Tensor<4>) -> Tensor<6> {
        let weight = self.weight.val();
        let [inputs, reduced, _, _] = weight.dims();
        let weight = weight
            .permute([2, 3, 1, 0])
            .reshape([4 * reduced, inputs, 1, 1]);
        let bias = self.bias.val().repeat_dim(0, 4);
        let options = ConvOptions::default().with_activation(Activation::Relu);
        let blocks = see(&self.weight, conv2d(x, weight, Some(bias), None, &options));
        let [rois, _, height, width] = blocks.dims();
        blocks
            .permute([0, 2, 3, 1])
            .reshape([rois, height, width, 2, 2, reduced])
    }
}

impl MaskPredictor {
    /// A fresh predictor for features of `inputs` channels.
    pub fn new(inputs: usize, reduced: usize, num_classes: usize, device: &Device) -> Self {
        // torchvision draws every weight here from `kaiming_normal_(mode="fan_out")`; for `[inputs, E, 2, 2]` PyTorch counts
        // `inputs · 4` as fan out.
        let weight = kaiming_normal().init_with(
            [inputs, reduced, 2, 2],
            Some(reduced * 4),
            Some(inputs * 4),
            device,
        );
        Self {
            conv5_mask: Upsample2 {
                weight,
                bias: Initializer::Zeros.init([reduced], device),
            },
            mask_fcn_logits: Conv2dConfig::new(reduced, num_classes, 1).init(device),
        }
    }

    /// The logits of all classes, `[R, C, M, M]`, from features `[R, inputs, S, S]`.
    ///
    /// # Panics
    ///
    /// If the channels are not those the predictor was made for.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let blocks = self.conv5_mask.forward_relu(features);
        let [rois, height, width, _, _, reduced] = blocks.dims();
        // [R, E, S, 2, S, 2]
        let pixels =
            blocks
                .permute([0, 5, 1, 3, 2, 4])
                .reshape([rois, reduced, 2 * height, 2 * width]);
        widened(self.mask_fcn_logits.forward(pixels))
    }

    /// The probabilities of one class for each RoI, `[R, M, M]`, from features `[R, inputs, S, S]` and classes `[R]`.
    ///
    /// # Panics
    ///
    /// As [`MaskPredictor::class_logits`].
    pub fn forward_class(&self, features: Tensor<4>, labels: Tensor<1, Int>) -> Tensor<3> {
        sigmoid(self.class_logits(features, labels))
    }

    /// The logits of one class for each RoI, `[R, M, M]`, from features `[R, inputs, S, S]` and classes `[R]`.
    ///
    /// # Panics
    ///
    /// If the channels are not those the predictor was made for, or there is not one class for each RoI.
    pub fn class_logits(&self, features: Tensor<4>, labels: Tensor<1, Int>) -> Tensor<3> {
        assert_eq!(
            labels.dims()[0],
            features.dims()[0],
            "labels {:?} for RoIs {:?}",
            labels.dims(),
            features.dims()
        );
        let blocks = self.conv5_mask.forward_relu(features);
        let [rois, height, width, _, _, reduced] = blocks.dims();
        let classes = self.mask_fcn_logits.out_channels();
        let rows = self
            .mask_fcn_logits
            .weight
            .val()
            .cast(blocks.dtype())
            .reshape([classes, reduced])
            .select(0, labels.clone());
        let logits = blocks
            .reshape([rois, height * width * 4, reduced])
            .matmul(rows.reshape([rois, reduced, 1]));
        let logits = widened(logits);
        let logits = match &self.mask_fcn_logits.bias {
            Some(bias) => logits + widened(bias.val()).select(0, labels).reshape([rois, 1, 1]),
            None => logits,
        };
        let logits = see(&self.mask_fcn_logits.weight, logits);
        // [R, S, S, 2, 2] → [R, S, 2, S, 2]
        let pixels = logits
            .reshape([rois, height, width, 2, 2])
            .permute([0, 1, 3, 2, 4]);
        pixels.reshape([rois, 2 * height, 2 * width])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use burn::tensor::module::conv_transpose2d;
    use burn::tensor::ops::ConvTransposeOptions;
    use burn::tensor::{Distribution, Tolerance, activation::relu};
    use wardrobe_kernels::device::test_device;
    use wardrobe_kernels::generator::Generator;

    #[test]
    fn blocks_agree_with_the_transposed_convolution() {
        let device = test_device();
        let _generator = Generator::seeded(&device, 3);
        let predictor = MaskPredictor::new(5, 6, 4, &device);
        let features = Tensor::random([3, 5, 7, 7], Distribution::Normal(0.0, 1.0), &device);
        let found = predictor.forward(features.clone());
        assert_eq!(found.dims(), [3, 4, 14, 14]);
        let options = ConvTransposeOptions::new([2, 2], [0, 0], [0, 0], [1, 1], 1);
        let up = &predictor.conv5_mask;
        let pixels = relu(conv_transpose2d(
            features,
            up.weight.val(),
            Some(up.bias.val()),
            options,
        ));
        let expected = predictor.mask_fcn_logits.forward(pixels);
        found
            .into_data()
            .assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-4));
    }

    #[test]
    fn one_class_is_the_class_of_all() {
        let device = test_device();
        let _generator = Generator::seeded(&device, 4);
        let predictor = MaskPredictor::new(5, 6, 4, &device);
        let features = Tensor::random([3, 5, 2, 2], Distribution::Normal(0.0, 1.0), &device);
        let all = sigmoid(predictor.forward(features.clone()));
        let found = predictor.forward_class(features, Tensor::from_ints([2, 0, 3], &device));
        for (roi, class) in [2, 0, 3].into_iter().enumerate() {
            let expected = all
                .clone()
                .slice([roi..roi + 1, class..class + 1])
                .into_data()
                .try_to_vec::<f32>()
                .unwrap();
            let found = found
                .clone()
                .narrow(0, roi, 1)
                .into_data()
                .try_to_vec::<f32>()
                .unwrap();
            assert_eq!(found.len(), 16);
            assert!(
                found
                    .iter()
                    .zip(&expected)
                    .all(|(a, b)| (a - b).abs() < 1e-5),
                "{found:?} {expected:?}"
            );
        }
    }
}
