//! Ground truth and detections in the COCO formats, from files or from memory.

use std::path::Path;

pub use hotcoco::types::Segmentation;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use crate::error::CocoError;

/// A picture of the ground truth.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CocoPicture {
    /// Its id; 0 is an id like any other.
    pub id: u64,
    /// Width in pixels; only masks need it, 0 is unknown.
    #[serde(default)]
    pub width: u32,
    /// Height in pixels; only masks need it, 0 is unknown.
    #[serde(default)]
    pub height: u32,
}

/// A category of the ground truth.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CocoCategory {
    /// Its id; 0 is an id like any other.
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// An annotated object.
#[derive(Debug, Clone, Deserialize)]
pub struct CocoObject {
    /// Its id; only has to differ from the others'.
    pub id: u64,
    /// The picture.
    pub image_id: u64,
    /// The category.
    pub category_id: u64,
    /// `[x, y, width, height]` in pixels.
    pub bbox: [f64; 4],
    /// Pixels of the mask; decides whether the object is small, medium or large.
    pub area: f64,
    /// A region of many objects: detections in it are neither right nor wrong. 0 or 1 in files, 0
    /// where absent, as pycocotools reads it.
    #[serde(default, deserialize_with = "flag")]
    pub iscrowd: bool,
    /// Polygons or run lengths; needed to compare masks.
    #[serde(default)]
    pub segmentation: Option<Segmentation>,
    /// x, y, visibility of each keypoint, one after the other; needed to compare keypoints.
    #[serde(default)]
    pub keypoints: Option<Vec<f64>>,
    /// Keypoints with a visibility above 0; counted where absent, checked where present.
    #[serde(default)]
    pub num_keypoints: Option<u32>,
}

impl CocoObject {
    /// An object with a box only; its area is the box's.
    pub fn boxed(id: u64, image_id: u64, category_id: u64, bbox: [f64; 4]) -> Self {
        Self {
            id,
            image_id,
            category_id,
            bbox,
            area: bbox[2] * bbox[3],
            iscrowd: false,
            segmentation: None,
            keypoints: None,
            num_keypoints: None,
        }
    }
}

/// A detected object, one entry of the COCO results list.
#[derive(Debug, Clone, Deserialize)]
pub struct CocoDetection {
    /// The picture.
    pub image_id: u64,
    /// The category.
    pub category_id: u64,
    /// Any finite number; larger is surer.
    pub score: f64,
    /// `[x, y, width, height]` in pixels; needed to compare boxes.
    #[serde(default)]
    pub bbox: Option<[f64; 4]>,
    /// Run lengths; needed to compare masks.
    #[serde(default)]
    pub segmentation: Option<Segmentation>,
    /// x, y and a third number of each keypoint, one after the other; needed to compare keypoints.
    #[serde(default)]
    pub keypoints: Option<Vec<f64>>,
}

impl CocoDetection {
    /// A detection with a box only.
    pub fn boxed(image_id: u64, category_id: u64, score: f64, bbox: [f64; 4]) -> Self {
        Self {
            image_id,
            category_id,
            score,
            bbox: Some(bbox),
            segmentation: None,
            keypoints: None,
        }
    }
}

/// Ground truth: the COCO instances (or keypoints) format.
#[derive(Debug, Clone, Deserialize)]
pub struct CocoTruth {
    /// The pictures, also those without objects.
    pub images: Vec<CocoPicture>,
    /// The categories.
    pub categories: Vec<CocoCategory>,
    /// The objects.
    pub annotations: Vec<CocoObject>,
    /// The file, for messages.
    #[serde(skip, default = "in_memory_truth")]
    pub(super) origin: String,
}

/// Detections: the COCO results list.
#[derive(Debug, Clone)]
pub struct CocoDetections {
    /// The detections.
    pub list: Vec<CocoDetection>,
    /// The file, for messages.
    pub(super) origin: String,
}

fn in_memory_truth() -> String {
    "the ground truth".to_owned()
}

/// What a file of ground truth must be.
const INSTANCES: &str =
    "the COCO instances format: an object with the lists `images`, `categories` and `annotations`";
/// What a file of detections must be.
const RESULTS: &str = "the COCO results format: a list of objects with `image_id`, `category_id`, `score` and `bbox`, `segmentation` or `keypoints`";

impl CocoTruth {
    /// Ground truth made in memory. It is checked when it is evaluated.
    pub fn new(
        images: Vec<CocoPicture>,
        categories: Vec<CocoCategory>,
        annotations: Vec<CocoObject>,
    ) -> Self {
        Self {
            images,
            categories,
            annotations,
            origin: in_memory_truth(),
        }
    }

    /// Reads a file of the COCO instances format. Its values are checked when it is evaluated.
    ///
    /// # Errors
    /// [`CocoError`] naming file and place when it cannot be read or has another format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CocoError> {
        let (origin, bytes) = load(path.as_ref())?;
        Self::parse(&bytes, origin)
    }

    /// Parses the text of such a file; `origin` names it in messages.
    ///
    /// # Errors
    /// As [`CocoTruth::read`].
    pub fn parse(json: &[u8], origin: impl Into<String>) -> Result<Self, CocoError> {
        let origin = origin.into();
        match serde_json::from_slice::<Self>(json) {
            Ok(truth) => Ok(Self { origin, ..truth }),
            Err(error) => Err(explain_truth(json, origin, &error)),
        }
    }
}

impl CocoDetections {
    /// Detections made in memory. They are checked when they are evaluated.
    pub fn new(list: Vec<CocoDetection>) -> Self {
        Self {
            list,
            origin: "the detections".to_owned(),
        }
    }

    /// Reads a file of the COCO results format. Its values are checked when they are evaluated.
    ///
    /// # Errors
    /// [`CocoError`] naming file and place when it cannot be read or has another format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CocoError> {
        let (origin, bytes) = load(path.as_ref())?;
        Self::parse(&bytes, origin)
    }

    /// Parses the text of such a file; `origin` names it in messages.
    ///
    /// # Errors
    /// As [`CocoDetections::read`].
    pub fn parse(json: &[u8], origin: impl Into<String>) -> Result<Self, CocoError> {
        let origin = origin.into();
        match serde_json::from_slice(json) {
            Ok(list) => Ok(Self { list, origin }),
            Err(error) => Err(explain_results(json, origin, &error)),
        }
    }
}

/// The place of what concerns a file as a whole.
const WHOLE: &str = "the whole";

fn load(path: &Path) -> Result<(String, Vec<u8>), CocoError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok((path.display().to_string(), bytes)),
        Err(source) => Err(CocoError::Unreadable {
            path: path.to_path_buf(),
            source,
        }),
    }
}

/// 0 or 1, false or true.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(is) => Ok(is),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(false),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(true),
        other => Err(D::Error::custom(format!(
            "iscrowd is {other}, expected 0 or 1"
        ))),
    }
}

/// The second pass over a text that did not parse: finds the record to name.
fn explain_truth(json: &[u8], origin: String, error: &serde_json::Error) -> CocoError {
    let mut object = match as_value(json, &origin) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return not_coco(origin, WHOLE, "is no object", INSTANCES),
        Err(error) => return error,
    };
    for list in ["images", "categories", "annotations"] {
        let records = match object.remove(list) {
            Some(Value::Array(records)) => records,
            Some(_) => return not_coco(origin, list, "is no list", INSTANCES),
            None => return not_coco(origin, list, "is missing", INSTANCES),
        };
        let found = match list {
            "images" => first_bad::<CocoPicture>(list, records),
            "categories" => first_bad::<CocoCategory>(list, records),
            _ => first_bad::<CocoObject>(list, records),
        };
        if let Some((place, reason)) = found {
            return not_coco(origin, place, reason, INSTANCES);
        }
    }
    not_coco(origin, WHOLE, error.to_string(), INSTANCES)
}

fn explain_results(json: &[u8], origin: String, error: &serde_json::Error) -> CocoError {
    match as_value(json, &origin) {
        Ok(Value::Array(records)) => match first_bad::<CocoDetection>("", records) {
            Some((place, reason)) => not_coco(origin, place, reason, RESULTS),
            None => not_coco(origin, WHOLE, error.to_string(), RESULTS),
        },
        Ok(_) => not_coco(origin, WHOLE, "is no list", RESULTS),
        Err(error) => error,
    }
}

fn as_value(json: &[u8], origin: &str) -> Result<Value, CocoError> {
    serde_json::from_slice(json).map_err(|error| CocoError::NotJson {
        origin: origin.to_owned(),
        line: error.line(),
        column: error.column(),
        // The parser's text ends with the place, which has its own fields.
        reason: error
            .to_string()
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned(),
    })
}

fn not_coco(
    origin: String,
    place: impl Into<String>,
    reason: impl Into<String>,
    expected: &'static str,
) -> CocoError {
    CocoError::NotCoco {
        origin,
        place: place.into(),
        reason: reason.into(),
        expected,
    }
}

fn first_bad<T: serde::de::DeserializeOwned>(
    list: &str,
    records: Vec<Value>,
) -> Option<(String, String)> {
    records.into_iter().enumerate().find_map(|(index, record)| {
        let error = serde_json::from_value::<T>(record).err()?;
        Some((format!("{list}[{index}]"), error.to_string()))
    })
}

#[cfg(test)]
mod tests;
