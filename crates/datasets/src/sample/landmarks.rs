//! Named points on a garment or a person.

use serde::{Deserialize, Serialize};

/// Whether a point can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Visibility {
    /// In the picture and not covered (DeepFashion 0, COCO 2).
    Visible,
    /// In the picture, behind something (DeepFashion 1, COCO 1).
    Occluded,
    /// Outside the picture or not annotated; its coordinates mean nothing (DeepFashion 2, COCO 0).
    Absent,
}

/// One point, in continuous pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Landmark {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
    /// Whether it can be seen.
    pub visibility: Visibility,
}

impl Landmark {
    /// A point that is not there.
    pub const ABSENT: Self = Self {
        x: 0.0,
        y: 0.0,
        visibility: Visibility::Absent,
    };
}

/// The points a data set annotates on one kind of garment (or on a person), in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandmarkSchema {
    /// What it is drawn on, such as `upper`.
    pub name: String,
    /// The points' names, in the format's order.
    pub points: Vec<String>,
    /// Pairs that change places when the picture is mirrored.
    pub mirrored: Vec<[u16; 2]>,
    /// Pairs to join by a line in drawings (COCO's `skeleton`, counted from 0).
    pub skeleton: Vec<[u16; 2]>,
}

/// The points of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Landmarks {
    /// Index into [`DataSet::landmark_schemas`](super::DataSet::landmark_schemas).
    pub schema: u16,
    /// One for each point of the schema.
    pub points: Box<[Landmark]>,
}
