//! What is asked of a reader about a bad file.

use std::path::Path;

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::{FormatError, Loaded, Mode};

pub type Parse = fn(&[u8], &Path, Mode) -> Result<Loaded<DataSet>, FormatError>;

/// Checks that strict mode says `expected`, and lenient mode counts `count` and keeps `kept` records.
pub fn check(parse: Parse, text: &str, expected: &str, count: usize, kept: usize) {
    let name = Path::new("bad.file");
    let error = parse(text.as_bytes(), name, Mode::Strict)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("bad.file") && error.contains(expected),
        "{error}\n   expected {expected}"
    );
    assert!(error.contains("; "), "{error} names no remedy");
    let loaded = parse(text.as_bytes(), name, Mode::Lenient).unwrap();
    assert_eq!(loaded.skipped.count(), count, "{text}");
    let first = loaded.skipped.first()[0].to_string();
    assert!(first.contains(expected), "{first}");
    assert_eq!(loaded.value.records.len(), kept, "{text}");
}

/// Both modes refuse the document as a whole.
pub fn refuse(parse: Parse, text: &str, expected: &str) {
    for mode in [Mode::Strict, Mode::Lenient] {
        let error = parse(text.as_bytes(), Path::new("bad.file"), mode)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}\n   expected {expected}");
    }
}
