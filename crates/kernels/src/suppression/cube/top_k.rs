//! The k largest of each row: radix select by one cube per row, then a sort of what it selected.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::sort::{Pairs, padded, sort};
use crate::cube::{cubes, empty, per_element, sort_key};

/// Units of a cube, and the 256 digits of 8 bits.
const UNITS: usize = 256;

/// Digit by digit from the top, finds the key of the k-th largest value; everything above it and,
/// of those equal to it, the lowest indices are selected.
#[cube(launch)]
fn select_kernel(
    values: &[f32],
    keys: &mut [u32],
    indices: &mut [u32],
    rows: u32,
    columns: u32,
    k: u32,
    padded: u32,
) {
    if CUBE_POS >= rows as usize {
        terminate!();
    }
    let histogram = Shared::<[Atomic<u32>]>::new_slice(UNITS);
    let mut above = Shared::<[u32]>::new_slice(UNITS);
    let mut equal = Shared::<[u32]>::new_slice(UNITS);
    let unit = UNIT_POS as usize;
    let columns = columns as usize;
    let k = k as usize;
    let row = CUBE_POS * columns;

    let mut wanted = 0u32;
    let mut known = 0u32;
    let mut remaining = k as u32;
    for pass in 0..4u32 {
        let shift = 24 - 8 * pass;
        histogram[unit].store(0u32);
        sync_cube();
        let mut column = unit;
        while column < columns {
            let key = sort_key(values[row + column]);
            if (key ^ wanted) & known == 0 {
                histogram[((key >> shift) & 255) as usize].fetch_add(1u32);
            }
            column += UNITS;
        }
        sync_cube();
        let mut digit = 255u32;
        let mut searching = true;
        while searching {
            let here = histogram[digit as usize].load();
            if remaining > here && digit > 0 {
                remaining -= here;
                digit -= 1;
            } else {
                searching = false;
            }
        }
        wanted |= digit << shift;
        known |= 255u32 << shift;
        sync_cube();
    }

    // Each unit takes a run of columns, so that equal values are counted in order.
    let run = (columns + UNITS - 1) / UNITS;
    let first = min(unit * run, columns);
    let end = min(first + run, columns);
    let mut own_above = 0u32;
    let mut own_equal = 0u32;
    for column in first..end {
        let key = sort_key(values[row + column]);
        if key > wanted {
            own_above += 1;
        } else if key == wanted {
            own_equal += 1;
        }
    }
    above[unit] = own_above;
    equal[unit] = own_equal;
    sync_cube();
    let mut place_above = 0u32;
    let mut place_equal = 0u32;
    for other in 0..unit {
        place_above += above[other];
        place_equal += equal[other];
    }
    let output = CUBE_POS * padded as usize;
    let first_equal = k as u32 - remaining;
    for column in first..end {
        let key = sort_key(values[row + column]);
        if key > wanted {
            keys[output + place_above as usize] = key;
            indices[output + place_above as usize] = column as u32;
            place_above += 1;
        } else if key == wanted {
            if place_equal < remaining {
                let place = output + (first_equal + place_equal) as usize;
                keys[place] = key;
                indices[place] = column as u32;
            }
            place_equal += 1;
        }
    }
    let mut rest = k + unit;
    while rest < padded as usize {
        keys[output + rest] = 0u32;
        indices[output + rest] = 0xffff_ffffu32;
        rest += UNITS;
    }
}

#[cube(launch)]
fn take_kernel(
    values: &[f32],
    places: &[u32],
    taken: &mut [f32],
    taken_indices: &mut [i32],
    columns: u32,
    k: u32,
    padded: u32,
) {
    if ABSOLUTE_POS >= taken.len() {
        terminate!();
    }
    let row = ABSOLUTE_POS / k as usize;
    let place = places[row * padded as usize + ABSOLUTE_POS % k as usize];
    taken[ABSOLUTE_POS] = values[row * columns as usize + place as usize];
    taken_indices[ABSOLUTE_POS] = place as i32;
}

/// (values `[R, k]`, indices `[R, k]`).
pub(super) fn top_k(values: &CubeTensor, k: usize) -> (CubeTensor, CubeTensor) {
    let [rows, columns] = values.meta.shape().dims();
    let client = &values.client;
    let padded = padded(k);
    let pairs = Pairs {
        keys: empty(values, [rows, padded], DType::U32),
        indices: empty(values, [rows, padded], DType::U32),
        rows,
        padded,
    };
    select_kernel::launch(
        client,
        cubes(values, rows),
        CubeDim::new_1d(UNITS as u32),
        values.clone().into_buffer_arg(),
        pairs.keys.clone().into_buffer_arg(),
        pairs.indices.clone().into_buffer_arg(),
        rows as u32,
        columns as u32,
        k as u32,
        padded as u32,
    );
    sort(&pairs);
    let taken = empty(values, [rows, k], DType::F32);
    let taken_indices = empty(values, [rows, k], DType::I32);
    let (count, dim) = per_element(values, rows * k);
    take_kernel::launch(
        client,
        count,
        dim,
        values.clone().into_buffer_arg(),
        pairs.indices.into_buffer_arg(),
        taken.clone().into_buffer_arg(),
        taken_indices.clone().into_buffer_arg(),
        columns as u32,
        k as u32,
        padded as u32,
    );
    (taken, taken_indices)
}
