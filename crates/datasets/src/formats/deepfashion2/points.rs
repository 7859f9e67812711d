//! The landmarks of each category: how many, which pairs change places in a mirror, which are joined.
//!
//! The data set numbers the points in its figure 2. Pairs and lines are those of MMPose's
//! configuration of the data set (commit 759b39c); where that gives point 13 of the vest itself as a
//! partner, its partner is 9, which the same table pairs with 13.

use crate::sample::LandmarkSchema;

/// A category: its name and its count of points.
pub(super) struct Kind {
    pub name: &'static str,
    pub points: u16,
    cut: Cut,
}

/// How the points run around the garment.
enum Cut {
    /// Collar 1–6, then around the outline from one shoulder to the other.
    Closed,
    /// The same with the straps' ends 7 and the last point beside the outline.
    Strapped,
    /// Waist 1–3, then around the legs or the hem.
    Bottom,
    /// Open in front: both halves have their own edge.
    Open {
        pairs: &'static [[u16; 2]],
        lines: [&'static [u16]; 2],
    },
}

const fn kind(name: &'static str, points: u16, cut: Cut) -> Kind {
    Kind { name, points, cut }
}

/// In the order of `category_id`, from 1.
pub(super) const KINDS: [Kind; 13] = [
    kind("short sleeve top", 25, Cut::Closed),
    kind("long sleeve top", 33, Cut::Closed),
    kind(
        "short sleeve outwear",
        31,
        Cut::Open {
            pairs: &[
                [2, 26],
                [3, 5],
                [4, 6],
                [7, 25],
                [8, 24],
                [9, 23],
                [10, 22],
                [11, 21],
                [12, 20],
                [13, 19],
                [14, 18],
                [15, 17],
                [16, 29],
                [27, 30],
                [28, 31],
            ],
            lines: [
                &[1, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 31, 30, 2, 3, 4],
                &[
                    1, 6, 25, 24, 23, 22, 21, 20, 19, 18, 17, 29, 28, 27, 26, 5, 6,
                ],
            ],
        },
    ),
    kind(
        "long sleeve outwear",
        39,
        Cut::Open {
            pairs: &[
                [2, 6],
                [3, 5],
                [4, 34],
                [7, 33],
                [8, 32],
                [9, 31],
                [10, 30],
                [11, 29],
                [12, 28],
                [13, 27],
                [14, 26],
                [15, 25],
                [16, 24],
                [17, 23],
                [18, 22],
                [19, 21],
                [20, 37],
                [35, 38],
                [36, 39],
            ],
            lines: [
                &[
                    1, 2, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 39, 38, 4, 3, 2,
                ],
                &[
                    1, 6, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 37, 36, 35, 34, 5, 6,
                ],
            ],
        },
    ),
    kind("vest", 15, Cut::Closed),
    kind("sling", 15, Cut::Strapped),
    kind("shorts", 10, Cut::Bottom),
    kind("trousers", 14, Cut::Bottom),
    kind("skirt", 8, Cut::Bottom),
    kind("short sleeve dress", 29, Cut::Closed),
    kind("long sleeve dress", 37, Cut::Closed),
    kind("vest dress", 19, Cut::Closed),
    kind("sling dress", 19, Cut::Strapped),
];

impl Kind {
    pub fn schema(&self) -> LandmarkSchema {
        let from_zero = |[a, b]: [u16; 2]| [a - 1, b - 1];
        LandmarkSchema {
            name: self.name.into(),
            points: (1..=self.points).map(|point| point.to_string()).collect(),
            mirrored: self.pairs().into_iter().map(from_zero).collect(),
            skeleton: self
                .lines()
                .iter()
                .flat_map(|line| line.windows(2).map(|pair| from_zero([pair[0], pair[1]])))
                .collect(),
        }
    }

    /// Counted from 1.
    fn pairs(&self) -> Vec<[u16; 2]> {
        let last = self.points;
        // Around the outline, the first point after the collar or waist pairs with the last.
        let around = |first: u16| {
            (first..=last)
                .map(move |point| [point, first + last - point])
                .filter(|[a, b]| a < b)
        };
        match self.cut {
            Cut::Closed | Cut::Strapped => [[2, 6], [3, 5]].into_iter().chain(around(7)).collect(),
            Cut::Bottom => [[1, 3]].into_iter().chain(around(4)).collect(),
            Cut::Open { pairs, .. } => pairs.to_vec(),
        }
    }

    /// Counted from 1.
    fn lines(&self) -> [Vec<u16>; 2] {
        let last = self.points;
        let line = |from: &[u16], around: std::ops::RangeInclusive<u16>, to: &[u16]| {
            from.iter()
                .copied()
                .chain(around)
                .chain(to.iter().copied())
                .collect()
        };
        match self.cut {
            Cut::Closed => [line(&[1, 2], 7..=last, &[6, 1]), vec![2, 3, 4, 5, 6]],
            Cut::Strapped => [
                line(&[1, 2], 8..=last - 1, &[6, 1]),
                vec![7, 2, 3, 4, 5, 6, last],
            ],
            Cut::Bottom => [line(&[1], 4..=last, &[3, 2, 1]), Vec::new()],
            Cut::Open { lines, .. } => lines.map(<[u16]>::to_vec),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_categories_have_294_points_together() {
        assert_eq!(KINDS.iter().map(|kind| kind.points).sum::<u16>(), 294);
    }

    #[test]
    fn a_mirrored_garment_has_the_same_lines() {
        for kind in &KINDS {
            let schema = kind.schema();
            let mut partner: Vec<u16> = (0..kind.points).collect();
            for &[a, b] in &schema.mirrored {
                assert!(
                    a != b && partner[usize::from(a)] == a && partner[usize::from(b)] == b,
                    "{}",
                    kind.name
                );
                partner[usize::from(a)] = b;
                partner[usize::from(b)] = a;
            }
            let sorted = |[a, b]: [u16; 2]| [a.min(b), a.max(b)];
            let lines: std::collections::BTreeSet<_> =
                schema.skeleton.iter().map(|&line| sorted(line)).collect();
            let mirrored = lines
                .iter()
                .map(|line| sorted(line.map(|point| partner[usize::from(point)])));
            assert_eq!(
                mirrored.collect::<std::collections::BTreeSet<_>>(),
                lines,
                "{}",
                kind.name
            );
            // Every point is on a line.
            let joined: std::collections::BTreeSet<u16> = lines.into_iter().flatten().collect();
            assert_eq!(joined.len(), usize::from(kind.points), "{}", kind.name);
        }
    }
}
