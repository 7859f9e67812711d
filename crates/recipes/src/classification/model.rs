//! The classifiers as one module.

use burn::module::Module;
use burn::tensor::Tensor;
use wardrobe_backbones::{ResNet, Vgg};

/// A classifier; in a state dict torchvision's names of the network itself.
#[derive(Module, Debug)]
pub enum Classifier {
    /// Paper A's clothNet.
    Vgg(Vgg),
    /// Its variant for detectors with a pyramid.
    ResNet(ResNet),
}

impl Classifier {
    /// Class scores before softmax `[N, C]` of standardised pictures `[N, 3, H, W]`.
    ///
    /// # Panics
    /// If the pictures are smaller than the pools, or not of three channels.
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Vgg(net) => net.forward(pictures),
            Self::ResNet(net) => net.forward(pictures),
        }
    }
}
