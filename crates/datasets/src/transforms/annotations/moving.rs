//! Objects on their way through a pipeline.
//!
//! Coordinates are kept in f64 and written back once, at the end: mirroring twice gives the same
//! bits. What a box becomes:
//!
//! - moved, mirrored, scaled or cut by the border, it stays the box of its own corners;
//! - once it is rotated or sheared, or part of an object with a mask is cut off, it is the smallest
//!   box around what is left of the mask; an object without a mask has the four corners of its box
//!   instead (as in imgaug), which are carried to the end, so that turning back and forth does not
//!   make it grow.
//!
//! An object whose mask covers no pixel of the last canvas goes: an outline's area may be left where it
//! passes between the pixels' centres. One whose mask covered none to begin with stays as it is, so that
//! whoever needs its pixels names it.

use crate::mask_region::MaskRegion;
use crate::sample::{BBox, Landmark, Landmarks, Mask, Object, Polygon, Visibility};
use crate::transforms::error::TransformError;
use crate::transforms::geometry::{AffineMap, Window};
use crate::transforms::mirrors::Mirrors;

use super::clip::{area, clip};
use super::cover::{covers, surely_covers};
use super::raster::{resampled, unpack, visible};

type Outline = Vec<[f64; 2]>;

/// Shares above this count as whole: the rest is rounding.
const WHOLE: f64 = 1.0 - 1e-6;

/// What the object's box is computed from at the end.
#[derive(Debug, Clone)]
enum Extent {
    /// It has none.
    None,
    /// Upright since the beginning: left, top, right, bottom.
    Upright([f64; 4]),
    /// The corners of a box that was turned.
    Corners(Outline),
    /// Whatever the mask covers.
    Mask,
}

#[derive(Debug, Clone)]
enum Shape {
    None,
    Polygons(Vec<Outline>),
    /// Pixels in the coordinates of the picture before the pending map, and how many of them are
    /// still visible.
    Pixels {
        mask: MaskRegion,
        visible: usize,
    },
}

/// The mask before the first step, for the question whether it covered a pixel.
#[derive(Debug, Clone)]
enum Origin {
    /// Outlines, and the size of their picture: rasterised only if none of them is left at the end.
    Outlines(Mask, [usize; 2]),
    /// The answer.
    Known(bool),
}

#[derive(Debug, Clone)]
pub(crate) struct Moving {
    /// Everything that does not move; `mask`, `bbox` and the points are stale.
    object: Object,
    extent: Extent,
    shape: Shape,
    origin: Origin,
    points: Vec<[f64; 2]>,
}

/// One geometric step as annotations see it.
pub(crate) struct Motion<'a> {
    /// From the canvas before the step to the one after it.
    pub step: &'a AffineMap,
    /// From the last resampled picture to the canvas after the step.
    pub whole: &'a AffineMap,
    /// Canvases that cut the picture since it was last resampled, seen from the canvas after the
    /// step.
    pub windows: &'a [Window],
    /// Size of the canvas after the step.
    pub size: [usize; 2],
    /// Objects of which less than this share stays visible are dropped.
    pub min_visible: f32,
    pub mirrors: &'a Mirrors,
}

impl Moving {
    pub fn new(mut object: Object, picture: [usize; 2]) -> Result<Self, TransformError> {
        let extent = object.bbox.map_or(Extent::None, |bbox| {
            Extent::Upright(bbox.corners().map(f64::from))
        });
        let (shape, origin) = match object.mask.take() {
            None => (Shape::None, Origin::Known(false)),
            Some(Mask::Polygons(polygons)) => {
                let outline = |Polygon(points): &Polygon| -> Outline {
                    let points = points.iter();
                    points.map(|point| point.map(f64::from)).collect()
                };
                (
                    Shape::Polygons(polygons.iter().map(outline).collect()),
                    Origin::Outlines(Mask::Polygons(polygons), picture),
                )
            }
            Some(Mask::Rle(rle)) => of_pixels(unpack(&rle, picture)?),
            Some(Mask::Region(mask)) => of_pixels(mask),
        };
        let points = object
            .landmarks
            .iter()
            .flat_map(|marks| marks.points.iter());
        let points = points
            .map(|point| [point.x, point.y].map(f64::from))
            .collect();
        Ok(Self {
            object,
            extent,
            shape,
            origin,
            points,
        })
    }

    /// Moves the object; `false` when too little of it is left.
    pub fn apply(&mut self, motion: &Motion) -> Result<bool, TransformError> {
        let [width, height] = motion.size.map(|side| side as f64);
        let growth = motion.step.determinant().abs();
        if motion.step.determinant() < 0.0 {
            self.mirror(motion.mirrors)?;
        }
        self.move_points(motion.step, [width, height]);

        let mask_share = self.move_shape(motion, growth);
        let box_share = self.move_extent(motion.step, [width, height]);
        let share = mask_share.or(box_share).unwrap_or(1.0);
        if share < WHOLE {
            self.object.truncated = true;
            if mask_share.is_some() {
                self.extent = match self.extent {
                    Extent::None => Extent::None,
                    _ => Extent::Mask,
                };
            }
        }
        let share = if share < WHOLE { share } else { 1.0 };
        if let Some(area) = &mut self.object.area {
            *area = (f64::from(*area) * growth * share) as f32;
        }
        // Compared as f32: a share of exactly the least one stays.
        Ok(share > 0.0 && share as f32 >= motion.min_visible)
    }

    /// The pixels have been resampled under `whole`: masks made of pixels follow.
    pub fn settle(
        &mut self,
        whole: &AffineMap,
        to_source: &AffineMap,
        size: [usize; 2],
        windows: &[Window],
    ) {
        if let Shape::Pixels { mask, .. } = &self.shape {
            self.shape = pixels(resampled(mask, whole, to_source, size, windows));
        }
    }

    /// The object on the last canvas, which is of `size`; `None` when its mask has lost every pixel.
    pub fn finish(self, size: [usize; 2]) -> Option<Object> {
        if self.is_lost(size) {
            return None;
        }
        let mut object = self.object;
        object.bbox = match self.extent {
            Extent::None => None,
            Extent::Upright(corners) => Some(BBox::from(corners.map(|corner| corner as f32))),
            Extent::Corners(outline) => around([&outline]),
            Extent::Mask => match &self.shape {
                Shape::None => None,
                Shape::Polygons(outlines) => around(outlines),
                Shape::Pixels { mask, .. } => pixel_box(mask),
            },
        };
        if let Some(marks) = &mut object.landmarks {
            for (point, [x, y]) in marks.points.iter_mut().zip(self.points) {
                if point.visibility != Visibility::Absent {
                    (point.x, point.y) = (x as f32, y as f32);
                }
            }
        }
        object.mask = match self.shape {
            Shape::None => None,
            Shape::Polygons(outlines) => Some(polygons(&outlines)),
            Shape::Pixels { mask, .. } => Some(Mask::Region(mask)),
        };
        Some(object)
    }

    /// Whether the mask covered pixels before the first step, and covers none any more.
    fn is_lost(&self, size: [usize; 2]) -> bool {
        let is_left = match &self.shape {
            Shape::None => true,
            Shape::Polygons(outlines) => {
                outlines.iter().any(|outline| surely_covers(outline))
                    || covers(&polygons(outlines), size)
            }
            Shape::Pixels { mask, .. } => mask.bits().contains(&true),
        };
        !is_left
            && match &self.origin {
                Origin::Outlines(mask, picture) => covers(mask, *picture),
                Origin::Known(covered) => *covered,
            }
    }

    fn mirror(&mut self, mirrors: &Mirrors) -> Result<(), TransformError> {
        let Some(Landmarks { schema, points }) = &mut self.object.landmarks else {
            return Ok(());
        };
        let known = mirrors.landmarks.len();
        let pairs =
            mirrors
                .landmarks
                .get(usize::from(*schema))
                .ok_or(TransformError::UnknownSchema {
                    schema: *schema,
                    known,
                })?;
        for &[left, right] in pairs {
            let last = left.max(right);
            if usize::from(last) >= points.len() {
                return Err(TransformError::UnknownPoint {
                    schema: *schema,
                    point: last,
                    points: points.len(),
                });
            }
            points.swap(left.into(), right.into());
            self.points.swap(left.into(), right.into());
        }
        Ok(())
    }

    fn move_points(&mut self, step: &AffineMap, [width, height]: [f64; 2]) {
        let Some(marks) = &mut self.object.landmarks else {
            return;
        };
        for (mark, point) in marks.points.iter_mut().zip(&mut self.points) {
            if mark.visibility == Visibility::Absent {
                continue;
            }
            *point = step.apply(*point);
            // Borders belong to the picture: an annotated 0 mirrors to the width.
            let inside = (0.0..=width).contains(&point[0]) && (0.0..=height).contains(&point[1]);
            if !inside {
                *mark = Landmark::ABSENT;
                *point = [0.0; 2];
            }
        }
    }

    /// Moves and cuts the mask; the share that stayed, `None` without a mask (or one of no area).
    fn move_shape(&mut self, motion: &Motion, growth: f64) -> Option<f64> {
        match &mut self.shape {
            Shape::None => None,
            Shape::Polygons(outlines) => {
                let [width, height] = motion.size.map(|side| side as f64);
                let before: f64 = outlines.iter().map(|outline| area(outline)).sum();
                for outline in outlines.iter_mut() {
                    for point in outline.iter_mut() {
                        *point = motion.step.apply(*point);
                    }
                    *outline = clip(outline, width, height);
                }
                outlines.retain(|outline| !outline.is_empty());
                let after: f64 = outlines.iter().map(|outline| area(outline)).sum();
                (before > 0.0).then(|| after / (before * growth))
            }
            Shape::Pixels {
                mask,
                visible: shown,
            } => {
                let before = *shown;
                if !rectangle_stays(mask, motion) {
                    *shown = visible(mask, motion.whole, motion.size, motion.windows);
                }
                (before > 0).then(|| *shown as f64 / before as f64)
            }
        }
    }

    /// Moves and cuts the box; the share that stayed, `None` without a box (or one of no area).
    fn move_extent(&mut self, step: &AffineMap, [width, height]: [f64; 2]) -> Option<f64> {
        if let Extent::Upright([x1, y1, x2, y2]) = self.extent
            && !step.is_upright()
        {
            self.extent = match self.shape {
                Shape::None => Extent::Corners(vec![[x1, y1], [x2, y1], [x2, y2], [x1, y2]]),
                _ => Extent::Mask,
            };
            if matches!(self.extent, Extent::Mask) {
                return None;
            }
        }
        let growth = step.determinant().abs();
        match &mut self.extent {
            Extent::None | Extent::Mask => None,
            Extent::Upright(corners) => {
                let [x1, y1, x2, y2] = *corners;
                let before = (x2 - x1) * (y2 - y1) * growth;
                let ([ax, ay], [bx, by]) = (step.apply([x1, y1]), step.apply([x2, y2]));
                *corners = [
                    ax.min(bx).clamp(0.0, width),
                    ay.min(by).clamp(0.0, height),
                    ax.max(bx).clamp(0.0, width),
                    ay.max(by).clamp(0.0, height),
                ];
                let after = (corners[2] - corners[0]) * (corners[3] - corners[1]);
                (before > 0.0).then(|| after / before)
            }
            Extent::Corners(outline) => {
                for point in outline.iter_mut() {
                    *point = step.apply(*point);
                }
                let before = area(outline);
                *outline = clip(outline, width, height);
                (before > 0.0).then(|| area(outline) / before)
            }
        }
    }
}

fn pixels(mask: MaskRegion) -> Shape {
    Shape::Pixels {
        visible: mask.area(),
        mask,
    }
}

fn of_pixels(mask: MaskRegion) -> (Shape, Origin) {
    let covered = mask.bits().contains(&true);
    (pixels(mask), Origin::Known(covered))
}

fn polygons(outlines: &[Outline]) -> Mask {
    let polygon = |outline: &Outline| {
        let points = outline.iter();
        Polygon(
            points
                .map(|point| point.map(|value| value as f32))
                .collect(),
        )
    };
    Mask::Polygons(outlines.iter().map(polygon).collect())
}

/// Whether no pixel of the mask can have been cut.
fn rectangle_stays(mask: &MaskRegion, motion: &Motion) -> bool {
    let offset = AffineMap::shift(mask.left() as f64, mask.top() as f64);
    let map = offset.then(*motion.whole);
    let size = [mask.width(), mask.height()];
    motion.windows.is_empty() && map.keeps_inside(size, motion.size)
}

fn around<'a>(outlines: impl IntoIterator<Item = &'a Outline>) -> Option<BBox> {
    BBox::around(
        outlines
            .into_iter()
            .flatten()
            .map(|point| point.map(|value| value as f32)),
    )
}

/// The box around the mask's pixels, each one wide and high.
fn pixel_box(mask: &MaskRegion) -> Option<BBox> {
    (mask.width() > 0).then(|| {
        BBox::from_xywh(
            mask.left() as f32,
            mask.top() as f32,
            mask.width() as f32,
            mask.height() as f32,
        )
    })
}
