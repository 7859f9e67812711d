//! Rotation, scale, shift and shear about the picture's centre.

use serde::{Deserialize, Serialize};

use crate::transforms::range::check_probability;
use crate::transforms::{AffineMap, Canvas, Range, Stream, Transform, TransformError, Work};

/// Turns the picture about its centre; the canvas keeps its size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// Clockwise, in degrees (−360 to 360).
    pub degrees: Range,
    /// Colour of the corners; black when left out.
    #[serde(default)]
    pub fill: [u8; 3],
    /// Objects with a smaller visible share are dropped (0–1); see [`Canvas::min_visible`].
    #[serde(default)]
    pub min_visible: f32,
}

/// Scales, shears, turns and shifts, in this order, about the picture's centre, as torchvision's
/// `affine` does; the canvas keeps its size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Affine {
    /// Factor (0.01 to 100).
    pub scale: Range,
    /// Shift to the right as a part of the width (−10 to 10).
    pub translate_x: Range,
    /// Shift downwards as a part of the height (−10 to 10).
    pub translate_y: Range,
    /// Shear along x in degrees (−80 to 80): the top goes right for positive angles.
    pub shear_x: Range,
    /// Shear along y in degrees (−80 to 80): the left side goes down for positive angles.
    pub shear_y: Range,
    /// Clockwise rotation in degrees (−360 to 360).
    pub degrees: Range,
    /// Colour of what is uncovered.
    pub fill: [u8; 3],
    /// Objects with a smaller visible share are dropped (0–1); see [`Canvas::min_visible`].
    pub min_visible: f32,
}

impl Default for Affine {
    /// Moves nothing.
    fn default() -> Self {
        let zero = Range::fixed(0.0);
        Self {
            scale: Range::fixed(1.0),
            translate_x: zero,
            translate_y: zero,
            shear_x: zero,
            shear_y: zero,
            degrees: zero,
            fill: [0; 3],
            min_visible: 0.0,
        }
    }
}

/// Drawn parameters of an [`Affine`]; angles in degrees, shifts in pixels.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    scale: f64,
    shift: [f64; 2],
    shear: [f64; 2],
    degrees: f64,
}

/// Cosine and sine; multiples of 90° are exact, so that they copy pixels or swap axes cleanly.
fn cos_sin(degrees: f64) -> [f64; 2] {
    match degrees.rem_euclid(360.0) {
        0.0 => [1.0, 0.0],
        90.0 => [0.0, 1.0],
        180.0 => [-1.0, 0.0],
        270.0 => [0.0, -1.0],
        other => {
            let angle = other.to_radians();
            [libm::cos(angle), libm::sin(angle)]
        }
    }
}

impl Drawn {
    /// About the centre of a canvas of `size`.
    fn map(&self, size: [usize; 2]) -> AffineMap {
        let [cx, cy] = size.map(|side| side as f64 / 2.0);
        let [cos, sin] = cos_sin(self.degrees);
        let [tan_x, tan_y] = self.shear.map(|degrees| libm::tan(degrees.to_radians()));
        let linear = |x: [f64; 2], y: [f64; 2]| AffineMap {
            x: [x[0], x[1], 0.0],
            y: [y[0], y[1], 0.0],
        };
        AffineMap::shift(-cx, -cy)
            .then(AffineMap::scale(self.scale, self.scale))
            .then(linear([1.0, -tan_x], [0.0, 1.0]))
            .then(linear([1.0, 0.0], [-tan_y, 1.0]))
            .then(linear([cos, -sin], [sin, cos]))
            .then(AffineMap::shift(cx + self.shift[0], cy + self.shift[1]))
    }
}

impl Transform for Rotate {
    fn check(&self) -> Result<(), TransformError> {
        check_degrees(self.degrees)?;
        check_probability("min_visible", self.min_visible)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let size = work.size();
        let drawn = Drawn {
            scale: 1.0,
            shift: [0.0; 2],
            shear: [0.0; 2],
            degrees: stream.dice().within(self.degrees),
        };
        let canvas = Canvas {
            size,
            fill: self.fill,
            min_visible: self.min_visible,
        };
        work.transform(&drawn.map(size), &canvas)
    }
}

impl Transform for Affine {
    fn check(&self) -> Result<(), TransformError> {
        let scale = "a scale is a factor of 0.01 to 100";
        self.scale.check("scale", 0.01..=100.0, scale)?;
        let shift = "a shift is −10 to 10 sides of the picture";
        self.translate_x.check("translate_x", -10.0..=10.0, shift)?;
        self.translate_y.check("translate_y", -10.0..=10.0, shift)?;
        let shear = "a shear is −80 to 80 degrees";
        self.shear_x.check("shear_x", -80.0..=80.0, shear)?;
        self.shear_y.check("shear_y", -80.0..=80.0, shear)?;
        check_degrees(self.degrees)?;
        check_probability("min_visible", self.min_visible)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let size = work.size();
        let [width, height] = size.map(|side| side as f64);
        let drawn = Drawn {
            scale: dice.within(self.scale),
            shift: [
                dice.within(self.translate_x) * width,
                dice.within(self.translate_y) * height,
            ],
            shear: [dice.within(self.shear_x), dice.within(self.shear_y)],
            degrees: dice.within(self.degrees),
        };
        let canvas = Canvas {
            size,
            fill: self.fill,
            min_visible: self.min_visible,
        };
        work.transform(&drawn.map(size), &canvas)
    }
}

fn check_degrees(degrees: Range) -> Result<(), TransformError> {
    degrees.check("degrees", -360.0..=360.0, "an angle is −360 to 360 degrees")
}
