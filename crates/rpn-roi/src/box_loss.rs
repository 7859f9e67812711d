//! What the second stage minimises, given what its predictor says of the drawn RoIs.
//!
//! Legend: R RoIs, P positives among them, C classes with background 0. *Fast R-CNN*, equation 1: the class loss is a mean
//! over R; the box loss counts positives only, in the code of their own class, and is divided by R too, so that both keep
//! their balance whatever the share of positives (torchvision's `fastrcnn_loss`).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use wardrobe_backbones::zero::zero_of;
use wardrobe_losses::{ClassLoss, generalized_iou_loss, iou_loss, smooth_l1};

use crate::box_coder::BoxCoder;
use crate::box_predictor::BoxPrediction;
use crate::config::BoxLoss;
use crate::constants::{constant, int_tensor};
use crate::roi_sample::{Positive, RoiSample};

/// The losses of the second stage, one number `[1]` each.
#[derive(Debug, Clone)]
pub struct RoiLosses {
    /// What is it?
    pub classes: Tensor<1>,
    /// Where is it exactly?
    pub boxes: Tensor<1>,
    /// How well does a box fit? Where there is an IoU head.
    pub iou: Option<Tensor<1>>,
}

impl RoiLosses {
    /// Zeros, where nothing was drawn.
    pub(crate) fn of_nothing(head: &impl Module, predictor: &impl Module, device: &Device) -> Self {
        Self {
            classes: zero_of(head, device),
            boxes: zero_of(predictor, device),
            iou: None,
        }
    }
}

/// The losses of what a predictor said of the RoIs of `sample`, of which there is one at least.
///
/// # Panics
///
/// If the prediction is not of R rows.
pub(crate) fn roi_losses(
    prediction: BoxPrediction,
    sample: &RoiSample,
    coder: &BoxCoder,
    class_loss: &ClassLoss,
    box_loss: BoxLoss,
) -> RoiLosses {
    let BoxPrediction { logits, codes } = prediction;
    let device = logits.device();
    let classes = class_loss.forward(logits, sample.label_tensor(&device));
    let boxes = if sample.positives.is_empty() {
        // Nothing to learn, but still a function of every parameter.
        codes.sum() * 0.0
    } else {
        let found = codes_of_positives(codes, sample, &device);
        let distance = match box_loss {
            BoxLoss::SmoothL1 { beta } => {
                let targets = coder.encode(
                    sample.positive_truths(),
                    sample.positive_rois().narrow(1, 1, 4),
                );
                smooth_l1(found, constant(targets, &device), beta).sum()
            }
            BoxLoss::Iou { weight } => {
                let (found, truths) = decoded(found, sample, coder, &device);
                iou_loss(found, truths).sum() * weight
            }
            BoxLoss::GeneralizedIou { weight } => {
                let (found, truths) = decoded(found, sample, coder, &device);
                generalized_iou_loss(found, truths).sum() * weight
            }
        };
        distance / sample.len() as f32
    };
    RoiLosses {
        classes,
        boxes,
        iou: None,
    }
}

/// `[P, 4]`: the codes of each positive's own class, or the only ones there are.
fn codes_of_positives(codes: Tensor<2>, sample: &RoiSample, device: &Device) -> Tensor<2> {
    let [rois, width] = codes.dims();
    let each = width / 4;
    let row = |positive: &Positive| {
        let class = if each == 1 { 0 } else { positive.label };
        positive.row * each + class
    };
    let rows = sample.positives.iter().map(row);
    codes
        .reshape([rois * each, 4])
        .select(0, int_tensor(rows, device))
}

/// The boxes the codes make of the positives, and where they should be.
fn decoded(
    codes: Tensor<2>,
    sample: &RoiSample,
    coder: &BoxCoder,
    device: &Device,
) -> (Tensor<2>, Tensor<2>) {
    let references = constant(sample.positive_rois().narrow(1, 1, 4), device);
    let truths = constant(sample.positive_truths(), device);
    (coder.decode(codes, references), truths)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use crate::config::BoxCoderConfig;
    use wardrobe_kernels::device::test_device;

    const BETA: f32 = 1.0 / 9.0;

    /// RoI 1 stands for an object of class 2 that lies half a width to its right; RoI 0 is background.
    fn sample() -> RoiSample {
        RoiSample {
            rois: Tensor::from_floats(
                [[0.0, 0.0, 0.0, 9.0, 9.0], [0.0, 10.0, 10.0, 30.0, 20.0]],
                &test_device(),
            ),
            labels: vec![0, 2],
            counts: vec![2],
            positives: vec![Positive {
                row: 1,
                image: 0,
                object: 0,
                label: 2,
                truth: [20.0, 10.0, 40.0, 20.0],
            }],
        }
    }

    fn losses(sample: &RoiSample, codes: Tensor<2>, box_loss: BoxLoss) -> RoiLosses {
        let device = codes.device();
        let rows = codes.dims()[0];
        let prediction = BoxPrediction {
            logits: Tensor::zeros([rows, 3], &device),
            codes,
        };
        let coder = BoxCoder::new(&BoxCoderConfig::new([10.0, 10.0, 5.0, 5.0]));
        roi_losses(prediction, sample, &coder, &ClassLoss::default(), box_loss)
    }

    fn scalar(loss: Tensor<1>) -> f32 {
        loss.into_scalar()
    }

    #[test]
    fn the_positive_learns_in_the_codes_of_its_class() {
        // Target code (10·½, 0, 0, 0); class 2's code is (5, 0, 0, 1), those of the others are far off.
        let mut codes = [[9.0_f32; 12]; 2];
        codes[1][8..].copy_from_slice(&[5.0, 0.0, 0.0, 1.0]);
        let device = test_device().autodiff();
        let codes = Tensor::<2>::from_floats(codes, &device).require_grad();
        let found = losses(&sample(), codes.clone(), BoxLoss::SmoothL1 { beta: BETA });
        // ln 3 for undecided logits; (1 − 1/18) / 2 RoIs.
        assert!((scalar(found.classes) - 3_f32.ln()).abs() < 1e-6);
        let gradient = codes.grad(&found.boxes.clone().backward()).unwrap();
        assert!((scalar(found.boxes) - 17.0 / 36.0).abs() < 1e-6);
        let gradient = gradient.into_data().try_to_vec::<f32>().unwrap();
        let mut expected = [0.0; 24];
        expected[23] = 0.5;
        assert_eq!(gradient, expected);
    }

    #[test]
    fn one_box_may_serve_all_classes() {
        let codes = Tensor::from_floats([[9.0; 4], [5.0, 0.0, 0.0, 0.0]], &test_device());
        let found = losses(&sample(), codes, BoxLoss::SmoothL1 { beta: BETA });
        assert_eq!(scalar(found.boxes), 0.0);
    }

    #[test]
    fn overlaps_can_be_learnt_instead_of_codes() {
        // Without a move the box overlaps its object by a third: 100 / (200 + 200 − 100); they share a hull of 30 × 10.
        let still = || Tensor::<2>::zeros([2, 12], &test_device());
        let found = losses(&sample(), still(), BoxLoss::Iou { weight: 6.0 });
        assert!((scalar(found.boxes) - 6.0 * (2.0 / 3.0) / 2.0).abs() < 1e-5);
        let found = losses(&sample(), still(), BoxLoss::GeneralizedIou { weight: 1.0 });
        assert!((scalar(found.boxes) - (2.0 / 3.0) / 2.0).abs() < 1e-5);
    }

    #[test]
    fn without_a_positive_the_boxes_learn_nothing() {
        let background = RoiSample {
            labels: vec![0, 0],
            positives: Vec::new(),
            ..sample()
        };
        let device = test_device().autodiff();
        let codes = Tensor::<2>::ones([2, 12], &device).require_grad();
        let found = losses(&background, codes.clone(), BoxLoss::default());
        let gradient = codes.grad(&found.boxes.clone().backward()).unwrap();
        assert_eq!(scalar(found.boxes), 0.0);
        assert_eq!(scalar(gradient.abs().sum()), 0.0);
    }
}
