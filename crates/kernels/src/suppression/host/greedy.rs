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
mod tests {
    use super::*;
    use crate::suppression::host::columns::area;

    /// Numbers in 0..1.
    fn noise(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 24) as f32
            })
            .collect()
    }

    /// Boxes at `origin` in a square of `extent`, sides up to a third of it.
    fn scene(count: usize, origin: f32, extent: f32) -> Vec<f32> {
        noise(4 * count, 1 + count as u64)
            .chunks_exact(4)
            .flat_map(|n| {
                let [x, y] = [n[0], n[1]].map(|n| origin + n * extent);
                [x, y, x + n[2] * extent / 3., y + n[3] * extent / 3.]
            })
            .collect()
    }

    /// The definition: every pair is compared.
    fn by_definition(boxes: &[f32], ranked: &[u32], threshold: f32) -> Vec<bool> {
        let iou = |a: [f32; 4], b: [f32; 4]| {
            let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.);
            let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.);
            let inter = width * height;
            inter / ((area(a) + area(b)) - inter)
        };
        let mut kept: Vec<[f32; 4]> = Vec::new();
        ranked
            .iter()
            .map(|&index| {
                let corners = box_at(boxes, index as usize);
                let keep = !kept.iter().any(|&other| iou(other, corners) > threshold);
                if keep {
                    kept.push(corners);
                }
                keep
            })
            .collect()
    }

    /// Every version of the algorithm that this machine can run.
    fn by_every_version(boxes: &[f32], ranked: &[u32], threshold: f32) -> Vec<Vec<bool>> {
        type Version = fn(&Layout, f32, &mut [bool], &mut [f32]);
        let mut versions: Vec<Version> = vec![suppress_members::<false>, suppress::<false>];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            versions.push(|layout, t, kept, taken| unsafe {
                suppress_avx2::<false>(layout, t, kept, taken);
            });
        }
        let layout = Layout::new(ranked.iter().map(|&index| box_at(boxes, index as usize)));
        versions
            .into_iter()
            .map(|version| {
                let mut kept = vec![true; ranked.len()];
                version(&layout, threshold, &mut kept, &mut []);
                kept
            })
            .collect()
    }

    fn assert_by_definition(name: &str, boxes: &[f32]) {
        let ranked = rank::descending(&noise(boxes.len() / 4, 3), None);
        for threshold in [0., 1e-6, 0.1, 0.5, 0.7, 0.999] {
            let expected = by_definition(boxes, &ranked, threshold);
            for kept in by_every_version(boxes, &ranked, threshold) {
                assert!(kept == expected, "{name} at {threshold}");
            }
        }
    }

    #[test]
    fn culling_changes_nothing() {
        // Sizes on both sides of the change from pairs to cells, and around whole lanes.
        for count in [1, 15, 16, 17, 127, 128, 129, 500, 2000] {
            assert_by_definition(&format!("{count} boxes"), &scene(count, 0., 500.));
        }
    }

    #[test]
    fn culling_holds_far_from_the_origin() {
        // 1e6: corners are multiples of 1/16. 1e9: of 64, most boxes are equal or without area.
        for origin in [-1e6, 1e6, 1e9] {
            assert_by_definition(&format!("at {origin}"), &scene(600, origin, 500.));
        }
    }

    #[test]
    fn culling_holds_for_tiny_and_huge_boxes() {
        // Sides of 1e-22: areas are subnormal and an IoU is rounded to a few steps. 1e19: areas
        // reach infinity, sums before that.
        for extent in [1e-22, 3e-21, 1e-15, 1e19, 1e25] {
            assert_by_definition(&format!("extent {extent}"), &scene(600, 0., extent));
        }
    }

    #[test]
    fn culling_holds_in_mixed_company() {
        let mut boxes = scene(400, 0., 500.);
        boxes.extend(scene(100, 0., 1e-21));
        boxes.extend(scene(100, 1e7, 500.));
        boxes.extend(scene(50, -1e18, 1e19));
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        for special in [
            [nan, 0., 9., 9.],
            [0., 0., 9., nan],
            [-inf, 0., inf, 9.],
            [-inf, -inf, inf, inf],
            [9., 9., 0., 0.],
            [9., 0., 0., 9.],
            [5., 5., 5., 5.],
        ] {
            boxes.extend(special.repeat(3));
        }
        assert_by_definition("mixed", &boxes);
    }

    #[test]
    fn boxes_on_one_point_or_line_need_no_extent() {
        let equal: Vec<f32> = [3., 4., 30., 40.].repeat(300);
        assert_by_definition("equal", &equal);
        let column: Vec<f32> = scene(300, 0., 500.)
            .chunks_exact(4)
            .flat_map(|b| [7., b[1], 90., b[3]])
            .collect();
        assert_by_definition("column", &column);
    }

    #[test]
    fn groups_in_parallel_are_groups_by_themselves() {
        let count = 3 * PARALLEL_MIN;
        let (boxes, scores) = (scene(count, 0., 400.), noise(count, 9));
        let groups: Vec<i64> = (0..count as i64).map(|i| i * 7 % 13 - 5).collect();
        let options = NmsOptions {
            iou_threshold: 0.4,
            score_threshold: None,
        };
        let mut expected: Vec<u32> = Vec::new();
        for group in -5..8 {
            let members: Vec<usize> = (0..count).filter(|&i| groups[i] == group).collect();
            let boxes: Vec<f32> = members.iter().flat_map(|&i| box_at(&boxes, i)).collect();
            let scores: Vec<f32> = members.iter().map(|&i| scores[i]).collect();
            let kept = nms(&boxes, &scores, &[], &options);
            expected.extend(kept.into_iter().map(|at| members[at as usize] as u32));
        }
        expected.sort_by(|&a, &b| {
            let (a, b) = (a as usize, b as usize);
            scores[b].total_cmp(&scores[a]).then(a.cmp(&b))
        });
        assert_eq!(nms(&boxes, &scores, &groups, &options), expected);
    }
}
