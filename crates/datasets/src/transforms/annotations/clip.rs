//! Outlines cut by the picture's border.
//!
//! Sutherland and Hodgman (1974), one border after the other. An outline that leaves and comes back
//! keeps a seam along the border it left by: its area and the pixels inside stay right.

/// The part of an outline inside `[0, width] × [0, height]`; empty when less than a triangle is left.
pub(crate) fn clip(outline: &[[f64; 2]], width: f64, height: f64) -> Vec<[f64; 2]> {
    let mut points = outline.to_vec();
    for (axis, border, keep_below) in [
        (0, 0.0, false),
        (0, width, true),
        (1, 0.0, false),
        (1, height, true),
    ] {
        let inside = |point: [f64; 2]| {
            if keep_below {
                point[axis] <= border
            } else {
                point[axis] >= border
            }
        };
        if points.iter().all(|&point| inside(point)) {
            continue;
        }
        let mut kept = Vec::with_capacity(points.len() + 2);
        for (index, &end) in points.iter().enumerate() {
            let start = points[(index + points.len() - 1) % points.len()];
            if inside(start) != inside(end) {
                let part = (border - start[axis]) / (end[axis] - start[axis]);
                let mut crossing = [
                    start[0] + part * (end[0] - start[0]),
                    start[1] + part * (end[1] - start[1]),
                ];
                // The border itself, free of rounding.
                crossing[axis] = border;
                kept.push(crossing);
            }
            if inside(end) {
                kept.push(end);
            }
        }
        points = kept;
    }
    if points.len() < 3 {
        points.clear();
    }
    points
}

/// The enclosed area (shoelace formula).
pub(crate) fn area(outline: &[[f64; 2]]) -> f64 {
    let Some(&[ox, oy]) = outline.first() else {
        return 0.0;
    };
    let twice: f64 = (0..outline.len())
        .map(|index| {
            let [x1, y1] = outline[index];
            let [x2, y2] = outline[(index + 1) % outline.len()];
            (x1 - ox) * (y2 - oy) - (x2 - ox) * (y1 - oy)
        })
        .sum();
    twice.abs() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_over_the_corner_becomes_a_square_of_its_overlap() {
        // x + y ≤ 6 covers the whole of [0, 3] × [0, 3].
        let cut = clip(&[[-6.0, 12.0], [-6.0, -6.0], [12.0, -6.0]], 3.0, 3.0);
        assert_eq!(area(&cut), 9.0);
        // A triangle with half of its base outside: (0,0), (4,0), (0,4) in a picture 2 wide keeps
        // the trapezium 4 and 2 high, 2 wide: (4 + 2) / 2 · 2 = 6.
        let cut = clip(&[[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]], 2.0, 9.0);
        assert_eq!(area(&cut), 6.0);
        assert!(cut.contains(&[2.0, 2.0]) && cut.contains(&[2.0, 0.0]));
    }

    #[test]
    fn an_outline_inside_is_the_same_and_one_outside_is_gone() {
        let inside = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]];
        assert_eq!(clip(&inside, 2.0, 2.0), inside);
        assert!(clip(&[[3.0, 0.0], [5.0, 0.0], [5.0, 2.0]], 2.0, 2.0).is_empty());
        assert!(clip(&[], 2.0, 2.0).is_empty());
        assert_eq!(area(&[]), 0.0);
    }

    #[test]
    fn two_legs_below_the_border_keep_their_area() {
        // An upside-down U: a bar 6 × 1 over two legs 1 × 3; the bar is above the picture.
        let outline = [
            [0.0, -1.0],
            [6.0, -1.0],
            [6.0, 3.0],
            [5.0, 3.0],
            [5.0, 0.0],
            [1.0, 0.0],
            [1.0, 3.0],
            [0.0, 3.0],
        ];
        assert_eq!(area(&clip(&outline, 6.0, 3.0)), 6.0);
    }
}
