//! From objects to shapes.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::error::OutputError;
use crate::formats::holds::{Holds, Masks};
use crate::formats::number::Number;
use crate::formats::{FormatError, Losses, extra, files};
use crate::mask_region::MaskRegion;
use crate::sample::{DataSet, Extra, Mask, Object, Polygon, Record};

use super::read::EMBEDDED;
use super::{NAME, VERSION, shapes};

pub(crate) const HOLDS: Holds = Holds {
    format: NAME,
    picture_sizes: true,
    categories: true,
    boxes: true,
    masks: Masks::All,
    ..Holds::NOTHING
};

/// Fields of kept shapes that the writer has names for.
const OWN: [&str; 4] = ["version", "shapes", EMBEDDED, "flags"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentOut<'a> {
    version: &'a str,
    flags: Value,
    shapes: Vec<Value>,
    image_path: &'a str,
    image_data: Option<()>,
    image_height: Option<u32>,
    image_width: Option<u32>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize)]
struct ShapeOut<'a> {
    label: &'a str,
    points: Vec<[Number; 2]>,
    group_id: Option<i64>,
    description: Value,
    shape_type: &'static str,
    flags: Value,
    mask: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

pub(super) fn write(set: &DataSet, folder: &Path) -> Result<Losses, FormatError> {
    let mut losses = HOLDS.losses(set);
    let names = files::names(set, folder, |record| {
        let path = &record.image.path;
        let stem = path.strip_suffix(files::extension(path)).unwrap_or(path);
        if stem.is_empty() {
            String::new()
        } else {
            format!("{stem}.json")
        }
    })?;
    files::write_labels(folder, set)?;
    for (record, name) in set.records.iter().zip(&names) {
        let path = folder.join(name);
        let refuse = |what: String| -> FormatError {
            let path = path.clone();
            OutputError::Unrepresentable { path, what }.into()
        };
        if !files::stays_below(name) {
            return Err(refuse(format!(
                "the picture path `{}` leaves the folder",
                record.image.path
            )));
        }
        let document = picture(set, record, &mut losses).map_err(refuse)?;
        let mut bytes =
            serde_json::to_vec_pretty(&document).map_err(|error| refuse(error.to_string()))?;
        bytes.push(b'\n');
        files::write_file(&path, &bytes)?;
    }
    Ok(losses)
}

fn picture<'a>(
    set: &'a DataSet,
    record: &'a Record,
    losses: &mut Losses,
) -> Result<DocumentOut<'a>, String> {
    let kept = extra::of(record.extra.as_deref(), NAME);
    let field = |name: &str| kept.and_then(|kept| kept.get(name));
    losses.add("embedded picture", usize::from(field(EMBEDDED).is_some()));
    let mut groups: HashSet<i64> = record.objects.iter().filter_map(group).collect();
    let mut shapes = Vec::new();
    for object in &record.objects {
        let Some(category) = object.category else {
            losses.add("object without a category", 1);
            continue;
        };
        let category = set.categories.get(category as usize);
        let category = category.ok_or("an object has a category which the set does not have")?;
        for shape in object_shapes(
            &category.name,
            object,
            record.image.size,
            &mut groups,
            losses,
        )? {
            shapes.push(serde_json::to_value(shape).map_err(|error| error.to_string())?);
        }
    }
    let marks = field("shapes").and_then(Value::as_array);
    shapes.extend(marks.into_iter().flatten().cloned());
    let path = &record.image.path;
    Ok(DocumentOut {
        version: field("version").and_then(Value::as_str).unwrap_or(VERSION),
        flags: field("flags")
            .cloned()
            .unwrap_or_else(|| Extra::new().into()),
        shapes,
        // The JSON lies beside its picture.
        image_path: path.rsplit('/').next().unwrap_or(path),
        image_data: None,
        image_height: record.image.size.map(|[_, height]| height),
        image_width: record.image.size.map(|[width, _]| width),
        extra: kept
            .into_iter()
            .flatten()
            .filter(|(name, _)| !OWN.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    })
}

fn group(object: &Object) -> Option<i64> {
    extra::of(object.extra.as_deref(), NAME)?
        .get("group_id")?
        .as_i64()
}

/// A shape before it has a group.
struct Part {
    kind: &'static str,
    points: Vec<[f32; 2]>,
    mask: Option<String>,
    fields: Extra,
}

fn object_shapes<'a>(
    label: &'a str,
    object: &Object,
    size: Option<[u32; 2]>,
    groups: &mut HashSet<i64>,
    losses: &mut Losses,
) -> Result<Vec<ShapeOut<'a>>, String> {
    let kept = extra::of(object.extra.as_deref(), NAME);
    let mut parts = parts(object, losses)?;
    attach(&mut parts, kept, losses);
    let derived = match parts.as_slice() {
        [] => None,
        _ => object
            .mask
            .as_ref()
            .and_then(|mask| shapes::bounds(&decoded(mask), size)),
    };
    if let Some(bbox) = object.bbox.filter(|_| object.bbox != derived) {
        let fields = kept.and_then(|kept| kept.get("rectangle")?.as_object());
        parts.insert(
            0,
            Part {
                kind: "rectangle",
                points: vec![[bbox.x1, bbox.y1], [bbox.x2, bbox.y2]],
                mask: None,
                fields: fields.cloned().unwrap_or_default(),
            },
        );
    }
    losses.add(
        "object without a box and a mask",
        usize::from(parts.is_empty()),
    );
    if parts
        .iter()
        .flat_map(|part| &part.points)
        .flatten()
        .any(|value| !value.is_finite())
    {
        return Err(format!(
            "an object `{label}` has a coordinate that is not finite"
        ));
    }
    let group = group(object).or_else(|| {
        // One shape needs no group; several need one that no other object has.
        (parts.len() > 1).then(|| {
            let free = (1..=i64::MAX)
                .find(|group| !groups.contains(group))
                .unwrap_or_default();
            groups.insert(free);
            free
        })
    });
    Ok(parts
        .into_iter()
        .map(|part| shape(label, group, part))
        .collect())
}

fn shape(label: &str, group_id: Option<i64>, part: Part) -> ShapeOut<'_> {
    let mut fields = part.fields;
    let points = part.points.into_iter();
    ShapeOut {
        label,
        points: points.map(|point| point.map(Number::from)).collect(),
        group_id,
        description: fields.remove("description").unwrap_or_else(|| "".into()),
        shape_type: part.kind,
        flags: fields
            .remove("flags")
            .unwrap_or_else(|| Extra::new().into()),
        mask: part.mask,
        extra: fields,
    }
}

/// The mask as shapes.
fn parts(object: &Object, losses: &mut Losses) -> Result<Vec<Part>, String> {
    let part = |kind, points, mask| Part {
        kind,
        points,
        mask,
        fields: Extra::new(),
    };
    match &object.mask {
        None => Ok(Vec::new()),
        Some(Mask::Polygons(polygons)) => Ok(polygons
            .iter()
            .map(|polygon| part("polygon", polygon.0.clone(), None))
            .collect()),
        Some(mask) => {
            let Mask::Region(region) = decoded(mask) else {
                return Err("an object has run lengths that cannot be decoded".into());
            };
            let encoded = Some(region)
                .filter(|region| region.area() > 0)
                .and_then(|region: MaskRegion| shapes::encode_mask(&region));
            losses.add("mask of an object", usize::from(encoded.is_none()));
            Ok(encoded
                .into_iter()
                .map(|(points, png)| part("mask", points.to_vec(), Some(png)))
                .collect())
        }
    }
}

/// Run lengths as a bitmap; others, and what cannot be decoded, as they are.
fn decoded(mask: &Mask) -> Mask {
    match mask {
        Mask::Rle(rle) => rle.decode().map_or_else(|_| mask.clone(), Mask::Region),
        other => other.clone(),
    }
}

/// Gives the parts the fields they were read with. A polygon that is still the circle it was drawn
/// as becomes a circle again.
fn attach(parts: &mut [Part], kept: Option<&Extra>, losses: &mut Losses) {
    let Some(fields) = kept.and_then(|kept| kept.get("parts")?.as_array()) else {
        return;
    };
    if fields.len() != parts.len() {
        losses.add("fields of a shape", fields.len());
        return;
    }
    for (part, fields) in parts.iter_mut().zip(fields) {
        part.fields = fields.as_object().cloned().unwrap_or_default();
        let points = part.fields.remove("circle");
        let points = points.and_then(|points| serde_json::from_value::<[[f32; 2]; 2]>(points).ok());
        if let Some(points) = points {
            if shapes::circle(points) == Polygon(part.points.clone()) {
                part.kind = "circle";
                part.points = points.to_vec();
            } else {
                losses.add("circle that became a polygon", 1);
            }
        }
    }
}
