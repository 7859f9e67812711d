//! From class probabilities and codes to detections.
//!
//! Legend: N images, K proposals per image, R = N·K, C classes with background 0, M candidates of an image, D detections.
//! torchvision's `postprocess_detections`, which holds every (proposal, class) pair to be a candidate of its own:
//!
//! 1. no background; probability above the score threshold;
//! 2. the box of the pair, clipped to the picture; splinters out;
//! 3. suppression within each class;
//! 4. the best D of the image.
//!
//! Ties: the lower proposal first, then the lower class. Probabilities that are NaN never pass.

use burn::tensor::{Int, Tensor};
use wardrobe_kernels::suppression::{Kept, NmsOptions, batched_nms, iou_guided_nms, top_k};

use crate::box_coder::BoxCoder;
use crate::box_geometry::{clip, is_large_enough};
use crate::config::{PostprocessConfig, Suppression};
use crate::detections::Detections;
use crate::image_batch::ImageSize;
use crate::proposals::Proposals;
use crate::rpn::REJECTED;

/// What the heads say of R proposals.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Class probabilities `[R, C]`.
    pub probabilities: Tensor<2>,
    /// Codes `[R, 4C]`, class by class, or `[R, 4]` where one box serves all classes.
    pub codes: Tensor<2>,
}

/// Predicts the IoU `[M]` of boxes `[M, 4]` of image number n with the object of their class `[M]`.
pub type Localise<'a> = dyn Fn(usize, Tensor<2>, Tensor<1, Int>) -> Tensor<1> + 'a;

/// (proposal, class) pairs of all images, the best M of each.
struct Candidates {
    /// `[N, M]` probabilities, descending; [`REJECTED`] where there is no candidate.
    scores: Tensor<2>,
    /// `[N, M]` class of each, from 1.
    labels: Tensor<2, Int>,
    /// `[N, M, 4]` boxes, not yet clipped.
    boxes: Tensor<3>,
}

/// The detections of each image, best first, in pixels of the resized images.
///
/// Reads back two small things: how many candidates the fullest image has, and how many detections each image ends with.
///
/// # Panics
///
/// If the shapes do not belong together, or suppression is IoU-guided and nothing predicts IoU.
pub fn postprocess(
    judgement: &Judgement,
    proposals: &Proposals,
    sizes: &[ImageSize],
    coder: &BoxCoder,
    config: &PostprocessConfig,
    localise: Option<&Localise<'_>>,
) -> Vec<Detections> {
    let none = || {
        sizes
            .iter()
            .map(|size| Detections::none(*size, &judgement.probabilities.device()))
            .collect()
    };
    if proposals.is_empty() {
        return none();
    }
    let Some(candidates) = candidates(judgement, proposals, coder, config) else {
        return none();
    };
    let kept: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(image, size)| suppress(&candidates, image, *size, config, localise))
        .collect();
    let counts = Tensor::cat(kept.iter().map(|(_, count)| count.clone()).collect(), 0).into_data();
    kept.into_iter()
        .zip(counts.iter::<i64>())
        .map(|((detections, _), count)| {
            detections.best((count.max(0) as usize).min(config.detections))
        })
        .collect()
}

/// Step 1 and the boxes of step 2; nothing if no pair passes the threshold.
fn candidates(
    judgement: &Judgement,
    proposals: &Proposals,
    coder: &BoxCoder,
    config: &PostprocessConfig,
) -> Option<Candidates> {
    let [rois, classes] = judgement.probabilities.dims();
    let (images, rows, foreground) = (proposals.counts.len(), proposals.rows(), classes - 1);
    assert_eq!(
        rois,
        images * rows,
        "probabilities {:?} for {images} images of {rows} rows",
        [rois, classes]
    );
    let scores = judgement.probabilities.clone().narrow(1, 1, foreground);
    let absent = proposals.rois().narrow(1, 0, 1).lower_elem(0.0);
    let scores = scores
        .mask_fill(absent.expand([rois, foreground]), REJECTED)
        .reshape([images, rows * foreground]);

    let above = scores
        .clone()
        .greater_elem(config.score_threshold)
        .int()
        .sum_dim(1)
        .max();
    let most = above.into_scalar::<i64>().max(0) as usize;
    if most == 0 {
        return None;
    }
    // Every pair above the threshold is among the `most` best of its image.
    let (scores, pairs) = top_k(scores, most);
    let device = pairs.device();
    let class = pairs.clone().remainder_scalar(foreground as i64);
    let row = (pairs - class.clone()).div_scalar(foreground as i64);
    let first_row =
        Tensor::<1, Int>::arange(0..images as i64, &device).reshape([images, 1]) * rows as i64;
    let roi = (row + first_row).reshape([images * most]);
    let labels = class + 1;

    let references = proposals.flat_boxes().select(0, roi.clone());
    let [_, width] = judgement.codes.dims();
    let codes = if width == 4 {
        judgement.codes.clone().select(0, roi.clone())
    } else {
        assert_eq!(
            width,
            4 * classes,
            "codes {:?} for {classes} classes",
            judgement.codes.dims()
        );
        let pair = roi.clone() * classes as i64 + labels.clone().reshape([images * most]);
        judgement
            .codes
            .clone()
            .reshape([rois * classes, 4])
            .select(0, pair)
    };
    let boxes = coder.decode(codes, references).reshape([images, most, 4]);
    Some(Candidates {
        scores,
        labels,
        boxes,
    })
}

/// Steps 2 to 4 for one image: rows in order of rank, and how many of them count.
fn suppress(
    all: &Candidates,
    image: usize,
    size: ImageSize,
    config: &PostprocessConfig,
    localise: Option<&Localise<'_>>,
) -> (Detections, Tensor<1, Int>) {
    let boxes = clip(all.boxes.clone().narrow(0, image, 1).squeeze_dim(0), size);
    let scores: Tensor<1> = all.scores.clone().narrow(0, image, 1).squeeze_dim(0);
    let labels: Tensor<1, Int> = all.labels.clone().narrow(0, image, 1).squeeze_dim(0);
    let scores = scores.mask_fill(
        is_large_enough(&boxes, config.min_size).bool_not(),
        REJECTED,
    );
    let options = NmsOptions {
        iou_threshold: config.nms_threshold,
        score_threshold: Some(config.score_threshold),
    };
    let (Kept { order, count }, ranked) = match config.suppression {
        Suppression::Standard => {
            let kept = batched_nms(boxes.clone(), scores.clone(), labels.clone(), &options);
            let order = kept.order.clone().clamp_min(0);
            (kept, scores.select(0, order))
        }
        Suppression::IouGuided => {
            let localise = localise.unwrap_or_else(|| {
                panic!("IoU-guided suppression needs an IoU head, none was given")
            });
            iou_guided_nms(
                boxes.clone(),
                scores,
                localise(image, boxes.clone(), labels.clone()),
                labels.clone(),
                &options,
            )
        }
    };
    let limit = config.detections.min(order.dims()[0]);
    let order = order.narrow(0, 0, limit).clamp_min(0);
    let detections = Detections {
        boxes: boxes.select(0, order.clone()),
        scores: ranked.narrow(0, 0, limit),
        labels: labels.select(0, order),
        size,
    };
    (detections, count)
}

impl Detections {
    /// The first `count` rows.
    fn best(self, count: usize) -> Self {
        if count == 0 {
            return Self::none(self.size, &self.boxes.device());
        }
        Self {
            boxes: self.boxes.narrow(0, 0, count),
            scores: self.scores.narrow(0, 0, count),
            labels: self.labels.narrow(0, 0, count),
            size: self.size,
        }
    }
}

#[cfg(test)]
mod tests;
