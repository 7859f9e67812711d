//! The same by definition: the IoU of all pairs as a tensor, then a plain loop over it. The oracle
//! of the tests; quadratic in time and memory.

use std::cmp::Ordering;

use burn::tensor::{Int, Tensor, TensorData};

use super::{Kept, NmsOptions, SoftNmsMethod, SoftNmsOptions};
use crate::boxes::twin::box_iou;

/// Greedy suppression within each group.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::suppression::{NmsOptions, twin};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats([[0., 0., 10., 10.], [0., 0., 10., 9.]], &device);
/// let scores = Tensor::<1>::from_floats([0.8, 0.9], &device);
/// let groups = Tensor::<1, Int>::zeros([2], &device);
/// let kept = twin::nms(boxes, scores, groups, &NmsOptions::new(0.5));
/// assert_eq!(kept.indices().into_scalar::<i64>(), 1);
/// ```
pub fn nms(
    boxes: Tensor<2>,
    scores: Tensor<1>,
    groups: Tensor<1, Int>,
    options: &NmsOptions,
) -> Kept {
    let like = groups.clone();
    let pairs = Pairs::new(boxes, groups);
    let scores = floats(scores);
    let mut left = by_descending(&scores);
    left.retain(|&i| admitted(scores[i], options));
    let mut kept = Vec::new();
    while !left.is_empty() {
        let best = left.remove(0);
        kept.push(best);
        left.retain(|&other| {
            let iou = pairs.iou(best, other);
            iou <= options.iou_threshold || iou.is_nan()
        });
    }
    kept_like(&kept, like)
}

/// Soft suppression within each group.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::suppression::{SoftNmsMethod, SoftNmsOptions, twin};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats([[0., 0., 10., 10.], [0., 0., 10., 5.]], &device);
/// let scores = Tensor::<1>::from_floats([0.9, 0.8], &device);
/// let groups = Tensor::<1, Int>::zeros([2], &device);
/// let method = SoftNmsMethod::Linear { iou_threshold: 0.3 };
/// let options = SoftNmsOptions { method, score_threshold: 0.5 };
/// assert_eq!(twin::soft_nms(boxes, scores, groups, &options).0.len(), 1);
/// ```
pub fn soft_nms(
    boxes: Tensor<2>,
    scores: Tensor<1>,
    groups: Tensor<1, Int>,
    options: &SoftNmsOptions,
) -> (Kept, Tensor<1>) {
    let (like, device) = (groups.clone(), scores.device());
    let pairs = Pairs::new(boxes, groups);
    let mut scores = floats(scores);
    let mut left: Vec<usize> = (0..scores.len()).collect();
    let mut kept = Vec::new();
    loop {
        left.retain(|&i| scores[i] > options.score_threshold);
        let Some(best) = by_descending(&scores)
            .into_iter()
            .find(|i| left.contains(i))
        else {
            break;
        };
        kept.push(best);
        left.retain(|&other| other != best);
        for &other in &left {
            let iou = pairs.iou(best, other);
            scores[other] *= match options.method {
                SoftNmsMethod::Linear { iou_threshold } if iou > iou_threshold => 1. - iou,
                SoftNmsMethod::Gaussian { sigma } if iou > 0. => (-iou * iou / sigma).exp(),
                _ => 1.,
            };
        }
    }
    let mut lowered: Vec<f32> = kept.iter().map(|&i| scores[i]).collect();
    lowered.resize(scores.len(), 0.);
    (
        kept_like(&kept, like),
        Tensor::from_floats(lowered.as_slice(), &device),
    )
}

/// Suppression ranked by localisation within each group; kept boxes take over the best score.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use wardrobe_kernels::suppression::{NmsOptions, twin};
///
/// let device = Device::flex();
/// let boxes = Tensor::<2>::from_floats([[0., 0., 10., 10.], [0., 0., 10., 9.]], &device);
/// let scores = Tensor::<1>::from_floats([0.9, 0.6], &device);
/// let confidence = Tensor::<1>::from_floats([0.5, 0.8], &device);
/// let groups = Tensor::<1, Int>::zeros([2], &device);
/// let options = NmsOptions::new(0.5);
/// let (kept, scores) = twin::iou_guided_nms(boxes, scores, confidence, groups, &options);
/// assert_eq!(kept.indices().into_scalar::<i64>(), 1);
/// assert_eq!(scores.into_data().try_to_vec::<f32>()?, [0.9, 0.0]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
pub fn iou_guided_nms(
    boxes: Tensor<2>,
    scores: Tensor<1>,
    localisation: Tensor<1>,
    groups: Tensor<1, Int>,
    options: &NmsOptions,
) -> (Kept, Tensor<1>) {
    let (like, device) = (groups.clone(), scores.device());
    let pairs = Pairs::new(boxes, groups);
    let (scores, localisation) = (floats(scores), floats(localisation));
    let mut left = by_descending(&localisation);
    left.retain(|&i| !localisation[i].is_nan() && admitted(scores[i], options));
    let mut kept = Vec::new();
    while !left.is_empty() {
        let best = left.remove(0);
        let (cluster, rest): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|&other| pairs.iou(best, other) > options.iou_threshold);
        let taken = cluster
            .into_iter()
            .map(|i| scores[i])
            .fold(scores[best], f32::max);
        kept.push((best, taken));
        left = rest;
    }
    // (No NaN was admitted.)
    kept.sort_by(|(_, a), (_, b)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    let (kept, mut taken): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    taken.resize(scores.len(), 0.);
    (
        kept_like(&kept, like),
        Tensor::from_floats(taken.as_slice(), &device),
    )
}

/// The `k` largest of each row, descending, lower index first on ties, NaN last.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::suppression::twin;
///
/// let values = Tensor::<2>::from_floats([[0.1, f32::NAN, 0.3]], &Device::flex());
/// let (best, _) = twin::top_k(values, 2);
/// assert_eq!(best.into_data().try_to_vec::<f32>()?, [0.3, 0.1]);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
pub fn top_k(values: Tensor<2>, k: usize) -> (Tensor<2>, Tensor<2, Int>) {
    let ([rows, columns], device) = (values.dims(), values.device());
    let data: Vec<f32> = values.clone().into_data().iter().collect();
    let indices: Vec<i64> = data
        .chunks(columns.max(1))
        .flat_map(|row| by_descending(row).into_iter().take(k))
        .map(|index| index as i64)
        .collect();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [rows, k]), &device);
    (values.gather(1, indices.clone()), indices)
}

/// IoU and groups of all pairs.
struct Pairs {
    iou: Vec<f32>,
    groups: Vec<i64>,
}

impl Pairs {
    fn new(boxes: Tensor<2>, groups: Tensor<1, Int>) -> Self {
        Self {
            iou: box_iou(boxes.clone(), boxes).into_data().iter().collect(),
            groups: groups.into_data().iter().collect(),
        }
    }

    /// IoU of two boxes, 0 in different groups.
    fn iou(&self, a: usize, b: usize) -> f32 {
        if self.groups[a] == self.groups[b] {
            self.iou[a * self.groups.len() + b]
        } else {
            0.
        }
    }
}

fn floats(values: Tensor<1>) -> Vec<f32> {
    values.into_data().iter().collect()
}

fn admitted(score: f32, options: &NmsOptions) -> bool {
    match options.score_threshold {
        Some(threshold) => score > threshold,
        None => !score.is_nan(),
    }
}

/// Positions by descending value, lower first on ties, NaN last.
fn by_descending(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| {
        let nan_last = values[a].is_nan().cmp(&values[b].is_nan());
        values[b].partial_cmp(&values[a]).unwrap_or(nan_last)
    });
    order
}

/// The result in the integer type of `groups`.
fn kept_like(kept: &[usize], groups: Tensor<1, Int>) -> Kept {
    let options = (&groups.device(), groups.dtype());
    let padding = std::iter::repeat_n(-1, groups.dims()[0] - kept.len());
    let order: Vec<i64> = kept.iter().map(|&i| i as i64).chain(padding).collect();
    Kept {
        order: Tensor::from_data(order.as_slice(), options),
        count: Tensor::from_data([kept.len() as i64], options),
    }
}
