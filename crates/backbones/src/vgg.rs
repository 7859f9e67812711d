//! VGG-16: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition
//! (2015), table 1, column D; optionally with batch norm after every convolution (torchvision's
//! `vgg16_bn`, not in the paper).
//!
//! torchvision keeps the network in two `nn.Sequential`s and numbers every layer, ReLU and pools
//! included. The same lists are kept here, so a state dict's `features.28.weight` is element 28; a
//! field called `sequential` adds no name of its own ([`crate::weights`]).

use burn::{
    module::{Initializer, Module},
    nn::{Dropout, DropoutConfig, Linear, Relu},
    tensor::{Device, Tensor, module::adaptive_avg_pool2d},
};
use serde::{Deserialize, Serialize};
use wardrobe_kernels::{
    conv::{Activation, channels_last, max_pool2d},
    precision::widened,
};

use crate::{
    conv_norm::{Conv2d, Conv2dConfig, conv_norm, fold},
    error::ConfigError,
    initialisation::normal,
    linear::apply_linear,
    norm::{BatchNormConfig, Norm},
};

/// Side of the grid that the classifier reads, whatever the picture's size (224 / 32).
const POOLED_SIDE: usize = 7;

/// σ of fresh weights of the classifier (section 3.1 of the paper: variance 10⁻²; torchvision uses
/// 10⁻² as the deviation, which is followed here).
const CLASSIFIER_STD: f64 = 0.01;

/// Every number of a VGG network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VggConfig {
    /// Channels of the pictures.
    pub in_channels: usize,
    /// Widths of the 3×3 convolutions, one list per group; a 2×2 max pool ends each group.
    pub groups: Vec<Vec<usize>>,
    /// Batch norm after every convolution; none is the paper's network.
    pub norm: Option<BatchNormConfig>,
    /// Width of the classifier's two hidden layers.
    pub hidden: usize,
    /// Chance that training drops a hidden value.
    pub dropout: f64,
    /// Classes; none leaves the classifier out.
    pub num_classes: Option<usize>,
}

impl VggConfig {
    /// VGG-16 without batch norm and without classifier.
    pub fn vgg16() -> Self {
        Self {
            in_channels: 3,
            groups: vec![
                vec![64; 2],
                vec![128; 2],
                vec![256; 3],
                vec![512; 3],
                vec![512; 3],
            ],
            norm: None,
            hidden: 4096,
            dropout: 0.5,
            num_classes: None,
        }
    }

    /// VGG-16 with batch norm.
    pub fn vgg16_bn() -> Self {
        Self {
            norm: Some(BatchNormConfig::trained()),
            ..Self::vgg16()
        }
    }

    /// Two groups of one narrow convolution each, for tests and demonstrations on a CPU.
    pub fn miniature() -> Self {
        Self {
            groups: vec![vec![4], vec![6]],
            hidden: 8,
            ..Self::vgg16()
        }
    }

    /// With a classifier, or without.
    pub fn with_classes(mut self, num_classes: Option<usize>) -> Self {
        self.num_classes = num_classes;
        self
    }

    /// With batch norm, or without.
    pub fn with_norm(mut self, norm: Option<BatchNormConfig>) -> Self {
        self.norm = norm;
        self
    }

    /// Channels of the last convolution.
    pub fn out_channels(&self) -> usize {
        self.groups
            .iter()
            .flatten()
            .last()
            .copied()
            .unwrap_or(self.in_channels)
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// If a group is empty, a width is 0, the dropout is outside [0, 1), or the norm is invalid.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let widths = self.groups.iter().flatten();
        let numbers = widths.chain([&self.in_channels, &self.hidden]);
        let empty = self.groups.is_empty() || self.groups.iter().any(Vec::is_empty);
        if empty || numbers.min() == Some(&0) || self.num_classes == Some(0) {
            return Err(ConfigError::OutOfRange {
                field: "VGG widths",
                value: 0.0,
                expected: "at least one convolution per group, and at least 1 everywhere",
            });
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(ConfigError::OutOfRange {
                field: "VGG dropout",
                value: self.dropout,
                expected: "a number in [0, 1)",
            });
        }
        self.norm.map_or(Ok(()), |norm| norm.validate())
    }

    /// A fresh network, initialised as torchvision does.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Vgg {
        self.validate().unwrap_or_else(|error| panic!("{error}"));
        Vgg {
            features: VggFeatures {
                sequential: self.layers(device),
            },
            classifier: self
                .num_classes
                .map(|classes| self.classifier(classes, device)),
        }
    }

    /// The convolutions without the last max pool: stride 16 for five groups.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init_trunk(&self, device: &Device) -> VggFeatures {
        self.validate().unwrap_or_else(|error| panic!("{error}"));
        let mut sequential = self.layers(device);
        sequential.pop();
        VggFeatures { sequential }
    }

    fn layers(&self, device: &Device) -> Vec<VggLayer> {
        let mut layers = Vec::new();
        let mut channels = self.in_channels;
        for group in &self.groups {
            for &width in group {
                // torchvision keeps the bias beside a norm here, unlike in its other networks.
                layers.push(VggLayer::Conv(
                    Conv2dConfig::new(channels, width, 3).init(device),
                ));
                layers.extend(
                    self.norm
                        .map(|norm| VggLayer::Norm(norm.init(width, device))),
                );
                layers.push(VggLayer::Relu(Relu));
                channels = width;
            }
            layers.push(VggLayer::MaxPool(MaxPool));
        }
        layers
    }

    fn classifier(&self, classes: usize, device: &Device) -> VggClassifier {
        let linear = |input: usize, output: usize| {
            ClassifierLayer::Linear(Linear {
                weight: normal(CLASSIFIER_STD).init([input, output], device),
                bias: Some(Initializer::Zeros.init([output], device)),
            })
        };
        let relu = || ClassifierLayer::Relu(Relu);
        let dropout = || ClassifierLayer::Dropout(DropoutConfig::new(self.dropout).init());
        VggClassifier {
            sequential: vec![
                linear(self.out_channels() * POOLED_SIDE * POOLED_SIDE, self.hidden),
                relu(),
                dropout(),
                linear(self.hidden, self.hidden),
                relu(),
                dropout(),
                linear(self.hidden, classes),
            ],
        }
    }
}

/// A VGG network; see [`VggConfig`].
#[derive(Module, Debug)]
pub struct Vgg {
    /// Convolutions and pools.
    pub features: VggFeatures,
    /// The classifier, if the config has classes.
    pub classifier: Option<VggClassifier>,
}

impl Vgg {
    /// Class scores before softmax `[N, num_classes]` of pictures `[N, 3, H, W]`; without classes in
    /// the config the pooled features `[N, C · 49]`; in f32 whatever the weights' type, as the means are.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels or are smaller than the pools.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use wardrobe_backbones::vgg::VggConfig;
    ///
    /// let device = Device::flex();
    /// let net = VggConfig::miniature().with_classes(Some(3)).init(&device);
    /// assert_eq!(net.forward(Tensor::zeros([2, 3, 28, 28], &device)).dims(), [2, 3]);
    /// ```
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = widened(self.features(x));
        let [n, c, _, _] = x.dims();
        let pooled = adaptive_avg_pool2d(x, [POOLED_SIDE; 2]);
        let flat = pooled.reshape([n, c * POOLED_SIDE * POOLED_SIDE]);
        match &self.classifier {
            Some(classifier) => classifier.forward(flat),
            None => flat,
        }
    }

    /// Through the last max pool: `[N, C, H/32, W/32]` for five groups.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    pub fn features(&self, x: Tensor<4>) -> Tensor<4> {
        self.features.forward(x)
    }

    /// Up to the last ReLU (`relu5_3`), without the last max pool: `[N, C, H/16, W/16]` for five groups.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    pub fn trunk(&self, x: Tensor<4>) -> Tensor<4> {
        let layers = &self.features.sequential;
        run(&layers[..layers.len() - 1], x)
    }

    /// The network with its norms folded into its convolutions.
    pub fn fold_batch_norm(self) -> Self {
        Self {
            features: self.features.fold_batch_norm(),
            classifier: self.classifier,
        }
    }
}

/// One element of the convolutional list.
#[derive(Module, Debug)]
pub enum VggLayer {
    /// 3×3, stride 1.
    Conv(Conv2d),
    /// Norm of the convolution before it.
    Norm(Norm),
    /// max(x, 0).
    Relu(Relu),
    /// 2×2, stride 2.
    MaxPool(MaxPool),
}

/// A 2×2 max pool of stride 2.
#[derive(Module, Debug, Default)]
pub struct MaxPool;

/// The convolutional list.
#[derive(Module, Debug)]
pub struct VggFeatures {
    /// The layers under torchvision's indices.
    pub sequential: Vec<VggLayer>,
}

impl VggFeatures {
    /// Runs the whole list.
    ///
    /// # Panics
    /// If the pictures do not have the configured channels.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        run(&self.sequential, x)
    }

    /// Channels of the last convolution.
    pub fn out_channels(&self) -> usize {
        self.sequential
            .iter()
            .rev()
            .find_map(|layer| match layer {
                VggLayer::Conv(conv) => Some(conv.out_channels()),
                _ => None,
            })
            .unwrap_or(0)
    }

    /// The list with its norms folded into its convolutions. Later layers move up by one for every
    /// norm, so the indices are then those of the network without batch norm.
    pub fn fold_batch_norm(self) -> Self {
        let mut sequential: Vec<VggLayer> = Vec::with_capacity(self.sequential.len());
        for layer in self.sequential {
            match layer {
                VggLayer::Norm(norm) => {
                    if let Some(VggLayer::Conv(conv)) = sequential.pop() {
                        sequential.push(VggLayer::Conv(fold(conv, Some(norm))));
                    }
                }
                other => sequential.push(other),
            }
        }
        Self { sequential }
    }
}

/// Runs the list, each convolution fused with the norm and the ReLU that follow it.
fn run(layers: &[VggLayer], x: Tensor<4>) -> Tensor<4> {
    let mut x = channels_last(x);
    let mut rest = layers;
    loop {
        (x, rest) = match rest {
            [] => return x,
            [
                VggLayer::Conv(conv),
                VggLayer::Norm(norm),
                VggLayer::Relu(_),
                rest @ ..,
            ] => (conv_norm(conv, Some(norm), x, None, Activation::Relu), rest),
            [VggLayer::Conv(conv), VggLayer::Relu(_), rest @ ..] => {
                (conv.forward_fused(x, None, Activation::Relu), rest)
            }
            [VggLayer::Conv(conv), rest @ ..] => (conv.forward(x), rest),
            [VggLayer::Norm(norm), rest @ ..] => (norm.forward(x), rest),
            [VggLayer::Relu(relu), rest @ ..] => (relu.forward(x), rest),
            [VggLayer::MaxPool(_), rest @ ..] => (max_pool2d(x, 2, 2, 0), rest),
        };
    }
}

/// One element of the classifier's list.
#[derive(Module, Debug)]
pub enum ClassifierLayer {
    /// Fully connected.
    Linear(Linear),
    /// max(x, 0).
    Relu(Relu),
    /// Drops values while training.
    Dropout(Dropout),
}

/// Linear, ReLU, dropout, twice, then linear.
#[derive(Module, Debug)]
pub struct VggClassifier {
    /// The layers under torchvision's indices.
    pub sequential: Vec<ClassifierLayer>,
}

impl VggClassifier {
    /// `[N, C · 49]` → class scores `[N, num_classes]`, in f32 whatever the weights' type.
    ///
    /// # Panics
    /// If the width of `x` is not what the first layer reads.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let scores = self.sequential.iter().fold(x, |x, layer| match layer {
            ClassifierLayer::Linear(linear) => apply_linear(linear, x),
            ClassifierLayer::Relu(relu) => relu.forward(x),
            ClassifierLayer::Dropout(dropout) => dropout.forward(x),
        });
        widened(scores)
    }
}
