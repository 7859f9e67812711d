//! What the lists can hold of a record, and what is lost of it.

use super::fields::picture_path;
use super::lists::List;
use super::{COLUMN_ORDER, Kind};
use crate::formats::Losses;
use crate::formats::holds::Holds;
use crate::sample::{
    BBox, DataSet, Judgement, Landmark, Landmarks, Object, Record, Split, Visibility,
};

pub(crate) const HOLDS: Holds = Holds {
    format: COLUMN_ORDER,
    splits: true,
    categories: true,
    category_groups: true,
    boxes: true,
    // Those of the three kinds; others are counted where they are left out.
    landmarks: true,
    attributes: true,
    ..Holds::NOTHING
};

/// A record the lists can hold.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    pub(super) record: &'a Record,
    pub(super) object: &'a Object,
    pub(super) category: u32,
}

/// The records that can be written; everything that cannot is counted.
pub(super) fn writable<'a>(data: &'a DataSet, losses: &mut Losses) -> Vec<Picture<'a>> {
    let mut pictures = Vec::new();
    HOLDS.count_set(data, losses);
    for record in &data.records {
        let path = record.image.path.as_bytes();
        let spaced = path.iter().any(u8::is_ascii_whitespace);
        let object = record.objects.first();
        let category = object.and_then(|object| object.category);
        if spaced || picture_path(path).is_err() {
            losses.add("picture whose path the lists cannot hold", 1);
            continue;
        }
        let (Some(object), Some(category)) = (object, category) else {
            losses.add(
                if object.is_some() {
                    "picture without a category"
                } else {
                    "picture without an object"
                },
                1,
            );
            continue;
        };
        if category as usize >= data.categories.len() {
            losses.add("picture of an unknown category", 1);
            continue;
        }
        note_losses(data, record, object, losses);
        pictures.push(Picture {
            record,
            object,
            category,
        });
    }
    pictures
}

fn note_losses(data: &DataSet, record: &Record, object: &Object, losses: &mut Losses) {
    let fractions = |numbers: &[f32]| numbers.iter().any(|number| number.fract() != 0.0);
    let named = data.landmark_schemas.get(
        object
            .landmarks
            .as_ref()
            .map_or(usize::MAX, |found| found.schema.into()),
    );
    HOLDS.count_picture(record, losses);
    HOLDS.count_object(object, losses);
    for (lost, kind) in [
        (
            record.objects.len() > 1,
            "object after the first of its picture",
        ),
        (
            object.bbox.is_some_and(|bbox| fractions(&bbox.corners())),
            "fraction of a pixel of a box",
        ),
        (
            object.bbox.is_some_and(|bbox| !writable_box(bbox)),
            "box without an inside after rounding",
        ),
        (
            object.attributes.with(Judgement::Maybe).next().is_some(),
            "attributes judged maybe",
        ),
        (
            !matches!(object.attributes.len(), 0)
                && object.attributes.len() != data.attributes.len(),
            "attributes of another vocabulary",
        ),
        (
            object
                .landmarks
                .iter()
                .flat_map(|found| &found.points)
                .any(|point| fractions(&[point.x, point.y])),
            "fraction of a pixel of landmarks",
        ),
        (
            object.landmarks.is_some()
                && named
                    .and_then(|schema| Kind::from_name(&schema.name))
                    .is_none(),
            "landmarks of another schema",
        ),
    ] {
        if lost {
            losses.add(kind, 1);
        }
    }
}

/// A corner in the lists' whole pixels.
fn whole(number: f32) -> u32 {
    number.round() as u32
}

fn writable_box(bbox: BBox) -> bool {
    bbox.is_proper() && whole(bbox.x2) > whole(bbox.x1) && whole(bbox.y2) > whole(bbox.y1)
}

impl Picture<'_> {
    pub(super) fn kind(&self, data: &DataSet) -> Option<Kind> {
        let landmarks = self.object.landmarks.as_ref()?;
        let kind = Kind::from_name(
            &data
                .landmark_schemas
                .get(usize::from(landmarks.schema))?
                .name,
        )?;
        (kind.points().len() == landmarks.points.len()).then_some(kind)
    }

    pub(super) fn bbox(&self) -> Option<BBox> {
        self.object.bbox.filter(|&bbox| writable_box(bbox))
    }

    /// Whether it has a row in a list.
    pub(super) fn has(&self, list: List, data: &DataSet, columns: usize) -> bool {
        match list {
            List::AttributesOfPicture => columns > 0 && self.object.attributes.len() == columns,
            List::Boxes => self.bbox().is_some(),
            List::Landmarks => self.kind(data).is_some(),
            List::Partition => self.record.split.is_some(),
            List::Categories | List::CategoryOfPicture | List::Attributes => true,
        }
    }

    pub(super) fn columns(&self, row: &mut Vec<u8>, list: List, data: &DataSet, order: &[u32]) {
        match list {
            List::AttributesOfPicture => {
                for &index in order {
                    let flag: &[u8] = match self.object.attributes.get(index as usize) {
                        Judgement::Yes => b" 1 ",
                        Judgement::No => b"-1 ",
                        Judgement::Maybe | Judgement::Unknown => b" 0 ",
                    };
                    row.extend_from_slice(flag);
                }
            }
            List::Boxes => row.extend(
                self.bbox()
                    .iter()
                    .flat_map(|&bbox| corners(bbox))
                    .collect::<String>()
                    .bytes(),
            ),
            List::Landmarks => {
                if let (Some(kind), Some(landmarks)) = (self.kind(data), &self.object.landmarks) {
                    row.extend_from_slice(kind.number().to_string().as_bytes());
                    row.extend_from_slice(points(landmarks).as_bytes());
                }
            }
            _ => row.extend_from_slice(match self.record.split {
                Some(Split::Train) => b"train",
                Some(Split::Validation) => b"val",
                Some(Split::Test) => b"test",
                None => b"",
            }),
        }
    }
}

/// `072 079 232 273 `.
pub(super) fn corners(bbox: BBox) -> [String; 4] {
    bbox.corners()
        .map(|corner| format!("{:03} ", whole(corner)))
}

/// ` 0 146 102` for each point.
fn points(landmarks: &Landmarks) -> String {
    let point = |point: &Landmark| {
        let visibility = match point.visibility {
            Visibility::Visible => 0,
            Visibility::Occluded => 1,
            Visibility::Absent => 2,
        };
        format!("  {visibility} {:03} {:03}", whole(point.x), whole(point.y))
    };
    landmarks.points.iter().map(point).collect()
}
