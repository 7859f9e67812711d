//! Stable descending sort of rows on the device: bitonic over (key, index) pairs.
//!
//! All pairs differ in their index, so the order is total and the result that of a stable sort.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::cube::{cubes, per_element};

/// Pairs one cube sorts in shared memory: 8 KiB of the 16 KiB that WebGPU grants.
pub(super) const BLOCK: usize = 1024;
/// Units of such a cube.
const UNITS: usize = 256;

/// Rows of (key, index) pairs, each `padded` long.
pub(super) struct Pairs {
    /// `u32` keys, `[rows, padded]`; 0 sorts last.
    pub keys: CubeTensor,
    /// `u32` indices, `[rows, padded]`, different within a row.
    pub indices: CubeTensor,
    pub rows: usize,
    /// A power of two, at least [`BLOCK`].
    pub padded: usize,
}

/// The row length that holds `elements` pairs.
pub(super) fn padded(elements: usize) -> usize {
    elements.next_power_of_two().max(BLOCK)
}

#[cube]
fn comes_first(key_a: u32, index_a: u32, key_b: u32, index_b: u32) -> bool {
    key_a > key_b || (key_a == key_b && index_a < index_b)
}

/// The lower place of the `pair`-th pair of places that are `distance` apart.
#[cube]
fn lower_place(pair: usize, distance: usize) -> usize {
    let low = pair & (distance - 1);
    ((pair - low) << 1) + low
}

/// Compares and exchanges all pairs of a block at `distance`, `distance / 2`, … 1.
#[cube]
fn merge_block(
    keys: &mut Shared<[u32]>,
    indices: &mut Shared<[u32]>,
    start: usize,
    size: usize,
    distance: usize,
) {
    let mut distance = distance;
    while distance > 0 {
        #[unroll]
        for part in 0..BLOCK / 2 / UNITS {
            let a = lower_place(UNIT_POS as usize + part * UNITS, distance);
            let b = a + distance;
            let in_order = comes_first(keys[a], indices[a], keys[b], indices[b]);
            let wanted = ((start + a) & size) == 0;
            if in_order != wanted {
                let key = keys[a];
                keys[a] = keys[b];
                keys[b] = key;
                let index = indices[a];
                indices[a] = indices[b];
                indices[b] = index;
            }
        }
        sync_cube();
        distance /= 2;
    }
}

/// `whole`: sorts every block, alternating up and down; otherwise the tail of the stage `size`.
/// `row` is the row length: the last stage of a row has one direction.
#[cube(launch)]
fn block_kernel(
    keys: &mut [u32],
    indices: &mut [u32],
    blocks: u32,
    row: u32,
    size: u32,
    #[comptime] whole: bool,
) {
    if CUBE_POS >= blocks as usize {
        terminate!();
    }
    let mut block_keys = Shared::<[u32]>::new_slice(BLOCK);
    let mut block_indices = Shared::<[u32]>::new_slice(BLOCK);
    let base = CUBE_POS * BLOCK;
    let start = base & (row as usize - 1);
    #[unroll]
    for part in 0..BLOCK / UNITS {
        let place = UNIT_POS as usize + part * UNITS;
        block_keys[place] = keys[base + place];
        block_indices[place] = indices[base + place];
    }
    sync_cube();
    if whole {
        let mut stage = 2usize;
        while stage <= BLOCK {
            let direction = stage & (row as usize - 1);
            merge_block(
                &mut block_keys,
                &mut block_indices,
                start,
                direction,
                stage / 2,
            );
            stage *= 2;
        }
    } else {
        let direction = size as usize & (row as usize - 1);
        merge_block(
            &mut block_keys,
            &mut block_indices,
            start,
            direction,
            BLOCK / 2,
        );
    }
    #[unroll]
    for part in 0..BLOCK / UNITS {
        let place = UNIT_POS as usize + part * UNITS;
        keys[base + place] = block_keys[place];
        indices[base + place] = block_indices[place];
    }
}

/// One step of the stage `size` between places farther apart than a block.
#[cube(launch)]
fn step_kernel(
    keys: &mut [u32],
    indices: &mut [u32],
    pairs: u32,
    row: u32,
    size: u32,
    distance: u32,
) {
    if ABSOLUTE_POS >= pairs as usize {
        terminate!();
    }
    let a = lower_place(ABSOLUTE_POS, distance as usize);
    let b = a + distance as usize;
    let in_order = comes_first(keys[a], indices[a], keys[b], indices[b]);
    // `row` is a power of two: the mask takes the place within the row and, at the last stage
    // (`size` = `row`), the whole row in one direction.
    let wanted = (a & (row as usize - 1) & size as usize) == 0;
    if in_order != wanted {
        let key = keys[a];
        keys[a] = keys[b];
        keys[b] = key;
        let index = indices[a];
        indices[a] = indices[b];
        indices[b] = index;
    }
}

/// Sorts every row in place: descending keys, ascending indices among equal keys.
pub(super) fn sort(pairs: &Pairs) {
    let client = &pairs.keys.client;
    let elements = pairs.rows * pairs.padded;
    let blocks = elements / BLOCK;
    let in_blocks = |size: usize, whole: bool| {
        block_kernel::launch(
            client,
            cubes(&pairs.keys, blocks),
            CubeDim::new_1d(UNITS as u32),
            pairs.keys.clone().into_buffer_arg(),
            pairs.indices.clone().into_buffer_arg(),
            blocks as u32,
            pairs.padded as u32,
            size as u32,
            whole,
        );
    };
    in_blocks(BLOCK, true);
    let mut size = 2 * BLOCK;
    while size <= pairs.padded {
        let mut distance = size / 2;
        while distance >= BLOCK {
            let (count, dim) = per_element(&pairs.keys, elements / 2);
            step_kernel::launch(
                client,
                count,
                dim,
                pairs.keys.clone().into_buffer_arg(),
                pairs.indices.clone().into_buffer_arg(),
                (elements / 2) as u32,
                pairs.padded as u32,
                size as u32,
                distance as u32,
            );
            distance /= 2;
        }
        in_blocks(size, false);
        size *= 2;
    }
}
