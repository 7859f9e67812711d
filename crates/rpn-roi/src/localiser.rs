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
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use crate::config::{PoolingMethod, RoiPoolerConfig};
    use crate::image_batch::ImageSize;
    use burn::module::Param;
    use burn::nn::Linear;
    use burn::tensor::Device;
    use wardrobe_kernels::device::test_device;

    /// Rows and columns of the batch; the map has a quarter of them.
    const SIDE: usize = 64;
    /// Columns of the picture, the rest is padding.
    const WIDTH: usize = 40;

    /// A layer without bias whose weights `[inputs, outputs]` are these.
    fn linear<const N: usize>(weights: [[f32; N]; 1], device: &Device) -> Linear {
        Linear {
            weight: Param::from_tensor(Tensor::from_floats(weights, device)),
            bias: None,
        }
    }

    /// Boxes after refinement where the IoU of class 1 is 0.02 · x of the box's middle, and that of class 2 falls as fast: the
    /// map is its column's number, precise pooling of a ramp is its value in the middle, and a column is four pixels.
    fn refined(boxes: &[[f32; 4]], labels: &[i64], config: &RefinementConfig) -> Vec<Vec<f32>> {
        let device = test_device();
        let head = IouHead {
            fc1: linear([[0.01]], &device),
            fc2: linear([[1.0]], &device),
            iou_pred: linear([[0.0, 8.0, -8.0]], &device),
        };
        let mut pooler = RoiPoolerConfig::new(1, 1);
        pooler.method = PoolingMethod::Precise;
        let side = SIDE / 4;
        let columns = Tensor::<1, Int>::arange(0..side as i64, &device)
            .float()
            .reshape([1, 1, 1, side]);
        let size = ImageSize::new(SIDE, WIDTH);
        let localiser = Localiser {
            head: &head,
            pooler: &RoiPooler::new(&pooler),
            pyramid: &Pyramid {
                levels: vec![columns.repeat_dim(2, side)],
            },
            images: &ImageBatch {
                pixels: Tensor::zeros([1, 3, SIDE, SIDE], &device),
                sizes: vec![size],
                originals: vec![size],
            },
        };
        let corners: Vec<f32> = boxes.iter().flatten().copied().collect();
        let count = boxes.len();
        let detections = Detections {
            boxes: Tensor::<1>::from_floats(corners.as_slice(), &device).reshape([count, 4]),
            scores: Tensor::ones([count], &device),
            labels: Tensor::from_ints(labels, &device),
            size,
        };
        let moved = localiser.refine(0, detections, config).boxes;
        let values: Vec<f32> = moved.into_data().try_to_vec().unwrap();
        values.chunks_exact(4).map(<[f32]>::to_vec).collect()
    }

    fn assert_boxes(found: &[Vec<f32>], expected: &[[f32; 4]]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-3, "{found} for {expected}");
            }
        }
    }

    #[test]
    fn boxes_move_along_the_gradient_times_their_sides() {
        // Each corner's slope is 0.01; 0.5 · 0.01 · 20 is a tenth of a pixel in each of five steps.
        let boxes = [[8.0, 8.0, 28.0, 18.0], [12.0, 4.0, 32.0, 44.0]];
        let found = refined(&boxes, &[1, 2], &RefinementConfig::default());
        assert_boxes(&found, &[[8.5, 8.0, 28.5, 18.0], [11.5, 4.0, 31.5, 44.0]]);
    }

    #[test]
    fn a_box_stops_where_too_little_changes() {
        // A tenth of a pixel changes the IoU by 0.002, 0.04 pixels by 0.0008.
        let boxes = [[8.0, 8.0, 28.0, 18.0], [8.0, 8.0, 16.0, 18.0]];
        let config = RefinementConfig::default();
        let found = refined(&boxes, &[1, 1], &config);
        assert_boxes(&found, &[[8.5, 8.0, 28.5, 18.0], [8.04, 8.0, 16.04, 18.0]]);
        let config = RefinementConfig {
            least_change: 0.0,
            worst_change: 0.001,
            ..config
        };
        let found = refined(&boxes, &[1, 1], &config);
        assert_boxes(&found, &[[8.5, 8.0, 28.5, 18.0], [8.04, 8.0, 16.04, 18.0]]);
    }

    #[test]
    fn a_refined_box_stays_in_its_picture() {
        let found = refined(
            &[[19.8, 8.0, 39.8, 18.0]],
            &[1],
            &RefinementConfig::default(),
        );
        assert_boxes(&found, &[[20.3, 8.0, 40.0, 18.0]]);
    }

    #[test]
    fn no_step_moves_nothing() {
        let config = RefinementConfig {
            steps: 0,
            ..RefinementConfig::default()
        };
        let boxes = [[8.0, 8.0, 28.0, 18.0]];
        assert_boxes(&refined(&boxes, &[1], &config), &boxes);
    }
}
