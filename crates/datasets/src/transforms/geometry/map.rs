//! Affine maps of the plane.
//!
//! Coordinates are continuous pixels: a map of a mirrored picture of width w is `x → w − x`, with no
//! half pixels in it. Only the resampler, which asks for the colour of a pixel's centre, adds them.

/// `x' = x[0]·x + x[1]·y + x[2]`, `y' = y[0]·x + y[1]·y + y[2]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AffineMap {
    /// The row of `x'`.
    pub x: [f64; 3],
    /// The row of `y'`.
    pub y: [f64; 3],
}

impl AffineMap {
    /// Moves nothing.
    pub const IDENTITY: Self = Self {
        x: [1.0, 0.0, 0.0],
        y: [0.0, 1.0, 0.0],
    };

    /// Moves by `dx`, `dy`.
    pub const fn shift(dx: f64, dy: f64) -> Self {
        Self {
            x: [1.0, 0.0, dx],
            y: [0.0, 1.0, dy],
        }
    }

    /// Stretches from the top left corner.
    pub const fn scale(sx: f64, sy: f64) -> Self {
        Self {
            x: [sx, 0.0, 0.0],
            y: [0.0, sy, 0.0],
        }
    }

    /// Mirrors a picture of this width left to right.
    pub const fn mirror(width: f64) -> Self {
        Self {
            x: [-1.0, 0.0, width],
            y: [0.0, 1.0, 0.0],
        }
    }

    /// This map, and `next` after it.
    ///
    /// ```
    /// use wardrobe_datasets::transforms::AffineMap;
    /// let map = AffineMap::shift(2.0, 0.0).then(AffineMap::scale(3.0, 1.0));
    /// assert_eq!(map.apply([1.0, 5.0]), [9.0, 5.0]); // (1 + 2) · 3
    /// ```
    pub fn then(self, next: Self) -> Self {
        let row = |[a, b, c]: [f64; 3]| {
            [
                a * self.x[0] + b * self.y[0],
                a * self.x[1] + b * self.y[1],
                a * self.x[2] + b * self.y[2] + c,
            ]
        };
        Self {
            x: row(next.x),
            y: row(next.y),
        }
    }

    /// Where a point goes.
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [
            self.x[0] * x + self.x[1] * y + self.x[2],
            self.y[0] * x + self.y[1] * y + self.y[2],
        ]
    }

    /// By how much areas grow; negative when the picture is mirrored.
    pub fn determinant(&self) -> f64 {
        self.x[0] * self.y[1] - self.x[1] * self.y[0]
    }

    /// The way back; `None` when the map flattens the plane.
    pub fn inverse(&self) -> Option<Self> {
        let determinant = self.determinant();
        if !determinant.is_normal() {
            return None;
        }
        let ([a, b, c], [d, e, f]) = (self.x, self.y);
        Some(Self {
            x: [
                e / determinant,
                -b / determinant,
                (b * f - e * c) / determinant,
            ],
            y: [
                -d / determinant,
                a / determinant,
                (d * c - a * f) / determinant,
            ],
        })
    }

    /// Whether upright boxes stay upright: no rotation, no shear.
    pub fn is_upright(&self) -> bool {
        self.x[1] == 0.0 && self.y[0] == 0.0
    }

    /// Columns and rows to move by, and whether left and right change places, when every pixel
    /// lands exactly on a pixel.
    pub(crate) fn whole_pixels(&self) -> Option<WholePixels> {
        let whole =
            |value: f64| (value.fract() == 0.0 && value.abs() < 1e9).then_some(value as i64);
        (self.is_upright() && self.x[0].abs() == 1.0 && self.y[1] == 1.0)
            .then_some(())
            .and_then(|()| {
                Some(WholePixels {
                    mirrored: self.x[0] < 0.0,
                    dx: whole(self.x[2])?,
                    dy: whole(self.y[2])?,
                })
            })
    }

    /// Whether the whole picture, four corners, stays within another; up to a millionth of a pixel.
    pub(crate) fn keeps_inside(&self, size: [usize; 2], outer: [usize; 2]) -> bool {
        const SLACK: f64 = 1e-6;
        let [w, h] = size.map(|side| side as f64);
        let [ow, oh] = outer.map(|side| side as f64);
        [[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]]
            .iter()
            .all(|&corner| {
                let [x, y] = self.apply(corner);
                x >= -SLACK && y >= -SLACK && x <= ow + SLACK && y <= oh + SLACK
            })
    }
}

/// A map that only copies pixels: `x' = dx ± x`, `y' = y + dy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WholePixels {
    pub mirrored: bool,
    pub dx: i64,
    pub dy: i64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_inverse_undoes() {
        let map = AffineMap {
            x: [0.5, -0.25, 7.0],
            y: [2.0, 1.5, -3.0],
        };
        // Determinant 0.5 · 1.5 + 0.25 · 2 = 1.25.
        assert_eq!(map.determinant(), 1.25);
        let [x, y] = map.inverse().unwrap().apply(map.apply([11.0, -5.0]));
        assert!((x - 11.0).abs() < 1e-12 && (y + 5.0).abs() < 1e-12);
        assert_eq!(AffineMap::scale(0.0, 1.0).inverse(), None);
        assert_eq!(AffineMap::scale(f64::NAN, 1.0).inverse(), None);
    }

    #[test]
    fn whole_pixels_are_recognised() {
        let flip = AffineMap::mirror(10.0).then(AffineMap::shift(-3.0, 2.0));
        assert_eq!(
            flip.whole_pixels(),
            Some(WholePixels {
                mirrored: true,
                dx: 7,
                dy: 2
            })
        );
        assert_eq!(AffineMap::shift(0.5, 0.0).whole_pixels(), None);
        assert_eq!(AffineMap::scale(2.0, 1.0).whole_pixels(), None);
        assert_eq!(AffineMap::scale(1.0, -1.0).whole_pixels(), None);
    }
}
