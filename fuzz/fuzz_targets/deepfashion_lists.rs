//! The seven lists. The input is cut at byte 0xFE into the lists in reading order; a piece that is
//! empty leaves its list out, except that the two required lists then are valid ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{List, Lists, read_lists};

const CATEGORIES: &[u8] = b"2\ncategory_name category_type\nTee 1\nButton Down 3\n";
const PICTURES: &[u8] = b"2\nimage_name category_label\nimg/a.jpg 1\nimg/b.jpg 2\n";

fn lists(input: &[u8]) -> Lists<'_> {
    let lists = Lists::default()
        .with(List::Categories, CATEGORIES)
        .with(List::CategoryOfPicture, PICTURES);
    input
        .split(|&byte| byte == 0xFE)
        .zip(List::ALL)
        .filter(|(piece, _)| !piece.is_empty())
        .fold(lists, |lists, (piece, list)| lists.with(list, piece))
}

fuzz_target!(|input: &[u8]| {
    let strict = read_lists(lists(input), Mode::Strict);
    let lenient = read_lists(lists(input), Mode::Lenient);
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
        }
        (strict, Err(_)) => assert!(strict.is_err()),
    }
});
