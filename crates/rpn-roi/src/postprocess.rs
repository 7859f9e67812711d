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
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use crate::config::BoxCoderConfig;
    use crate::detections::Detection;
    use wardrobe_kernels::device::test_device;

    const SIZE: ImageSize = ImageSize::new(100, 100);

    fn coder() -> BoxCoder {
        BoxCoder::new(&BoxCoderConfig::new([1.0; 4]))
    }

    /// One image whose boxes stay where they are (codes of zero).
    fn one_image(boxes: &[[f32; 4]], probabilities: &[&[f32]]) -> (Judgement, Proposals) {
        let device = test_device();
        let (rows, classes) = (boxes.len(), probabilities[0].len());
        let flat: Vec<f32> = probabilities
            .iter()
            .flat_map(|row| row.iter().copied())
            .collect();
        let corners: Vec<f32> = boxes.iter().flatten().copied().collect();
        let judgement = Judgement {
            probabilities: Tensor::<1>::from_floats(flat.as_slice(), &device)
                .reshape([rows, classes]),
            codes: Tensor::zeros([rows, 4 * classes], &device),
        };
        let proposals = Proposals {
            boxes: Tensor::<1>::from_floats(corners.as_slice(), &device).reshape([1, rows, 4]),
            scores: Tensor::ones([1, rows], &device),
            counts: vec![rows],
        };
        (judgement, proposals)
    }

    fn found(
        judgement: &Judgement,
        proposals: &Proposals,
        config: &PostprocessConfig,
    ) -> Vec<Detection> {
        let all = postprocess(judgement, proposals, &[SIZE], &coder(), config, None);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].size, SIZE);
        all[0].to_vec()
    }

    fn labels_and_scores(found: &[Detection]) -> Vec<(usize, f32)> {
        found.iter().map(|d| (d.label, d.score)).collect()
    }

    const LEFT: [f32; 4] = [0.0, 0.0, 10.0, 10.0];
    const RIGHT: [f32; 4] = [50.0, 0.0, 60.0, 10.0];

    #[test]
    fn every_class_of_a_proposal_is_a_detection_of_its_own() {
        // Background never; the threshold is exclusive: 0.05 itself is out.
        let (judgement, proposals) =
            one_image(&[LEFT, RIGHT], &[&[0.1, 0.6, 0.3], &[0.9, 0.05, 0.06]]);
        let found = found(&judgement, &proposals, &PostprocessConfig::default());
        assert_eq!(labels_and_scores(&found), [(1, 0.6), (2, 0.3), (2, 0.06)]);
        assert_eq!(found[2].bbox, RIGHT);
    }

    #[test]
    fn suppression_stays_within_a_class() {
        // Boxes of IoU 0.9: class 1 keeps the better, class 2 its only candidate.
        let near = [0.0, 0.0, 10.0, 9.0];
        let (judgement, proposals) =
            one_image(&[LEFT, near], &[&[0.3, 0.3, 0.4], &[0.2, 0.8, 0.0]]);
        let found = found(&judgement, &proposals, &PostprocessConfig::default());
        assert_eq!(labels_and_scores(&found), [(1, 0.8), (2, 0.4)]);
    }

    #[test]
    fn ties_go_to_the_lower_proposal_then_the_lower_class() {
        let (judgement, proposals) =
            one_image(&[LEFT, RIGHT], &[&[0.0, 0.4, 0.4], &[0.0, 0.4, 0.0]]);
        let found = found(&judgement, &proposals, &PostprocessConfig::default());
        let order: Vec<_> = found.iter().map(|d| (d.bbox[0], d.label)).collect();
        assert_eq!(order, [(0.0, 1), (0.0, 2), (50.0, 1)]);
    }

    #[test]
    fn the_best_are_kept() {
        let config = PostprocessConfig {
            detections: 2,
            ..PostprocessConfig::default()
        };
        let (judgement, proposals) =
            one_image(&[LEFT, RIGHT], &[&[0.0, 0.2, 0.3], &[0.0, 0.4, 0.1]]);
        let found = found(&judgement, &proposals, &config);
        assert_eq!(labels_and_scores(&found), [(1, 0.4), (2, 0.3)]);
    }

    #[test]
    fn nan_and_splinters_never_pass() {
        let thin = [20.0, 20.0, 20.001, 40.0];
        let outside = [200.0, 0.0, 220.0, 10.0];
        let (judgement, proposals) = one_image(
            &[LEFT, thin, outside, RIGHT],
            &[&[0.0, f32::NAN], &[0.0, 0.9], &[0.0, 0.8], &[0.0, 0.7]],
        );
        // The box outside is clipped to the border and has no width left.
        let found = found(&judgement, &proposals, &PostprocessConfig::default());
        assert_eq!(labels_and_scores(&found), [(1, 0.7)]);
    }

    #[test]
    fn nothing_above_the_threshold_is_nothing_found() {
        let (judgement, proposals) = one_image(&[LEFT], &[&[0.99, 0.01]]);
        assert!(found(&judgement, &proposals, &PostprocessConfig::default()).is_empty());
    }

    #[test]
    fn the_code_of_the_detected_class_moves_the_box() {
        let (mut judgement, proposals) = one_image(&[LEFT], &[&[0.0, 0.3, 0.7]]);
        let device = test_device();
        // Class 1 moves by one width to the right, class 2 by two heights down; background would move far away.
        let codes = [9.0, 9.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        judgement.codes = Tensor::from_floats([codes], &device);
        let each = found(&judgement, &proposals, &PostprocessConfig::default());
        assert_eq!(each[0].bbox, [0.0, 20.0, 10.0, 30.0]);
        assert_eq!(each[1].bbox, [10.0, 0.0, 20.0, 10.0]);
        // One box for all classes.
        judgement.codes = Tensor::from_floats([[1.0, 0.0, 0.0, 0.0]], &device);
        let shared = found(&judgement, &proposals, &PostprocessConfig::default());
        assert!(shared.iter().all(|d| d.bbox == [10.0, 0.0, 20.0, 10.0]));
    }

    #[test]
    fn iou_guidance_keeps_the_better_box_and_the_better_score() {
        let near = [0.0, 0.0, 10.0, 9.0];
        let (judgement, proposals) = one_image(
            &[LEFT, near, RIGHT],
            &[&[0.1, 0.9], &[0.4, 0.6], &[0.3, 0.7]],
        );
        // Judged by the box itself: near lies better (0.8) than LEFT (0.2), with which it overlaps by 0.9.
        let localise = |image: usize, boxes: Tensor<2>, labels: Tensor<1, Int>| {
            assert_eq!((image, labels.dims()), (0, [3]));
            let corners = boxes.into_data().try_to_vec::<f32>().unwrap();
            let iou: Vec<f32> = corners
                .chunks_exact(4)
                .map(|corners| match corners {
                    [0.0, _, _, 9.0] => 0.8,
                    [0.0, ..] => 0.2,
                    _ => 0.5,
                })
                .collect();
            Tensor::from_floats(iou.as_slice(), &test_device())
        };
        let config = PostprocessConfig {
            suppression: Suppression::IouGuided,
            ..PostprocessConfig::default()
        };
        // It stays and takes LEFT's 0.9.
        let all = postprocess(
            &judgement,
            &proposals,
            &[SIZE],
            &coder(),
            &config,
            Some(&localise),
        );
        let found = all[0].to_vec();
        assert_eq!(labels_and_scores(&found), [(1, 0.9), (1, 0.7)]);
        assert_eq!(found[0].bbox, near);
    }

    #[test]
    fn rows_beyond_the_count_are_silent_and_images_do_not_mix() {
        let device = test_device();
        let proposals = Proposals {
            boxes: Tensor::<3>::from_floats([[LEFT, RIGHT], [LEFT, LEFT]], &device),
            scores: Tensor::ones([2, 2], &device),
            counts: vec![2, 1],
        };
        let judgement = Judgement {
            probabilities: Tensor::from_floats(
                [[0.0, 0.5], [0.0, 0.9], [0.0, 0.7], [0.0, 0.99]],
                &device,
            ),
            codes: Tensor::zeros([4, 8], &device),
        };
        let config = PostprocessConfig::default();
        let all = postprocess(
            &judgement,
            &proposals,
            &[SIZE, SIZE],
            &coder(),
            &config,
            None,
        );
        assert_eq!(labels_and_scores(&all[0].to_vec()), [(1, 0.9), (1, 0.5)]);
        assert_eq!(labels_and_scores(&all[1].to_vec()), [(1, 0.7)]);
    }

    #[test]
    fn no_proposal_is_no_detection() {
        let device = test_device();
        let proposals = Proposals {
            boxes: Tensor::zeros([2, 0, 4], &device),
            scores: Tensor::zeros([2, 0], &device),
            counts: vec![0, 0],
        };
        let judgement = Judgement {
            probabilities: Tensor::zeros([0, 3], &device),
            codes: Tensor::zeros([0, 12], &device),
        };
        let config = PostprocessConfig::default();
        let all = postprocess(
            &judgement,
            &proposals,
            &[SIZE, SIZE],
            &coder(),
            &config,
            None,
        );
        assert_eq!(all.iter().map(Detections::len).collect::<Vec<_>>(), [0, 0]);
    }
}
