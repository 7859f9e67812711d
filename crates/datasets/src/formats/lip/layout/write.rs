//! From records to lists and poses.

use std::path::Path;

use super::super::{NAME, PERSON, pose};
use super::{PARTS, parsing_path, picture_path, stem};
use crate::error::OutputError;
use crate::formats::holds::Holds;
use crate::formats::{FormatError, Losses, files};
use crate::sample::{DataSet, Landmarks, Record, Split, Visibility};

pub(crate) const HOLDS: Holds = Holds {
    format: NAME,
    splits: true,
    parsing: true,
    // The person alone; others are counted where they are left out.
    categories: true,
    // Those of the joints; others are counted where they are left out.
    landmarks: true,
    ..Holds::NOTHING
};

pub(in crate::formats::lip) fn write(set: &DataSet, folder: &Path) -> Result<Losses, FormatError> {
    let mut losses = HOLDS.losses(set);
    let schema = set
        .landmark_schemas
        .iter()
        .position(|schema| schema.points == pose::JOINTS);
    let others = set.landmark_schemas.len() - usize::from(schema.is_some());
    losses.add("landmark schema", others);
    let strangers = set
        .categories
        .iter()
        .filter(|category| category.name != PERSON);
    losses.add("category", strangers.count());
    let names = files::names(set, folder, picture_path)?;
    for part in &PARTS {
        let members = set
            .records
            .iter()
            .zip(&names)
            .filter(|(record, _)| record.split.unwrap_or(Split::Train) == part.split);
        let (mut list, mut poses) = (String::new(), String::new());
        for (record, name) in members {
            losses.add(
                "picture without a split, written to train",
                usize::from(record.split.is_none()),
            );
            losses.add(
                "folder of a picture",
                usize::from(*name != record.image.path),
            );
            let expected = parsing_path(record);
            let moved = record.parsing.is_some() && record.parsing != expected;
            losses.add("place of a parsing map", usize::from(moved));
            list.push_str(&stem(record));
            list.push('\n');
            if let Some(pose) = person(set, record, schema, &mut losses) {
                check(pose, folder, name)?;
                let file_name = name.rsplit('/').next().unwrap_or(name);
                poses.push_str(&pose::line(file_name, Some(pose)));
            }
        }
        if !list.is_empty() {
            files::write_file(&folder.join(part.list), list.as_bytes())?;
        }
        if !poses.is_empty() {
            match part.poses {
                Some(path) => files::write_file(&folder.join(path), poses.as_bytes())?,
                None => losses.add("landmarks of an object", poses.lines().count()),
            }
        }
    }
    Ok(losses)
}

/// The one person whose joints a line can hold; everything else in the picture is counted.
fn person<'a>(
    set: &DataSet,
    record: &'a Record,
    schema: Option<usize>,
    losses: &mut Losses,
) -> Option<&'a Landmarks> {
    let mut found = None;
    for object in &record.objects {
        let category = object
            .category
            .and_then(|category| set.categories.get(category as usize));
        let is_person = category.is_none_or(|category| category.name == PERSON);
        match &object.landmarks {
            Some(landmarks)
                if found.is_none()
                    && is_person
                    && schema == Some(usize::from(landmarks.schema)) =>
            {
                found = Some(landmarks);
            }
            landmarks => {
                losses.add("object", 1);
                losses.add("landmarks of an object", usize::from(landmarks.is_some()));
            }
        }
    }
    found
}

fn check(pose: &Landmarks, folder: &Path, name: &str) -> Result<(), FormatError> {
    let broken = pose.points.iter().any(|point| {
        point.visibility != Visibility::Absent && !(point.x.is_finite() && point.y.is_finite())
    });
    if broken || pose.points.len() != pose::JOINTS.len() {
        let what = format!(
            "a pose of `{name}` is not {} finite joints",
            pose::JOINTS.len()
        );
        let path = folder.to_path_buf();
        return Err(OutputError::Unrepresentable { path, what }.into());
    }
    Ok(())
}
