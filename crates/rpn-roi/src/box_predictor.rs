//! From a RoI's features to a class and a box.
//!
//! Legend: R RoIs, F features, C classes with background 0.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use wardrobe_kernels::conv::Activation;
use wardrobe_kernels::precision::widened;

use crate::box_head::fully_connected;

/// Two fully connected layers side by side (Fast R-CNN, section 2.1; torchvision's `FastRCNNPredictor`).
#[derive(Module, Debug)]
pub struct BoxPredictor {
    /// `[F, C]`.
    pub cls_score: Linear,
    /// `[F, 4C]`, class by class, or `[F, 4]` if one box serves all classes.
    pub bbox_pred: Linear,
}

/// What the predictor says of R RoIs.
#[derive(Debug, Clone)]
pub struct BoxPrediction {
    /// Class logits `[R, C]`.
    pub logits: Tensor<2>,
    /// Codes `[R, 4C]`, class by class, or `[R, 4]`.
    pub codes: Tensor<2>,
}

impl BoxPredictor {
    /// A fresh predictor.
    pub fn new(features: usize, num_classes: usize, class_agnostic: bool, device: &Device) -> Self {
        let boxes = if class_agnostic { 1 } else { num_classes };
        Self {
            cls_score: LinearConfig::new(features, num_classes).init(device),
            bbox_pred: LinearConfig::new(features, 4 * boxes).init(device),
        }
    }

    /// Logits and codes for features `[R, F]`, in f32 whatever the weights' type.
    ///
    /// # Panics
    ///
    /// If the width is not F.
    pub fn forward(&self, features: Tensor<2>) -> BoxPrediction {
        BoxPrediction {
            logits: widened(fully_connected(
                &self.cls_score,
                features.clone(),
                Activation::None,
            )),
            codes: widened(fully_connected(&self.bbox_pred, features, Activation::None)),
        }
    }
}
