//! Labels, questions and submissions from the same bytes.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::fashionai::{
    read_labels_from, read_questions_from, read_submission_from,
};

fuzz_target!(|input: &[u8]| {
    let name = Path::new("file.csv");
    macro_rules! both {
        ($read:ident) => {
            match (
                $read(input, name, Mode::Strict),
                $read(input, name, Mode::Lenient),
            ) {
                (Ok(strict), Ok(lenient)) => {
                    assert_eq!(lenient.skipped.count(), 0);
                    assert_eq!(strict.value, lenient.value);
                }
                (Err(error), Ok(lenient)) => {
                    assert_eq!(lenient.skipped.first()[0].to_string(), error.to_string());
                }
                (strict, Err(_)) => assert!(strict.is_err()),
            }
        };
    }
    both!(read_labels_from);
    both!(read_questions_from);
    both!(read_submission_from);
});
