//! Circles, masks and boxes: from points to shapes and back.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType};

use crate::formats::check;
use crate::formats::lip::parse_label_map;
use crate::formats::problem::Problem;
use crate::image_file::DecodeLimits;
use crate::mask_region::MaskRegion;
use crate::sample::{BBox, Mask, Polygon};

/// How far the middle of a polygon's edge may lie inside the circle it stands for, in pixels.
const SAG: f64 = 0.25;

/// Halvings of a quarter circle: from 16 corners to 1,024.
const HALVINGS: std::ops::RangeInclusive<u32> = 2..=8;

/// The polygon for a circle. Corners are found by halving angles, which takes square roots only, so
/// that they are the same on every machine.
pub(super) fn circle([centre, rim]: [[f32; 2]; 2]) -> Polygon {
    let [x, y] = centre.map(f64::from);
    let [dx, dy] = [f64::from(rim[0]) - x, f64::from(rim[1]) - y];
    let radius = (dx * dx + dy * dy).sqrt();
    let mut corners = vec![[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0_f64]];
    for halving in 1..=*HALVINGS.end() {
        // The middle of an edge lies at the cosine of half its angle.
        let middle = |a: [f64; 2], b: [f64; 2]| [a[0].midpoint(b[0]), a[1].midpoint(b[1])];
        let [mx, my] = middle(corners[0], corners[1]);
        let cosine = (mx * mx + my * my).sqrt();
        if halving > *HALVINGS.start() && radius * (1.0 - cosine) <= SAG {
            break;
        }
        corners = (0..corners.len())
            .flat_map(|index| {
                let (a, b) = (corners[index], corners[(index + 1) % corners.len()]);
                let [mx, my] = middle(a, b);
                let length = (mx * mx + my * my).sqrt();
                [a, [mx / length, my / length]]
            })
            .collect();
    }
    let corner = |[cx, cy]: [f64; 2]| [(x + radius * cx) as f32, (y + radius * cy) as f32];
    Polygon(corners.into_iter().map(corner).collect())
}

/// The box of a mask whose object has no rectangle: around corners or around the bitmap's
/// rectangle, cut at the picture's border.
pub(super) fn bounds(mask: &Mask, size: Option<[u32; 2]>) -> Option<BBox> {
    let around = match mask {
        Mask::Region(region) => {
            let (x, y) = (region.left() as f32, region.top() as f32);
            BBox::from_xywh(x, y, region.width() as f32, region.height() as f32)
        }
        other => other.bounds()?,
    };
    match size {
        Some([width, height]) => around.clipped(width as usize, height as usize),
        None => Some(around),
    }
}

/// Two corners of a rectangle or mask, in any order, as left, top, right, bottom.
pub(super) fn corners(points: &[[f32; 2]]) -> Result<BBox, Problem> {
    match points {
        [first, second] => {
            Ok(BBox::around([*first, *second]).unwrap_or(BBox::new(0.0, 0.0, 0.0, 0.0)))
        }
        other => Err(Problem::new(
            "points",
            format!("{} points instead of two opposite corners", other.len()),
            "draw the shape again",
        )),
    }
}

/// The pixels of a `mask` shape: a PNG whose upper left pixel is the first corner.
pub(super) fn decode_mask(
    points: &[[f32; 2]],
    png: &str,
    size: Option<[u32; 2]>,
) -> Result<MaskRegion, Problem> {
    let wrong = |field: &str, what: String| Problem::new(field, what, "draw the mask again");
    let bounds = corners(points)?;
    if bounds
        .corners()
        .iter()
        .any(|value| value.fract() != 0.0 || value.abs() > 16_777_216.0)
    {
        return Err(wrong(
            "points",
            format!(
                "the corners of a mask are whole pixels, got {:?}",
                bounds.corners()
            ),
        ));
    }
    let bytes = STANDARD
        .decode(png)
        .map_err(|error| wrong("mask", format!("is no base64: {error}")))?;
    let mut limits = DecodeLimits::default();
    if let Some([width, height]) = size {
        // A mask that is drawn over the border reaches beyond the picture by less than itself.
        limits.max_pixels = limits
            .max_pixels
            .min(4 * (u64::from(width) + 1) * (u64::from(height) + 1));
    }
    let map = parse_label_map(&bytes, Path::new("PNG"), &limits)
        .map_err(|error| wrong("mask", error.to_string()))?;
    // Both corners are part of the mask; some versions write the corner behind the last pixel.
    let fits = |side: usize, span: f32| side as f32 == span + 1.0 || side as f32 == span;
    if !fits(map.width(), bounds.width()) || !fits(map.height(), bounds.height()) {
        return Err(wrong(
            "mask",
            format!(
                "has {}x{} pixels, its corners span {}x{}",
                map.width(),
                map.height(),
                bounds.width() + 1.0,
                bounds.height() + 1.0
            ),
        ));
    }
    // What lies left of or above the picture is cut off here, the rest below.
    let [left, top] = [bounds.x1, bounds.y1].map(|edge| edge as i64);
    let skipped = |edge: i64| usize::try_from(-edge).unwrap_or_default();
    let (columns, rows) = (
        skipped(left).min(map.width()),
        skipped(top).min(map.height()),
    );
    let bits = map
        .labels()
        .chunks_exact(map.width().max(1))
        .skip(rows)
        .flat_map(|row| row[columns..].iter().map(|&label| label != 0))
        .collect();
    let width = if rows == map.height() {
        0
    } else {
        map.width() - columns
    };
    let region = MaskRegion::new(left.max(0) as usize, top.max(0) as usize, width, bits);
    let region = match size {
        Some([width, height]) => region.clipped(width as usize, height as usize),
        None => region,
    };
    if region.area() == 0 {
        return Err(wrong("mask", "has no pixel in the picture".into()));
    }
    Ok(region)
}

/// Corners and PNG of a bitmap; `None` for one without pixels.
pub(super) fn encode_mask(region: &MaskRegion) -> Option<([[f32; 2]; 2], String)> {
    let (width, height) = (region.width(), region.height());
    let (w, h) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, w, h);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let rows: Vec<u8> = region
        .bits()
        .chunks_exact(width.max(1))
        .flat_map(|row| {
            row.chunks(8).map(|bits| {
                let byte = |byte, (place, &bit)| byte | u8::from(bit) << (7 - place);
                bits.iter().enumerate().fold(0, byte)
            })
        })
        .collect();
    encoder.write_header().ok()?.write_image_data(&rows).ok()?;
    let (left, top) = (region.left() as f32, region.top() as f32);
    let last = [left + width as f32 - 1.0, top + height as f32 - 1.0];
    Some(([[left, top], last], STANDARD.encode(png)))
}

/// Points that are finite numbers.
pub(super) fn finite(points: &[[f32; 2]]) -> Result<(), Problem> {
    match points
        .iter()
        .position(|point| !point.iter().all(|value| value.is_finite()))
    {
        None => Ok(()),
        Some(index) => Err(Problem::new(
            format!("points[{index}]"),
            format!("{:?} is not made of finite numbers", points[index]),
            "draw the shape again",
        )),
    }
}

/// A circle's polygon, its points checked.
pub(super) fn checked_circle(
    points: &[[f32; 2]],
    size: Option<[u32; 2]>,
) -> Result<Polygon, Problem> {
    match points {
        [centre, rim] if centre != rim => check::polygon("points", circle([*centre, *rim]).0, size),
        other => Err(Problem::new(
            "points",
            format!("a circle is its centre and a point of its rim, got {other:?}"),
            "draw the circle again",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_circle_has_its_corners_on_the_rim_and_edges_near_it() {
        for radius in [3.0_f32, 40.0, 500.0] {
            let polygon = circle([[600.0, 600.0], [600.0 + radius, 600.0]]);
            let count = polygon.0.len();
            assert!((16..=1024).contains(&count));
            for (index, corner) in polygon.0.iter().enumerate() {
                let next = polygon.0[(index + 1) % count];
                let distance = |[x, y]: [f32; 2]| (x - 600.0).hypot(y - 600.0);
                assert!((distance(*corner) - radius).abs() < 1e-3, "{corner:?}");
                let middle = [corner[0].midpoint(next[0]), corner[1].midpoint(next[1])];
                assert!(
                    radius - distance(middle) <= 0.251,
                    "{count} corners at {radius}"
                );
            }
        }
        // The four extremes are corners, so the box is exact: 600 ± 40.
        let around = circle([[600.0, 600.0], [600.0, 640.0]]).bbox().unwrap();
        assert_eq!(around.corners(), [560.0, 560.0, 640.0, 640.0]);
    }

    #[test]
    fn a_mask_survives_its_png() {
        let region = MaskRegion::new(3, 5, 10, (0..30).map(|index| index % 3 == 0).collect());
        let (points, png) = encode_mask(&region).unwrap();
        assert_eq!(points, [[3.0, 5.0], [12.0, 7.0]]);
        assert_eq!(
            decode_mask(&points, &png, Some([100, 100])).unwrap(),
            region
        );
        // Corners in the other order, and the corner behind the last pixel.
        assert_eq!(
            decode_mask(&[points[1], points[0]], &png, None).unwrap(),
            region
        );
        assert_eq!(
            decode_mask(&[points[0], [13.0, 8.0]], &png, None).unwrap(),
            region
        );
    }

    #[test]
    fn a_mask_over_the_border_is_cut() {
        let region = MaskRegion::new(0, 0, 2, vec![true; 4]);
        let (_, png) = encode_mask(&region).unwrap();
        let cut = decode_mask(&[[-1.0, -1.0], [0.0, 0.0]], &png, Some([5, 5])).unwrap();
        assert_eq!(cut, MaskRegion::new(0, 0, 1, vec![true]));
        let cut = decode_mask(&[[4.0, 4.0], [5.0, 5.0]], &png, Some([5, 5])).unwrap();
        assert_eq!(cut, MaskRegion::new(4, 4, 1, vec![true]));
        let gone = decode_mask(&[[-2.0, 0.0], [-1.0, 1.0]], &png, Some([5, 5])).unwrap_err();
        assert!(gone.what.contains("no pixel in the picture"), "{gone:?}");
    }

    #[test]
    fn a_mask_of_another_size_is_named() {
        let (_, png) = encode_mask(&MaskRegion::new(0, 0, 2, vec![true; 4])).unwrap();
        let problem = decode_mask(&[[0.0, 0.0], [9.0, 1.0]], &png, None).unwrap_err();
        assert_eq!(problem.what, "has 2x2 pixels, its corners span 10x2");
        assert!(
            decode_mask(&[[0.0, 0.0], [1.0, 1.0]], "?", None)
                .unwrap_err()
                .what
                .contains("no base64")
        );
        assert!(
            decode_mask(&[[0.5, 0.0], [1.0, 1.0]], &png, None)
                .unwrap_err()
                .what
                .contains("whole pixels")
        );
        assert!(
            decode_mask(&[[0.0, 0.0]], &png, None)
                .unwrap_err()
                .what
                .contains("1 points")
        );
    }
}
