//! The network between a box's cut-out and its predictions.
//!
//! Legend: R RoIs, S×S the cut-out (7×7), F features of a RoI. Every head maps `[R, channels, S, S]` to `[R, F]`.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use wardrobe_backbones::conv_norm::{ConvNorm, ConvNormConfig};
use wardrobe_backbones::norm::BatchNormConfig;
use wardrobe_backbones::watch::see;
use wardrobe_kernels::conv::{Activation, linear};

use crate::config::BoxHeadConfig;

/// One of the box heads.
#[derive(Module, Debug)]
pub enum BoxHead {
    /// Two fully connected layers.
    TwoMlp(TwoMlpHead),
    /// Convolutions with batch norm, then one fully connected layer.
    ConvFc(ConvFcHead),
}

impl BoxHead {
    /// A fresh head for cut-outs of `channels` channels and `side`² cells.
    pub fn new(config: &BoxHeadConfig, channels: usize, side: usize, device: &Device) -> Self {
        match *config {
            BoxHeadConfig::TwoMlp { features } => {
                Self::TwoMlp(TwoMlpHead::new(channels * side * side, features, device))
            }
            BoxHeadConfig::ConvFc {
                convolutions,
                channels: hidden,
                features,
                norm_epsilon,
            } => {
                let norm = BatchNormConfig::trained().with_epsilon(norm_epsilon);
                let width = |i| if i == 0 { channels } else { hidden };
                let conv = |i| {
                    ConvNormConfig::new(width(i), hidden, 3)
                        .with_norm(Some(norm))
                        .init(device)
                };
                let fc = LinearConfig::new(hidden * side * side, features).init(device);
                Self::ConvFc(ConvFcHead::new((0..convolutions).map(conv).collect(), fc))
            }
        }
    }

    /// The features `[R, F]` of cut-outs `[R, channels, S, S]`.
    ///
    /// # Panics
    ///
    /// If the cut-outs are not of the size the head was made for.
    pub fn forward(&self, pooled: Tensor<4>) -> Tensor<2> {
        match self {
            Self::TwoMlp(head) => head.forward(pooled),
            Self::ConvFc(head) => head.forward(pooled),
        }
    }

    /// The head with its batch norm folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        match self {
            Self::ConvFc(head) => Self::ConvFc(head.fold_batch_norm()),
            plain @ Self::TwoMlp(_) => plain,
        }
    }
}

/// Fully connected, ReLU, fully connected, ReLU (FPN, section 4.2; torchvision's `TwoMLPHead`).
#[derive(Module, Debug)]
pub struct TwoMlpHead {
    /// `[channels · S · S, F]`.
    pub fc6: Linear,
    /// `[F, F]`.
    pub fc7: Linear,
}

impl TwoMlpHead {
    /// A fresh head that reads `inputs` numbers a RoI.
    pub fn new(inputs: usize, features: usize, device: &Device) -> Self {
        Self {
            fc6: LinearConfig::new(inputs, features).init(device),
            fc7: LinearConfig::new(features, features).init(device),
        }
    }

    /// `[R, channels, S, S]` → `[R, F]`.
    ///
    /// # Panics
    ///
    /// If `channels · S · S` is not what the head reads.
    pub fn forward(&self, pooled: Tensor<4>) -> Tensor<2> {
        let hidden = fully_connected(&self.fc6, flat(pooled), Activation::Relu);
        fully_connected(&self.fc7, hidden, Activation::Relu)
    }
}

/// One element of [`ConvFcHead`]'s list.
#[derive(Module, Debug)]
pub enum ConvFcLayer {
    /// 3×3 convolution, batch norm, ReLU.
    Conv(ConvNorm),
    /// `[R, C, S, S]` → `[R, C·S·S]`; no parameters.
    Flatten(Flatten),
    /// Fully connected, then ReLU.
    Linear(Linear),
}

/// Stands where torchvision's list has its `Flatten`, so that the layers after it keep their numbers.
#[derive(Module, Debug, Default)]
pub struct Flatten;

/// Convolutions, then one fully connected layer with ReLU (torchvision's `FastRCNNConvFCHead`).
#[derive(Module, Debug)]
pub struct ConvFcHead {
    /// The layers under torchvision's indices.
    pub sequential: Vec<ConvFcLayer>,
}

impl ConvFcHead {
    fn new(convolutions: Vec<ConvNorm>, fc: Linear) -> Self {
        let convolutions = convolutions.into_iter().map(ConvFcLayer::Conv);
        let tail = [ConvFcLayer::Flatten(Flatten), ConvFcLayer::Linear(fc)];
        Self {
            sequential: convolutions.chain(tail).collect(),
        }
    }

    /// `[R, channels, S, S]` → `[R, F]`.
    ///
    /// # Panics
    ///
    /// If the cut-outs are not of the size the head was made for.
    pub fn forward(&self, pooled: Tensor<4>) -> Tensor<2> {
        let convolved = self.sequential.iter().fold(pooled, |x, layer| match layer {
            ConvFcLayer::Conv(conv) => conv.forward(x),
            ConvFcLayer::Flatten(_) | ConvFcLayer::Linear(_) => x,
        });
        self.sequential
            .iter()
            .fold(flat(convolved), |x, layer| match layer {
                ConvFcLayer::Linear(fc) => fully_connected(fc, x, Activation::Relu),
                ConvFcLayer::Conv(_) | ConvFcLayer::Flatten(_) => x,
            })
    }

    fn fold_batch_norm(self) -> Self {
        let fold = |layer| match layer {
            ConvFcLayer::Conv(conv) => ConvFcLayer::Conv(conv.fold_batch_norm()),
            other => other,
        };
        Self {
            sequential: self.sequential.into_iter().map(fold).collect(),
        }
    }
}

/// A layer and its activation as one operation.
pub(crate) fn fully_connected(layer: &Linear, x: Tensor<2>, activation: Activation) -> Tensor<2> {
    let bias = layer.bias.as_ref().map(Param::val);
    see(
        &layer.weight,
        linear(x, layer.weight.val(), bias, activation),
    )
}

/// `[R, C, S, S]` → `[R, C·S·S]`, channel by channel.
pub(crate) fn flat(pooled: Tensor<4>) -> Tensor<2> {
    let [rois, channels, height, width] = pooled.dims();
    pooled.reshape([rois, channels * height * width])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;
    use wardrobe_kernels::generator::Generator;

    #[test]
    fn two_layers_by_hand() {
        let device = test_device();
        let mut head = TwoMlpHead::new(2, 1, &device);
        head.fc6.weight = Param::from_tensor(Tensor::from_floats([[3.0], [-1.0]], &device));
        head.fc6.bias = Some(Param::from_tensor(Tensor::from_floats([0.5], &device)));
        head.fc7.weight = Param::from_tensor(Tensor::from_floats([[2.0]], &device));
        head.fc7.bias = Some(Param::from_tensor(Tensor::from_floats([-4.0], &device)));
        let pooled =
            Tensor::<1>::from_floats([1.0, 1.0, 0.0, 9.0, 2.0, 1.0], &device).reshape([3, 2, 1, 1]);
        let features = head
            .forward(pooled)
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        // 2·(3 − 1 + ½) − 4 = 1; ReLU(−9 + ½) = 0 → ReLU(−4) = 0; 2·(6 − 1 + ½) − 4 = 7.
        assert_eq!(features, [1.0, 0.0, 7.0]);
    }

    #[test]
    fn folding_changes_nothing() {
        let device = test_device();
        let _generator = Generator::seeded(&device, 7);
        let config = BoxHeadConfig::ConvFc {
            convolutions: 2,
            channels: 3,
            features: 5,
            norm_epsilon: 1e-5,
        };
        let head = BoxHead::new(&config, 4, 3, &device);
        let pooled = Tensor::random([2, 4, 3, 3], burn::tensor::Distribution::Default, &device);
        let before = head.forward(pooled.clone());
        assert_eq!(before.dims(), [2, 5]);
        let after = head.fold_batch_norm().forward(pooled);
        before
            .into_data()
            .assert_approx_eq::<f32>(&after.into_data(), burn::tensor::Tolerance::absolute(1e-5));
    }
}
