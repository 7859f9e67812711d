//! Boxes with real-valued corners.

use serde::{Deserialize, Serialize};

/// A box in continuous pixel coordinates: left, top, right, bottom.
///
/// ```
/// use wardrobe_datasets::sample::BBox;
/// let coat = BBox::from_xywh(10.0, 20.0, 30.0, 40.0);
/// assert_eq!(coat.corners(), [10.0, 20.0, 40.0, 60.0]);
/// assert_eq!(coat.area(), 1200.0);
/// assert_eq!(coat.clipped(25, 100).map(BBox::corners), Some([10.0, 20.0, 25.0, 60.0]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct BBox {
    /// Left edge.
    pub x1: f32,
    /// Top edge.
    pub y1: f32,
    /// Right edge.
    pub x2: f32,
    /// Bottom edge.
    pub y2: f32,
}

impl BBox {
    /// From two corners.
    pub const fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// From COCO's left, top, width, height.
    pub fn from_xywh(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self::new(x, y, x + width, y + height)
    }

    /// The smallest box around the points; `None` when there is none.
    pub fn around(points: impl IntoIterator<Item = [f32; 2]>) -> Option<Self> {
        points
            .into_iter()
            .map(|[x, y]| Self::new(x, y, x, y))
            .reduce(Self::union)
    }

    /// `[x1, y1, x2, y2]`.
    pub const fn corners(self) -> [f32; 4] {
        [self.x1, self.y1, self.x2, self.y2]
    }

    /// `x2 − x1`.
    pub fn width(self) -> f32 {
        self.x2 - self.x1
    }

    /// `y2 − y1`.
    pub fn height(self) -> f32 {
        self.y2 - self.y1
    }

    /// Width times height; 0 for a box that is inverted or not a number.
    pub fn area(self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// All four corners are finite and the box has an inside.
    pub fn is_proper(self) -> bool {
        self.corners().into_iter().all(f32::is_finite) && self.x2 > self.x1 && self.y2 > self.y1
    }

    /// The smallest box around both.
    pub fn union(self, other: Self) -> Self {
        Self::new(
            self.x1.min(other.x1),
            self.y1.min(other.y1),
            self.x2.max(other.x2),
            self.y2.max(other.y2),
        )
    }

    /// The common part; `None` when it has no inside.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let common = Self::new(
            self.x1.max(other.x1),
            self.y1.max(other.y1),
            self.x2.min(other.x2),
            self.y2.min(other.y2),
        );
        common.is_proper().then_some(common)
    }

    /// The part inside a picture; `None` when there is none.
    pub fn clipped(self, width: usize, height: usize) -> Option<Self> {
        self.intersection(Self::new(0.0, 0.0, width as f32, height as f32))
    }

    /// Whether the box lies in a picture, borders included.
    pub fn is_inside(self, width: usize, height: usize) -> bool {
        self.x1 >= 0.0 && self.y1 >= 0.0 && self.x2 <= width as f32 && self.y2 <= height as f32
    }
}

impl From<[f32; 4]> for BBox {
    fn from([x1, y1, x2, y2]: [f32; 4]) -> Self {
        Self::new(x1, y1, x2, y2)
    }
}

impl From<BBox> for [f32; 4] {
    fn from(bbox: BBox) -> Self {
        bbox.corners()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_not_a_number_has_no_inside() {
        let broken = BBox::new(0.0, f32::NAN, 4.0, 4.0);
        assert!(!broken.is_proper());
        assert_eq!(broken.area(), 0.0);
        assert_eq!(BBox::new(4.0, 0.0, 0.0, 4.0).area(), 0.0);
    }

    #[test]
    fn boxes_that_touch_have_nothing_in_common() {
        let (left, right) = (BBox::new(0.0, 0.0, 2.0, 2.0), BBox::new(2.0, 0.0, 4.0, 2.0));
        assert_eq!(left.intersection(right), None);
        assert_eq!(left.union(right), BBox::new(0.0, 0.0, 4.0, 2.0));
    }

    #[test]
    fn the_box_around_no_points_is_none() {
        assert_eq!(BBox::around([]), None);
        assert_eq!(
            BBox::around([[3.0, 1.0], [1.0, 5.0]]),
            Some(BBox::new(1.0, 1.0, 3.0, 5.0))
        );
    }
}
