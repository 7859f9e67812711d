//! What every target of a format with boxes and masks asks of its parser.

use std::path::Path;

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::{FormatError, Loaded, Mode};
use wardrobe_datasets::sample::Mask;

/// Masks are rasterised in pictures of up to so many pixels, so that a picture stated as very large costs no time.
const MOST_PIXELS: u64 = 1 << 20;

/// Reads `input` in both modes.
///
/// # Panics
///
/// If what strict mode accepts is another data set in lenient mode, or holds a mask that does not decode.
pub fn parse_in_both_modes(
    input: &[u8],
    parse: fn(&[u8], &Path, Mode) -> Result<Loaded<DataSet>, FormatError>,
) {
    let name = Path::new("input");
    let strict = parse(input, name, Mode::Strict);
    let lenient = parse(input, name, Mode::Lenient);
    let Ok(strict) = strict else {
        return;
    };
    assert_eq!(
        lenient.map(|loaded| loaded.value).ok().as_ref(),
        Some(&strict.value)
    );
    for record in &strict.value.records {
        let [width, height] = record.image.size.unwrap_or([640, 480]);
        let small = u64::from(width) * u64::from(height) <= MOST_PIXELS;
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
}
