//! Configurations and results as JSON; reading names the path of what does not fit.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::RecipeError;

/// Reads a text; `file` names it in messages.
pub(crate) fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, RecipeError> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(
        |error| RecipeError::Json {
            file: file.to_owned(),
            field: error.path().to_string(),
            source: error.into_inner(),
        },
    )
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
    let text = serde_json::to_string_pretty(value).map_err(std::io::Error::from);
    text.and_then(|text| std::fs::write(path, text))
        .map_err(|source| RecipeError::Io {
            action: "write",
            path: path.to_owned(),
            source,
        })
}
