//! Trees written and read, and trees with something missing.
#![allow(clippy::unwrap_used)]

use std::fs;

use super::super::pose;
use super::*;
use crate::formats::Mode;
use crate::formats::lip::{PERSON, write_label_map};
use crate::image_file::DecodeLimits;
use crate::sample::{
    Category, DataSet, ImageFile, LabelMap, Landmark, Landmarks, Object, Visibility,
};

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
    let map = "TrainVal_parsing_annotations/TrainVal_parsing_annotations/val_segmentations/8_2.png";
    write_label_map(&LabelMap::new(vec![5], 1, 1), at(map)).unwrap();
    let set = read(folder.path(), Mode::Strict).unwrap().value;
    let picture = "TrainVal_images/TrainVal_images/val_images/8_2.jpg";
    assert_eq!(set.records[0].image.path, picture);
    assert_eq!(set.records[0].parsing.as_deref(), Some(map));
}
