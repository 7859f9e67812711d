//! The points of the three kinds of garment.

use crate::sample::LandmarkSchema;

/// DeepFashion's three kinds of garment; the lists write them as 1, 2 and 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Upper-body clothes, with six landmarks.
    Upper,
    /// Lower-body clothes, with four.
    Lower,
    /// Full-body clothes, with eight.
    Full,
}

impl Kind {
    /// In the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Upper, Self::Lower, Self::Full];

    /// The kind by its number in the lists.
    ///
    /// ```
    /// use wardrobe_datasets::formats::deepfashion::Kind;
    /// assert_eq!(Kind::from_number(2), Some(Kind::Lower));
    /// assert_eq!(Kind::from_number(0), None);
    /// ```
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The kind by [`Kind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// 1, 2 or 3.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// `upper`, `lower` or `full`: the [`group`](crate::sample::Category::group) of its categories
    /// and the name of its landmark schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Full => "full",
        }
    }

    /// The names of its points in the lists' order: left before right, as the wearer's picture
    /// shows them to the viewer.
    pub const fn points(self) -> &'static [&'static str] {
        match self {
            Self::Upper => &[
                "left collar",
                "right collar",
                "left sleeve",
                "right sleeve",
                "left hem",
                "right hem",
            ],
            Self::Lower => &["left waistline", "right waistline", "left hem", "right hem"],
            Self::Full => &[
                "left collar",
                "right collar",
                "left sleeve",
                "right sleeve",
                "left waistline",
                "right waistline",
                "left hem",
                "right hem",
            ],
        }
    }

    /// Lines that outline the garment in a drawing.
    const fn skeleton(self) -> &'static [[u16; 2]] {
        match self {
            Self::Upper => &[[2, 0], [0, 1], [1, 3], [0, 4], [1, 5], [4, 5]],
            Self::Lower => &[[0, 1], [0, 2], [1, 3], [2, 3]],
            Self::Full => &[
                [2, 0],
                [0, 1],
                [1, 3],
                [0, 4],
                [1, 5],
                [4, 6],
                [5, 7],
                [6, 7],
            ],
        }
    }

    /// Its points as a schema; each left point changes places with the right one after it.
    pub fn schema(self) -> LandmarkSchema {
        let points = self.points();
        LandmarkSchema {
            name: self.name().into(),
            points: points.iter().map(ToString::to_string).collect(),
            mirrored: (0..points.len() as u16 / 2)
                .map(|pair| [2 * pair, 2 * pair + 1])
                .collect(),
            skeleton: self.skeleton().to_vec(),
        }
    }
}

/// The schemas of [`Kind::ALL`], in that order: a kind's place in
/// [`DataSet::landmark_schemas`](crate::sample::DataSet::landmark_schemas) is its number less one.
pub fn landmark_schemas() -> Vec<LandmarkSchema> {
    Kind::ALL.into_iter().map(Kind::schema).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_four_and_eight_points_mirror_left_to_right() {
        for (schema, count) in landmark_schemas().iter().zip([6, 4, 8]) {
            assert_eq!(schema.points.len(), count);
            assert_eq!(schema.mirrored.len(), count / 2);
            for [left, right] in &schema.mirrored {
                let (left, right) = (
                    &schema.points[usize::from(*left)],
                    &schema.points[usize::from(*right)],
                );
                assert_eq!(&left.replace("left", "right"), right);
            }
            assert!(
                schema
                    .skeleton
                    .iter()
                    .flatten()
                    .all(|&point| usize::from(point) < count)
            );
        }
    }
}
