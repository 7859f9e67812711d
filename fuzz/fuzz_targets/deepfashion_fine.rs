//! The row-aligned files of a split, cut from the input at byte 0xFE in the order below.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::fine;

const NAMES: [&str; 7] = [
    "train.txt",
    "train_cate.txt",
    "train_landmarks.txt",
    "train_bbox.txt",
    "train_attr.txt",
    "list_attr_cloth.txt",
    "list_category_cloth.txt",
];

fuzz_target!(|input: &[u8]| {
    let mut files: BTreeMap<&str, &[u8]> = BTreeMap::from([
        (
            "list_category_cloth.txt",
            &b"2\ncategory_name category_type\nTee 1\nJeans 2\n"[..],
        ),
        (
            "list_attr_cloth.txt",
            &b"2\nattribute_name attribute_type\nfloral 1\ntight 6\n"[..],
        ),
        ("train.txt", &b"img/a.jpg\nimg/b.jpg\n"[..]),
    ]);
    let pieces = input.split(|&byte| byte == 0xFE).zip(NAMES);
    files.extend(
        pieces
            .filter(|(piece, _)| !piece.is_empty())
            .map(|(piece, name)| (name, piece)),
    );
    let strict = fine::read_files(&files, Mode::Strict);
    let lenient = fine::read_files(&files, Mode::Lenient);
    match (strict, lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(lenient.skipped.count(), 0);
            assert_eq!(strict.value, lenient.value);
        }
        (Err(error), Ok(lenient)) => {
            assert_eq!(lenient.skipped.first()[0].to_string(), error.to_string());
        }
        (strict, Err(_)) => assert!(strict.is_err()),
    }
});
