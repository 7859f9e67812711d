//! From shapes to objects.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::formats::check::BoxForm;
use crate::formats::files::Parsed;
use crate::formats::json::{self, json_entry};
use crate::formats::number::decimal;
use crate::formats::problem::{Problem, need};
use crate::formats::{check, extra};
use crate::sample::{Extra, ImageFile, Mask, Object, Polygon, Record};

use super::{NAME, VERSION, one, shapes};

json_entry! {
    struct Document {
        version: String = "version",
        flags: Value = "flags",
        shapes: Vec<Shape> = "shapes",
        image_path: String = "imagePath",
        image_data: Embedded = "imageData",
        image_height: u64 = "imageHeight",
        image_width: u64 = "imageWidth",
    }
}

json_entry! {
    struct Shape {
        label: String = "label",
        points: Vec<[f32; 2]> = "points",
        group_id: i64 = "group_id",
        kind: String = "shape_type",
        flags: Value = "flags",
        description: String = "description",
        mask: String = "mask",
    }
}

/// A picture inside the file: text of megabytes that is not kept.
#[derive(Debug)]
struct Embedded;

impl<'de> Deserialize<'de> for Embedded {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = Embedded;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a picture as base64, or null")
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Embedded, E> {
                Ok(Embedded)
            }
        }

        json.deserialize_str(Text)
    }
}

/// An object while its shapes are collected.
struct Draft {
    label: String,
    group: Option<i64>,
    /// The place of its first shape.
    place: String,
    object: Object,
    rectangle_fields: Extra,
    part_fields: Vec<Extra>,
}

pub(super) fn picture(bytes: &[u8]) -> Result<Parsed, Vec<Problem>> {
    let document: Document = json::document(bytes).map_err(one)?;
    let path = need(document.image_path, "imagePath").map_err(one)?;
    let path = relative(&path).map_err(one)?;
    let size = match (document.image_width, document.image_height) {
        (None, None) => None,
        (width, height) => {
            let width = need(width, "imageWidth").map_err(one)?;
            let height = need(height, "imageHeight").map_err(one)?;
            Some(check::size("", width, height).map_err(one)?)
        }
    };
    let shapes = need(document.shapes, "shapes").map_err(one)?;
    let mut fields = document.extra;
    if let Some(version) = document.version.filter(|version| version != VERSION) {
        fields.insert("version".into(), version.into());
    }
    keep_unless_empty(&mut fields, "flags", document.flags);
    if document.image_data.is_some() {
        fields.insert(EMBEDDED.into(), true.into());
    }

    let mut drafts: Vec<Draft> = Vec::new();
    let mut marks = Vec::new();
    let mut problems = Vec::new();
    for (index, shape) in shapes.into_iter().enumerate() {
        let place = format!("shapes[{index}]");
        if let Err(problem) = add(shape, size, &place, &mut drafts, &mut marks) {
            problems.push(problem.within(&place));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if !marks.is_empty() {
        fields.insert("shapes".into(), Value::Array(marks));
    }
    let mut parsed = Parsed {
        record: Record {
            image: ImageFile { path, size },
            extra: extra::keep(NAME, fields),
            ..Record::default()
        },
        names: Vec::new(),
    };
    for draft in drafts {
        parsed
            .names
            .push((draft.label.clone(), format!("{}.label", draft.place)));
        parsed.record.objects.push(finished(draft, size));
    }
    Ok(parsed)
}

/// The field that says that a picture was embedded.
pub(super) const EMBEDDED: &str = "imageData";

/// Adds one shape to the object it belongs to.
fn add(
    shape: Shape,
    size: Option<[u32; 2]>,
    place: &str,
    drafts: &mut Vec<Draft>,
    marks: &mut Vec<Value>,
) -> Result<(), Problem> {
    let label = need(shape.label.filter(|label| !label.is_empty()), "label")?;
    let points = need(shape.points, "points")?;
    shapes::finite(&points)?;
    let kind = shape.kind.as_deref().unwrap_or("polygon");
    let mut fields = shape.extra;
    keep_unless_empty(&mut fields, "flags", shape.flags);
    keep_unless_empty(
        &mut fields,
        "description",
        shape.description.map(Value::String),
    );
    if matches!(kind, "line" | "linestrip" | "point") {
        fields.insert("label".into(), label.into());
        fields.insert("points".into(), numbers(&points));
        fields.insert("group_id".into(), shape.group_id.into());
        fields.insert("shape_type".into(), kind.into());
        marks.push(Value::Object(fields));
        return Ok(());
    }
    let group = shape.group_id;
    let known = drafts
        .iter()
        .position(|draft| group.is_some() && draft.group == group && draft.label == label);
    let index = known.unwrap_or_else(|| {
        drafts.push(Draft {
            label,
            group,
            place: place.to_owned(),
            object: Object::default(),
            rectangle_fields: Extra::new(),
            part_fields: Vec::new(),
        });
        drafts.len() - 1
    });
    let draft = &mut drafts[index];
    let mixed = |what: &str| {
        Problem::new(
            "",
            format!("its group has {what}"),
            "give the shapes different `group_id`s or merge them",
        )
    };
    let part = match kind {
        "rectangle" => {
            let bbox = check::bbox("points", shapes::corners(&points)?, size, BoxForm::Opposite)?;
            if draft.object.bbox.replace(bbox).is_some() {
                return Err(mixed("two rectangles"));
            }
            draft.rectangle_fields = fields;
            return Ok(());
        }
        "polygon" => check::polygon("points", points, size)?,
        "circle" => {
            fields.insert("circle".into(), numbers(&points));
            shapes::checked_circle(&points, size)?
        }
        "mask" => {
            if draft.object.mask.is_some() {
                return Err(mixed("a mask and other parts"));
            }
            let png = need(shape.mask, "mask")?;
            let region = shapes::decode_mask(&points, &png, size)?;
            draft.object.mask = Some(Mask::Region(region));
            draft.part_fields.push(fields);
            return Ok(());
        }
        other => {
            let what = format!("`{other}` is no shape type known here");
            let remedy = "use polygon, rectangle, circle, mask, line, linestrip or point";
            return Err(Problem::new("shape_type", what, remedy));
        }
    };
    outline(draft, part).ok_or_else(|| mixed("a mask and other parts"))?;
    draft.part_fields.push(fields);
    Ok(())
}

/// Points as a person would write them.
fn numbers(points: &[[f32; 2]]) -> Value {
    points
        .iter()
        .map(|point| json!(point.map(decimal)))
        .collect()
}

/// Adds an outline; `None` where the object has a bitmap already.
fn outline(draft: &mut Draft, polygon: Polygon) -> Option<()> {
    let mask = draft
        .object
        .mask
        .get_or_insert_with(|| Mask::Polygons(Vec::new()));
    let Mask::Polygons(polygons) = mask else {
        return None;
    };
    polygons.push(polygon);
    Some(())
}

fn finished(draft: Draft, size: Option<[u32; 2]>) -> Object {
    let mut object = draft.object;
    if object.bbox.is_none() {
        object.bbox = object
            .mask
            .as_ref()
            .and_then(|mask| shapes::bounds(mask, size));
    }
    let mut fields = Extra::new();
    if let Some(group) = draft.group {
        fields.insert("group_id".into(), group.into());
    }
    if !draft.rectangle_fields.is_empty() {
        fields.insert("rectangle".into(), draft.rectangle_fields.into());
    }
    if draft.part_fields.iter().any(|fields| !fields.is_empty()) {
        let parts = draft.part_fields.into_iter().map(Value::Object).collect();
        fields.insert("parts".into(), Value::Array(parts));
    }
    object.extra = extra::keep(NAME, fields);
    object
}

fn keep_unless_empty(fields: &mut Extra, name: &str, value: Option<Value>) {
    let empty = match &value {
        None | Some(Value::Null) => true,
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if let Some(value) = value.filter(|_| !empty) {
        fields.insert(name.into(), value);
    }
}

/// The path with `/` between folders; absolute ones would point into another machine.
fn relative(path: &str) -> Result<String, Problem> {
    let path = path.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.trim().is_empty() || path.starts_with('/') || drive {
        return Err(Problem::new(
            "imagePath",
            format!("`{path}` is no path relative to the JSON file"),
            "write the path from the JSON file's folder",
        ));
    }
    Ok(path)
}

/// `image` seen from the folder in which `annotation` is named.
pub(super) fn beside(annotation: &Path, image: &str) -> String {
    let folder = annotation.parent().unwrap_or(Path::new(""));
    let folder = folder.to_string_lossy().replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(image.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_found_from_the_file_that_names_it() {
        let beside = |annotation: &str, image: &str| beside(Path::new(annotation), image);
        assert_eq!(beside("a.json", "a.jpg"), "a.jpg");
        assert_eq!(
            beside("labels/a.json", "../pictures/./a.jpg"),
            "pictures/a.jpg"
        );
        assert_eq!(beside("a.json", "../a.jpg"), "../a.jpg");
    }
}
