//! Soft suppression: overlaps cost score.

// A function is compiled for the registers of the one it is inlined into.
#![allow(clippy::inline_always)]

use rayon::prelude::*;

use super::{
    box_at,
    columns::{Columns, LANES, Reference},
    greedy::check_lengths,
    groups::Groups,
    rank,
};
use crate::suppression::{SoftNmsMethod, SoftNmsOptions};

/// The current score of a box that was picked or dropped.
const GONE: f32 = f32::NEG_INFINITY;

impl SoftNmsMethod {
    /// What a score is multiplied with when a picked box overlaps by `iou`. NaN (no area) costs
    /// nothing, and an IoU above 1 cannot be.
    #[inline(always)]
    pub(super) fn decay(self, iou: f32) -> f32 {
        match self {
            Self::Linear { iou_threshold } if iou > iou_threshold => 1. - iou,
            Self::Gaussian { sigma } if iou > 0. => (-(iou * iou) / sigma).exp(),
            _ => 1.,
        }
    }

    /// No IoU up to this one costs anything.
    fn free_overlap(self) -> f32 {
        match self {
            Self::Linear { iou_threshold } => iou_threshold,
            Self::Gaussian { .. } => 0.,
        }
    }
}

/// Indices of the boxes that stay above the score threshold, and their lowered scores, descending.
///
/// `boxes` `4·N`, `scores` `N`, `groups` `N` (empty: all in one group).
///
/// # Panics
/// If the lengths do not agree.
///
/// # Example
/// ```
/// use wardrobe_kernels::suppression::{SoftNmsMethod, SoftNmsOptions, host};
///
/// let options = SoftNmsOptions {
///     method: SoftNmsMethod::Linear { iou_threshold: 0.3 },
///     score_threshold: 0.05,
/// };
/// let boxes = [0., 0., 10., 10., 0., 0., 10., 5.];
/// let (order, scores) = host::soft_nms(&boxes, &[0.9, 0.8], &[], &options);
/// assert_eq!((order, scores), (vec![0, 1], vec![0.9, 0.4]));
/// ```
pub fn soft_nms(
    boxes: &[f32],
    scores: &[f32],
    groups: &[i64],
    options: &SoftNmsOptions,
) -> (Vec<u32>, Vec<f32>) {
    check_lengths(boxes, scores, groups);
    let candidates: Vec<u32> = (0..scores.len() as u32)
        .filter(|&index| scores[index as usize] > options.score_threshold)
        .collect();
    let groups = if groups.is_empty() {
        Groups::new(candidates.iter().map(|_| 0))
    } else {
        Groups::new(candidates.iter().map(|&index| groups[index as usize]))
    };
    let picked: Vec<Vec<(u32, f32)>> = groups
        .members()
        .into_par_iter()
        .map(|members| {
            let indices: Vec<u32> = members.iter().map(|&m| candidates[m as usize]).collect();
            pick(boxes, scores, indices, options)
        })
        .collect();
    // In a group the picks descend by (score, index), so sorting all of them by that merges the
    // groups into the order in which boxes would have been picked without splitting.
    let mut picked: Vec<(u32, f32)> = picked.into_iter().flatten().collect();
    picked.sort_unstable_by_key(|&(index, _)| index);
    let lowered: Vec<f32> = picked.iter().map(|&(_, score)| score).collect();
    rank::descending(&lowered, None)
        .into_iter()
        .map(|at| picked[at as usize])
        .unzip()
}

/// Picks the boxes of one group, given by ascending index.
fn pick(
    boxes: &[f32],
    scores: &[f32],
    indices: Vec<u32>,
    options: &SoftNmsOptions,
) -> Vec<(u32, f32)> {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the instructions.
            return unsafe { pick_avx512(boxes, scores, indices, options) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            return unsafe { pick_avx2(boxes, scores, indices, options) };
        }
    }
    pick_members(boxes, scores, indices, options)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn pick_avx512(
    boxes: &[f32],
    scores: &[f32],
    indices: Vec<u32>,
    options: &SoftNmsOptions,
) -> Vec<(u32, f32)> {
    pick_members(boxes, scores, indices, options)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn pick_avx2(
    boxes: &[f32],
    scores: &[f32],
    indices: Vec<u32>,
    options: &SoftNmsOptions,
) -> Vec<(u32, f32)> {
    pick_members(boxes, scores, indices, options)
}

/// The boxes of a group that are neither picked nor dropped, and some that are.
struct Remaining {
    indices: Vec<u32>,
    /// Current scores, padded with [`GONE`] to whole lanes.
    scores: Vec<f32>,
    columns: Columns,
}

impl Remaining {
    /// Boxes by index with their current scores.
    fn new(boxes: &[f32], indices: Vec<u32>, mut scores: Vec<f32>) -> Self {
        let corners = indices.iter().map(|&index| box_at(boxes, index as usize));
        let columns = Columns::from(corners.enumerate());
        scores.resize(indices.len().next_multiple_of(LANES), GONE);
        Self {
            indices,
            scores,
            columns,
        }
    }

    /// The same without the picked and dropped ones.
    fn compacted(self, boxes: &[f32]) -> Self {
        let (indices, scores) = self
            .indices
            .into_iter()
            .zip(self.scores)
            .filter(|&(_, score)| score != GONE)
            .unzip();
        Self::new(boxes, indices, scores)
    }

    /// The position of the highest score, the first of equal ones.
    #[inline(always)]
    fn best(&self) -> Option<usize> {
        let mut lanes = [GONE; LANES];
        for scores in self.scores.chunks_exact(LANES) {
            for lane in 0..LANES {
                lanes[lane] = if scores[lane] > lanes[lane] {
                    scores[lane]
                } else {
                    lanes[lane]
                };
            }
        }
        let highest = lanes.into_iter().fold(GONE, f32::max);
        self.scores
            .iter()
            .position(|&score| score == highest)
            .filter(|_| highest > GONE)
    }

    /// Lowers the scores of the boxes that overlap `picked`; returns how many were dropped.
    #[inline(always)]
    fn lower(&mut self, picked: &Reference, options: &SoftNmsOptions) -> usize {
        let free = options.method.free_overlap();
        let mut dropped = 0;
        for at in (0..self.indices.len()).step_by(LANES) {
            let iou = self.columns.iou(at, picked);
            let scores = &mut self.scores[at..at + LANES];
            let mut any = false;
            for lane in 0..LANES {
                any |= iou[lane] > free && scores[lane] > GONE;
            }
            if !any {
                continue;
            }
            for lane in 0..LANES {
                if iou[lane] > free && scores[lane] > GONE {
                    scores[lane] *= options.method.decay(iou[lane]);
                    // (∞ · 0 is NaN.)
                    if scores[lane] <= options.score_threshold || scores[lane].is_nan() {
                        scores[lane] = GONE;
                        dropped += 1;
                    }
                }
            }
        }
        dropped
    }
}

/// The algorithm of the paper, on one group.
#[inline(always)]
fn pick_members(
    boxes: &[f32],
    scores: &[f32],
    indices: Vec<u32>,
    options: &SoftNmsOptions,
) -> Vec<(u32, f32)> {
    let current = indices.iter().map(|&i| scores[i as usize]).collect();
    let mut remaining = Remaining::new(boxes, indices, current);
    let mut left = remaining.indices.len();
    let mut picks = Vec::with_capacity(left);
    while let Some(best) = remaining.best() {
        picks.push((remaining.indices[best], remaining.scores[best]));
        remaining.scores[best] = GONE;
        let picked = remaining.columns.reference(best);
        left -= 1 + remaining.lower(&picked, options);
        if 2 * left < remaining.indices.len() && remaining.indices.len() > 4 * LANES {
            remaining = remaining.compacted(boxes);
        }
    }
    picks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes of 30 × 30 whose neighbours overlap, in a row that comes back on itself.
    fn row(count: usize) -> (Vec<f32>, Vec<f32>) {
        let boxes = (0..count)
            .flat_map(|i| {
                let x = (i * 7 % 120) as f32;
                [x, 0., x + 30., 30.]
            })
            .collect();
        let scores = (0..count).map(|i| (i * 37 % 101) as f32 / 101.).collect();
        (boxes, scores)
    }

    #[test]
    fn every_version_picks_the_same() {
        let (boxes, scores) = row(300);
        for method in [
            SoftNmsMethod::Linear { iou_threshold: 0.2 },
            SoftNmsMethod::Gaussian { sigma: 0.5 },
        ] {
            let options = SoftNmsOptions {
                method,
                score_threshold: 0.01,
            };
            let indices: Vec<u32> = (0..300).collect();
            let expected = pick_members(&boxes, &scores, indices.clone(), &options);
            assert!(expected.len() > 4 && expected.len() < 300);
            assert_eq!(pick(&boxes, &scores, indices.clone(), &options), expected);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the machine has the instructions.
                let picked = unsafe { pick_avx2(&boxes, &scores, indices, &options) };
                assert_eq!(picked, expected);
            }
        }
    }

    #[test]
    fn an_infinite_score_that_decays_to_nothing_is_dropped() {
        let equal = [0., 0., 9., 9.].repeat(2);
        let options = SoftNmsOptions {
            method: SoftNmsMethod::Linear { iou_threshold: 0.5 },
            score_threshold: 0.,
        };
        let (order, _) = soft_nms(&equal, &[f32::INFINITY; 2], &[], &options);
        assert_eq!(order, [0]);
    }
}
