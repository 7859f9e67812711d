//! Bins of precise RoI pooling along one axis, and the hat max(0, 1 − |x|) with which bilinear
//! interpolation weighs a cell.

use cubecl::prelude::*;

/// Ends of one bin along one axis, in cells from a whole cell nearby: positions within a small RoI
/// far from the origin keep their digits.
#[derive(CubeType)]
pub(super) struct Bin {
    pub origin: f32,
    pub low: f32,
    pub high: f32,
    pub length: f32,
}

#[cube]
pub(super) fn bin_of(low: f32, high: f32, scale: f32, bin: usize, bins: usize) -> Bin {
    let start = low * scale;
    let origin = start.floor();
    let length = max((high - low) * scale, 0.0f32);
    let bin_low = (start - origin) + length * bin as f32 / bins as f32;
    let bin_high = (start - origin) + length * (bin + 1) as f32 / bins as f32;
    Bin {
        origin,
        low: bin_low,
        high: bin_high,
        length: bin_high - bin_low,
    }
}

/// max(0, 1 − |x|).
#[cube]
pub(super) fn hat(x: f32) -> f32 {
    max(1.0f32 - x.abs(), 0.0f32)
}

/// Mean of the hat around `cell` over a bin that has a length: each side by its value at the middle.
#[cube]
pub(super) fn mean_hat(bin: &Bin, cell: u32) -> f32 {
    let centre = f32::cast_from(cell) - bin.origin;
    let low = bin.low - centre;
    let high = bin.high - centre;
    let rise_low = max(low, -1.0f32);
    let rise_high = min(high, 0.0f32);
    let fall_low = max(low, 0.0f32);
    let fall_high = min(high, 1.0f32);
    let mut sum = 0.0f32;
    if rise_high > rise_low {
        sum += (rise_high - rise_low) * (1.0f32 + (rise_low + rise_high) * 0.5f32);
    }
    if fall_high > fall_low {
        sum += (fall_high - fall_low) * (1.0f32 - (fall_low + fall_high) * 0.5f32);
    }
    sum / bin.length
}

/// Half-open range of the cells whose hats touch a bin, within the map.
#[cube]
pub(super) fn cells(bin: &Bin, size: usize) -> (u32, u32) {
    let low = bin.origin + bin.low.floor();
    let high = bin.origin + bin.high.floor() + 2.0f32;
    (
        u32::cast_from(max(min(low, size as f32), 0.0f32)),
        u32::cast_from(max(min(high, size as f32), 0.0f32)),
    )
}
