//! The folders: lists of pictures, their maps and poses.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::error::OutputError;
use crate::formats::holds::Holds;
use crate::formats::problem::{Problem, Report};
use crate::formats::{FormatError, Loaded, Losses, Mode, files};
use crate::sample::{Category, DataSet, ImageFile, Landmarks, Object, Record, Split, Visibility};

use super::{NAME, PERSON, pose};

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

/// Where a part of the data set lies.
struct Part {
    split: Split,
    list: &'static str,
    pictures: &'static str,
    maps: Option<&'static str>,
    poses: Option<&'static str>,
}

const PARTS: [Part; 3] = [
    Part {
        split: Split::Train,
        list: "TrainVal_images/train_id.txt",
        pictures: "TrainVal_images/train_images",
        maps: Some("TrainVal_parsing_annotations/train_segmentations"),
        poses: Some("TrainVal_pose_annotations/lip_train_set.csv"),
    },
    Part {
        split: Split::Validation,
        list: "TrainVal_images/val_id.txt",
        pictures: "TrainVal_images/val_images",
        maps: Some("TrainVal_parsing_annotations/val_segmentations"),
        poses: Some("TrainVal_pose_annotations/lip_val_set.csv"),
    },
    Part {
        split: Split::Test,
        list: "Testing_images/test_id.txt",
        pictures: "Testing_images/testing_images",
        maps: None,
        poses: None,
    },
];

/// A picture without a split is written among those to learn from.
fn part(record: &Record) -> &'static Part {
    let split = record.split.unwrap_or(Split::Train);
    PARTS
        .iter()
        .find(|part| part.split == split)
        .unwrap_or(&PARTS[0])
}

fn stem(record: &Record) -> String {
    let layout = format!("{}/", part(record).pictures);
    files::flat_stem(&record.image.path, &layout)
}

/// Where the layout has a record's picture; pictures that are not PNG are `.jpg`.
pub fn picture_path(record: &Record) -> String {
    let extension = match files::extension(&record.image.path) {
        ".png" => ".png",
        _ => ".jpg",
    };
    format!("{}/{}{extension}", part(record).pictures, stem(record))
}

/// Where the layout has a record's parsing map; `None` for the test part, which has none.
pub fn parsing_path(record: &Record) -> Option<String> {
    let maps = part(record).maps?;
    Some(format!("{maps}/{}.png", stem(record)))
}

/// The folder `path` below `root`, or the same with its first part doubled, as it lies where each
/// archive was unpacked into a folder of its own name.
fn place(root: &Path, path: &str) -> Option<String> {
    let first = path.split('/').next().unwrap_or_default();
    [path.to_owned(), format!("{first}/{path}")]
        .into_iter()
        .find(|path| root.join(path).is_dir())
}

pub(super) fn read(folder: &Path, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
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

pub(super) fn write(set: &DataSet, folder: &Path) -> Result<Losses, FormatError> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::formats::lip::write_label_map;
    use crate::image_file::DecodeLimits;
    use crate::sample::{LabelMap, Landmark};

    fn record(split: Option<Split>, path: &str) -> Record {
        let image = ImageFile {
            path: path.into(),
            size: None,
        };
        Record {
            image,
            split,
            ..Record::default()
        }
    }

    #[test]
    fn a_written_set_reads_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut train = record(Some(Split::Train), "TrainVal_images/train_images/7_1.jpg");
        train.parsing = parsing_path(&train);
        assert_eq!(
            train.parsing.as_deref(),
            Some("TrainVal_parsing_annotations/train_segmentations/7_1.png")
        );
        let mut points = vec![Landmark::ABSENT; 16];
        points[9] = Landmark {
            x: 20.0,
            y: 3.0,
            visibility: Visibility::Visible,
        };
        train.objects.push(Object {
            category: Some(0),
            landmarks: Some(Landmarks {
                schema: 0,
                points: points.into(),
            }),
            ..Object::default()
        });
        let mut validation = record(
            Some(Split::Validation),
            "TrainVal_images/val_images/8_2.png",
        );
        validation.parsing = parsing_path(&validation);
        let test = record(Some(Split::Test), "Testing_images/testing_images/9_3.jpg");
        let set = DataSet {
            root: folder.path().to_path_buf(),
            categories: vec![Category {
                name: PERSON.into(),
                group: None,
                id: 1,
            }],
            landmark_schemas: vec![pose::schema()],
            records: vec![train, validation, test],
            ..DataSet::default()
        };
        let losses = write(&set, folder.path()).unwrap();
        assert!(losses.is_empty(), "{losses}");
        let map = LabelMap::new((0..12).collect(), 4, 3);
        for record in &set.records[..2] {
            write_label_map(&map, folder.path().join(record.parsing.as_deref().unwrap())).unwrap();
        }
        fs::create_dir_all(folder.path().join("TrainVal_images/val_images")).unwrap();
        image::RgbImage::new(4, 3)
            .save(folder.path().join("TrainVal_images/val_images/8_2.png"))
            .unwrap();
        let read = read(folder.path(), Mode::Strict).unwrap().value;
        assert_eq!(read, set);
        let sample = read.records[1]
            .load(&read.root, &DecodeLimits::default())
            .unwrap();
        assert_eq!(sample.parsing, Some(map));
    }

    #[test]
    fn what_lip_cannot_hold_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut street = record(None, "street/1.jpg");
        street.id = Some(4);
        street.objects.push(Object {
            category: Some(0),
            ..Object::default()
        });
        let set = DataSet {
            categories: vec![Category {
                name: "coat".into(),
                group: None,
                id: 1,
            }],
            records: vec![street],
            ..DataSet::default()
        };
        let losses = write(&set, folder.path()).unwrap();
        assert_eq!(
            losses.to_string(),
            "1 × category, 1 × folder of a picture, 1 × object, 1 × picture number, 1 × picture without a split, written to train"
        );
    }

    #[test]
    fn lists_without_maps_or_twice_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path(), Mode::Lenient).unwrap_err().to_string();
        assert!(
            error.contains("has none of the lists `TrainVal_images/train_id.txt`"),
            "{error}"
        );
        let lists = folder.path().join("TrainVal_images");
        fs::create_dir_all(&lists).unwrap();
        fs::write(lists.join("train_id.txt"), "1_1\n1_1\n\n2_2\n").unwrap();
        let error = read(folder.path(), Mode::Strict).unwrap_err().to_string();
        assert!(error.contains("train_id.txt, line 2: `1_1`"), "{error}");
        fs::create_dir_all(
            folder
                .path()
                .join("TrainVal_parsing_annotations/train_segmentations"),
        )
        .unwrap();
        let loaded = read(folder.path(), Mode::Lenient).unwrap();
        assert_eq!((loaded.value.records.len(), loaded.skipped.count()), (0, 3));
        assert!(
            loaded.skipped.first()[2]
                .to_string()
                .contains("line 4: `2_2` has no parsing map")
        );
    }

    #[test]
    fn archives_in_folders_of_their_own_name_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in [
            "TrainVal_images/TrainVal_images/val_images",
            "TrainVal_parsing_annotations/TrainVal_parsing_annotations/val_segmentations",
        ] {
            fs::create_dir_all(at(path)).unwrap();
        }
        fs::write(at("TrainVal_images/val_id.txt"), "8_2\n").unwrap();
        let map =
            "TrainVal_parsing_annotations/TrainVal_parsing_annotations/val_segmentations/8_2.png";
        write_label_map(&LabelMap::new(vec![5], 1, 1), at(map)).unwrap();
        let set = read(folder.path(), Mode::Strict).unwrap().value;
        let picture = "TrainVal_images/TrainVal_images/val_images/8_2.jpg";
        assert_eq!(set.records[0].image.path, picture);
        assert_eq!(set.records[0].parsing.as_deref(), Some(map));
    }
}
