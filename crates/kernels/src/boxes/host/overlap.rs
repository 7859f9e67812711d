//! Overlap of every pair of boxes.

// A function is compiled for the registers of the one it is inlined into.
#![allow(clippy::inline_always)]

use rayon::prelude::*;

/// Pairs per parallel task: about a tenth of a millisecond of work.
const PAIRS_PER_TASK: usize = 1 << 16;

/// IoU of every pair: `4·N` and `4·M` coordinates → `N·M` values, row after row. 0/0 is NaN.
///
/// # Panics
/// If a length is not a multiple of 4.
///
/// # Example
/// ```
/// use wardrobe_kernels::boxes::host::box_iou;
/// assert_eq!(box_iou(&[0., 0., 10., 10.], &[0., 0., 10., 5.]), [0.5]);
/// ```
pub fn box_iou(a: &[f32], b: &[f32]) -> Vec<f32> {
    pairwise::<false>(a, b)
}

/// Generalised IoU of every pair: `IoU − (hull − union) / hull`.
///
/// # Panics
/// If a length is not a multiple of 4.
///
/// # Example
/// ```
/// use wardrobe_kernels::boxes::host::generalized_box_iou;
/// assert_eq!(generalized_box_iou(&[0., 0., 1., 1.], &[3., 0., 4., 1.]), [-0.5]);
/// ```
pub fn generalized_box_iou(a: &[f32], b: &[f32]) -> Vec<f32> {
    pairwise::<true>(a, b)
}

/// Boxes as one array per coordinate, and their areas.
struct Columns {
    x1: Vec<f32>,
    y1: Vec<f32>,
    x2: Vec<f32>,
    y2: Vec<f32>,
    area: Vec<f32>,
}

fn pairwise<const GENERALIZED: bool>(a: &[f32], b: &[f32]) -> Vec<f32> {
    let (rows, others) = (boxes(a), boxes(b));
    let columns = others.len();
    let mut values = vec![0.; rows.len() * columns];
    if values.is_empty() {
        return values;
    }
    let corner = |i: usize| others.iter().map(|b| b[i]).collect::<Vec<f32>>();
    let others = Columns {
        x1: corner(0),
        y1: corner(1),
        x2: corner(2),
        y2: corner(3),
        area: others.iter().map(area).collect(),
    };
    let rows_per_task = PAIRS_PER_TASK.div_ceil(columns);
    values
        .par_chunks_mut(rows_per_task * columns)
        .zip(rows.par_chunks(rows_per_task))
        .for_each(|(values, rows)| fill::<GENERALIZED>(rows, &others, values));
    values
}

/// The boxes of a slice.
///
/// # Panics
/// If its length is not a multiple of 4.
fn boxes(coordinates: &[f32]) -> &[[f32; 4]] {
    let (boxes, rest) = coordinates.as_chunks();
    assert!(
        rest.is_empty(),
        "boxes have 4 coordinates: {}",
        coordinates.len()
    );
    boxes
}

fn area([x1, y1, x2, y2]: &[f32; 4]) -> f32 {
    (x2 - x1) * (y2 - y1)
}

/// Fills `values` with the overlaps of `rows`, with the widest registers of the machine.
fn fill<const GENERALIZED: bool>(rows: &[[f32; 4]], others: &Columns, values: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the instructions.
            return unsafe { fill_avx512::<GENERALIZED>(rows, others, values) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            return unsafe { fill_avx2::<GENERALIZED>(rows, others, values) };
        }
    }
    fill_rows::<GENERALIZED>(rows, others, values);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fill_avx512<const GENERALIZED: bool>(rows: &[[f32; 4]], others: &Columns, values: &mut [f32]) {
    fill_rows::<GENERALIZED>(rows, others, values);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2<const GENERALIZED: bool>(rows: &[[f32; 4]], others: &Columns, values: &mut [f32]) {
    fill_rows::<GENERALIZED>(rows, others, values);
}

#[inline(always)]
fn fill_rows<const GENERALIZED: bool>(rows: &[[f32; 4]], others: &Columns, values: &mut [f32]) {
    let columns = others.area.len();
    let (x1, y1) = (&others.x1[..columns], &others.y1[..columns]);
    let (x2, y2) = (&others.x2[..columns], &others.y2[..columns]);
    let areas = &others.area[..columns];
    for (row, values) in rows.iter().zip(values.chunks_exact_mut(columns)) {
        let [rx1, ry1, rx2, ry2] = *row;
        let row_area = area(row);
        for (at, value) in values.iter_mut().enumerate() {
            let width = larger(smaller(x2[at], rx2) - larger(x1[at], rx1), 0.);
            let height = larger(smaller(y2[at], ry2) - larger(y1[at], ry1), 0.);
            let inter = width * height;
            let union = (row_area + areas[at]) - inter;
            *value = inter / union;
            if GENERALIZED {
                let width = larger(larger(x2[at], rx2) - smaller(x1[at], rx1), 0.);
                let height = larger(larger(y2[at], ry2) - smaller(y1[at], ry1), 0.);
                let hull = width * height;
                *value -= (hull - union) / hull;
            }
        }
    }
}

/// The larger of two numbers as one machine instruction. With a NaN coordinate the area is NaN and
/// with it the overlap, whichever number this returns.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller of two numbers, as [`larger`].
#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}
