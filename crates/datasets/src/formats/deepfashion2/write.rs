//! From objects to items.

use std::path::Path;

use serde_json::{Value, json};

use crate::error::OutputError;
use crate::formats::holds::{Holds, Masks};
use crate::formats::number::{Number, decimal, numbered};
use crate::formats::{FormatError, Losses, extra, files};
use crate::sample::{
    DataSet, Extra, LandmarkSchema, Landmarks, Mask, MaskError, Object, Polygon, Visibility,
};

use super::points::{KINDS, Kind};
use super::{ANNOTATIONS, NAME, picture_path};

pub(crate) const HOLDS: Holds = Holds {
    format: NAME,
    picture_numbers: true,
    categories: true,
    // Those of the 13; others are counted where they are left out.
    category_numbers: true,
    boxes: true,
    masks: Masks::Outlines,
    landmarks: true,
    ..Holds::NOTHING
};

pub(super) fn write(set: &DataSet, folder: &Path) -> Result<Losses, FormatError> {
    let mut losses = HOLDS.losses(set);
    count_vocabularies(set, &mut losses);
    let (numbers, changed) = numbered(set.records.iter().map(|record| record.id));
    losses.add("picture number", changed);
    for (record, number) in set.records.iter().zip(numbers) {
        let mut named = record.clone();
        named.id = Some(number);
        let moved = picture_path(&named) != record.image.path;
        losses.add("name of a picture", usize::from(moved));
        let path = folder.join(ANNOTATIONS).join(format!("{number:06}.json"));
        let mut fields = extra::of(record.extra.as_deref(), NAME)
            .cloned()
            .unwrap_or_default();
        let mut items = 0;
        for object in &record.objects {
            let refuse = |what: String| -> FormatError {
                let path = path.clone();
                OutputError::Unrepresentable { path, what }.into()
            };
            if let Some(item) = item(set, object, &mut losses).map_err(refuse)? {
                items += 1;
                fields.insert(format!("item{items}"), item.into());
            }
        }
        let mut bytes = Value::Object(fields).to_string().into_bytes();
        bytes.push(b'\n');
        files::write_file(&path, &bytes)?;
    }
    Ok(losses)
}

fn kind(name: &str) -> Option<(usize, &'static Kind)> {
    KINDS.iter().enumerate().find(|(_, kind)| kind.name == name)
}

fn count_vocabularies(set: &DataSet, losses: &mut Losses) {
    for category in &set.categories {
        match kind(&category.name) {
            None => losses.add("category", 1),
            Some((place, _)) => {
                let same = place + 1 == category.id as usize;
                losses.add("category number", usize::from(!same));
            }
        }
    }
    for schema in &set.landmark_schemas {
        match kind(&schema.name).filter(|(_, kind)| schema.points.len() == usize::from(kind.points))
        {
            None => losses.add("landmark schema", 1),
            Some((_, kind)) => {
                let own = kind.schema();
                losses.add(
                    "names of a landmark schema",
                    usize::from(own.points != schema.points),
                );
                let lines = (own.mirrored, own.skeleton)
                    != (schema.mirrored.clone(), schema.skeleton.clone());
                losses.add("pairs and lines of a landmark schema", usize::from(lines));
            }
        }
    }
}

/// One item; `None` for an object that has no place in the format.
fn item(set: &DataSet, object: &Object, losses: &mut Losses) -> Result<Option<Extra>, String> {
    let category = match object.category {
        None => None,
        Some(category) => Some(
            set.categories
                .get(category as usize)
                .ok_or("an object has a category which the set does not have")?,
        ),
    };
    let Some((place, kind)) = category.and_then(|category| kind(&category.name)) else {
        losses.add("object of a category that DeepFashion2 does not have", 1);
        return Ok(None);
    };
    let Some(bbox) = object
        .bbox
        .or_else(|| object.mask.as_ref().and_then(Mask::bounds))
    else {
        losses.add("object without a box", 1);
        return Ok(None);
    };
    let polygons =
        outlines(object, losses).map_err(|error| format!("an object's mask: {error}"))?;
    let landmarks = object.landmarks.as_ref().filter(|landmarks| {
        let schema = set.landmark_schemas.get(usize::from(landmarks.schema));
        let held = schema.is_some_and(|schema| fits(schema, kind, landmarks));
        losses.add("landmarks of an object", usize::from(!held));
        held
    });
    let points = landmarks.iter().flat_map(|landmarks| &landmarks.points);
    let finite = bbox
        .corners()
        .into_iter()
        .chain(
            polygons
                .iter()
                .flat_map(|polygon| polygon.0.as_flattened().iter().copied()),
        )
        .chain(points.flat_map(|point| [point.x, point.y]))
        .all(f32::is_finite);
    if !finite {
        return Err(format!(
            "an object `{}` has a coordinate that is not finite",
            kind.name
        ));
    }
    let mut fields = extra::of(object.extra.as_deref(), NAME)
        .cloned()
        .unwrap_or_default();
    fields.insert("category_name".into(), kind.name.into());
    fields.insert("category_id".into(), (place + 1).into());
    fields.insert(
        "bounding_box".into(),
        json!(bbox.corners().map(Number::from)),
    );
    let flat = |polygon: &Polygon| {
        json!(
            polygon
                .0
                .iter()
                .map(|point| point.map(Number::from))
                .collect::<Vec<_>>()
                .as_flattened()
        )
    };
    fields.insert("segmentation".into(), polygons.iter().map(flat).collect());
    if let Some(landmarks) = landmarks {
        fields.insert("landmarks".into(), json!(numbers(landmarks)));
    }
    Ok(Some(fields))
}

fn fits(schema: &LandmarkSchema, kind: &Kind, landmarks: &Landmarks) -> bool {
    let count = usize::from(kind.points);
    schema.name == kind.name && schema.points.len() == count && landmarks.points.len() == count
}

/// The mask as outlines; holes are counted as lost.
fn outlines(object: &Object, losses: &mut Losses) -> Result<Vec<Polygon>, MaskError> {
    let outlines = match &object.mask {
        None => return Ok(Vec::new()),
        Some(Mask::Polygons(polygons)) => return Ok(polygons.clone()),
        Some(Mask::Region(region)) => region.outlines(),
        Some(Mask::Rle(rle)) => rle.decode()?.outlines(),
    };
    losses.add("hole of a mask", outlines.holes);
    losses.add(
        "mask of an object",
        usize::from(outlines.polygons.is_empty()),
    );
    Ok(outlines.polygons)
}

fn numbers(landmarks: &Landmarks) -> Vec<Number> {
    let number = |visibility| match visibility {
        Visibility::Absent => 0.0,
        Visibility::Occluded => 1.0,
        Visibility::Visible => 2.0,
    };
    landmarks
        .points
        .iter()
        .flat_map(|point| [decimal(point.x), decimal(point.y), number(point.visibility)])
        .map(Number)
        .collect()
}
