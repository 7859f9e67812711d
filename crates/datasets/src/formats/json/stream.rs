//! A file's lists, entry by entry.

use std::fmt;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::explain::unreadable;
use crate::formats::FormatError;

/// Bytes read from the disk at once.
pub(super) const BLOCK: usize = 1 << 20;

/// What [`stream`] hands over.
pub(crate) enum Item<'a> {
    /// One entry of a list that was asked for.
    Entry {
        list: &'static str,
        index: usize,
        text: &'a str,
    },
    /// A field of the document that is not such a list.
    Field { name: String, value: Value },
}

/// Reads an object whose fields named in `lists` are lists; every entry goes to `on`.
/// Returns which of the lists were there.
///
/// # Errors
/// What `on` returns; [`FormatError::Invalid`] when the document is not such an object.
pub(crate) fn stream(
    path: &Path,
    reader: impl Read,
    lists: &'static [&'static str],
    on: &mut dyn FnMut(Item<'_>) -> Result<(), FormatError>,
) -> Result<Vec<&'static str>, FormatError> {
    let mut failure = None;
    let mut seen = Vec::new();
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(BLOCK, reader));
    let document = Document {
        lists,
        seen: &mut seen,
        on,
        failure: &mut failure,
    };
    let result = document.deserialize(&mut json).and_then(|()| json.end());
    match (failure, result) {
        (Some(failure), _) => Err(failure),
        (None, Ok(())) => Ok(seen),
        (None, Err(error)) => Err(unreadable(path, error)),
    }
}

struct Document<'a> {
    lists: &'static [&'static str],
    seen: &'a mut Vec<&'static str>,
    on: &'a mut dyn FnMut(Item<'_>) -> Result<(), FormatError>,
    failure: &'a mut Option<FormatError>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the lists `{}`", self.lists.join("`, `"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let Some(&list) = self.lists.iter().find(|&&list| list == name) else {
                let value = map.next_value()?;
                if let Err(error) = (self.on)(Item::Field { name, value }) {
                    *self.failure = Some(error);
                    return Err(A::Error::custom("stopped"));
                }
                continue;
            };
            if self.seen.contains(&list) {
                return Err(A::Error::custom(format_args!("`{list}` stands twice")));
            }
            self.seen.push(list);
            map.next_value_seed(List {
                name: list,
                on: self.on,
                failure: self.failure,
            })?;
        }
        Ok(())
    }
}

struct List<'a> {
    name: &'static str,
    on: &'a mut dyn FnMut(Item<'_>) -> Result<(), FormatError>,
    failure: &'a mut Option<FormatError>,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` to be a list", self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(entry) = seq.next_element::<Box<RawValue>>()? {
            let item = Item::Entry {
                list: self.name,
                index,
                text: entry.get(),
            };
            if let Err(error) = (self.on)(item) {
                *self.failure = Some(error);
                return Err(A::Error::custom("stopped"));
            }
            index += 1;
        }
        Ok(())
    }
}
