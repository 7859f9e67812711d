//! JSON read entry by entry, with the place of everything that is wrong.
//!
//! A COCO file holds lists of hundreds of thousands of entries. [`stream`] hands them over one at a
//! time as text, so that memory is bounded by what is kept and a bad entry can be named and stepped
//! over; [`entry`] turns the text into a typed value. Entries are declared with [`json_entry`]: every
//! field is optional (what must be there is the reader's decision, and its message), unknown fields
//! are kept.

mod explain;
mod stream;

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;
use serde_json::value::RawValue;

use super::problem::Problem;
use explain::{TYPE_REMEDY, around, explain, without_position};

pub(crate) use stream::{Item, stream};

/// What some programs write before UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A typed value of one entry's text; the problem names the field.
pub(crate) fn entry<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    // The path costs time, so it is looked for only where something is wrong.
    serde_json::from_str(text).map_err(|first| {
        let mut json = serde_json::Deserializer::from_str(text);
        match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Ok(_) => Problem::new("", without_position(&first), TYPE_REMEDY),
            Err(error) => {
                let path = error.path().to_string();
                let field = if path == "." { String::new() } else { path };
                Problem::new(field, without_position(error.inner()), TYPE_REMEDY)
            }
        }
    })
}

/// A whole file as one typed value.
pub(crate) fn document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(empty());
    }
    let text = text(bytes)?;
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => entry(text),
        Err(error) => {
            let around = around(text.as_bytes(), error.line(), error.column());
            let (what, remedy) = explain(&error, &around);
            let what = format!("column {}: {what}", error.column());
            Err(Problem::new(format!("line {}", error.line()), what, remedy))
        }
    }
}

/// A file's text, without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::new(
            "",
            format!("is not UTF-8 text from byte {}", error.valid_up_to()),
            "save it as UTF-8",
        )
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// Whether a whole file is JSON whose top level has none of these fields. Of broken JSON nobody knows.
pub(crate) fn has_none_of(bytes: &[u8], fields: &[&str]) -> bool {
    let Ok(text) = text(bytes) else {
        return false;
    };
    // Values stay text: another program's file may be of any size.
    match serde_json::from_str::<HashMap<String, &RawValue>>(text) {
        Ok(found) => !fields.iter().any(|&field| found.contains_key(field)),
        // A list or a single value has no fields.
        Err(error) => error.is_data(),
    }
}

/// A file of no bytes.
pub(crate) fn empty() -> Problem {
    Problem::new("", "is empty (0 bytes)", "copy or download it again")
}

/// A number that is 0 or 1, or a JSON truth value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        match Value::deserialize(json)? {
            Value::Bool(flag) => Ok(Self(flag)),
            value if value.as_f64() == Some(0.0) => Ok(Self(false)),
            value if value.as_f64() == Some(1.0) => Ok(Self(true)),
            value => Err(D::Error::custom(format_args!("{value} is neither 0 nor 1"))),
        }
    }
}

/// Declares an entry: `field: Type = "name in JSON"`. Fields become `Option`s, null is none, others
/// go to `extra`; a field that stands twice is an error.
macro_rules! json_entry {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $type:ty = $key:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $name {
            $(pub $field: Option<$type>,)*
            pub extra: $crate::sample::Extra,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut entry = $name::default();
                        $(let mut $field = false;)*
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $($key => {
                                    if std::mem::replace(&mut $field, true) {
                                        return Err(serde::de::Error::custom(concat!("`", $key, "` stands twice")));
                                    }
                                    entry.$field = map.next_value()?;
                                })*
                                _ => {
                                    let value = map.next_value()?;
                                    entry.extra.insert(key, value);
                                }
                            }
                        }
                        Ok(entry)
                    }
                }

                json.deserialize_map(Fields)
            }
        }
    };
}
pub(crate) use json_entry;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    json_entry! {
        struct Point { x: f32 = "x", name: String = "name" }
    }

    #[test]
    fn unknown_fields_are_kept_and_known_ones_typed() {
        let point: Point = entry(r#"{"x": 1.5, "name": null, "note": [1]}"#).unwrap();
        assert_eq!((point.x, point.name), (Some(1.5), None));
        assert_eq!(point.extra["note"], serde_json::json!([1]));
    }

    #[test]
    fn a_wrong_value_is_named_by_its_field() {
        let problem = entry::<Point>(r#"{"x": "left"}"#).unwrap_err();
        assert_eq!(problem.field, "x");
        assert_eq!(problem.what, "invalid type: string \"left\", expected f32");
        let problem = entry::<Point>(r#"{"x": 1, "x": 2}"#).unwrap_err();
        assert!(problem.what.contains("`x` stands twice"), "{problem:?}");
        assert!(
            entry::<Point>("[]")
                .unwrap_err()
                .what
                .contains("expected an object")
        );
    }

    #[test]
    fn what_is_no_json_is_named_by_line_and_column() {
        let problem = document::<Point>(b"{\n\"x\": NaN}").unwrap_err();
        assert_eq!(problem.field, "line 2");
        assert_eq!(problem.what, "column 6: `NaN` is no JSON number");
        assert!(document::<Point>(b"").unwrap_err().what.contains("0 bytes"));
        assert!(
            document::<Point>(b"{\"x\": 1")
                .unwrap_err()
                .what
                .contains("ends before")
        );
        assert!(
            document::<Point>(b"{\"x\": \xFF}")
                .unwrap_err()
                .what
                .contains("byte 6")
        );
    }

    #[test]
    fn fields_are_looked_for_at_the_top_of_whole_json() {
        let without = |text: &str| has_none_of(text.as_bytes(), &["x", "name"]);
        assert!(without(r#"{"inner": {"x": 1}, "y": [1e400, "x"]}"#));
        assert!(without("\u{feff}{}") && without("[1, 2]") && without("3"));
        assert!(!without(r#"{"y": 1, "name": null}"#));
        assert!(!without("") && !without(r#"{"y": 1"#) && !without(r#"{"y": NaN}"#));
    }

    #[test]
    fn flags_are_zero_or_one() {
        let flags: Vec<Flag> = entry("[0, 1, true, 1.0]").unwrap();
        assert_eq!(flags.map_bools(), [false, true, true, true]);
        assert!(
            entry::<Flag>("2")
                .unwrap_err()
                .what
                .contains("2 is neither 0 nor 1")
        );
    }

    trait MapBools {
        fn map_bools(self) -> Vec<bool>;
    }

    impl MapBools for Vec<Flag> {
        fn map_bools(self) -> Vec<bool> {
            self.into_iter().map(|flag| flag.0).collect()
        }
    }
}
