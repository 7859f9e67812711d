//! One axis of a RoI: where its bins and samples lie, and which cells a sample reads.
//!
//! Every expression keeps torchvision's order of operations.

use cubecl::prelude::*;

use crate::cube::{divide, finite};

/// From this many samples per bin on, only those in reach are visited: a huge RoI has more samples
/// than fit in an integer.
const MANY: f32 = 64.0;

/// Bins and samples of a RoI along one axis, in cells.
#[derive(CubeType)]
pub(super) struct Span {
    pub start: f32,
    pub bin: f32,
    /// Samples per bin, a whole number.
    pub grid: f32,
}

/// The span between image coordinates `low` and `high`; `ratio` 0 chooses the samples per bin.
/// A span that overflows has no samples.
#[cube]
pub(super) fn span(
    low: f32,
    high: f32,
    scale: f32,
    bins: usize,
    ratio: u32,
    #[comptime] aligned: bool,
) -> Span {
    let mut start = low * scale;
    let mut length = high * scale - start;
    if aligned {
        start = low * scale - 0.5f32;
        length = (high * scale - 0.5f32) - start;
    } else {
        length = max(length, 1.0f32);
    }
    let bin = divide(length, bins as f32);
    let mut grid = f32::cast_from(ratio);
    if ratio == 0 {
        grid = max(bin.ceil(), 0.0f32);
    }
    if !finite(start) || !finite(length) {
        grid = 0.0f32;
    }
    Span { start, bin, grid }
}

/// Position of a sample of a bin along an axis.
#[cube]
pub(super) fn sample_position(span: &Span, bin: f32, sample: f32) -> f32 {
    span.start + bin * span.bin + divide((sample + 0.5f32) * span.bin, span.grid)
}

/// A run of the samples of a bin.
#[derive(CubeType)]
pub(super) struct Run {
    pub first: f32,
    pub count: u32,
    /// Whether samples of the bin are left out.
    pub partial: bool,
}

/// The samples of a bin that may lie in [low, high]: all of them, unless there are many.
#[cube]
pub(super) fn samples_in(span: &Span, bin: f32, low: f32, high: f32) -> Run {
    let mut first = 0.0f32;
    let mut end = span.grid;
    let step = span.bin / max(span.grid, 1.0f32);
    if span.grid > MANY && step > 0.0f32 {
        let origin = span.start + bin * span.bin;
        first = max(
            min(((low - origin) / step).floor() - 2.0f32, span.grid),
            0.0f32,
        );
        end = max(
            min(((high - origin) / step).ceil() + 2.0f32, span.grid),
            first,
        );
    }
    Run {
        first,
        count: u32::cast_from(end - first),
        partial: first > 0.0f32 || end < span.grid,
    }
}

/// The two cells a sample reads along one axis.
#[derive(CubeType)]
pub(super) struct Taps {
    pub low: usize,
    pub high: usize,
    pub low_weight: f32,
    pub high_weight: f32,
    /// At most one cell outside the map.
    pub inside: bool,
}

/// The cells around `position` on an axis of `size` cells: clamped up to one cell outside.
#[cube]
pub(super) fn taps(position: f32, size: usize) -> Taps {
    let last = size - 1;
    let inside = position >= -1.0f32 && position <= size as f32;
    let clamped = min(max(position, 0.0f32), last as f32);
    let low = u32::cast_from(clamped) as usize;
    let fraction = clamped - low as f32;
    Taps {
        low,
        high: min(low + 1, last),
        low_weight: 1.0f32 - fraction,
        high_weight: fraction,
        inside,
    }
}

/// What the taps of a sample give to `cell`.
#[cube]
pub(super) fn weight_of(taps: &Taps, cell: usize) -> f32 {
    let mut weight = 0.0f32;
    if taps.inside {
        if taps.low == cell {
            weight += taps.low_weight;
        }
        if taps.high == cell {
            weight += taps.high_weight;
        }
    }
    weight
}

/// Number of sample (`y`, `x`) of a bin, row by row. Numbers of huge grids wrap around.
#[cube]
pub(super) fn sample_number(vertical: f32, horizontal: f32, grid: f32) -> i32 {
    // The largest floats below 2^31.
    let limit = 2_147_483_500.0f32;
    i32::cast_from(min(vertical, limit)) * i32::cast_from(min(grid, limit))
        + i32::cast_from(min(horizontal, limit))
}
