//! From pixels to outlines.

use crate::mask_region::MaskRegion;

use super::{BBox, Polygon};

/// The outlines of a mask.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outlines {
    /// The outer outline of every part; parts that touch at a corner only are two.
    pub polygons: Vec<Polygon>,
    /// How many holes the parts have; the polygons cover them.
    pub holes: usize,
}

/// Where a walk along a border is heading, with the mask on its right hand (the picture's rows go
/// down).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heading {
    East,
    South,
    West,
    North,
}

impl Heading {
    const CLOCKWISE: [Self; 4] = [Self::East, Self::South, Self::West, Self::North];

    const fn turned(self, quarters: usize) -> Self {
        Self::CLOCKWISE[(self as usize + quarters) % 4]
    }

    const fn step(self) -> [isize; 2] {
        match self {
            Self::East => [1, 0],
            Self::South => [0, 1],
            Self::West => [-1, 0],
            Self::North => [0, -1],
        }
    }

    /// The pixels ahead of a crossing of grid lines, on the left and on the right hand, as offsets
    /// from the pixel to the crossing's lower right.
    const fn ahead(self) -> [[isize; 2]; 2] {
        match self {
            Self::East => [[0, -1], [0, 0]],
            Self::South => [[0, 0], [-1, 0]],
            Self::West => [[-1, 0], [-1, -1]],
            Self::North => [[-1, -1], [0, -1]],
        }
    }
}

impl MaskRegion {
    /// The smallest box around the pixels of the mask; `None` when there is none.
    pub fn bbox(&self) -> Option<BBox> {
        let rows = self.bits().chunks_exact(self.width().max(1));
        rows.enumerate()
            .filter_map(|(row, bits)| {
                let first = bits.iter().position(|&bit| bit)?;
                let last = bits.iter().rposition(|&bit| bit)?;
                let (left, top) = (self.left() as f32, (self.top() + row) as f32);
                Some(BBox::new(
                    left + first as f32,
                    top,
                    left + last as f32 + 1.0,
                    top + 1.0,
                ))
            })
            .reduce(BBox::union)
    }

    /// The part inside a picture of `width` × `height`.
    pub fn clipped(&self, width: usize, height: usize) -> Self {
        let right = (self.left() + self.width()).min(width);
        let bottom = (self.top() + self.height()).min(height);
        if right <= self.left() || bottom <= self.top() {
            return Self::new(0, 0, 0, Vec::new());
        }
        if right == self.left() + self.width() && bottom == self.top() + self.height() {
            return self.clone();
        }
        let columns = right - self.left();
        let bits = self
            .bits()
            .chunks_exact(self.width())
            .take(bottom - self.top())
            .flat_map(|row| row[..columns].iter().copied())
            .collect();
        Self::new(self.left(), self.top(), columns, bits)
    }

    /// The exact outlines along the pixels' edges: rasterised again they give the same pixels, but
    /// for holes.
    ///
    /// ```
    /// use wardrobe_datasets::MaskRegion;
    /// // Two pixels above one: an L.
    /// let outlines = MaskRegion::new(5, 7, 2, vec![true, true, true, false]).outlines();
    /// assert_eq!(
    ///     outlines.polygons[0].0,
    ///     [[5.0, 7.0], [7.0, 7.0], [7.0, 8.0], [6.0, 8.0], [6.0, 9.0], [5.0, 9.0]]
    /// );
    /// assert_eq!(outlines.holes, 0);
    /// ```
    pub fn outlines(&self) -> Outlines {
        let (width, height) = (self.width(), self.height());
        let set = |x: isize, y: isize| {
            x >= 0
                && y >= 0
                && (x as usize) < width
                && (y as usize) < height
                && self.bits()[y as usize * width + x as usize]
        };
        // Every outline has an upper edge: a pixel of the mask below one that is not.
        let mut walked = vec![false; self.bits().len()];
        let mut outlines = Outlines::default();
        for start in 0..walked.len() {
            let (x, y) = ((start % width) as isize, (start / width) as isize);
            if walked[start] || !set(x, y) || set(x, y - 1) {
                continue;
            }
            let corners = walk([x, y], set, |[x, y]| {
                walked[y as usize * width + x as usize] = true;
            });
            if is_clockwise(&corners) {
                let corner = |[x, y]: [isize; 2]| {
                    [
                        (x + self.left() as isize) as f32,
                        (y + self.top() as isize) as f32,
                    ]
                };
                outlines
                    .polygons
                    .push(Polygon(corners.into_iter().map(corner).collect()));
            } else {
                outlines.holes += 1;
            }
        }
        outlines
    }
}

/// Follows a border from the upper left corner of the pixel `start` until it closes, and returns
/// its corners. `on_upper_edge` hears of every pixel whose upper edge was passed.
fn walk(
    start: [isize; 2],
    set: impl Fn(isize, isize) -> bool,
    mut on_upper_edge: impl FnMut([isize; 2]),
) -> Vec<[isize; 2]> {
    let (mut at, mut heading) = (start, Heading::East);
    let mut corners = Vec::new();
    loop {
        if heading == Heading::East {
            on_upper_edge(at);
        }
        let [dx, dy] = heading.step();
        at = [at[0] + dx, at[1] + dy];
        let [left, right] = heading.ahead().map(|[dx, dy]| set(at[0] + dx, at[1] + dy));
        // Where two pixels touch at a corner only, turning right keeps them apart.
        let next = match (left, right) {
            (_, false) => heading.turned(1),
            (false, true) => heading,
            (true, true) => heading.turned(3),
        };
        if next != heading {
            corners.push(at);
        }
        heading = next;
        if at == start && heading == Heading::East {
            // The walk may have begun in the middle of an edge.
            corners.rotate_right(1);
            return corners;
        }
    }
}

/// By the sign of the shoelace sum; rows go down.
fn is_clockwise(corners: &[[isize; 2]]) -> bool {
    let twice: isize = (0..corners.len())
        .map(|index| {
            let [x1, y1] = corners[index];
            let [x2, y2] = corners[(index + 1) % corners.len()];
            x1 * y2 - x2 * y1
        })
        .sum();
    twice > 0
}
