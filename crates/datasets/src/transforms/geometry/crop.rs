//! Cutting out a part of the picture, always along whole pixels.

use serde::{Deserialize, Serialize};

use super::resize::{Filter, check_side, resize};
use crate::transforms::range::check_probability;
use crate::transforms::{AffineMap, Canvas, Range, Stream, Transform, TransformError, Work};

/// Cuts a strip off each side, at least one pixel of the picture remaining (imgaug's `Crop` with
/// `percent` and `keep_size=False`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crop {
    /// Part of the width to cut from the left (0 to 1).
    pub left: Range,
    /// Part of the height to cut from the top.
    pub top: Range,
    /// Part of the width to cut from the right.
    pub right: Range,
    /// Part of the height to cut from below.
    pub bottom: Range,
    /// Objects with a smaller visible share are dropped (0–1); see [`Canvas::min_visible`].
    pub min_visible: f32,
}

impl Default for Crop {
    /// Cuts nothing.
    fn default() -> Self {
        Self::sides(Range::fixed(0.0))
    }
}

impl Crop {
    /// The same range for all four sides.
    pub const fn sides(part: Range) -> Self {
        Self {
            left: part,
            top: part,
            right: part,
            bottom: part,
            min_visible: 0.0,
        }
    }
}

/// Cuts the middle out; a picture smaller than that keeps its smaller side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentreCrop {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Objects with a smaller visible share are dropped (0–1); see [`Canvas::min_visible`].
    #[serde(default)]
    pub min_visible: f32,
}

/// Cuts out a rectangle of random area and proportions and resizes it: the training crop of the
/// bag-of-tricks paper (its section 2.1) and of torchvision's `RandomResizedCrop`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropResized {
    /// Part of the picture's area (above 0, up to 1).
    pub area: Range,
    /// Width over height of the rectangle, drawn evenly on a logarithmic scale (0.01 to 100).
    pub aspect: Range,
    /// Columns of the result.
    pub width: usize,
    /// Rows of the result.
    pub height: usize,
    /// How it is resized.
    #[serde(default)]
    pub filter: Filter,
    /// Objects with a smaller visible share are dropped (0–1); see [`Canvas::min_visible`].
    #[serde(default)]
    pub min_visible: f32,
}

/// Times a rectangle is drawn before the largest one of an allowed proportion is taken from the
/// middle (torchvision's count).
const ATTEMPTS: usize = 10;

/// Cuts `[left, top]` + `size` out of the canvas.
fn cut(
    work: &mut Work,
    [left, top]: [usize; 2],
    size: [usize; 2],
    min_visible: f32,
) -> Result<(), TransformError> {
    let canvas = Canvas {
        size,
        fill: [0; 3],
        min_visible,
    };
    work.transform(&AffineMap::shift(-(left as f64), -(top as f64)), &canvas)
}

impl Transform for Crop {
    fn check(&self) -> Result<(), TransformError> {
        let expected = "a part of the picture is 0 to 1";
        for (field, part) in [
            ("left", self.left),
            ("top", self.top),
            ("right", self.right),
            ("bottom", self.bottom),
        ] {
            part.check(field, 0.0..=1.0, expected)?;
        }
        check_probability("min_visible", self.min_visible)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let [width, height] = work.size();
        let mut strips = |first: Range, second: Range, side: usize| {
            let mut strip = |part| libm::floor(dice.within(part) * side as f64 + 0.5) as usize;
            let (first, second) = (strip(first), strip(second));
            // Where both meet, each gives way in proportion.
            let excess = (first + second).saturating_sub(side - 1);
            let back = (excess * first).checked_div(first + second).unwrap_or(0);
            (first - back, second - (excess - back))
        };
        let (left, right) = strips(self.left, self.right, width);
        let (top, bottom) = strips(self.top, self.bottom, height);
        let size = [width - left - right, height - top - bottom];
        cut(work, [left, top], size, self.min_visible)
    }
}

impl Transform for CentreCrop {
    fn check(&self) -> Result<(), TransformError> {
        check_side("width", self.width)?;
        check_side("height", self.height)?;
        check_probability("min_visible", self.min_visible)
    }

    fn apply(&self, work: &mut Work, _stream: &Stream) -> Result<(), TransformError> {
        let [width, height] = work.size();
        let size = [self.width.min(width), self.height.min(height)];
        let corner = [(width - size[0]) / 2, (height - size[1]) / 2];
        cut(work, corner, size, self.min_visible)
    }
}

impl Transform for CropResized {
    fn check(&self) -> Result<(), TransformError> {
        let area = "a part of the area is 0.0001 to 1";
        self.area.check("area", 1e-4..=1.0, area)?;
        let aspect = "width over height is 0.01 to 100";
        self.aspect.check("aspect", 0.01..=100.0, aspect)?;
        check_side("width", self.width)?;
        check_side("height", self.height)?;
        check_probability("min_visible", self.min_visible)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let [width, height] = work.size();
        let (w, h) = (width as f64, height as f64);
        let [low, high] = [self.aspect.min, self.aspect.max].map(|a| libm::log(f64::from(a)));
        let rounded = |value: f64| libm::floor(value + 0.5) as usize;
        for _ in 0..ATTEMPTS {
            let area = dice.within(self.area) * w * h;
            let aspect = libm::exp(low + (high - low) * dice.unit());
            let size = [
                rounded(libm::sqrt(area * aspect)),
                rounded(libm::sqrt(area / aspect)),
            ];
            if size[0] == 0 || size[1] == 0 || size[0] > width || size[1] > height {
                continue;
            }
            let corner = [
                dice.below(width - size[0] + 1),
                dice.below(height - size[1] + 1),
            ];
            cut(work, corner, size, self.min_visible)?;
            return resize(work, [self.width, self.height], self.filter);
        }
        let aspect = (w / h).clamp(f64::from(self.aspect.min), f64::from(self.aspect.max));
        let size = [
            rounded(w.min(h * aspect)).clamp(1, width),
            rounded(h.min(w / aspect)).clamp(1, height),
        ];
        let corner = [(width - size[0]) / 2, (height - size[1]) / 2];
        cut(work, corner, size, self.min_visible)?;
        resize(work, [self.width, self.height], self.filter)
    }
}
