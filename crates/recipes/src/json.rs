//! Configurations and results as JSON; reading names the path of what does not fit, and what is
//! written is whole or not there.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wardrobe_datasets::OutputError;
use wardrobe_datasets::atomic_file::write_text;

use crate::error::RecipeError;

/// Reads a text, to its end; `file` names it in messages.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, RecipeError> {
    // Some editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let fail = |field: String, source: serde_json::Error| RecipeError::Json {
        file: file.to_owned(),
        field,
        source,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| fail(error.path().to_string(), error.into_inner()))?;
    json.end()
        .map_err(|source| fail(format!("line {}", source.line()), source))?;
    Ok(value)
}

/// Reads a file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, RecipeError> {
    let text = std::fs::read_to_string(path).map_err(|source| RecipeError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    parse(&text, &path.display().to_string())
}

/// Writes a file, to be read by people too.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), RecipeError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| OutputError::Unwritable {
        path: path.to_owned(),
        source: error.into(),
    })?;
    Ok(write_text(path, &text)?)
}

/// An error for a path that JSON has no text for: a run's settings could not name it.
pub(crate) fn check_path(field: &str, path: &Path) -> Result<(), RecipeError> {
    if path.to_str().is_some() {
        return Ok(());
    }
    Err(RecipeError::Setting {
        field: field.to_owned(),
        found: path.display().to_string(),
        remedy: "give a path in UTF-8: it is written into a run's config.json".into(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    #[test]
    fn what_follows_the_value_is_an_error() {
        assert_eq!(parse::<Vec<u8>>("[1]\n \n", "a.json").unwrap(), [1]);
        let message = parse::<Vec<u8>>("[1]\n[2]", "a.json").unwrap_err();
        assert_eq!(
            message.to_string(),
            "a.json: at line 2: trailing characters at line 2 column 1"
        );
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(parse::<Vec<u8>>("\u{feff}[1]", "a.json").unwrap(), [1]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, b"\xef\xbb\xbf[1]").unwrap();
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), [1]);
        // One of them.
        assert!(parse::<Vec<u8>>("\u{feff}\u{feff}[1]", "a.json").is_err());
    }

    #[test]
    fn a_file_is_replaced_whole_or_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.json");
        write(&path, &[1, 2]).unwrap();
        // Another name of the same file: what is written into it would be seen there.
        let old = folder.path().join("old.json");
        fs::hard_link(&path, &old).unwrap();
        write(&path, &[3]).unwrap();
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), [3]);
        assert_eq!(read::<Vec<u8>>(&old).unwrap(), [1, 2]);

        // A value that JSON does not have.
        let odd = BTreeMap::from([(vec![1_u8], 2_u8)]);
        let message = write(&path, &odd).unwrap_err().to_string();
        assert!(
            message.ends_with("findings.json: cannot be written: key must be a string"),
            "{message}"
        );
        let message = write_text(folder.path(), "a").unwrap_err().to_string();
        assert!(message.ends_with(": is a folder; name a file"), "{message}");
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), [3]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
