//! IoU-guided suppression: greedy by localisation, then every box gives its score to its cluster.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{
    greedy::{Ranked, suppress},
    overlap::suppresses,
    sort::{Pairs, padded, sort},
};
use crate::cube::{empty, float_of_key, per_element, sort_key, zero_words};

/// Adds each box's score to the cluster of the first kept box that is it or suppresses it. The
/// maximum is of integer keys, so the order of arrival does not matter.
#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn cluster_kernel(
    geometry: &[f32],
    groups: &[i32],
    indices: &[u32],
    kept: &[u32],
    state: &[u32],
    scores: &[f32],
    best: &[Atomic<u32>],
    number: u32,
    threshold: f32,
) {
    let rank = ABSOLUTE_POS;
    if rank >= number as usize {
        terminate!();
    }
    let key = sort_key(scores[indices[rank] as usize]);
    let end = state[1];
    let mut at = 0u32;
    while at < end {
        let keeper = kept[at as usize] as usize;
        // Kept ranks ascend, and a box is suppressed from above only.
        if keeper > rank {
            at = end;
        } else if keeper == rank || suppresses(geometry, groups, keeper, rank, threshold) {
            best[at as usize].fetch_max(key);
            at = end;
        }
        at += 1;
    }
}

#[cube(launch)]
fn result_keys_kernel(best: &[u32], state: &[u32], keys: &mut [u32], indices: &mut [u32]) {
    if ABSOLUTE_POS >= keys.len() {
        terminate!();
    }
    let mut key = 0u32;
    if ABSOLUTE_POS < state[1] as usize {
        key = best[ABSOLUTE_POS];
    }
    keys[ABSOLUTE_POS] = key;
    indices[ABSOLUTE_POS] = ABSOLUTE_POS as u32;
}

#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn result_kernel(
    keys: &[u32],
    places: &[u32],
    kept: &[u32],
    indices: &[u32],
    state: &[u32],
    order: &mut [i32],
    scores: &mut [f32],
) {
    if ABSOLUTE_POS >= order.len() {
        terminate!();
    }
    let mut index = i32::new(-1);
    let mut score = 0.0f32;
    if ABSOLUTE_POS < state[1] as usize {
        index = indices[kept[places[ABSOLUTE_POS] as usize] as usize] as i32;
        score = float_of_key(keys[ABSOLUTE_POS]);
    }
    order[ABSOLUTE_POS] = index;
    scores[ABSOLUTE_POS] = score;
}

#[cube(launch)]
fn count_kernel(state: &[u32], count: &mut [i32]) {
    if ABSOLUTE_POS == 0 {
        count[0] = state[1] as i32;
    }
}

/// (order `[N]`, count `[1]`, scores `[N]`).
pub(super) fn guided(
    boxes: &CubeTensor,
    scores: &CubeTensor,
    localisation: &CubeTensor,
    groups: &CubeTensor,
    threshold: f32,
    limit: u32,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let ranked = suppress(boxes, localisation, scores, groups, threshold, limit);
    let Ranked {
        pairs,
        geometry,
        groups,
        kept,
        state,
        number,
    } = ranked;
    let client = &boxes.client;
    let best = zero_words(boxes, [number]);
    let (count, dim) = per_element(boxes, number);
    cluster_kernel::launch(
        client,
        count,
        dim,
        geometry.into_buffer_arg(),
        groups.into_buffer_arg(),
        pairs.indices.clone().into_buffer_arg(),
        kept.clone().into_buffer_arg(),
        state.clone().into_buffer_arg(),
        scores.clone().into_buffer_arg(),
        best.clone().into_buffer_arg(),
        number as u32,
        threshold,
    );

    let padded = padded(number);
    let result = Pairs {
        keys: empty(boxes, [padded], DType::U32),
        indices: empty(boxes, [padded], DType::U32),
        rows: 1,
        padded,
    };
    let (count, dim) = per_element(boxes, padded);
    result_keys_kernel::launch(
        client,
        count,
        dim,
        best.into_buffer_arg(),
        state.clone().into_buffer_arg(),
        result.keys.clone().into_buffer_arg(),
        result.indices.clone().into_buffer_arg(),
    );
    sort(&result);

    let order = empty(boxes, [number], DType::I32);
    let taken = empty(boxes, [number], DType::F32);
    let total = empty(boxes, [1], DType::I32);
    let (count, dim) = per_element(boxes, number);
    result_kernel::launch(
        client,
        count,
        dim,
        result.keys.into_buffer_arg(),
        result.indices.into_buffer_arg(),
        kept.into_buffer_arg(),
        pairs.indices.into_buffer_arg(),
        state.clone().into_buffer_arg(),
        order.clone().into_buffer_arg(),
        taken.clone().into_buffer_arg(),
    );
    count_kernel::launch(
        client,
        CubeCount::new_single(),
        CubeDim::new_single(),
        state.into_buffer_arg(),
        total.clone().into_buffer_arg(),
    );
    (order, total, taken)
}
