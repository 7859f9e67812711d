//! How well does a box fit, and in which direction would it fit better? The IoU head at test.
//!
//! Legend: D boxes of one image, C classes. *Acquisition of Localization Confidence*: section 3.1 (the head judges the boxes
//! that box regression ends with, not the proposals), algorithm 2 (refinement).

use burn::module::Module;
use burn::tensor::{Int, Tensor};
use wardrobe_backbones::Pyramid;

use crate::box_geometry::clip;
use crate::config::RefinementConfig;
use crate::detections::Detections;
use crate::image_batch::ImageBatch;
use crate::iou_head::IouHead;
use crate::roi_pooler::RoiPooler;

/// Boxes judged at a time: a thousand cut-outs of 7×7×256 are 50 MB, as many as a batch of proposals has, where a low score
/// threshold can leave tens of thousands.
const AT_ONCE: usize = 1000;

/// The IoU head over one batch.
#[derive(Debug, Clone, Copy)]
pub struct Localiser<'a> {
    /// The head.
    pub head: &'a IouHead,
    /// Cuts out what it reads.
    pub pooler: &'a RoiPooler,
    /// The features of the batch.
    pub pyramid: &'a Pyramid,
    /// The batch.
    pub images: &'a ImageBatch,
}

impl Localiser<'_> {
    /// The predicted IoU `[D]`, normalised, of boxes `[D, 4]` of an image with the object of their class `[D]`.
    pub fn iou(&self, image: usize, boxes: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        let count = boxes.dims()[0];
        if count <= AT_ONCE {
            return self.iou_at_once(image, boxes, labels);
        }
        let part = |first| {
            let rows = AT_ONCE.min(count - first);
            let boxes = boxes.clone().narrow(0, first, rows);
            let labels = labels.clone().narrow(0, first, rows);
            self.iou_at_once(image, boxes, labels)
        };
        Tensor::cat((0..count).step_by(AT_ONCE).map(part).collect(), 0)
    }

    fn iou_at_once(&self, image: usize, boxes: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        let count = boxes.dims()[0];
        let index = Tensor::full([count, 1], image as f32, &boxes.device());
        let rois = Tensor::cat(vec![index, boxes], 1);
        let pooled = self.pooler.forward(self.pyramid, rois, self.images);
        self.head
            .forward(pooled)
            .gather(1, labels.reshape([count, 1]))
            .squeeze_dim(1)
    }

    /// The detections of an image with their boxes moved uphill of the predicted IoU; scores and order stay.
    ///
    /// Each step adds `λ · gradient · side` to every corner, the gradient per pixel and the side along its axis; a box stops
    /// where algorithm 2 says.
    pub fn refine(
        &self,
        image: usize,
        detections: Detections,
        config: &RefinementConfig,
    ) -> Detections {
        if detections.is_empty() || config.steps == 0 {
            return detections;
        }
        let tracked = Tracked::of(self);
        let localiser = tracked.localiser(self);
        let labels = detections.labels.clone();
        let mut boxes = detections.boxes.clone();
        let (mut before, mut gradient) = localiser.slope(image, boxes.clone(), &labels);
        let mut moving = before.clone().equal(before.clone());
        for _ in 0..config.steps {
            let sides = boxes.clone().narrow(1, 2, 2) - boxes.clone().narrow(1, 0, 2);
            let sides = sides.repeat_dim(1, 2);
            let step = gradient * sides * config.step_size;
            let count = boxes.dims()[0];
            let still = moving
                .clone()
                .bool_not()
                .reshape([count, 1])
                .expand([count, 4]);
            boxes = boxes + step.mask_fill(still, 0.0);
            let (after, next) = localiser.slope(image, boxes.clone(), &labels);
            let change = after.clone() - before;
            let stop = change
                .clone()
                .abs()
                .lower_elem(config.least_change)
                .bool_or(change.lower_elem(config.worst_change));
            moving = moving.bool_and(stop.bool_not());
            (before, gradient) = (after, next);
        }
        Detections {
            boxes: clip(boxes, self.images.sizes[image]),
            ..detections
        }
    }

    /// The predicted IoU `[D]` and its gradient `[D, 4]` in the corners, both without autodiff; `self` must track.
    fn slope(
        &self,
        image: usize,
        boxes: Tensor<2>,
        labels: &Tensor<1, Int>,
    ) -> (Tensor<1>, Tensor<2>) {
        let shape = boxes.dims();
        let device = boxes.device();
        let boxes = Tensor::from_inner(boxes).require_grad();
        let labels = Tensor::from_inner(labels.clone());
        let iou = self.iou(image, boxes.clone(), labels);
        let gradients = iou.clone().sum().backward();
        let gradient = boxes
            .grad(&gradients)
            .unwrap_or_else(|| Tensor::zeros(shape, &device));
        (iou.inner(), gradient)
    }
}

/// Copies of head and features on a device that tracks gradients.
struct Tracked {
    head: IouHead,
    pyramid: Pyramid,
    images: ImageBatch,
}

impl Tracked {
    fn of(plain: &Localiser<'_>) -> Self {
        let levels = plain.pyramid.levels.iter();
        Self {
            head: plain.head.clone().train().no_grad(),
            pyramid: Pyramid {
                levels: levels
                    .map(|level| Tensor::from_inner(level.clone()))
                    .collect(),
            },
            images: plain.images.clone(),
        }
    }

    fn localiser<'a>(&'a self, plain: &Localiser<'a>) -> Localiser<'a> {
        Localiser {
            head: &self.head,
            pooler: plain.pooler,
            pyramid: &self.pyramid,
            images: &self.images,
        }
    }
}

#[cfg(test)]
mod tests;
