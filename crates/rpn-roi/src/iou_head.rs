//! How well does a RoI fit its object? The IoU head of IoU-Net (*Acquisition of Localization Confidence*, section 3.1).
//!
//! Legend: R RoIs, S×S the cut-out, C classes with background 0. The head predicts the normalised IoU `(IoU − ½) / ½`
//! of the RoI with the object of each class; suppression only ranks by it, so the scale does not matter there. It learns from
//! moved ground truth, by smooth L1, and judges the boxes that box regression ends with ([`crate::localiser`]).

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use wardrobe_backbones::linear::apply_linear;
use wardrobe_kernels::precision::widened;

use crate::box_head::flat;

/// Two fully connected layers with ReLU, then one number per class.
#[derive(Module, Debug)]
pub struct IouHead {
    /// `[channels · S · S, F]`.
    pub fc1: Linear,
    /// `[F, F]`.
    pub fc2: Linear,
    /// `[F, C]`.
    pub iou_pred: Linear,
}

impl IouHead {
    /// A fresh head that reads `inputs` numbers a RoI.
    pub fn new(inputs: usize, features: usize, num_classes: usize, device: &Device) -> Self {
        Self {
            fc1: LinearConfig::new(inputs, features).init(device),
            fc2: LinearConfig::new(features, features).init(device),
            iou_pred: LinearConfig::new(features, num_classes).init(device),
        }
    }

    /// Normalised IoU `[R, C]` of cut-outs `[R, channels, S, S]`, in f32 whatever the weights' type.
    ///
    /// # Panics
    ///
    /// If `channels · S · S` is not what the head reads.
    pub fn forward(&self, pooled: Tensor<4>) -> Tensor<2> {
        let hidden = relu(apply_linear(&self.fc1, flat(pooled)));
        let hidden = relu(apply_linear(&self.fc2, hidden));
        widened(apply_linear(&self.iou_pred, hidden))
    }
}
