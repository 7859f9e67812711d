//! DeepFashion's fine annotations: files of a split aligned line for line.

use std::path::Path;

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::deepfashion::fine;
use wardrobe_datasets::formats::{FormatError, Loaded, Mode};
use wardrobe_datasets::sample::{BBox, Judgement, Landmark, Split, Visibility};

const FILES: [(&str, &str); 9] = [
    (
        "list_category_cloth.txt",
        "2\ncategory_name category_type\nTee 1\nJeans 2\n",
    ),
    (
        "list_attr_cloth.txt",
        "3\nattribute_name attribute_type\nfloral 1\ndenim 5\ntight 6\n",
    ),
    ("train.txt", "img/Tee/1.jpg\nimg/Jeans/1.jpg\n"),
    ("train_cate.txt", "1\n2\n"),
    ("train_attr.txt", "1 0 0\n0 1 1 \n"),
    ("train_bbox.txt", "072 079 232 273\n10 20 30 40\n"),
    (
        "train_landmarks.txt",
        "1 2 3 4 5 6 7 8 0 0 11 12 0 0 0 0\n1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 0\n",
    ),
    ("val.txt", "img/Tee/2.jpg\n"),
    ("val_cate.txt", "1\n\n"),
];

/// A folder with the files above, but for those changed; an empty text takes a file away.
fn folder(changes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fine = folder.path().join("Anno_fine");
    std::fs::create_dir(&fine).unwrap();
    for (name, text) in FILES {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        match changed.map_or(text, |(_, text)| text) {
            "" => {}
            text => std::fs::write(fine.join(name), text).unwrap(),
        }
    }
    folder
}

fn read(root: &Path, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    fine::read(root, mode)
}

#[test]
fn aligned_lines_make_one_record() {
    let folder = folder(&[]);
    let data = read(folder.path(), Mode::Strict).unwrap().value;
    let paths: Vec<_> = data
        .records
        .iter()
        .map(|record| (record.image.path.as_str(), record.split))
        .collect();
    assert_eq!(
        paths,
        [
            ("img/Tee/1.jpg", Some(Split::Train)),
            ("img/Jeans/1.jpg", Some(Split::Train)),
            ("img/Tee/2.jpg", Some(Split::Validation))
        ]
    );
    let [tee, jeans, other] = [0, 1, 2].map(|record: usize| &data.records[record].objects[0]);
    assert_eq!(
        (tee.category, jeans.category, other.category),
        (Some(0), Some(1), Some(0))
    );
    assert_eq!(tee.bbox, Some(BBox::new(72.0, 79.0, 232.0, 273.0)));
    assert_eq!(
        jeans.attributes.iter().collect::<Vec<_>>(),
        [Judgement::No, Judgement::Yes, Judgement::Yes]
    );
    let names: Vec<&str> = data
        .attributes
        .groups()
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["texture", "sleeve", "length", "neckline", "fabric", "fit"]
    );
    let points = &tee.landmarks.as_ref().unwrap().points;
    assert_eq!(points.len(), 6);
    assert_eq!(points[4], Landmark::ABSENT);
    assert_eq!(
        points[5],
        Landmark {
            x: 11.0,
            y: 12.0,
            visibility: Visibility::Visible
        }
    );
    assert_eq!(jeans.landmarks.as_ref().unwrap().points.len(), 4);
    // What a split has no file for stays unknown.
    assert!(other.bbox.is_none() && other.landmarks.is_none() && other.attributes.is_empty());
}

#[test]
fn bad_lines_name_file_and_line_and_move_nothing() {
    for (file, text, found, kept) in [
        (
            "train_bbox.txt",
            "\n10 20 30 40\n",
            "train_bbox.txt, line 1: is blank",
            true,
        ),
        (
            "train_bbox.txt",
            "5 4 3 2\n10 20 30 40\n",
            "train_bbox.txt, line 1: the box 5 4 3 2 has no inside",
            true,
        ),
        (
            "train_bbox.txt",
            "10 20 30 40\n",
            "train_bbox.txt: has 1 lines, its split has 2 pictures",
            false,
        ),
        (
            "train_bbox.txt",
            "1 2 3 4\n1 2 3 4\n10 20 30 40\n",
            "train_bbox.txt: has 3 lines, its split has 2 pictures",
            false,
        ),
    ] {
        let folder = folder(&[(file, text)]);
        let message = read(folder.path(), Mode::Strict).unwrap_err().to_string();
        assert!(message.contains(found), "{message}");
        let lenient = read(folder.path(), Mode::Lenient).unwrap();
        assert_eq!(lenient.skipped.count(), 1);
        let boxes: Vec<_> = lenient.value.records[..2]
            .iter()
            .map(|record| record.objects[0].bbox)
            .collect();
        assert_eq!(
            boxes,
            [None, kept.then_some(BBox::new(10.0, 20.0, 30.0, 40.0))]
        );
    }
    for (file, text, found) in [
        (
            "train_cate.txt",
            "1\n3\n",
            "train_cate.txt, line 2: `3` is no category label: expected 1 to 2",
        ),
        (
            "train_cate.txt",
            "1 1\n2\n",
            "train_cate.txt, line 1: has 2 values",
        ),
        (
            "train_attr.txt",
            "1 0 0\n0 -1 1\n",
            "train_attr.txt, line 2: `-1` is no judgement of attribute 2: expected 1 (yes) or 0 (no)",
        ),
        (
            "train_attr.txt",
            "1 0 0\n0 1\n",
            "train_attr.txt, line 2: has 2 values, expected 3",
        ),
        (
            "train_landmarks.txt",
            "1 2 3 4\n1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 0\n",
            "train_landmarks.txt, line 1: has 4 values",
        ),
        (
            "train_landmarks.txt",
            "1 2 3 4 5 6 7 8 0 0 11 12 0 0 0 0\n1 2 3 4 5 6 7 8 0 0 9 9 0 0 0 0\n",
            "train_landmarks.txt, line 2: has point 6 of lower-body clothes, which have 4",
        ),
        (
            "train_cate.txt",
            "",
            "train_landmarks.txt, line 1: has landmarks of a picture whose category is not known",
        ),
        (
            "train.txt",
            "img/Tee/1.jpg\nimg/Tee/1.jpg\n",
            "train.txt, line 2: the picture `img/Tee/1.jpg` is already on a line above",
        ),
        (
            "train.txt",
            "img/Tee/1.jpg 1\nimg/Jeans/1.jpg\n",
            "train.txt, line 1: has more on it than a path",
        ),
        ("train.txt", "\n \n", "train.txt: is empty"),
        (
            "val.txt",
            "img/Tee/1.jpg\n",
            "val.txt, line 1: the picture `img/Tee/1.jpg` is already on a line above",
        ),
    ] {
        let folder = folder(&[(file, text)]);
        let message = read(folder.path(), Mode::Strict).unwrap_err().to_string();
        assert!(message.contains(found), "{message}");
        assert!(read(folder.path(), Mode::Lenient).unwrap().skipped.count() > 0);
    }
}

#[test]
fn a_folder_without_a_split_says_so() {
    let folder = folder(&[("train.txt", ""), ("val.txt", "")]);
    let message = read(folder.path(), Mode::Lenient).unwrap_err().to_string();
    assert!(
        message.contains("Anno_fine: has no train.txt, val.txt or test.txt"),
        "{message}"
    );
}

#[test]
fn what_is_written_reads_back() {
    let data = {
        let folder = folder(&[]);
        let read = read(folder.path(), Mode::Strict).unwrap().value;
        DataSet {
            root: "".into(),
            ..read
        }
    };
    let target = tempfile::tempdir().unwrap();
    let losses = fine::write(&data, target.path()).unwrap();
    assert!(losses.is_empty(), "{losses}");
    for mode in [Mode::Strict, Mode::Lenient] {
        let read = read(target.path(), mode).unwrap();
        assert_eq!(read.skipped.count(), 0);
        assert_eq!(
            DataSet {
                root: "".into(),
                ..read.value
            },
            data
        );
    }
}

#[test]
fn what_the_files_cannot_hold_is_counted() {
    let folder = folder(&[]);
    let mut data = read(folder.path(), Mode::Strict).unwrap().value;
    data.records[0].objects[0]
        .landmarks
        .as_mut()
        .unwrap()
        .points[0]
        .visibility = Visibility::Occluded;
    data.records[0].objects[0]
        .attributes
        .set(2, Judgement::Unknown);
    data.records[1].objects[0].bbox = None;
    data.records[2].split = None;
    let target = tempfile::tempdir().unwrap();
    let losses = fine::write(&data, target.path()).unwrap();
    // The training split keeps no boxes because one picture has none: the other's is lost.
    assert_eq!(
        losses.to_string(),
        "1 × attributes not judged, 1 × box of an object, 1 × picture of no split, 1 × visibility of a landmark"
    );
    assert!(!target.path().join("Anno_fine/train_bbox.txt").exists());
    let again = read(target.path(), Mode::Strict).unwrap().value;
    assert_eq!(again.records.len(), 2);
}
