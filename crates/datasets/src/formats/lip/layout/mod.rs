//! The folders: lists of pictures, their maps and poses.

mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::formats::files;
use crate::sample::{Record, Split};

pub(super) use read::read;
pub(crate) use write::HOLDS;
pub(super) use write::write;

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
