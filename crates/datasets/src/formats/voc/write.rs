//! From records to XML.

use std::path::Path;

use crate::error::OutputError;
use crate::formats::holds::Holds;
use crate::formats::number::{decimal, shortest};
use crate::formats::{FormatError, Losses, extra, files};
use crate::sample::{BBox, DataSet, Mask, Object, Record, Split};

use super::xml::{Writer, attributes};
use super::{ANNOTATIONS, LISTS, NAME, PICTURES, picture_path};

pub(crate) const HOLDS: Holds = Holds {
    format: NAME,
    picture_sizes: true,
    splits: true,
    categories: true,
    boxes: true,
    difficult: true,
    truncated: true,
    occluded: true,
    ..Holds::NOTHING
};

pub(super) fn write(set: &DataSet, folder: &Path) -> Result<Losses, FormatError> {
    let mut losses = HOLDS.losses(set);
    let names = files::names(set, folder, |record| {
        files::flat_stem(&record.image.path, PICTURES)
    })?;
    files::write_labels(folder, set)?;
    for (record, name) in set.records.iter().zip(&names) {
        let path = folder.join(ANNOTATIONS).join(format!("{name}.xml"));
        let text =
            picture(set, record, &mut losses).map_err(|what| OutputError::Unrepresentable {
                path: path.clone(),
                what,
            })?;
        files::write_file(&path, text.as_bytes())?;
    }
    lists(set, &names, folder)?;
    Ok(losses)
}

/// One list a split that has pictures, and both halves of `trainval`.
fn lists(set: &DataSet, names: &[String], folder: &Path) -> Result<(), FormatError> {
    let list = |file: &str, splits: &[Split]| {
        let mut members = String::new();
        for (record, name) in set.records.iter().zip(names) {
            if record.split.is_some_and(|split| splits.contains(&split)) {
                members.push_str(name);
                members.push('\n');
            }
        }
        if members.is_empty() {
            return Ok(());
        }
        files::write_file(&folder.join(LISTS).join(file), members.as_bytes())
    };
    list("train.txt", &[Split::Train])?;
    list("val.txt", &[Split::Validation])?;
    list("trainval.txt", &[Split::Train, Split::Validation])?;
    list("test.txt", &[Split::Test])
}

fn picture(set: &DataSet, record: &Record, losses: &mut Losses) -> Result<String, String> {
    let kept = extra::of(record.extra.as_deref(), NAME);
    let place = picture_path(record);
    losses.add(
        "folder of a picture",
        usize::from(place != record.image.path),
    );
    let file_name = place.strip_prefix(PICTURES).unwrap_or(&place);
    check_text(file_name)?;
    let mut objects = Vec::with_capacity(record.objects.len());
    for object in &record.objects {
        let category = object.category.map(|category| {
            let found = set.categories.get(category as usize);
            found.ok_or_else(|| {
                format!("an object has category {category}, which the set does not have")
            })
        });
        let bbox = object
            .bbox
            .or_else(|| object.mask.as_ref().and_then(Mask::bounds));
        match (category.transpose()?, bbox) {
            (Some(category), Some(bbox)) => {
                if !bbox.corners().into_iter().all(f32::is_finite) {
                    return Err(format!(
                        "an object has the box {:?}, which is not finite",
                        bbox.corners()
                    ));
                }
                check_text(&category.name)?;
                objects.push((category.name.as_str(), bbox, object));
            }
            (None, _) => losses.add("object without a category", 1),
            (_, None) => losses.add("object without a box", 1),
        }
    }
    let mut xml = Writer::default();
    let verified = kept.map(attributes).unwrap_or_default();
    xml.element("annotation", &verified, |xml| {
        xml.leaf("folder", PICTURES.trim_end_matches('/'));
        xml.leaf("filename", file_name);
        let size = kept.and_then(|kept| kept.get("size")?.as_object());
        if let Some([width, height]) = record.image.size {
            xml.element("size", "", |xml| {
                xml.leaf("width", width);
                xml.leaf("height", height);
                match size {
                    Some(others) => xml.fields(others),
                    // Pictures are read as RGB.
                    None => xml.leaf("depth", 3),
                }
            });
        }
        for (name, value) in kept
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "size")
        {
            xml.fields(&std::iter::once((name.clone(), value.clone())).collect());
        }
        for (name, bbox, object) in objects {
            self::object(xml, name, bbox, object);
        }
    });
    Ok(xml.finish())
}

fn object(xml: &mut Writer, name: &str, bbox: BBox, object: &Object) {
    let kept = extra::of(object.extra.as_deref(), NAME);
    xml.element("object", &kept.map(attributes).unwrap_or_default(), |xml| {
        xml.leaf("name", name);
        if let Some(kept) = kept {
            xml.fields(kept);
        }
        xml.leaf("truncated", u8::from(object.truncated));
        xml.leaf("occluded", u8::from(object.occluded));
        // A crowd is no ground truth for this metric either.
        xml.leaf("difficult", u8::from(object.difficult || object.crowd));
        xml.element("bndbox", "", |xml| {
            xml.leaf("xmin", from_one(bbox.x1));
            xml.leaf("ymin", from_one(bbox.y1));
            xml.leaf("xmax", decimal(bbox.x2));
            xml.leaf("ymax", decimal(bbox.y2));
        });
    });
}

/// The shortest decimal that is `value` after 1 is taken away.
fn from_one(value: f32) -> f64 {
    shortest(value, f64::from(value) + 1.0, |decimal| {
        (decimal - 1.0) as f32
    })
}

/// XML 1.0 has no form for control characters (section 2.2), and readers trim the space around a
/// name.
fn check_text(text: &str) -> Result<(), String> {
    let allowed =
        |character: char| !character.is_control() && !matches!(character, '\u{FFFE}' | '\u{FFFF}');
    if text.trim() == text && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(format!(
            "the name {text:?} has characters that XML cannot hold or space around it; rename it"
        ))
    }
}
