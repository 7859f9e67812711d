//! Which image and level a RoI reads, and its extent in cells.

use super::FeatureMap;
use crate::roi::RoiAlignOptions;

/// The image and level a RoI reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub level: usize,
    pub image: usize,
}

impl Target {
    /// One entry per RoI; `None` for a void one.
    pub fn of_pyramid(
        maps: &[FeatureMap<'_>],
        rois: &[f32],
        level_of: &[i64],
    ) -> Vec<Option<Self>> {
        rois.chunks_exact(5)
            .zip(level_of)
            .map(|(roi, &level)| {
                let level = usize::try_from(level)
                    .ok()
                    .filter(|&level| level < maps.len())?;
                Self::new(&maps[level], roi, level)
            })
            .collect()
    }

    /// One entry per RoI; `None` for a void one.
    pub fn of_map(map: &FeatureMap<'_>, rois: &[f32]) -> Vec<Option<Self>> {
        rois.chunks_exact(5)
            .map(|roi| Self::new(map, roi, 0))
            .collect()
    }

    fn new(map: &FeatureMap<'_>, roi: &[f32], level: usize) -> Option<Self> {
        let real = roi.iter().all(|value| value.is_finite())
            && (0.0..map.images as f32).contains(&roi[0])
            && map.height > 0
            && map.width > 0;
        real.then(|| Self {
            level,
            image: roi[0] as usize,
        })
    }
}

/// One axis of a RoI: where it starts, in cells, and how its samples are spaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampledAxis {
    start: f32,
    bin: f32,
    grid: f32,
}

/// A sample that lies in the frame: two neighbouring cells and their weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub low: u32,
    pub high: u32,
    pub low_weight: f32,
    pub high_weight: f32,
}

impl SampledAxis {
    /// The axis from `low` to `high` (pixels) cut into `bins`.
    ///
    /// `None` if the extent overflows. Every expression keeps torchvision's order of operations, so
    /// that sample positions agree to the bit.
    pub fn new(
        low: f32,
        high: f32,
        bins: usize,
        scale: f32,
        options: &RoiAlignOptions,
    ) -> Option<Self> {
        let offset = if options.aligned { 0.5 } else { 0.0 };
        let start = low * scale - offset;
        let mut length = (high * scale - offset) - start;
        if !options.aligned {
            length = length.max(1.0);
        }
        let bin = length / bins as f32;
        let grid = match options.sampling_ratio {
            0 => bin.ceil().max(0.0),
            fixed => fixed as f32,
        };
        (start.is_finite() && length.is_finite()).then_some(Self { start, bin, grid })
    }

    /// Samples per bin.
    pub fn count(&self) -> f32 {
        self.grid
    }

    /// Calls `inside` for every sample of bin `index` that lies in a frame of `size` cells, in
    /// order; true if there are others.
    pub fn samples(&self, index: usize, size: usize, mut inside: impl FnMut(Sample)) -> bool {
        let Self { start, bin, grid } = *self;
        let frame = size as f32;
        let origin = start + index as f32 * bin;
        let at = |i: f32| origin + (i + 0.5) * bin / grid;
        // A huge RoI has more samples than fit in an integer; those in the frame are few.
        let step = bin / grid;
        let (first, last) = if grid > 64.0 && step > 0.0 {
            let first = ((-1.0 - origin) / step).floor() - 2.0;
            let last = ((frame - origin) / step).ceil() + 2.0;
            (first.clamp(0.0, grid), last.clamp(0.0, grid))
        } else {
            (0.0, grid)
        };
        let mut outside = first > 0.0 || last < grid;
        let mut i = first;
        while i < last {
            let position = at(i);
            if position < -1.0 || position > frame {
                outside = true;
            } else {
                inside(Sample::new(position, size));
            }
            if i + 1.0 == i {
                break;
            }
            i += 1.0;
        }
        outside
    }
}

impl Sample {
    /// The neighbours of a position in −1…size: clamped to the frame, as torchvision does.
    fn new(position: f32, size: usize) -> Self {
        let last = size - 1;
        let position = position.max(0.0);
        let low = position as usize;
        if low >= last {
            return Self {
                low: last as u32,
                high: last as u32,
                low_weight: 1.0,
                high_weight: 0.0,
            };
        }
        let high_weight = position - low as f32;
        Self {
            low: low as u32,
            high: low as u32 + 1,
            low_weight: 1.0 - high_weight,
            high_weight,
        }
    }
}
