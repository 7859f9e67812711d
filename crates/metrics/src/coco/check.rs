//! Checks truth and detections for one kind of evaluation, and hands them to `hotcoco`.
//!
//! Everything `hotcoco` would answer with a warning on the terminal or with a silent zero is an
//! error here, so past this point nothing is printed and nothing is guessed.

use std::collections::HashMap;

use hotcoco::COCO;
use hotcoco::types::{Annotation, Category, Dataset, Image};
use rayon::prelude::*;

use super::sets::{CocoDetection, CocoDetections, CocoObject, CocoPicture, CocoTruth};
use super::settings::{CocoKind, CocoSettings, DetectionArea};
use super::shapes::{Place, check_keypoints, check_mask};
use crate::error::CocoError;

/// The truth and the detections as `hotcoco` takes them.
pub(super) fn convert(
    truth: &CocoTruth,
    detections: &CocoDetections,
    settings: &CocoSettings,
) -> Result<(COCO, COCO), CocoError> {
    let pictures = ids(
        &truth.origin,
        "images",
        truth.images.iter().map(|image| image.id),
    )?;
    let categories = ids(
        &truth.origin,
        "categories",
        truth.categories.iter().map(|c| c.id),
    )?;
    ids(
        &truth.origin,
        "annotations",
        truth.annotations.iter().map(|object| object.id),
    )?;
    let known = Known {
        truth,
        pictures: &pictures,
        categories: &categories,
        settings,
    };

    let objects: Vec<Annotation> = truth
        .annotations
        .par_iter()
        .enumerate()
        .map(|(index, object)| known.object(index, object))
        .collect::<Result<_, _>>()?;
    let with_boxes = known.boxes_count(detections)?;
    let found: Vec<Annotation> = detections
        .list
        .par_iter()
        .enumerate()
        .map(|(index, detection)| known.detection(&detections.origin, index, detection, with_boxes))
        .collect::<Result<_, _>>()?;

    let image = |image: &CocoPicture| Image {
        id: image.id,
        width: image.width,
        height: image.height,
        ..Image::default()
    };
    let coco = COCO::from_dataset(Dataset {
        images: truth.images.iter().map(image).collect(),
        categories: truth
            .categories
            .iter()
            // A name never reaches a number; a constant spares `hotcoco`'s remark on empty ones.
            .map(|category| Category {
                id: category.id,
                name: "-".to_owned(),
                ..Category::default()
            })
            .collect(),
        annotations: objects,
        ..Dataset::default()
    });
    let found = coco
        .load_res_anns(found)
        .map_err(|error| CocoError::Evaluator {
            reason: error.to_string(),
        })?;
    Ok((coco, found))
}

/// Where each id stands; an id that stands twice is an error.
fn ids(
    origin: &str,
    list: &'static str,
    ids: impl ExactSizeIterator<Item = u64>,
) -> Result<HashMap<u64, usize>, CocoError> {
    let mut seen = HashMap::with_capacity(ids.len());
    for (index, id) in ids.enumerate() {
        if let Some(first) = seen.insert(id, index) {
            let origin = origin.to_owned();
            return Err(CocoError::DuplicateId {
                origin,
                list,
                index,
                first,
                id,
            });
        }
    }
    Ok(seen)
}

struct Known<'a> {
    truth: &'a CocoTruth,
    pictures: &'a HashMap<u64, usize>,
    categories: &'a HashMap<u64, usize>,
    settings: &'a CocoSettings,
}

impl Known<'_> {
    fn object(&self, index: usize, object: &CocoObject) -> Result<Annotation, CocoError> {
        let place = Place {
            origin: &self.truth.origin,
            list: "annotations",
            index,
        };
        let picture = self.ids(place, object.image_id, object.category_id)?;
        let [_, _, width, height] = object.bbox;
        if !object.bbox.iter().all(|v| v.is_finite()) {
            return Err(place.bad(
                "bbox",
                object.bbox,
                "four finite numbers [x, y, width, height]",
            ));
        }
        if self.settings.kind == CocoKind::Boxes && !(width > 0.0 && height > 0.0) {
            return Err(place.bad("bbox", object.bbox, "width and height above 0"));
        }
        if !(object.area >= 0.0 && object.area.is_finite()) {
            return Err(place.bad(
                "area",
                object.area,
                "the finite number of the object's pixels",
            ));
        }
        let mut annotation = Annotation {
            // Numbered from 1: `hotcoco` keeps ids apart, and ours may be anything.
            id: index as u64 + 1,
            image_id: object.image_id,
            category_id: object.category_id,
            bbox: Some(object.bbox),
            area: Some(object.area),
            iscrowd: object.iscrowd,
            ..Annotation::default()
        };
        match self.settings.kind {
            CocoKind::Boxes => {}
            CocoKind::Masks => {
                let mask = object.segmentation.as_ref();
                let remedy = "evaluate boxes, or give every object polygons or run lengths";
                let mask = mask.ok_or_else(|| place.missing("segmentation", remedy))?;
                check_mask(place, mask, picture)?;
                annotation.segmentation = Some(mask.clone());
            }
            CocoKind::Keypoints => {
                let remedy = "evaluate boxes, or give every object its keypoints";
                let keypoints = object
                    .keypoints
                    .as_ref()
                    .ok_or_else(|| place.missing("keypoints", remedy))?;
                check_keypoints(place, keypoints, self.settings.sigmas.len())?;
                let visible = keypoints.chunks(3).filter(|k| k[2] > 0.0).count() as u32;
                if let Some(count) = object.num_keypoints.filter(|&count| count != visible) {
                    let expected = "the number of keypoints whose visibility is above 0";
                    return Err(place.bad("num_keypoints", count, expected));
                }
                annotation.num_keypoints = Some(visible);
                annotation.keypoints = Some(keypoints.clone());
            }
        }
        Ok(annotation)
    }

    /// Whether the detections carry boxes that decide their areas: pycocotools asks the first one,
    /// so all must agree.
    fn boxes_count(&self, detections: &CocoDetections) -> Result<bool, CocoError> {
        if self.settings.kind == CocoKind::Boxes {
            return Ok(true);
        }
        if self.settings.detection_area == DetectionArea::OfShape {
            return Ok(false);
        }
        let with = |detection: &CocoDetection| detection.bbox.is_some();
        let first = detections.list.first().is_some_and(with);
        match detections
            .list
            .iter()
            .position(|detection| with(detection) != first)
        {
            None => Ok(first),
            Some(index) => {
                let index = if first { index } else { 0 };
                let place = Place {
                    origin: &detections.origin,
                    list: "",
                    index,
                };
                let remedy = "other detections have one; give all a box or none, or set `DetectionArea::OfShape`";
                Err(place.missing("bbox", remedy))
            }
        }
    }

    fn detection(
        &self,
        origin: &str,
        index: usize,
        detection: &CocoDetection,
        with_boxes: bool,
    ) -> Result<Annotation, CocoError> {
        let place = Place {
            origin,
            list: "",
            index,
        };
        let picture = self.ids(place, detection.image_id, detection.category_id)?;
        if !detection.score.is_finite() {
            return Err(place.bad("score", detection.score, "a finite number"));
        }
        if let Some(bbox) = detection
            .bbox
            .filter(|b| !b.iter().all(|v| v.is_finite()) || b[2] < 0.0 || b[3] < 0.0)
        {
            let expected =
                "four finite numbers [x, y, width, height], width and height not negative";
            return Err(place.bad("bbox", bbox, expected));
        }
        let mut annotation = Annotation {
            image_id: detection.image_id,
            category_id: detection.category_id,
            score: Some(detection.score),
            bbox: detection.bbox.filter(|_| with_boxes),
            ..Annotation::default()
        };
        match self.settings.kind {
            CocoKind::Boxes if detection.bbox.is_none() => {
                return Err(place.missing(
                    "bbox",
                    "evaluate masks or keypoints, or give every detection a box",
                ));
            }
            CocoKind::Boxes => {}
            CocoKind::Masks => {
                let remedy = "evaluate boxes, or give every detection its mask";
                let mask = detection
                    .segmentation
                    .as_ref()
                    .ok_or_else(|| place.missing("segmentation", remedy))?;
                check_mask(place, mask, picture)?;
                annotation.segmentation = Some(mask.clone());
            }
            CocoKind::Keypoints => {
                let remedy = "evaluate boxes, or give every detection its keypoints";
                let keypoints = detection
                    .keypoints
                    .as_ref()
                    .ok_or_else(|| place.missing("keypoints", remedy))?;
                check_keypoints(place, keypoints, self.settings.sigmas.len())?;
                annotation.keypoints = Some(keypoints.clone());
            }
        }
        Ok(annotation)
    }

    fn ids(&self, place: Place<'_>, image: u64, category: u64) -> Result<&CocoPicture, CocoError> {
        let unknown = |field, id, list| {
            let (origin, place) = place.of(field);
            CocoError::UnknownId {
                origin,
                place,
                id,
                list,
            }
        };
        if !self.categories.contains_key(&category) {
            return Err(unknown("category_id", category, "categories"));
        }
        match self.pictures.get(&image) {
            Some(&index) => Ok(&self.truth.images[index]),
            None => Err(unknown("image_id", image, "images")),
        }
    }
}
