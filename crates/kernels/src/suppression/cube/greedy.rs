//! Greedy suppression on the device.
//!
//! The boxes are ranked, then taken in blocks of [`BLOCK`] ranks. Within a block, a matrix of bits
//! says who suppresses whom and one cube walks through it in order; then every later box is
//! compared with the boxes that the block kept. Memory is one block's matrix, whatever N is.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{
    overlap::{BOX, area, suppresses},
    sort::{Pairs, padded, sort},
};
use crate::cube::{empty, per_element, sort_key, zero_words};

/// Ranks per block; 512 KiB of bits.
const BLOCK: usize = 2048;
/// 32-bit words in a row of the matrix: also the units of the cube that reduces it.
const WORDS: usize = BLOCK / 32;

/// Ranked boxes and which of them were kept.
pub(super) struct Ranked {
    /// (ranking key, box index) in rank order; key 0 takes no part.
    pub pairs: Pairs,
    /// `[N, 5]` corners and area by rank; a box that takes no part has an infinite area, so that
    /// it has no IoU with any other.
    pub geometry: CubeTensor,
    /// `[N]` groups by rank.
    pub groups: CubeTensor,
    /// `[N]` ranks of the kept boxes, ascending; only the first `state[1]` are written.
    pub kept: CubeTensor,
    /// `[2]`: kept before the last block, kept in all.
    pub state: CubeTensor,
    /// N.
    pub number: usize,
}

/// Keys of the boxes that take part: neither number is NaN and the score is above the limit.
#[cube(launch)]
fn keys_kernel(
    ranking: &[f32],
    scores: &[f32],
    keys: &mut [u32],
    indices: &mut [u32],
    number: u32,
    limit: u32,
) {
    if ABSOLUTE_POS >= keys.len() {
        terminate!();
    }
    let mut key = 0u32;
    if ABSOLUTE_POS < number as usize {
        if sort_key(scores[ABSOLUTE_POS]) > limit {
            key = sort_key(ranking[ABSOLUTE_POS]);
        }
    }
    keys[ABSOLUTE_POS] = key;
    indices[ABSOLUTE_POS] = ABSOLUTE_POS as u32;
}

#[cube(launch)]
fn rank_kernel(
    boxes: &[f32],
    groups: &[i32],
    keys: &[u32],
    indices: &[u32],
    geometry: &mut [f32],
    ranked_groups: &mut [i32],
    removed: &mut [u32],
) {
    let rank = ABSOLUTE_POS;
    if rank >= removed.len() {
        terminate!();
    }
    let index = indices[rank] as usize;
    #[unroll]
    for corner in 0..4usize {
        geometry[rank * BOX + corner] = boxes[index * 4 + corner];
    }
    let key = keys[rank];
    ranked_groups[rank] = groups[index];
    if key == 0 {
        // A literal infinity does not pass WGSL's checks.
        geometry[rank * BOX + 4] = f32::reinterpret(key | 0x7f80_0000);
        removed[rank] = 1u32;
    } else {
        geometry[rank * BOX + 4] = area(boxes, index * 4);
        removed[rank] = 0u32;
    }
}

/// Bit `b` of word (row, w): row suppresses box 32·w + b of the block, which ranks behind it.
#[cube(launch)]
fn matrix_kernel(
    geometry: &[f32],
    groups: &[i32],
    removed: &[u32],
    matrix: &mut [u32],
    start: u32,
    size: u32,
    threshold: f32,
) {
    let row = ABSOLUTE_POS / WORDS;
    let word = ABSOLUTE_POS % WORDS;
    if row >= size as usize {
        terminate!();
    }
    let a = start as usize + row;
    let mut bits = 0u32;
    if removed[a] == 0 {
        for b in 0..32usize {
            let column = word * 32 + b;
            if column > row && column < size as usize {
                if suppresses(geometry, groups, a, start as usize + column, threshold) {
                    bits |= 1u32 << b as u32;
                }
            }
        }
    }
    matrix[ABSOLUTE_POS] = bits;
}

/// Walks through one block in rank order, 32 ranks at a time.
#[cube(launch)]
fn reduce_kernel(
    matrix: &[u32],
    removed: &[u32],
    kept: &mut [u32],
    state: &mut [u32],
    start: u32,
    size: u32,
) {
    let mut gone = Shared::<[u32]>::new_slice(WORDS);
    let mut diagonal = Shared::<[u32]>::new_slice(32usize);
    let unit = UNIT_POS as usize;
    let start = start as usize;
    let size = size as usize;

    let mut bits = 0u32;
    for b in 0..32usize {
        let place = unit * 32 + b;
        let mut out = 1u32;
        if place < size {
            out = removed[start + place];
        }
        bits |= out << b as u32;
    }
    gone[unit] = bits;
    let before = state[1];
    let mut number = before;
    sync_cube();

    let chunks = (size + 31) / 32;
    for chunk in 0..chunks {
        if unit < 32 {
            let row = chunk * 32 + unit;
            let mut word = 0u32;
            if row < size {
                word = matrix[row * WORDS + chunk];
            }
            diagonal[unit] = word;
        }
        sync_cube();
        let mut out = gone[chunk];
        let mut keep = 0u32;
        for b in 0..32u32 {
            if (out >> b) & 1 == 0 {
                keep |= 1u32 << b;
                out |= diagonal[b as usize];
            }
        }
        if unit > chunk {
            let mut later = gone[unit];
            for b in 0..32u32 {
                if (keep >> b) & 1 == 1 {
                    later |= matrix[(chunk * 32 + b as usize) * WORDS + unit];
                }
            }
            gone[unit] = later;
        }
        if unit < 32 {
            let below = (1u32 << UNIT_POS) - 1;
            if (keep >> UNIT_POS) & 1 == 1 {
                let place = number + (keep & below).count_ones();
                kept[place as usize] = (start + chunk * 32 + unit) as u32;
            }
        }
        number += keep.count_ones();
        sync_cube();
    }
    if unit == 0 {
        state[0] = before;
        state[1] = number;
    }
}

/// Removes the boxes behind a block that a box kept in it suppresses.
#[cube(launch)]
fn later_kernel(
    geometry: &[f32],
    groups: &[i32],
    kept: &[u32],
    state: &[u32],
    removed: &mut [u32],
    next: u32,
    threshold: f32,
) {
    let rank = next as usize + ABSOLUTE_POS;
    if rank >= removed.len() {
        terminate!();
    }
    if removed[rank] == 0 {
        let mut out = 0u32;
        let mut at = state[0];
        let end = state[1];
        while at < end {
            if suppresses(
                geometry,
                groups,
                kept[at as usize] as usize,
                rank,
                threshold,
            ) {
                out = 1u32;
                at = end;
            }
            at += 1;
        }
        removed[rank] = out;
    }
}

/// Ranks by `ranking` and suppresses; `limit` is the sort key that scores must exceed.
pub(super) fn suppress(
    boxes: &CubeTensor,
    ranking: &CubeTensor,
    scores: &CubeTensor,
    groups: &CubeTensor,
    threshold: f32,
    limit: u32,
) -> Ranked {
    let number = scores.meta.shape()[0];
    let client = &boxes.client;
    let padded = padded(number);
    let pairs = Pairs {
        keys: empty(boxes, [padded], DType::U32),
        indices: empty(boxes, [padded], DType::U32),
        rows: 1,
        padded,
    };
    let (count, dim) = per_element(boxes, padded);
    keys_kernel::launch(
        client,
        count,
        dim,
        ranking.clone().into_buffer_arg(),
        scores.clone().into_buffer_arg(),
        pairs.keys.clone().into_buffer_arg(),
        pairs.indices.clone().into_buffer_arg(),
        number as u32,
        limit,
    );
    sort(&pairs);

    let geometry = empty(boxes, [number, BOX], DType::F32);
    let ranked_groups = empty(boxes, [number], DType::I32);
    let removed = empty(boxes, [number], DType::U32);
    let (count, dim) = per_element(boxes, number);
    rank_kernel::launch(
        client,
        count,
        dim,
        boxes.clone().into_buffer_arg(),
        groups.clone().into_buffer_arg(),
        pairs.keys.clone().into_buffer_arg(),
        pairs.indices.clone().into_buffer_arg(),
        geometry.clone().into_buffer_arg(),
        ranked_groups.clone().into_buffer_arg(),
        removed.clone().into_buffer_arg(),
    );

    let kept = empty(boxes, [number], DType::U32);
    let state = zero_words(boxes, [2]);
    let matrix = empty(boxes, [BLOCK.min(number) * WORDS], DType::U32);
    for start in (0..number).step_by(BLOCK) {
        let size = BLOCK.min(number - start);
        let (count, dim) = per_element(boxes, size * WORDS);
        matrix_kernel::launch(
            client,
            count,
            dim,
            geometry.clone().into_buffer_arg(),
            ranked_groups.clone().into_buffer_arg(),
            removed.clone().into_buffer_arg(),
            matrix.clone().into_buffer_arg(),
            start as u32,
            size as u32,
            threshold,
        );
        reduce_kernel::launch(
            client,
            CubeCount::new_single(),
            CubeDim::new_1d(WORDS as u32),
            matrix.clone().into_buffer_arg(),
            removed.clone().into_buffer_arg(),
            kept.clone().into_buffer_arg(),
            state.clone().into_buffer_arg(),
            start as u32,
            size as u32,
        );
        let next = start + size;
        if next < number {
            let (count, dim) = per_element(boxes, number - next);
            later_kernel::launch(
                client,
                count,
                dim,
                geometry.clone().into_buffer_arg(),
                ranked_groups.clone().into_buffer_arg(),
                kept.clone().into_buffer_arg(),
                state.clone().into_buffer_arg(),
                removed.clone().into_buffer_arg(),
                next as u32,
                threshold,
            );
        }
    }
    Ranked {
        pairs,
        geometry,
        groups: ranked_groups,
        kept,
        state,
        number,
    }
}

#[cube(launch)]
fn order_kernel(
    indices: &[u32],
    kept: &[u32],
    state: &[u32],
    order: &mut [i32],
    count: &mut [i32],
) {
    if ABSOLUTE_POS >= order.len() {
        terminate!();
    }
    let number = state[1];
    let mut index = i32::new(-1);
    if ABSOLUTE_POS < number as usize {
        index = indices[kept[ABSOLUTE_POS] as usize] as i32;
    }
    order[ABSOLUTE_POS] = index;
    if ABSOLUTE_POS == 0 {
        count[0] = number as i32;
    }
}

/// (order `[N]`, count `[1]`) of the kept boxes in rank order.
pub(super) fn order(ranked: &Ranked) -> (CubeTensor, CubeTensor) {
    let order = empty(&ranked.kept, [ranked.number], DType::I32);
    let number = empty(&ranked.kept, [1], DType::I32);
    let (count, dim) = per_element(&ranked.kept, ranked.number);
    order_kernel::launch(
        &ranked.kept.client,
        count,
        dim,
        ranked.pairs.indices.clone().into_buffer_arg(),
        ranked.kept.clone().into_buffer_arg(),
        ranked.state.clone().into_buffer_arg(),
        order.clone().into_buffer_arg(),
        number.clone().into_buffer_arg(),
    );
    (order, number)
}
