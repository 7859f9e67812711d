//! One garment (or person) in a picture.

use super::{AttributeLabels, BBox, Landmarks, Mask};

/// Fields of the source format that have no place of their own here, in an object under the format's
/// name (`{"voc": {"pose": "Frontal"}}`): kept when the same format is written again, reported as lost
/// when another one is.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// What is known of one object; everything is optional because no format knows everything.
// Four independent facts of four formats, not one state.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// Index into [`DataSet::categories`](super::DataSet::categories).
    pub category: Option<u32>,
    /// Where it is.
    pub bbox: Option<BBox>,
    /// Which pixels it is.
    pub mask: Option<Mask>,
    /// Its points.
    pub landmarks: Option<Landmarks>,
    /// What it is like; empty when nothing was said.
    pub attributes: AttributeLabels,
    /// COCO's `area` in square pixels, by which its metric sorts objects into small, medium, large.
    pub area: Option<f32>,
    /// A group that was annotated as one (COCO's `iscrowd`): matched by a detection it counts
    /// neither for nor against it.
    pub crowd: bool,
    /// Not ground truth for Pascal VOC's metric.
    pub difficult: bool,
    /// Cut by the picture's border (Pascal VOC).
    pub truncated: bool,
    /// Partly hidden (Pascal VOC).
    pub occluded: bool,
    /// The format's own number: COCO's annotation `id`.
    pub id: Option<u64>,
    /// What else the format said.
    pub extra: Option<Box<Extra>>,
}
