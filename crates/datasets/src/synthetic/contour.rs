//! Outlines of a mask along pixel edges, exact but for a tolerance well below a pixel.
//!
//! Holes are joined to the outline around them by a cut of no width, so that formats that only know
//! outlines (a pixel belongs to the instance when any outline covers it) keep them.

use crate::mask_region::MaskRegion;
use crate::sample::Polygon;

/// Farthest a corner may lie from the simplified outline, in pixels.
const TOLERANCE: f32 = 0.45;
/// Pieces smaller than this many pixels are specks of anti-aliasing and get no outline.
const MIN_AREA: f32 = 3.0;

/// Right, down, left, up: where the four edges at a corner lead.
const STEP: [Corner; 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// A corner on the pixel grid.
type Corner = (i32, i32);

/// Outlines of the mask in picture coordinates; several when it is in several pieces.
pub fn polygons(mask: &MaskRegion) -> Vec<Polygon> {
    let mut outers = Vec::new();
    let mut holes = Vec::new();
    for contour in trace(mask) {
        let area = signed_area(&contour);
        if area > 0.0 {
            outers.push(contour);
        } else {
            holes.push(contour);
        }
    }
    // Holes from left to right: whatever a cut to the left meets is already part of an outline.
    holes.sort_by_key(|hole| hole.iter().copied().min());
    let simple = |contour: &Vec<Corner>| simplify(contour);
    let mut outlines: Vec<Vec<[f32; 2]>> = outers.iter().map(simple).collect();
    for hole in &holes {
        if -signed_area(hole) >= MIN_AREA {
            join(&mut outlines, &simplify(hole));
        }
    }
    let offset = [mask.left() as f32, mask.top() as f32];
    outlines
        .into_iter()
        .map(|points| {
            Polygon(
                points
                    .into_iter()
                    .map(|[x, y]| [x + offset[0], y + offset[1]])
                    .collect(),
            )
        })
        .filter(|polygon| polygon.0.len() >= 3 && polygon.area() >= MIN_AREA)
        .collect()
}

/// All borders between inside and outside, the inside on the right; corners where the direction
/// changes only. Outer borders run clockwise on the screen (positive area with `y` down).
fn trace(mask: &MaskRegion) -> Vec<Vec<Corner>> {
    let (width, height) = (mask.width() as i32, mask.height() as i32);
    let inside = |x: i32, y: i32| {
        x >= 0 && y >= 0 && x < width && y < height && mask.bits()[(y * width + x) as usize]
    };
    // The pixels to the right and left of an edge that leaves the corner.
    let right_of = |(x, y): Corner, d: usize| match d {
        0 => inside(x, y),
        1 => inside(x - 1, y),
        2 => inside(x - 1, y - 1),
        _ => inside(x, y - 1),
    };
    let left_of = |(x, y): Corner, d: usize| match d {
        0 => inside(x, y - 1),
        1 => inside(x, y),
        2 => inside(x - 1, y),
        _ => inside(x - 1, y - 1),
    };
    let is_border = |at: Corner, d: usize| right_of(at, d) && !left_of(at, d);
    let columns = (width + 1) as usize;
    let mut seen = vec![false; columns * (height + 1) as usize];
    let mut contours = Vec::new();
    for y in 0..height {
        for x in 0..width {
            // Every border has an edge that runs right.
            if !is_border((x, y), 0) || seen[y as usize * columns + x as usize] {
                continue;
            }
            let (mut at, mut d) = ((x, y), 0);
            let mut contour = Vec::new();
            loop {
                if d == 0 {
                    let index = at.1 as usize * columns + at.0 as usize;
                    if seen[index] {
                        break;
                    }
                    seen[index] = true;
                }
                at = (at.0 + STEP[d].0, at.1 + STEP[d].1);
                // Pixels that touch at a corner only are apart: turn right first.
                let next = [(d + 1) % 4, d, (d + 3) % 4]
                    .into_iter()
                    .find(|&turn| is_border(at, turn));
                let Some(turn) = next else { break };
                if turn != d {
                    contour.push(at);
                }
                d = turn;
            }
            contours.push(contour);
        }
    }
    contours
}

fn signed_area(contour: &[Corner]) -> f32 {
    let twice: i64 = contour
        .iter()
        .zip(contour.iter().cycle().skip(1))
        .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1))
        .sum();
    twice as f32 / 2.0
}

/// Drops corners that lie within the tolerance of the outline without them (Douglas–Peucker on the
/// two halves between the two corners farthest apart).
fn simplify(contour: &[Corner]) -> Vec<[f32; 2]> {
    let points: Vec<[f32; 2]> = contour.iter().map(|&(x, y)| [x as f32, y as f32]).collect();
    if points.len() <= 4 {
        return points;
    }
    let far = farthest(&points, points[0]);
    let mut ring = points.clone();
    ring.rotate_left(far);
    let opposite = farthest(&ring, ring[0]);
    let first = ring[0];
    ring.push(first);
    let mut keep = vec![false; ring.len()];
    keep[0] = true;
    keep[opposite] = true;
    let last = ring.len() - 1;
    let mut spans = vec![(0, opposite), (opposite, last)];
    while let Some((from, to)) = spans.pop() {
        let (mut worst, mut place) = (TOLERANCE, None);
        for index in from + 1..to {
            let distance = from_line(ring[index], ring[from], ring[to]);
            if distance > worst {
                (worst, place) = (distance, Some(index));
            }
        }
        if let Some(place) = place {
            keep[place] = true;
            spans.extend([(from, place), (place, to)]);
        }
    }
    let kept: Vec<[f32; 2]> = ring[..last]
        .iter()
        .zip(&keep)
        .filter(|&(_, &keep)| keep)
        .map(|(&point, _)| point)
        .collect();
    if kept.len() >= 3 { kept } else { points }
}

fn farthest(points: &[[f32; 2]], from: [f32; 2]) -> usize {
    let distance = |point: &[f32; 2]| {
        (point[0] - from[0]) * (point[0] - from[0]) + (point[1] - from[1]) * (point[1] - from[1])
    };
    let mut best = 0;
    for (index, point) in points.iter().enumerate() {
        if distance(point) > distance(&points[best]) {
            best = index;
        }
    }
    best
}

/// Distance of a point from a segment.
fn from_line(point: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (px, py) = (point[0] - a[0], point[1] - a[1]);
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 {
        ((px * dx + py * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (ex, ey) = (px - t * dx, py - t * dy);
    (ex * ex + ey * ey).sqrt()
}

/// Joins a hole to the outline it lies in: a cut from its leftmost corner straight to the left.
fn join(outlines: &mut [Vec<[f32; 2]>], hole: &[[f32; 2]]) {
    let start = (0..hole.len()).min_by(|&a, &b| {
        hole[a][0]
            .total_cmp(&hole[b][0])
            .then(hole[a][1].total_cmp(&hole[b][1]))
    });
    let Some(start) = start else { return };
    let [hx, hy] = hole[start];
    let mut best: Option<(f32, usize, usize)> = None;
    for (which, outline) in outlines.iter().enumerate() {
        for index in 0..outline.len() {
            let (a, b) = (outline[index], outline[(index + 1) % outline.len()]);
            if (a[1] <= hy) == (b[1] <= hy) {
                continue;
            }
            let x = a[0] + (hy - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
            if x <= hx && best.is_none_or(|(found, _, _)| x > found) {
                best = Some((x, which, index));
            }
        }
    }
    let Some((x, which, index)) = best else {
        return;
    };
    let mut cut = vec![[x, hy]];
    cut.extend(hole[start..].iter().chain(&hole[..start]));
    cut.extend([hole[start], [x, hy]]);
    let rest = outlines[which].split_off(index + 1);
    outlines[which].extend(cut);
    outlines[which].extend(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> MaskRegion {
        let bits = rows
            .iter()
            .flat_map(|row| row.bytes().map(|byte| byte == b'#'))
            .collect();
        MaskRegion::new(0, 0, rows[0].len(), bits)
    }

    #[test]
    fn a_rectangle_has_four_corners() {
        let found = polygons(&MaskRegion::new(3, 5, 2, vec![true; 6]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].area(), 6.0);
        let bbox = found[0].bbox().map(crate::sample::BBox::corners);
        assert_eq!(bbox, Some([3.0, 5.0, 5.0, 8.0]));
        assert_eq!(found[0].0.len(), 4);
    }

    #[test]
    fn a_hole_is_cut_out() {
        let found = polygons(&mask(&["######", "######", "##..##", "##..##", "######"]));
        assert_eq!(found.len(), 1);
        // 6 · 5 − 2 · 2
        assert_eq!(found[0].area(), 26.0);
    }

    #[test]
    fn pieces_that_touch_at_a_corner_are_apart() {
        let found = polygons(&mask(&["##..", "##..", "..##", "..##"]));
        assert_eq!(found.len(), 2);
        assert_eq!(
            found.iter().map(Polygon::area).collect::<Vec<_>>(),
            [4.0, 4.0]
        );
    }

    #[test]
    fn nothing_has_no_outline() {
        assert!(polygons(&mask(&["....", "...."])).is_empty());
    }
}
