//! The three forms in which formats store an instance's pixels.

use serde::{Deserialize, Serialize};

use crate::coco_results::CompressedRle;
use crate::mask_region::MaskRegion;

use super::BBox;

/// A closed outline: `[x, y]` corners in continuous pixels, the last joined to the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Polygon(pub Vec<[f32; 2]>);

impl Polygon {
    /// The enclosed area by the shoelace formula; 0 for fewer than three corners.
    ///
    /// ```
    /// use wardrobe_datasets::sample::Polygon;
    /// let triangle = Polygon(vec![[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]);
    /// assert_eq!(triangle.area(), 6.0); // 4 · 3 / 2
    /// ```
    pub fn area(&self) -> f32 {
        let [ox, oy] = self.0.first().copied().unwrap_or_default().map(f64::from);
        let twice: f64 = (0..self.0.len())
            .map(|index| {
                let [x1, y1] = self.0[index].map(f64::from);
                let [x2, y2] = self.0[(index + 1) % self.0.len()].map(f64::from);
                (x1 - ox) * (y2 - oy) - (x2 - ox) * (y1 - oy)
            })
            .sum();
        (twice.abs() / 2.0) as f32
    }

    /// The smallest box around the corners; `None` for an empty outline.
    pub fn bbox(&self) -> Option<BBox> {
        BBox::around(self.0.iter().copied())
    }
}

/// Which pixels belong to an instance.
#[derive(Debug, Clone, PartialEq)]
pub enum Mask {
    /// Outlines; a pixel belongs to the instance when any of them covers it.
    Polygons(Vec<Polygon>),
    /// COCO's compressed run lengths over the whole picture.
    Rle(CompressedRle),
    /// A bitmap of the part of the picture it lives in.
    Region(MaskRegion),
}
