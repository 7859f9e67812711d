//! Masks and keypoints that can be evaluated, and the words for those that cannot.

use super::sets::{CocoPicture, Segmentation};
use crate::error::CocoError;

/// A record's file and place, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub origin: &'a str,
    /// The list's name, empty for a list that is the whole file.
    pub list: &'static str,
    pub index: usize,
}

impl Place<'_> {
    /// File and JSON path of a field.
    pub fn of(self, field: &str) -> (String, String) {
        (
            self.origin.to_owned(),
            format!("{}[{}].{field}", self.list, self.index),
        )
    }

    /// A value that cannot be used.
    pub fn bad(
        self,
        field: &str,
        found: impl std::fmt::Debug,
        expected: &'static str,
    ) -> CocoError {
        let (origin, place) = self.of(field);
        CocoError::BadValue {
            origin,
            place,
            found: format!("{found:?}"),
            expected,
        }
    }

    /// A field that is not there.
    pub fn missing(self, field: &str, remedy: &'static str) -> CocoError {
        let (origin, place) = self.of(field);
        CocoError::Missing {
            origin,
            place,
            remedy,
        }
    }
}

/// Three finite numbers for each keypoint that has a sigma.
pub(super) fn check_keypoints(
    place: Place<'_>,
    keypoints: &[f64],
    sigmas: usize,
) -> Result<(), CocoError> {
    if keypoints.len() != 3 * sigmas {
        let found = format!("{} numbers for {sigmas} sigmas", keypoints.len());
        let (origin, place) = place.of("keypoints");
        let expected = "x, y and visibility for each keypoint that has a sigma";
        return Err(CocoError::BadValue {
            origin,
            place,
            found,
            expected,
        });
    }
    match keypoints.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(place.bad("keypoints", value, "finite numbers")),
        None => Ok(()),
    }
}

/// A mask must fill a picture of known size; run lengths must be that size's, polygons be polygons.
pub(super) fn check_mask(
    place: Place<'_>,
    mask: &Segmentation,
    picture: &CocoPicture,
) -> Result<(), CocoError> {
    let size = [picture.height, picture.width];
    if size.contains(&0) {
        let found = format!(
            "in picture {}, whose height and width are {size:?}",
            picture.id
        );
        let (origin, place) = place.of("segmentation");
        let expected = "a picture whose size is given in the ground truth's `images`";
        return Err(CocoError::BadValue {
            origin,
            place,
            found,
            expected,
        });
    }
    if let Some(runs) = mask.rle_ref() {
        let (Segmentation::CompressedRle { size: own, .. }
        | Segmentation::UncompressedRle { size: own, .. }) = mask
        else {
            return Ok(());
        };
        if *own != size {
            return Err(place.bad("segmentation.size", own, "height and width of the picture"));
        }
        return match runs.area() {
            Ok(_) => Ok(()),
            Err(error) => Err(place.bad(
                "segmentation.counts",
                error.to_string(),
                "run lengths that fill the picture",
            )),
        };
    }
    let Segmentation::Polygon(polygons) = mask else {
        return Ok(());
    };
    if polygons.is_empty() {
        let remedy = "evaluate boxes, or give every object polygons or run lengths";
        return Err(place.missing("segmentation", remedy));
    }
    for (index, polygon) in polygons.iter().enumerate() {
        let field = format!("segmentation[{index}]");
        if polygon.len() < 6 || polygon.len() % 2 != 0 {
            let found = format!("a polygon of {} numbers", polygon.len());
            let (origin, place) = place.of(&field);
            return Err(CocoError::BadValue {
                origin,
                place,
                found,
                expected: "x and y of at least three points",
            });
        }
        if let Some(value) = polygon.iter().find(|v| !v.is_finite()) {
            return Err(place.bad(&field, value, "finite numbers"));
        }
    }
    Ok(())
}
