//! Arbitrary bytes and damaged lists through every parser of list files: an answer, never a panic;
//! and what a strict reader takes, a lenient one takes whole.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{List, Lists, fine, read_lists};
use wardrobe_datasets::formats::fashionai::{
    read_labels_from, read_questions_from, read_submission_from,
};
use wardrobe_datasets::sample::BBox;

const VALID: [(List, &str); 7] = [
    (
        List::Categories,
        "2\ncategory_name category_type\nTee 1\nButton Down   3\n",
    ),
    (
        List::CategoryOfPicture,
        "2\nimage_name category_label\nimg/a.jpg 1\nimg/b.jpg 2\n",
    ),
    (
        List::Attributes,
        "3\nattribute_name attribute_type\na-line 3\nabstract chevron 1\ncotton 2\n",
    ),
    (
        List::AttributesOfPicture,
        "2\nimage_name attribute_labels\nimg/a.jpg 1 -1 0\nimg/b.jpg -1 -1 1\n",
    ),
    (
        List::Boxes,
        "2\nimage_name x_1 y_1 x_2 y_2\nimg/a.jpg 072 079 232 273\nimg/b.jpg 1 2 3 4\n",
    ),
    (
        List::Landmarks,
        "2\nimage_name clothes_type\nimg/a.jpg 2 0 1 2 1 3 4 2 0 0 0 5 6\nimg/b.jpg 2 0 1 2 1 3 4 2 0 0 0 5 6\n",
    ),
    (
        List::Partition,
        "2\nimage_name evaluation_status\nimg/a.jpg train\nimg/b.jpg test\n",
    ),
];

/// One change to a text.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let telling = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b" ".to_vec()),
        Just(b"-".to_vec()),
        Just(b"NaN".to_vec()),
        Just(b"999999999".to_vec()),
        Just(b"1e40".to_vec()),
        Just(b"../".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"\xFF".to_vec()),
        Just(b"\"".to_vec()),
        Just(b",".to_vec()),
        Just(b";".to_vec()),
        proptest::collection::vec(any::<u8>(), 1..6),
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<usize>(), telling).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<usize>(), 1..60_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        let end = bytes.len();
        match change {
            Change::Set(at, byte) if end > 0 => bytes[at % end] = *byte,
            Change::Set(..) => {}
            Change::Insert(at, more) => {
                let at = at % (end + 1);
                bytes.splice(at..at, more.iter().copied());
            }
            Change::Remove(at, count) => {
                let at = at % (end + 1);
                bytes.drain(at..(at + count).min(end));
            }
            Change::Repeat(at, count) => {
                let at = at % (end + 1);
                let piece = bytes[at..(at + count).min(end)].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

fn lists_with(list: List, bytes: &[u8]) {
    let lists = || {
        VALID
            .iter()
            .fold(Lists::default(), |lists, (list, text)| {
                lists.with(*list, text.as_bytes())
            })
            .with(list, bytes)
    };
    let strict = read_lists(lists(), Mode::Strict);
    let lenient = read_lists(lists(), Mode::Lenient);
    match (strict, lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(lenient.loaded.skipped.count(), 0);
            assert_eq!(strict.loaded.value, lenient.loaded.value);
        }
        (Err(error), Ok(lenient)) => {
            assert_eq!(
                lenient.loaded.skipped.first()[0].to_string(),
                error.to_string()
            );
            for record in &lenient.loaded.value.records {
                assert_eq!(record.objects.len(), 1);
                assert!(record.objects[0].bbox.is_none_or(BBox::is_proper));
            }
        }
        (strict, Err(error)) => assert!(strict.is_err(), "only the lenient reader failed: {error}"),
    }
}

const FINE: [(&str, &str); 7] = [
    (
        "list_category_cloth.txt",
        "2\ncategory_name category_type\nTee 1\nJeans 2\n",
    ),
    (
        "list_attr_cloth.txt",
        "2\nattribute_name attribute_type\nfloral 1\ntight 6\n",
    ),
    ("train.txt", "img/a.jpg\nimg/b.jpg\n"),
    ("train_cate.txt", "1\n2\n"),
    ("train_attr.txt", "1 0\n0 1\n"),
    ("train_bbox.txt", "072 079 232 273\n10 20 30 40\n"),
    (
        "train_landmarks.txt",
        "1 2 3 4 5 6 7 8 0 0 11 12 0 0 0 0\n1 2 3 4 5 6 7 8 0 0 0 0 0 0 0 0\n",
    ),
];

fn fine_with(name: &str, bytes: &[u8]) {
    let mut files: BTreeMap<&str, &[u8]> = FINE
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    files.insert(name, bytes);
    let read = |mode| fine::read_files(&files, mode);
    match (read(Mode::Strict), read(Mode::Lenient)) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(lenient.skipped.count(), 0);
            assert_eq!(strict.value, lenient.value);
        }
        (Err(error), Ok(lenient)) => {
            assert_eq!(lenient.skipped.first()[0].to_string(), error.to_string());
        }
        (strict, Err(error)) => assert!(strict.is_err(), "only the lenient reader failed: {error}"),
    }
}

fn csv(bytes: &[u8]) {
    let name = Path::new("file.csv");
    macro_rules! both {
        ($read:ident) => {
            match (
                $read(bytes, name, Mode::Strict),
                $read(bytes, name, Mode::Lenient),
            ) {
                (Ok(strict), Ok(lenient)) => {
                    assert_eq!(lenient.skipped.count(), 0);
                    assert_eq!(strict.value, lenient.value);
                }
                (Err(error), Ok(lenient)) => {
                    assert_eq!(lenient.skipped.first()[0].to_string(), error.to_string());
                }
                (strict, Err(error)) => {
                    assert!(strict.is_err(), "only the lenient reader failed: {error}")
                }
            }
        };
    }
    both!(read_labels_from);
    both!(read_questions_from);
    both!(read_submission_from);
}

const CSV: &str = "Images/a.jpg,neck_design_labels,nynnm\nImages/b.jpg,neck_design_labels,0.1;0.2;0.3;0.4;0\nImages/c.jpg,coat_length_labels,\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_lists_are_answered(which in 0..VALID.len(), changes in proptest::collection::vec(change(), 1..5)) {
        let (list, text) = VALID[which];
        lists_with(list, &changed(text, &changes));
    }

    #[test]
    fn arbitrary_lists_are_answered(which in 0..VALID.len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        lists_with(VALID[which].0, &bytes);
    }

    #[test]
    fn damaged_and_arbitrary_fine_files_are_answered(
        which in 0..FINE.len(),
        changes in proptest::collection::vec(change(), 1..5),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (name, text) = FINE[which];
        fine_with(name, &changed(text, &changes));
        fine_with(name, &bytes);
    }

    #[test]
    fn damaged_and_arbitrary_csv_is_answered(
        changes in proptest::collection::vec(change(), 0..5),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        csv(&changed(CSV, &changes));
        csv(&bytes);
    }
}
