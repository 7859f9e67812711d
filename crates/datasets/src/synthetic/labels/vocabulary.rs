//! The words as a data set has them: categories, attributes, landmarks.

use super::{Dimension, Flag, GarmentKind};
use crate::sample::{AttributeGroup, AttributeVocabulary, Category, LandmarkSchema};

/// The index of the first flag in [`vocabulary`]: after the 54 values of the dimensions.
pub const FIRST_FLAG: usize = 54;

/// The index of a dimension's first value in [`vocabulary`].
pub fn first_value(dimension: Dimension) -> usize {
    Dimension::ALL[..dimension as usize]
        .iter()
        .map(|dimension| dimension.values().len())
        .sum()
}

/// FashionAI's eight dimensions (54 values), each a group of which one value holds.
pub fn dimension_groups() -> Vec<AttributeGroup> {
    let group = |dimension: Dimension| AttributeGroup {
        name: dimension.key().to_owned(),
        values: dimension
            .values()
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
        exclusive: true,
    };
    Dimension::ALL.into_iter().map(group).collect()
}

/// The flags, in DeepFashion's five types.
pub fn flag_groups() -> Vec<AttributeGroup> {
    let group = |&(name, values): &(&str, &[&str])| AttributeGroup {
        name: name.to_owned(),
        values: values.iter().map(|&name| name.to_owned()).collect(),
        exclusive: false,
    };
    Flag::GROUPS.iter().map(group).collect()
}

/// All attributes of a sample: the eight dimensions, then the flags.
pub fn vocabulary() -> AttributeVocabulary {
    let mut groups = dimension_groups();
    groups.extend(flag_groups());
    AttributeVocabulary::new(groups)
}

/// The twenty categories; `id` is DeepFashion's row.
pub fn categories() -> Vec<Category> {
    let category = |&kind: &GarmentKind| Category {
        name: kind.name().to_owned(),
        group: Some(kind.region().name().to_owned()),
        id: kind.deepfashion_label(),
    };
    GarmentKind::ALL.iter().map(category).collect()
}

/// DeepFashion's landmarks of upper, lower and full garments, then LIP's sixteen joints of a person.
///
/// DeepFashion's left is the picture's left; LIP's is the person's.
pub fn landmark_schemas() -> Vec<LandmarkSchema> {
    let schema = |name: &str, points: &[&str], mirrored: &[[u16; 2]], skeleton: &[[u16; 2]]| {
        LandmarkSchema {
            name: name.to_owned(),
            points: points.iter().map(|&point| point.to_owned()).collect(),
            mirrored: mirrored.to_vec(),
            skeleton: skeleton.to_vec(),
        }
    };
    let pairs = [[0, 1], [2, 3], [4, 5], [6, 7]];
    vec![
        schema(
            "upper",
            &[
                "left_collar",
                "right_collar",
                "left_sleeve",
                "right_sleeve",
                "left_hem",
                "right_hem",
            ],
            &pairs[..3],
            &[[0, 1], [0, 2], [1, 3], [0, 4], [1, 5], [4, 5]],
        ),
        schema(
            "lower",
            &["left_waistline", "right_waistline", "left_hem", "right_hem"],
            &pairs[..2],
            &[[0, 1], [0, 2], [1, 3]],
        ),
        schema(
            "full",
            &[
                "left_collar",
                "right_collar",
                "left_sleeve",
                "right_sleeve",
                "left_waistline",
                "right_waistline",
                "left_hem",
                "right_hem",
            ],
            &pairs,
            &[
                [0, 1],
                [0, 2],
                [1, 3],
                [0, 4],
                [1, 5],
                [4, 5],
                [4, 6],
                [5, 7],
            ],
        ),
        schema(
            "person",
            &[
                "right_ankle",
                "right_knee",
                "right_hip",
                "left_hip",
                "left_knee",
                "left_ankle",
                "pelvis",
                "spine",
                "neck",
                "head",
                "right_wrist",
                "right_elbow",
                "right_shoulder",
                "left_shoulder",
                "left_elbow",
                "left_wrist",
            ],
            &[[0, 5], [1, 4], [2, 3], [10, 15], [11, 14], [12, 13]],
            &[
                [0, 1],
                [1, 2],
                [2, 6],
                [3, 6],
                [3, 4],
                [4, 5],
                [6, 7],
                [7, 8],
                [8, 9],
                [10, 11],
                [11, 12],
                [12, 8],
                [13, 8],
                [13, 14],
                [14, 15],
            ],
        ),
    ]
}

/// The index of the schema of a person's joints in [`landmark_schemas`].
pub const PERSON_SCHEMA: u16 = 3;
