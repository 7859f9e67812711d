//! A label map if the input starts as a PNG, poses otherwise.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wardrobe_datasets::DecodeLimits;
use wardrobe_datasets::formats::{Mode, lip};

/// A header may announce any size; the fuzzer's memory is smaller than a picture's.
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_file_bytes: 1 << 20,
};

fuzz_target!(|input: &[u8]| {
    let name = Path::new("input");
    if input.starts_with(b"\x89PNG") {
        if let Ok(map) = lip::parse_label_map(input, name, &LIMITS) {
            assert_eq!(map.labels().len(), map.width() * map.height());
        }
        return;
    }
    let strict = lip::parse_poses(input, name, Mode::Strict);
    let lenient = lip::parse_poses(input, name, Mode::Lenient);
    assert_eq!(
        strict.is_ok(),
        lenient.is_ok_and(|loaded| loaded.skipped.count() == 0)
    );
});
