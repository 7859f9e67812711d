//! Whether anything of a mask is left in pixels.

use crate::sample::Mask;

type Point = [f64; 2];

/// A pixel's centre that is farther than this from every edge stays on its side of them: rasterising
/// moves an edge, by rounding corners to fifths of a pixel and stepping along it, by half a pixel at
/// most.
const CLEAR: f64 = 1.0;

/// Whether the mask covers a pixel of a canvas of `size`; one that cannot be rasterised counts as
/// covering: whoever needs its pixels will say what is wrong with it.
pub(crate) fn covers(mask: &Mask, [width, height]: [usize; 2]) -> bool {
    mask.area(width, height) != Ok(0)
}

/// Whether an outline inside the canvas is sure to cover a pixel, told without rasterising it: one in
/// the middle of its middle row is inside, by the even-odd rule, and clear of every edge. `false` says
/// nothing.
pub(crate) fn surely_covers(outline: &[Point]) -> bool {
    let rows = outline.iter().map(|point| point[1]);
    let (top, bottom) = rows.fold((f64::INFINITY, f64::NEG_INFINITY), |(top, bottom), y| {
        (top.min(y), bottom.max(y))
    });
    let y = centre(top, bottom);
    let mut crossings: Vec<f64> = edges(outline)
        .filter(|[start, end]| (start[1] > y) != (end[1] > y))
        .map(|[[x1, y1], [x2, y2]]| x1 + (y - y1) / (y2 - y1) * (x2 - x1))
        .collect();
    crossings.sort_by(f64::total_cmp);
    crossings.as_chunks::<2>().0.iter().any(|&[left, right]| {
        let point = [centre(left, right), y];
        right - left > 2.0 * CLEAR
            && edges(outline).all(|edge| squared_distance(point, edge) > CLEAR * CLEAR)
    })
}

/// The centre of the pixel in the middle.
fn centre(from: f64, to: f64) -> f64 {
    f64::midpoint(from, to).floor() + 0.5
}

/// Each corner with the next, the last with the first.
fn edges(outline: &[Point]) -> impl Iterator<Item = [Point; 2]> {
    let ends = outline.iter().cycle().skip(1);
    outline.iter().zip(ends).map(|(&start, &end)| [start, end])
}

/// From a point to the nearest one of an edge.
fn squared_distance([x, y]: Point, [[x1, y1], [x2, y2]]: [Point; 2]) -> f64 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx * dx + dy * dy;
    let part = if length > 0.0 {
        (((x - x1) * dx + (y - y1) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (ex, ey) = (x1 + part * dx - x, y1 + part * dy - y);
    ex * ex + ey * ey
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Polygon;

    fn covers_on_canvas(outline: &[Point]) -> bool {
        let polygon = Polygon(outline.iter().map(|p| p.map(|v| v as f32)).collect());
        covers(&Mask::Polygons(vec![polygon]), [40, 20])
    }

    fn rectangle([x1, y1, x2, y2]: [f64; 4]) -> Vec<Point> {
        vec![[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
    }

    #[test]
    fn what_is_wide_enough_surely_covers() {
        // The centre (5.5, 5.5) is 1.5 from every side.
        assert!(surely_covers(&rectangle([4.0, 4.0, 7.0, 7.0])));
        // A "U": the middle row, of centres at y = 5.5, goes through both of its legs.
        let legs = [
            [1.0, 1.0],
            [4.0, 1.0],
            [4.0, 8.0],
            [9.0, 8.0],
            [9.0, 1.0],
            [12.0, 1.0],
            [12.0, 10.0],
            [1.0, 10.0],
        ];
        assert!(surely_covers(&legs));
    }

    #[test]
    fn what_is_thin_is_left_to_the_rasteriser() {
        // Between the centres at 4.5 and 5.5 of its columns, and over the one at 4.5.
        let (between, over) = ([4.6, 2.0, 5.4, 18.0], [4.2, 2.0, 4.8, 18.0]);
        for (thin, covered) in [(between, false), (over, true)] {
            assert!(!surely_covers(&rectangle(thin)), "{thin:?}");
            assert_eq!(covers_on_canvas(&rectangle(thin)), covered, "{thin:?}");
        }
        // A diagonal strip in a box of 6 × 6: it has x − y in 2.4–2.6, every centre a whole number.
        let strip = [[4.4, 2.0], [4.6, 2.0], [10.6, 8.0], [10.4, 8.0]];
        assert!(!surely_covers(&strip) && !covers_on_canvas(&strip));
    }

    #[test]
    fn an_outline_walked_twice_covers_nothing() {
        let twice = rectangle([4.0, 4.0, 14.0, 14.0]).repeat(2);
        assert!(!surely_covers(&twice) && !covers_on_canvas(&twice));
    }

    #[test]
    fn an_outline_of_nothing_is_not_covering() {
        assert!(!surely_covers(&[]) && !surely_covers(&[[3.0, 3.0]]));
        assert!(!covers(&Mask::Polygons(Vec::new()), [40, 20]));
    }
}
