//! Points, affine maps and outlines, in arithmetic that is the same on every machine.

use std::ops::{Add, Mul, Neg, Sub};

use serde::{Deserialize, Serialize};

/// A point or a direction; `y` points down.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct P2 {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// The point `(x, y)`.
pub const fn p(x: f32, y: f32) -> P2 {
    P2 { x, y }
}

impl P2 {
    /// Scalar product.
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// Length.
    pub fn len(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// The direction of length 1; of no length, `(0, 1)`.
    pub fn unit(self) -> Self {
        let len = self.len();
        if len > 1e-6 {
            self * (1.0 / len)
        } else {
            p(0.0, 1.0)
        }
    }

    /// Turned a quarter anticlockwise on the screen.
    pub fn normal(self) -> Self {
        p(self.y, -self.x)
    }

    /// The point at part `t` of the way to `other`.
    pub fn lerp(self, other: Self, t: f32) -> Self {
        self + (other - self) * t
    }

    /// The direction at `degrees` from straight down, positive towards the right.
    pub fn hanging(degrees: f32) -> Self {
        let angle = degrees * (std::f32::consts::PI / 180.0);
        p(libm::sinf(angle), libm::cosf(angle))
    }
}

impl Add for P2 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        p(self.x + other.x, self.y + other.y)
    }
}

impl Sub for P2 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        p(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for P2 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        p(self.x * factor, self.y * factor)
    }
}

impl Neg for P2 {
    type Output = Self;
    fn neg(self) -> Self {
        p(-self.x, -self.y)
    }
}

/// `x ↦ [a c; b d] x + t`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// Image of `(1, 0)`.
    pub right: P2,
    /// Image of `(0, 1)`.
    pub down: P2,
    /// Image of the origin.
    pub origin: P2,
}

impl Affine {
    /// Every point stays.
    pub const IDENTITY: Self = Self {
        right: p(1.0, 0.0),
        down: p(0.0, 1.0),
        origin: p(0.0, 0.0),
    };

    /// Scales, turns by `degrees` clockwise on the screen, then carries `from` to `to`.
    pub fn placing(from: P2, to: P2, scale: f32, degrees: f32) -> Self {
        let direction = P2::hanging(-degrees) * scale;
        let map = Self {
            right: p(direction.y, -direction.x),
            down: direction,
            origin: p(0.0, 0.0),
        };
        Self {
            origin: to - map.apply(from),
            ..map
        }
    }

    /// The image of a point.
    pub fn apply(self, point: P2) -> P2 {
        self.right * point.x + self.down * point.y + self.origin
    }

    /// The map that undoes this one.
    pub fn inverse(self) -> Self {
        let determinant = self.right.x * self.down.y - self.right.y * self.down.x;
        let scale = 1.0 / determinant;
        let right = p(self.down.y, -self.right.y) * scale;
        let down = p(-self.down.x, self.right.x) * scale;
        Self {
            right,
            down,
            origin: -(right * self.origin.x + down * self.origin.y),
        }
    }

    /// How long a unit becomes (the square root of the area's factor).
    pub fn scale(self) -> f32 {
        (self.right.x * self.down.y - self.right.y * self.down.x)
            .abs()
            .sqrt()
    }
}

/// Straight pieces each curve is made of; at the sizes drawn here a piece is a few pixels.
const PIECES: usize = 6;

/// A closed outline under construction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline(pub Vec<P2>);

impl Outline {
    /// Starts at a point.
    pub fn from(start: P2) -> Self {
        Self(vec![start])
    }

    /// A straight edge to the point.
    pub fn line(mut self, to: P2) -> Self {
        self.0.push(to);
        self
    }

    /// Straight edges through the points.
    pub fn lines(mut self, through: impl IntoIterator<Item = P2>) -> Self {
        self.0.extend(through);
        self
    }

    /// A smooth curve from the last point through the given ones.
    pub fn curve(mut self, through: &[P2]) -> Self {
        let mut knots = Vec::with_capacity(through.len() + 1);
        knots.extend(self.0.last().copied());
        knots.extend_from_slice(through);
        self.0.extend(spline(&knots).into_iter().skip(1));
        self
    }

    /// An ellipse.
    pub fn ellipse(centre: P2, rx: f32, ry: f32) -> Self {
        Self(arc(centre, rx, ry, 0.0, 360.0, 24))
    }

    /// A smooth closed curve through the points.
    pub fn blob(knots: &[P2]) -> Self {
        let n = knots.len();
        let mut points = Vec::with_capacity(n * PIECES);
        for index in 0..n {
            let around = [n - 1, 0, 1, 2].map(|step| knots[(index + step) % n]);
            points
                .extend((0..PIECES).map(|piece| catmull_rom(around, piece as f32 / PIECES as f32)));
        }
        Self(points)
    }

    /// A rectangle by two corners.
    pub fn rectangle(a: P2, b: P2) -> Self {
        Self(vec![a, p(b.x, a.y), b, p(a.x, b.y)])
    }

    /// A band along a line: as wide as `width(t)` on both sides together, `t` from 0 to 1.
    pub fn ribbon(line: &[P2], width: impl Fn(f32) -> f32) -> Self {
        let (left, right) = sides(line, |t| width(t) / 2.0, |t| width(t) / 2.0);
        Self(left.into_iter().chain(right.into_iter().rev()).collect())
    }
}

/// Points on an ellipse from one angle to another, in degrees clockwise from the right.
pub fn arc(centre: P2, rx: f32, ry: f32, from: f32, to: f32, pieces: usize) -> Vec<P2> {
    (0..=pieces)
        .map(|piece| {
            let degrees = from + (to - from) * piece as f32 / pieces as f32;
            let direction = P2::hanging(90.0 - degrees);
            centre + p(direction.x * rx, direction.y * ry)
        })
        .collect()
}

/// The lines at given distances to the left and right of a line, seen along it.
pub fn sides(
    line: &[P2],
    left: impl Fn(f32) -> f32,
    right: impl Fn(f32) -> f32,
) -> (Vec<P2>, Vec<P2>) {
    let last = line.len().saturating_sub(1);
    let across = |index: usize| {
        let before = line[index.saturating_sub(1)];
        let after = line[(index + 1).min(last)];
        (after - before).unit().normal()
    };
    let part = |index: usize| index as f32 / last.max(1) as f32;
    let one = |index: usize| line[index] + across(index) * left(part(index));
    let other = |index: usize| line[index] - across(index) * right(part(index));
    (
        (0..=last).map(one).collect(),
        (0..=last).map(other).collect(),
    )
}

/// A smooth curve through the points (uniform Catmull–Rom), ends included.
pub fn spline(knots: &[P2]) -> Vec<P2> {
    let n = knots.len();
    if n < 3 {
        return knots.to_vec();
    }
    let mut points = Vec::with_capacity((n - 1) * PIECES + 1);
    for index in 0..n - 1 {
        let around = [
            knots[index.saturating_sub(1)],
            knots[index],
            knots[index + 1],
            knots[(index + 2).min(n - 1)],
        ];
        points.extend((0..PIECES).map(|piece| catmull_rom(around, piece as f32 / PIECES as f32)));
    }
    points.push(knots[n - 1]);
    points
}

/// The uniform Catmull–Rom curve between the two middle knots.
fn catmull_rom([a, b, c, d]: [P2; 4], t: f32) -> P2 {
    let (t2, t3) = (t * t, t * t * t);
    (b * 2.0
        + (c - a) * t
        + (a * 2.0 - b * 5.0 + c * 4.0 - d) * t2
        + (b * 3.0 - a - c * 3.0 + d) * t3)
        * 0.5
}

/// Straight interpolation in a table of `(x, y)`, constant beyond its ends; `x` must rise.
pub fn table(rows: &[(f32, f32)], x: f32) -> f32 {
    let next = rows.iter().position(|row| row.0 > x);
    match next {
        Some(0) => rows[0].1,
        None => rows[rows.len() - 1].1,
        Some(next) => {
            let ((x0, y0), (x1, y1)) = (rows[next - 1], rows[next]);
            y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        }
    }
}

/// 0 below `low`, 1 above `high`, smooth between.
pub fn smooth_step(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_and_its_inverse_cancel() {
        let map = Affine::placing(p(1.0, 2.0), p(100.0, 50.0), 30.0, 20.0);
        assert_eq!(map.apply(p(1.0, 2.0)), p(100.0, 50.0));
        let there = map.apply(p(-3.0, 0.5));
        let back = map.inverse().apply(there);
        assert!((back - p(-3.0, 0.5)).len() < 1e-4, "{back:?}");
        assert!((map.scale() - 30.0).abs() < 1e-3);
        // 20 degrees clockwise: what hung straight down now points to the left.
        let down = map.apply(p(1.0, 3.0)) - p(100.0, 50.0);
        // 30 · (−sin 20°, cos 20°) = (−10.26, 28.19)
        assert!((down - p(-10.26, 28.19)).len() < 0.01, "{down:?}");
    }

    #[test]
    fn curves_pass_through_their_knots() {
        let knots = [p(0.0, 0.0), p(1.0, 2.0), p(3.0, 1.0)];
        let curve = spline(&knots);
        assert_eq!(
            (curve[0], curve[PIECES], curve[2 * PIECES]),
            (knots[0], knots[1], knots[2])
        );
    }

    #[test]
    fn tables_interpolate_and_hold_their_ends() {
        let rows = [(1.0, 10.0), (3.0, 20.0)];
        assert_eq!(table(&rows, 2.0), 15.0);
        assert_eq!((table(&rows, 0.0), table(&rows, 9.0)), (10.0, 20.0));
    }
}
