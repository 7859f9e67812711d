//! Settings and samples a pipeline cannot use.

use thiserror::Error;

/// Why a pipeline was refused, or a sample could not be transformed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum TransformError {
    /// A setting is out of its range. Found before any picture is touched.
    #[error("{}{field} is {found}; {expected}", place_prefix(place))]
    Setting {
        /// Where in the pipeline, such as `steps[2].rotate`; empty at the top.
        place: String,
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The picture has no pixels.
    #[error("the picture is {width}x{height}: it has no pixels to transform; leave it out")]
    EmptyPicture {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A step would make a picture larger than any that may be decoded.
    #[error(
        "{width}x{height} after the step is more than {limit} pixels; \
         bound the long side of `resize` or leave the picture out"
    )]
    TooLarge {
        /// Columns it would have.
        width: usize,
        /// Rows it would have.
        height: usize,
        /// Most pixels.
        limit: usize,
    },
    /// The parsing map is not of the picture's size.
    #[error("the parsing map is {}x{}, its picture {}x{}; use the map of this picture", map[0], map[1], picture[0], picture[1])]
    MapSize {
        /// Columns and rows of the map.
        map: [usize; 2],
        /// Columns and rows of the picture.
        picture: [usize; 2],
    },
    /// A mirrored object's landmarks name a schema the pipeline was not told of.
    #[error(
        "an object's landmarks follow schema {schema}, the pipeline knows {known}; \
         build it with `Mirrors::of` the data set the sample comes from"
    )]
    UnknownSchema {
        /// The object's schema.
        schema: u16,
        /// Count of schemas the pipeline knows.
        known: usize,
    },
    /// A mirror pair points past the object's landmarks.
    #[error(
        "landmark schema {schema} mirrors point {point}, an object has only {points}; correct the schema's pairs"
    )]
    UnknownPoint {
        /// The schema.
        schema: u16,
        /// The point of the pair.
        point: u16,
        /// Points of the object.
        points: usize,
    },
    /// A run-length mask does not decode to the picture's size.
    #[error("a run-length mask cannot be used: {reason}; check its `size` and `counts`")]
    BrokenMask {
        /// What is wrong with it.
        reason: String,
    },
    /// The codec refused the picture.
    #[error("the picture ({width}x{height}) cannot be stored as JPEG: {reason}")]
    Jpeg {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// What the codec said.
        reason: String,
    },
}

fn place_prefix(place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        format!("{place}.")
    }
}

impl TransformError {
    /// A refused setting of the step itself.
    pub fn setting(
        field: &'static str,
        found: impl std::fmt::Debug,
        expected: &'static str,
    ) -> Self {
        Self::Setting {
            place: String::new(),
            field,
            found: format!("{found:?}"),
            expected,
        }
    }

    /// The same error, seen from the step's parent.
    pub(crate) fn inside(mut self, parent: &str) -> Self {
        if let Self::Setting { place, .. } = &mut self {
            *place = if place.is_empty() {
                parent.to_owned()
            } else {
                format!("{parent}.{place}")
            };
        }
        self
    }
}
