//! From lists, maps and poses to records.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::super::{PERSON, pose};
use super::{PARTS, Part};
use crate::formats::problem::{Problem, Report};
use crate::formats::{FormatError, Loaded, Mode, files};
use crate::sample::{Category, DataSet, ImageFile, Object, Record};

/// The folder `path` below `root`, or the same with its first part doubled, as it lies where each
/// archive was unpacked into a folder of its own name.
fn place(root: &Path, path: &str) -> Option<String> {
    let first = path.split('/').next().unwrap_or_default();
    [path.to_owned(), format!("{first}/{path}")]
        .into_iter()
        .find(|path| root.join(path).is_dir())
}

pub(in crate::formats::lip) fn read(
    folder: &Path,
    mode: Mode,
) -> Result<Loaded<DataSet>, FormatError> {
    let mut report = Report::new(mode);
    let mut set = DataSet {
        root: folder.to_path_buf(),
        categories: vec![Category {
            name: PERSON.into(),
            group: None,
            id: 1,
        }],
        landmark_schemas: vec![pose::schema()],
        ..DataSet::default()
    };
    let mut lists = 0;
    for part in &PARTS {
        if let Some(lines) = files::lines(&folder.join(part.list))? {
            lists += 1;
            read_part(folder, part, lines, &mut set, &mut report)?;
        }
    }
    if lists == 0 {
        let known = PARTS.map(|part| part.list).join("`, `");
        let problem = Problem::new(
            "",
            format!("has none of the lists `{known}`"),
            "name the folder that holds `TrainVal_images`",
        );
        return Err(FormatError::Invalid(problem.finding(folder)));
    }
    Ok(Loaded {
        value: set,
        skipped: report.skipped,
    })
}

fn read_part(
    folder: &Path,
    part: &Part,
    lines: Vec<String>,
    set: &mut DataSet,
    report: &mut Report,
) -> Result<(), FormatError> {
    let path = folder.join(part.list);
    let mut places = HashMap::new();
    let pictures = place(folder, part.pictures).unwrap_or_else(|| part.pictures.to_owned());
    let maps = part.maps.and_then(|maps| place(folder, maps));
    for (index, id) in lines.into_iter().enumerate() {
        if id.is_empty() {
            continue;
        }
        let wrong =
            |what: String, remedy| Problem::new(format!("line {}", index + 1), what, remedy);
        if id.contains(['/', '\\']) || places.contains_key(&id) {
            let what = format!("`{id}` is no picture's name or is there already");
            report.note(
                &path,
                wrong(
                    what,
                    "write each picture's name once, without folder and extension",
                ),
            )?;
            continue;
        }
        let parsing = maps.as_ref().map(|maps| format!("{maps}/{id}.png"));
        if let Some(map) = parsing.as_deref().filter(|map| !folder.join(map).is_file()) {
            report.note(
                &path,
                wrong(
                    format!("`{id}` has no parsing map {map}"),
                    "add the map or remove the line",
                ),
            )?;
            continue;
        }
        set.records.push(Record {
            image: ImageFile {
                path: files::picture_of(folder, &format!("{pictures}/{id}")),
                size: None,
            },
            parsing,
            split: Some(part.split),
            ..Record::default()
        });
        places.insert(id, set.records.len() - 1);
    }
    let Some(poses) = part
        .poses
        .map(|poses| folder.join(poses))
        .filter(|poses| poses.exists())
    else {
        return Ok(());
    };
    let bytes = fs::read(&poses).map_err(files::unreadable(&poses))?;
    for (name, landmarks, line) in pose::lines(&bytes, &poses, report)? {
        let id = name.rsplit_once('.').map_or(name.as_str(), |(id, _)| id);
        let wrong = |what: String, remedy| Problem::new(format!("line {line}"), what, remedy);
        let problem = match places.get(id) {
            None => wrong(
                format!("`{name}` is not in {}", part.list),
                "list the picture or remove the line",
            ),
            Some(&place) if !set.records[place].objects.is_empty() => wrong(
                format!("`{name}` has a pose already"),
                "LIP has one person a picture",
            ),
            Some(&place) => {
                set.records[place].objects.push(Object {
                    category: Some(0),
                    landmarks: Some(landmarks),
                    ..Object::default()
                });
                continue;
            }
        };
        report.note(&poses, problem)?;
    }
    Ok(())
}
