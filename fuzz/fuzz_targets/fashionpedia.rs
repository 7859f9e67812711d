//! A Fashionpedia document: both modes, and masks that were read must decode.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wardrobe_datasets::formats::{Mode, fashionpedia};
use wardrobe_datasets::sample::Mask;

/// Masks are rasterised in pictures of up to so many pixels, so that a picture stated as very large costs no time.
const MOST_PIXELS: u32 = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let name = Path::new("input");
    let strict = fashionpedia::parse(input, name, Mode::Strict);
    let lenient = fashionpedia::parse(input, name, Mode::Lenient);
    let Ok(strict) = strict else {
        return;
    };
    assert_eq!(
        lenient.map(|loaded| loaded.value).ok().as_ref(),
        Some(&strict.value)
    );
    for record in &strict.value.records {
        let [width, height] = record.image.size.unwrap_or([640, 480]);
        let small = u64::from(width) * u64::from(height) <= u64::from(MOST_PIXELS);
        for mask in record
            .objects
            .iter()
            .filter_map(|object| object.mask.as_ref())
        {
            match mask {
                Mask::Rle(rle) => assert!(rle.check().is_ok()),
                mask if small => assert!(mask.region(width as usize, height as usize).is_ok()),
                _ => {}
            }
        }
    }
});
