//! The losses of a detector, by name.

use burn::tensor::Tensor;

use crate::box_loss::RoiLosses;
use crate::rpn_loss::RpnLosses;

/// What a detector minimises: the sum of numbers that are each a tensor `[1]`.
#[derive(Debug, Clone)]
pub struct DetectorLosses {
    /// Of the region proposals.
    pub rpn: RpnLosses,
    /// Of the box stages: one, or several in a cascade.
    pub stages: Vec<RoiLosses>,
}

impl DetectorLosses {
    /// Every loss under torchvision's name for it; those of a cascade end in their stage's number.
    pub fn named(&self) -> Vec<(String, Tensor<1>)> {
        let mut named = vec![
            ("loss_objectness".to_owned(), self.rpn.objectness.clone()),
            ("loss_rpn_box_reg".to_owned(), self.rpn.boxes.clone()),
        ];
        let several = self.stages.len() > 1;
        for (number, stage) in self.stages.iter().enumerate() {
            let suffix = if several {
                format!("_stage{number}")
            } else {
                String::new()
            };
            named.push((format!("loss_classifier{suffix}"), stage.classes.clone()));
            named.push((format!("loss_box_reg{suffix}"), stage.boxes.clone()));
            if let Some(iou) = &stage.iou {
                named.push((format!("loss_iou{suffix}"), iou.clone()));
            }
        }
        named
    }

    /// Their sum, *Faster R-CNN*'s approximate joint training (section 3.2).
    pub fn total(&self) -> Tensor<1> {
        let first = self.rpn.objectness.clone() + self.rpn.boxes.clone();
        self.stages.iter().fold(first, |sum, stage| {
            let sum = sum + stage.classes.clone() + stage.boxes.clone();
            match &stage.iou {
                Some(iou) => sum + iou.clone(),
                None => sum,
            }
        })
    }
}
