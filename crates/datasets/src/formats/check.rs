//! What every format demands of sizes, boxes, outlines and run lengths.

use crate::coco_results::CompressedRle;
use crate::image_file::DecodeLimits;
use crate::sample::{BBox, Polygon};

use super::problem::Problem;

/// How far a corner may lie outside the picture, in pixels: tools that round to whole pixels move a
/// corner by at most half.
pub(crate) const MARGIN: f32 = 0.5;

const SIZE_REMEDY: &str = "state the picture's width and height in pixels";

/// A picture's stated width and height. Pictures that no reader would decode are refused here, so
/// that a mask of a stated size is never larger than a picture.
pub(crate) fn size(field: &str, width: u64, height: u64) -> Result<[u32; 2], Problem> {
    if width == 0 || height == 0 {
        return Err(Problem::new(
            field,
            format!("the picture is stated as {width}x{height} pixels"),
            SIZE_REMEDY,
        ));
    }
    let limit = DecodeLimits::default().max_pixels;
    let side = |side: u64| u32::try_from(side).ok();
    match (side(width), side(height), width.checked_mul(height)) {
        (Some(width), Some(height), Some(pixels)) if pixels <= limit => Ok([width, height]),
        _ => Err(Problem::new(
            field,
            format!(
                "the picture is stated as {width}x{height} pixels, more than the limit of {limit}"
            ),
            SIZE_REMEDY,
        )),
    }
}

/// A box that leaves the picture by more pixels than this may be one of another form: rounding, and
/// counting from 1, account for less.
const BEYOND: f32 = 2.0;

/// How a format writes boxes. One form taken for another is the usual mistake of files that other
/// programs wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxForm {
    /// Left, top, width and height.
    Sized,
    /// The corners above left and below right, by these names.
    Corners(&'static str),
    /// Two opposite corners in any order, which no other form is taken for.
    Opposite,
}

impl BoxForm {
    /// Whether the file has boxes of the form that is taken for this one; empty where there is none.
    pub fn question(self) -> String {
        match self {
            Self::Sized => {
                "or were x1, y1, x2, y2 written where the format has x, y, width, height?".into()
            }
            Self::Corners(names) => {
                format!("were x, y, width, height written where the format has {names}?")
            }
            Self::Opposite => String::new(),
        }
    }
}

/// A proper box inside the picture (as far as its size is known).
pub(crate) fn bbox(
    field: &str,
    bbox: BBox,
    size: Option<[u32; 2]>,
    form: BoxForm,
) -> Result<BBox, Problem> {
    let [x1, y1, x2, y2] = bbox.corners();
    if !bbox.corners().into_iter().all(f32::is_finite) {
        return Err(Problem::new(
            field,
            format!("the box ({x1}, {y1}) – ({x2}, {y2}) is not made of finite numbers"),
            "draw the box again",
        ));
    }
    if !bbox.is_proper() {
        let problem = |remedy: &str| {
            Problem::new(
                field,
                format!(
                    "the box ({x1}, {y1}) – ({x2}, {y2}) has no inside: its right and bottom must be larger than its left and top"
                ),
                remedy,
            )
        };
        return Err(match form {
            BoxForm::Sized => problem("draw the box again, with a width and a height above 0"),
            BoxForm::Corners(_) => {
                problem("draw the box again, or swap its corners").of_other_form(form.question())
            }
            BoxForm::Opposite => problem("draw the box again"),
        });
    }
    let outside = match size {
        Some([width, height]) => {
            x1 < -MARGIN
                || y1 < -MARGIN
                || x2 > width as f32 + MARGIN
                || y2 > height as f32 + MARGIN
        }
        None => x1 < -MARGIN || y1 < -MARGIN,
    };
    if outside {
        let picture = size.map_or_else(
            || "starts at (0, 0)".to_owned(),
            |[width, height]| format!("of {width}x{height} pixels"),
        );
        let problem = Problem::new(
            field,
            format!(
                "the box ({x1}, {y1}) – ({x2}, {y2}) leaves the picture, which {}",
                if size.is_some() {
                    format!("is {picture}")
                } else {
                    picture
                }
            ),
            "clip the box to the picture, and check that the annotation belongs to it",
        );
        // Corners taken for left, top, width and height reach too far to the right and the bottom.
        let reaches = size.is_some_and(|[width, height]| {
            x2 > width as f32 + BEYOND || y2 > height as f32 + BEYOND
        });
        return Err(if form == BoxForm::Sized && reaches {
            problem.of_other_form(form.question())
        } else {
            problem
        });
    }
    Ok(bbox)
}

/// An outline with at least three finite corners of which a part lies in the picture.
pub(crate) fn polygon(
    field: &str,
    points: Vec<[f32; 2]>,
    size: Option<[u32; 2]>,
) -> Result<Polygon, Problem> {
    if points.len() < 3 {
        return Err(Problem::new(
            field,
            format!(
                "a polygon of {} points encloses nothing; it takes at least 3",
                points.len()
            ),
            "draw the outline again or remove it",
        ));
    }
    if let Some([x, y]) = points
        .iter()
        .find(|point| !point.iter().all(|value| value.is_finite()))
    {
        return Err(Problem::new(
            field,
            format!("the corner ({x}, {y}) is not made of finite numbers"),
            "draw the outline again",
        ));
    }
    let polygon = Polygon(points);
    if let (Some([width, height]), Some(around)) = (size, polygon.bbox()) {
        let (width, height) = (width as f32, height as f32);
        if around.x2 <= 0.0 || around.y2 <= 0.0 || around.x1 >= width || around.y1 >= height {
            return Err(Problem::new(
                field,
                format!("the polygon lies wholly outside the picture of {width}x{height} pixels"),
                "check that the annotation belongs to this picture",
            ));
        }
    }
    Ok(polygon)
}

/// Pairs of numbers from a flat list `[x1, y1, x2, y2, …]`.
pub(crate) fn pairs(field: &str, flat: &[f32]) -> Result<Vec<[f32; 2]>, Problem> {
    let (pairs, rest) = flat.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.to_vec())
    } else {
        Err(Problem::new(
            field,
            format!("{} numbers are not pairs of x and y", flat.len()),
            "write x and y of each point",
        ))
    }
}

/// Run lengths that fill exactly the picture they are stated for.
pub(crate) fn run_lengths(
    field: &str,
    rle: CompressedRle,
    size: Option<[u32; 2]>,
) -> Result<CompressedRle, Problem> {
    let [height, width] = rle.size;
    if let Some([w, h]) = size.filter(|&[w, h]| [h, w] != rle.size) {
        return Err(Problem::new(
            format!("{field}.size"),
            format!(
                "the run lengths are for {width}x{height} pixels, the picture has {w}x{h} (the size of run lengths is [height, width])"
            ),
            "encode the mask at the picture's size",
        ));
    }
    self::size(&format!("{field}.size"), width.into(), height.into())?;
    rle.check()
        .map_err(|error| Problem::new(format!("{field}.counts"), error, "encode the mask again"))?;
    Ok(rle)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_box_may_leave_by_half_a_pixel_and_no_more() {
        let picture = Some([100, 50]);
        let near = BBox::new(-0.5, 0.0, 100.5, 50.0);
        let read = |bbox| super::bbox("bbox", bbox, picture, BoxForm::Sized);
        assert_eq!(read(near).unwrap(), near);
        for far in [
            BBox::new(-0.6, 0.0, 10.0, 10.0),
            BBox::new(0.0, 0.0, 101.0, 10.0),
            BBox::new(0.0, 0.0, 10.0, 51.0),
        ] {
            let problem = read(far).unwrap_err();
            assert!(
                problem
                    .what
                    .contains("leaves the picture, which is of 100x50 pixels"),
                "{problem:?}"
            );
        }
    }

    #[test]
    fn boxes_of_another_form_are_asked_about() {
        let remedy = |corners: [f32; 4], form| {
            let problem = bbox("bbox", corners.into(), Some([100, 80]), form).unwrap_err();
            assert_eq!(problem.remedy.contains("were "), problem.other_form);
            problem.remedy
        };
        let clip = "clip the box to the picture, and check that the annotation belongs to it";
        let sized = "; or were x1, y1, x2, y2 written where the format has x, y, width, height?";
        // (10, 60) – (90, 70) taken for left, top, width, height: 10 + 90, 60 + 70.
        let reaching = [10.0, 60.0, 100.0, 130.0];
        assert_eq!(remedy(reaching, BoxForm::Sized), format!("{clip}{sized}"));
        let named = BoxForm::Corners("x1, y1, x2, y2");
        assert_eq!(remedy(reaching, named), clip);
        assert_eq!(remedy(reaching, BoxForm::Opposite), clip);
        // By two pixels: counted from 1 and rounded.
        assert_eq!(remedy([0.0, 0.0, 102.0, 82.0], BoxForm::Sized), clip);
        assert_eq!(remedy([-9.0, 0.0, 50.0, 50.0], BoxForm::Sized), clip);
        // Left 50, top 40, width 30, height 20 taken for corners.
        let inverted = [50.0, 40.0, 30.0, 20.0];
        assert_eq!(
            remedy(inverted, named),
            "draw the box again, or swap its corners; \
             were x, y, width, height written where the format has x1, y1, x2, y2?"
        );
        assert_eq!(
            remedy(inverted, BoxForm::Sized),
            "draw the box again, with a width and a height above 0"
        );
    }

    #[test]
    fn a_stated_size_is_bounded_as_pictures_are() {
        assert_eq!(size("", 640, 480).unwrap(), [640, 480]);
        for (width, height) in [(0, 5), (5, 0), (60_000, 60_000), (u64::MAX, u64::MAX)] {
            assert!(size("", width, height).is_err(), "{width}x{height}");
        }
    }

    #[test]
    fn a_polygon_has_three_finite_corners() {
        let line = vec![[1.0, 1.0], [2.0, 2.0]];
        let problem = polygon("segmentation[0]", line, None).unwrap_err();
        assert!(
            problem.what.contains("a polygon of 2 points"),
            "{problem:?}"
        );
        let broken = vec![[1.0, 1.0], [2.0, f32::NAN], [3.0, 3.0]];
        assert!(
            polygon("", broken, None)
                .unwrap_err()
                .what
                .contains("(2, NaN)")
        );
        let away = vec![[11.0, 1.0], [12.0, 1.0], [12.0, 2.0]];
        assert!(
            polygon("", away.clone(), Some([10, 10]))
                .unwrap_err()
                .what
                .contains("wholly outside")
        );
        assert!(polygon("", away, None).is_ok());
        assert!(
            pairs("", &[1.0, 2.0, 3.0])
                .unwrap_err()
                .what
                .contains("3 numbers")
        );
    }
}
