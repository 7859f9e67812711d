//! The values of one picture or object, as they are written.

use crate::formats::extra;
use crate::formats::number::{Number, decimal};
use crate::sample::{BBox, Landmarks, Mask, Object, Polygon, Record, Visibility};

use super::NAME;
use super::output::ImageOut;

pub(super) fn image(record: &Record, id: u64) -> ImageOut<'_> {
    ImageOut {
        id,
        file_name: &record.image.path,
        width: record.image.size.map(|[width, _]| width),
        height: record.image.size.map(|[_, height]| height),
        extra: extra::of(record.extra.as_deref(), NAME),
    }
}

pub(super) fn flat(polygon: &Polygon) -> Vec<Number> {
    polygon
        .0
        .iter()
        .flatten()
        .copied()
        .map(Number::from)
        .collect()
}

/// How many points are in the picture.
pub(super) fn labelled(landmarks: &Landmarks) -> usize {
    let points = landmarks.points.iter();
    points
        .filter(|point| point.visibility != Visibility::Absent)
        .count()
}

pub(super) fn keypoints(landmarks: &Landmarks) -> Vec<Number> {
    let number = |visibility| match visibility {
        Visibility::Absent => 0.0,
        Visibility::Occluded => 1.0,
        Visibility::Visible => 2.0,
    };
    landmarks
        .points
        .iter()
        .flat_map(|point| [decimal(point.x), decimal(point.y), number(point.visibility)])
        .map(Number)
        .collect()
}

/// Square pixels of the mask (the outlines' shoelace area or the pixels), or else of the box.
pub(super) fn area(object: &Object) -> Option<f32> {
    let of_mask = match &object.mask {
        None => None,
        Some(Mask::Polygons(polygons)) => Some(polygons.iter().map(Polygon::area).sum()),
        Some(Mask::Rle(rle)) => rle.area().ok().map(|area| area as f32),
        Some(Mask::Region(region)) => Some(region.area() as f32),
    };
    of_mask.or_else(|| object.bbox.map(BBox::area))
}

/// The part of an object that has a value JSON cannot hold.
pub(super) fn not_finite(object: &Object) -> Option<&'static str> {
    let broken = |values: &[f32]| !values.iter().all(|value| value.is_finite());
    if object.bbox.is_some_and(|bbox| broken(&bbox.corners())) {
        return Some("box");
    }
    if object.area.is_some_and(|area| broken(&[area])) {
        return Some("area");
    }
    if let Some(Mask::Polygons(polygons)) = &object.mask
        && polygons
            .iter()
            .any(|polygon| broken(polygon.0.as_flattened()))
    {
        return Some("polygon");
    }
    let points = object
        .landmarks
        .iter()
        .flat_map(|landmarks| &landmarks.points);
    points
        .into_iter()
        .any(|point| broken(&[point.x, point.y]))
        .then_some("landmark")
}
