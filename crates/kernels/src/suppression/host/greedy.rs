//! Greedy suppression, plain and guided by localisation confidence.

// A function is compiled for the registers of the one it is inlined into.
#![allow(clippy::inline_always)]

use rayon::prelude::*;

use super::{box_at, grid::Layout, groups::Groups, rank};
use crate::suppression::NmsOptions;

/// Fewer boxes than this are not worth a second thread.
const PARALLEL_MIN: usize = 2048;

/// Indices of the boxes that greedy suppression keeps, best first.
///
/// `boxes` `4·N`, `scores` `N`, `groups` `N` (empty: all in one group).
///
/// # Panics
/// If the lengths do not agree.
///
/// # Example
/// ```
/// use wardrobe_kernels::suppression::{NmsOptions, host};
///
/// let boxes = [0., 0., 10., 10., 1., 0., 11., 10., 20., 0., 30., 10.];
/// assert_eq!(host::nms(&boxes, &[0.8, 0.9, 0.5], &[], &NmsOptions::new(0.5)), [1, 2]);
/// ```
pub fn nms(boxes: &[f32], scores: &[f32], groups: &[i64], options: &NmsOptions) -> Vec<u32> {
    check_lengths(boxes, scores, groups);
    let ranked = rank::descending(scores, options.score_threshold);
    let kept = keep::<false>(boxes, &ranked, groups, options.iou_threshold, &mut []);
    ranked
        .into_iter()
        .zip(kept)
        .filter_map(|(index, kept)| kept.then_some(index))
        .collect()
}

/// Indices of the boxes that IoU-guided suppression keeps, and the scores they take over, by
/// descending taken-over score; equal ones in the order of localisation rank.
///
/// `boxes` `4·N`, `scores` and `localisation` `N`, `groups` `N` (empty: all in one group).
///
/// # Panics
/// If the lengths do not agree.
///
/// # Example
/// ```
/// use wardrobe_kernels::suppression::{NmsOptions, host};
///
/// let boxes = [0., 0., 10., 10., 0., 0., 10., 9.];
/// let (scores, confidence) = ([0.9, 0.6], [0.5, 0.8]);
/// let kept = host::iou_guided_nms(&boxes, &scores, &confidence, &[], &NmsOptions::new(0.5));
/// assert_eq!(kept, (vec![1], vec![0.9]));
/// ```
pub fn iou_guided_nms(
    boxes: &[f32],
    scores: &[f32],
    localisation: &[f32],
    groups: &[i64],
    options: &NmsOptions,
) -> (Vec<u32>, Vec<f32>) {
    check_lengths(boxes, scores, groups);
    assert_eq!(localisation.len(), scores.len(), "one confidence per box");
    let admitted = |index: usize| match options.score_threshold {
        Some(threshold) => scores[index] > threshold,
        None => !scores[index].is_nan(),
    };
    let mut ranked = rank::descending(localisation, None);
    ranked.retain(|&index| admitted(index as usize));
    let mut taken: Vec<f32> = ranked.iter().map(|&i| scores[i as usize]).collect();
    let kept = keep::<true>(boxes, &ranked, groups, options.iou_threshold, &mut taken);
    let (mut order, mut best) = (Vec::new(), Vec::new());
    for ((index, score), kept) in ranked.into_iter().zip(taken).zip(kept) {
        if kept {
            order.push(index);
            best.push(score);
        }
    }
    let by_score = rank::descending(&best, None);
    (
        by_score.iter().map(|&i| order[i as usize]).collect(),
        by_score.iter().map(|&i| best[i as usize]).collect(),
    )
}

/// # Panics
/// If there are not four coordinates and at most one group per score.
pub(super) fn check_lengths(boxes: &[f32], scores: &[f32], groups: &[i64]) {
    assert!(
        boxes.len() == 4 * scores.len() && (groups.is_empty() || groups.len() == scores.len()),
        "suppression: {} coordinates, {} scores and {} groups must agree",
        boxes.len(),
        scores.len(),
        groups.len()
    );
}

/// Whether each ranked box is kept. If `GUIDED`, `taken` holds the scores of the ranked boxes, and
/// those of the kept ones become the best of their cluster.
fn keep<const GUIDED: bool>(
    boxes: &[f32],
    ranked: &[u32],
    groups: &[i64],
    threshold: f32,
    taken: &mut [f32],
) -> Vec<bool> {
    let mut kept = vec![true; ranked.len()];
    // No IoU is above 1.
    if threshold >= 1. {
        return kept;
    }
    let differ = groups
        .iter()
        .fold(0, |differ, group| differ | (group ^ groups[0]));
    if differ == 0 {
        let members = ranked.iter().map(|&index| box_at(boxes, index as usize));
        suppress::<GUIDED>(&Layout::new(members), threshold, &mut kept, taken);
        return kept;
    }
    let groups = Groups::new(ranked.iter().map(|&index| groups[index as usize]));
    let mut group_kept = kept.clone();
    let mut group_taken: Vec<f32> = if GUIDED {
        groups
            .ranks
            .iter()
            .map(|&rank| taken[rank as usize])
            .collect()
    } else {
        vec![0.; ranked.len()]
    };
    let parts: Vec<_> = groups
        .members()
        .into_iter()
        .zip(groups.split(&mut group_kept))
        .zip(groups.split(&mut group_taken))
        .collect();
    let each = |((members, kept), taken): ((&[u32], &mut [bool]), &mut [f32])| {
        let members = members
            .iter()
            .map(|&rank| box_at(boxes, ranked[rank as usize] as usize));
        suppress::<GUIDED>(&Layout::new(members), threshold, kept, taken);
    };
    if ranked.len() < PARALLEL_MIN {
        parts.into_iter().for_each(each);
    } else {
        parts.into_par_iter().for_each(each);
    }
    for (at, &rank) in groups.ranks.iter().enumerate() {
        kept[rank as usize] = group_kept[at];
        if GUIDED {
            taken[rank as usize] = group_taken[at];
        }
    }
    kept
}

/// Clears `kept` for every member that a better kept one suppresses, with the widest registers of
/// the machine. All entries of `kept` are set at the start.
fn suppress<const GUIDED: bool>(
    layout: &Layout,
    threshold: f32,
    kept: &mut [bool],
    taken: &mut [f32],
) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the instructions.
            return unsafe { suppress_avx512::<GUIDED>(layout, threshold, kept, taken) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            return unsafe { suppress_avx2::<GUIDED>(layout, threshold, kept, taken) };
        }
    }
    suppress_members::<GUIDED>(layout, threshold, kept, taken);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn suppress_avx512<const GUIDED: bool>(
    layout: &Layout,
    threshold: f32,
    kept: &mut [bool],
    taken: &mut [f32],
) {
    suppress_members::<GUIDED>(layout, threshold, kept, taken);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn suppress_avx2<const GUIDED: bool>(
    layout: &Layout,
    threshold: f32,
    kept: &mut [bool],
    taken: &mut [f32],
) {
    suppress_members::<GUIDED>(layout, threshold, kept, taken);
}

/// The algorithm: members in the order of their rank; one that is not removed is kept and removes
/// what it overlaps. Removing members of a better rank too does no harm: a kept one would have
/// removed this one (IoU is symmetric to the bit), so they are settled already.
#[inline(always)]
fn suppress_members<const GUIDED: bool>(
    layout: &Layout,
    threshold: f32,
    kept: &mut [bool],
    taken: &mut [f32],
) {
    let mut removed = vec![false; layout.columns.len()];
    let mut scores = vec![0.; if GUIDED { removed.len() } else { 0 }];
    if GUIDED {
        for (member, &score) in taken.iter().enumerate() {
            if let Some(slot) = layout.slot(member) {
                scores[slot] = score;
            }
        }
    }
    for member in 0..kept.len() {
        let Some(slot) = layout.slot(member) else {
            continue;
        };
        if removed[slot] {
            kept[member] = false;
            continue;
        }
        removed[slot] = true;
        if GUIDED {
            let mut best = taken[member];
            layout.overlapping(slot, threshold, |other| {
                if !removed[other] {
                    best = best.max(scores[other]);
                    removed[other] = true;
                }
            });
            taken[member] = best;
        } else {
            layout.overlapping(slot, threshold, |other| removed[other] = true);
        }
    }
}

#[cfg(test)]
mod tests;
