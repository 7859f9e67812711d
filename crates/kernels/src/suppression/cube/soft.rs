//! Soft suppression: one cube picks the best box left, lowers the others, and so on.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::overlap::{area, overlap, shared_area};
use crate::{
    cube::{empty, host_sort_key, sort_key},
    suppression::{SoftNmsMethod, SoftNmsOptions},
};

/// Units of the cube. Unit u owns the boxes u, u + 256, …: no unit reads another's scores.
const UNITS: usize = 256;

/// The highest key among `alive` boxes of this unit, lowest index first.
#[derive(CubeType)]
struct Candidate {
    key: u32,
    index: u32,
}

#[cube]
fn own_best(current: &mut [f32], alive: &mut [u32], number: usize) -> Candidate {
    let mut key = 0u32;
    let mut index = 0u32;
    let mut box_index = UNIT_POS as usize;
    while box_index < number {
        if alive[box_index] == 1 {
            let candidate = sort_key(current[box_index]);
            if candidate > key {
                key = candidate;
                index = box_index as u32;
            }
        }
        box_index += UNITS;
    }
    Candidate { key, index }
}

/// What is left of a score beside a picked box: `parameter` is the threshold or σ.
#[cube]
fn decayed(score: f32, iou: f32, parameter: f32, #[comptime] gaussian: bool) -> f32 {
    let mut result = score;
    if gaussian {
        result = score * (-(iou * iou) / parameter).exp();
    } else if iou > parameter {
        result = score * (1.0f32 - iou);
    }
    result
}

#[cube(launch)]
#[allow(clippy::too_many_arguments)]
fn soft_kernel(
    boxes: &[f32],
    scores: &[f32],
    groups: &[i32],
    current: &mut [f32],
    alive: &mut [u32],
    order: &mut [i32],
    picked_scores: &mut [f32],
    number: u32,
    limit: u32,
    parameter: f32,
    #[comptime] gaussian: bool,
) {
    let mut keys = Shared::<[u32]>::new_slice(UNITS);
    let mut indices = Shared::<[u32]>::new_slice(UNITS);
    let unit = UNIT_POS as usize;
    let number = number as usize;

    let mut i = unit;
    while i < number {
        current[i] = scores[i];
        let mut in_play = 0u32;
        if sort_key(scores[i]) > limit {
            in_play = 1u32;
        }
        alive[i] = in_play;
        order[i] = i32::new(-1);
        picked_scores[i] = 0.0f32;
        i += UNITS;
    }
    // `order` and `picked_scores` change hands below.
    sync_storage();

    let mut picked = 0usize;
    let mut going = true;
    while going {
        let own = own_best(current, alive, number);
        keys[unit] = own.key;
        indices[unit] = own.index;
        sync_cube();
        let mut half = (CUBE_DIM / 2) as usize;
        while half > 0 {
            if unit < half {
                let key = keys[unit + half];
                let index = indices[unit + half];
                if key > keys[unit] || (key == keys[unit] && index < indices[unit]) {
                    keys[unit] = key;
                    indices[unit] = index;
                }
            }
            sync_cube();
            half /= 2;
        }
        let best_key = workgroup_uniform_load(&keys[0]);
        let best = workgroup_uniform_load(&indices[0]) as usize;
        // Before the next round writes them: WGSL waits here by itself, other targets do not.
        sync_cube();
        if best_key == 0 {
            going = false;
        } else {
            let group = groups[best];
            let best_area = area(boxes, best * 4);
            let mut j = unit;
            while j < number {
                if j == best {
                    alive[j] = 0u32;
                    order[picked] = best as i32;
                    picked_scores[picked] = current[j];
                } else if alive[j] == 1 && groups[j] == group {
                    let shared = shared_area(boxes, best * 4, j * 4);
                    let found = overlap(best_area, area(boxes, j * 4), shared);
                    if found.exists {
                        let score = decayed(current[j], found.iou, parameter, gaussian);
                        current[j] = score;
                        if sort_key(score) <= limit {
                            alive[j] = 0u32;
                        }
                    }
                }
                j += UNITS;
            }
            picked += 1;
            if picked == number {
                going = false;
            }
        }
    }
}

/// The end of the picked boxes in `order`, found by halves.
#[cube(launch)]
fn count_kernel(order: &[i32], count: &mut [i32], number: u32) {
    if ABSOLUTE_POS == 0 {
        let mut low = 0u32;
        let mut high = number;
        while low < high {
            let middle = (low + high) / 2;
            if order[middle as usize] >= 0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        count[0] = low as i32;
    }
}

/// (order `[N]`, count `[1]`, scores `[N]`).
pub(super) fn soft(
    boxes: &CubeTensor,
    scores: &CubeTensor,
    groups: &CubeTensor,
    options: SoftNmsOptions,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let number = scores.meta.shape()[0];
    let client = &boxes.client;
    let (parameter, gaussian) = match options.method {
        SoftNmsMethod::Linear { iou_threshold } => (iou_threshold, false),
        SoftNmsMethod::Gaussian { sigma } => (sigma, true),
    };
    let order = empty(boxes, [number], DType::I32);
    let picked_scores = empty(boxes, [number], DType::F32);
    soft_kernel::launch(
        client,
        CubeCount::new_single(),
        CubeDim::new_1d(UNITS as u32),
        boxes.clone().into_buffer_arg(),
        scores.clone().into_buffer_arg(),
        groups.clone().into_buffer_arg(),
        empty(boxes, [number], DType::F32).into_buffer_arg(),
        empty(boxes, [number], DType::U32).into_buffer_arg(),
        order.clone().into_buffer_arg(),
        picked_scores.clone().into_buffer_arg(),
        number as u32,
        host_sort_key(options.score_threshold),
        parameter,
        gaussian,
    );
    let total = empty(boxes, [1], DType::I32);
    count_kernel::launch(
        client,
        CubeCount::new_single(),
        CubeDim::new_single(),
        order.clone().into_buffer_arg(),
        total.clone().into_buffer_arg(),
        number as u32,
    );
    (order, total, picked_scores)
}
