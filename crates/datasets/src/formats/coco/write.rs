//! From records to the lists.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::formats::holds::{Holds, Masks, is_more_than_yes_and_no};
use crate::formats::number::{Number, numbered, xywh};
use crate::formats::{FormatError, Losses, extra};
use crate::sample::{DataSet, Extra, Judgement, Mask, Object, Record};

use super::output::{AnnotationOut, AttributeOut, CategoryOut, Output, SegmentationOut};
use super::parts::mirrored;
use super::values::{area, flat, image, keypoints, labelled, not_finite};
use super::{ATTRIBUTE_FIELDS, Flavour, NAME};

/// Kept fields that are written in their own way.
const OWN: [&str; 4] = ["images", "annotations", "categories", ATTRIBUTE_FIELDS];

/// Fashionpedia's list.
const ATTRIBUTES: &str = "attributes";

pub(crate) const HOLDS: Holds = Holds {
    format: NAME,
    picture_numbers: true,
    picture_sizes: true,
    categories: true,
    category_numbers: true,
    category_groups: true,
    boxes: true,
    masks: Masks::All,
    landmarks: true,
    areas: true,
    crowds: true,
    object_numbers: true,
    ..Holds::NOTHING
};

pub(crate) fn write(set: &DataSet, path: &Path, flavour: Flavour) -> Result<Losses, FormatError> {
    let holds = Holds {
        attributes: flavour == Flavour::Fashionpedia,
        ..HOLDS
    };
    let mut writing = Writing {
        set,
        path,
        flavour,
        losses: holds.losses(set),
        category_ids: Vec::new(),
        schemas: Vec::new(),
        attribute_ids: Vec::new(),
    };
    writing.number_categories();
    writing.choose_schemas();
    let mut out = Output {
        file: AtomicFile::create(path)?,
        path,
    };
    writing.document(&mut out)?;
    out.file.finish()?;
    Ok(writing.losses)
}

struct Writing<'a> {
    set: &'a DataSet,
    path: &'a Path,
    flavour: Flavour,
    losses: Losses,
    category_ids: Vec<u32>,
    /// The schema of each category.
    schemas: Vec<Option<u16>>,
    attribute_ids: Vec<u32>,
}

impl<'a> Writing<'a> {
    fn document(&mut self, out: &mut Output<'_>) -> Result<(), FormatError> {
        let (set, kept) = (self.set, extra::of(self.set.extra.as_deref(), NAME));
        // Attributes that were read as unknown fields, and so are in every annotation's, stay that.
        let unread =
            set.attributes.is_empty() && kept.is_some_and(|kept| kept.contains_key(ATTRIBUTES));
        let attributes = self.flavour == Flavour::Fashionpedia && !unread;
        out.text("{")?;
        for (name, value) in kept.into_iter().flatten() {
            let own = OWN.contains(&name.as_str()) || attributes && name == ATTRIBUTES;
            if !own {
                out.json(name)?;
                out.text(": ")?;
                out.json(value)?;
                out.text(",\n")?;
            }
        }
        let (numbers, changed) = numbered(set.records.iter().map(|record| record.id));
        self.losses.add("picture number", changed);
        out.list(
            "images",
            set.records
                .iter()
                .zip(&numbers)
                .map(|(record, &id)| Ok(image(record, id))),
        )?;
        out.text(",\n")?;
        if attributes {
            let attributes = self.attributes(kept);
            self.attribute_ids = attributes.iter().map(|attribute| attribute.id).collect();
            out.list(ATTRIBUTES, attributes.into_iter().map(Ok))?;
            out.text(",\n")?;
        }
        let objects = || {
            set.records
                .iter()
                .zip(&numbers)
                .flat_map(|(record, &image)| {
                    record
                        .objects
                        .iter()
                        .map(move |object| (record, image, object))
                })
                .filter(|(_, _, object)| object.category.is_some())
        };
        let all: usize = set.records.iter().map(|record| record.objects.len()).sum();
        let (ids, changed) = numbered(objects().map(|(_, _, object)| object.id));
        self.losses.add("object number", changed);
        self.losses
            .add("object without a category", all - ids.len());
        let entries = objects()
            .zip(ids)
            .map(|((record, image, object), id)| self.annotation(record, image, object, id));
        out.list("annotations", entries)?;
        out.text(",\n")?;
        let categories = kept.and_then(|kept| kept.get("categories"));
        let entries = (0..set.categories.len()).map(|place| Ok(self.category(place, categories)));
        out.list("categories", entries)?;
        out.text("}\n")
    }

    /// Keeps the categories' own numbers if no two are the same; otherwise counts from 1.
    fn number_categories(&mut self) {
        let own: Vec<u32> = self
            .set
            .categories
            .iter()
            .map(|category| category.id)
            .collect();
        let distinct: HashSet<u32> = own.iter().copied().collect();
        self.category_ids = if distinct.len() == own.len() {
            own
        } else {
            self.losses.add("category number", own.len());
            (1..=own.len() as u32).collect()
        };
    }

    /// COCO has one list of points a category: that of the first object which has points, or the
    /// schema that is called as the category.
    fn choose_schemas(&mut self) {
        let set = self.set;
        let mut schemas = vec![None; set.categories.len()];
        for object in set.records.iter().flat_map(|record| &record.objects) {
            if let (Some(category), Some(landmarks)) = (object.category, &object.landmarks)
                && let Some(schema) = schemas.get_mut(category as usize)
            {
                schema.get_or_insert(landmarks.schema);
            }
        }
        for (category, schema) in set.categories.iter().zip(&mut schemas) {
            let named = set
                .landmark_schemas
                .iter()
                .position(|schema| schema.name == category.name);
            *schema = schema.or(named.map(|place| place as u16));
        }
        for (index, schema) in set.landmark_schemas.iter().enumerate() {
            let users: Vec<usize> = (0..schemas.len())
                .filter(|&place| schemas[place] == Some(index as u16))
                .collect();
            let named = users
                .iter()
                .any(|&place| set.categories[place].name == schema.name);
            self.losses
                .add("landmark schema", usize::from(users.is_empty()));
            self.losses.add(
                "name of a landmark schema",
                usize::from(!users.is_empty() && !named),
            );
            let kept = users.is_empty() || mirrored(&schema.points) == schema.mirrored;
            self.losses
                .add("mirrored points of a landmark schema", usize::from(!kept));
        }
        self.schemas = schemas;
    }

    fn category(&self, place: usize, kept: Option<&'a Value>) -> CategoryOut<'a> {
        let category = &self.set.categories[place];
        let schema = self.schemas[place]
            .and_then(|schema| self.set.landmark_schemas.get(usize::from(schema)));
        CategoryOut {
            id: self.category_ids[place],
            name: &category.name,
            supercategory: category.group.as_deref(),
            keypoints: schema.map(|schema| schema.points.as_slice()),
            // Counted from 1 in the file.
            skeleton: schema.map(|schema| {
                schema
                    .skeleton
                    .iter()
                    .map(|pair| pair.map(|point| point + 1))
                    .collect()
            }),
            extra: kept.and_then(|kept| kept.get(category.id.to_string())?.as_object()),
        }
    }

    /// The vocabulary with the numbers and fields it was read with, as far as the names agree.
    fn attributes(&self, kept: Option<&'a Extra>) -> Vec<AttributeOut<'a>> {
        let kept = kept.and_then(|kept| kept.get(ATTRIBUTE_FIELDS)?.as_array());
        let named = self.set.attributes.groups().iter().flat_map(|group| {
            group
                .values
                .iter()
                .map(move |name| (group.name.as_str(), name.as_str()))
        });
        let mut attributes: Vec<AttributeOut<'a>> = named
            .map(|(supercategory, name)| {
                let entry = kept
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_object)
                    .find(|entry| {
                        let is = |field: &str, value: &str| {
                            entry.get(field).and_then(Value::as_str) == Some(value)
                        };
                        is("name", name) && is("supercategory", supercategory)
                    });
                let mut fields = entry.cloned().unwrap_or_default();
                let id = fields.remove("id").and_then(|id| id.as_u64());
                fields.remove("name");
                fields.remove("supercategory");
                AttributeOut {
                    id: id.and_then(|id| u32::try_from(id).ok()).unwrap_or(u32::MAX),
                    name,
                    supercategory,
                    extra: fields,
                }
            })
            .collect();
        let distinct: HashSet<u32> = attributes.iter().map(|attribute| attribute.id).collect();
        if distinct.len() < attributes.len() || distinct.contains(&u32::MAX) {
            for (place, attribute) in attributes.iter_mut().enumerate() {
                attribute.id = place as u32;
            }
        }
        attributes
    }

    fn annotation(
        &mut self,
        record: &'a Record,
        image_id: u64,
        object: &'a Object,
        id: u64,
    ) -> Result<AnnotationOut<'a>, FormatError> {
        let category = object.category.unwrap_or_default() as usize;
        let refuse = |what: String| -> FormatError {
            OutputError::Unrepresentable {
                path: self.path.to_path_buf(),
                what: format!("an object of `{}` has {what}", record.image.path),
            }
            .into()
        };
        let Some(&category_id) = self.category_ids.get(category) else {
            return Err(refuse(format!(
                "category {category}, which the set does not have"
            )));
        };
        if let Some(part) = not_finite(object) {
            return Err(refuse(format!(
                "a {part} that is not finite, which JSON cannot hold"
            )));
        }
        let landmarks = object.landmarks.as_ref().filter(|landmarks| {
            let held = self.schemas[category] == Some(landmarks.schema);
            self.losses
                .add("landmarks of an object", usize::from(!held));
            held
        });
        let segmentation = self.segmentation(record, object);
        let attribute_ids = self.listed(object);
        Ok(AnnotationOut {
            id,
            image_id,
            category_id,
            bbox: object.bbox.map(|bbox| xywh(bbox.corners()).map(Number)),
            segmentation,
            area: object.area.or_else(|| area(object)).map(Number::from),
            iscrowd: u8::from(object.crowd),
            keypoints: landmarks.map(keypoints),
            num_keypoints: landmarks.map(labelled),
            attribute_ids,
            extra: extra::of(object.extra.as_deref(), NAME),
        })
    }

    fn segmentation(&mut self, record: &Record, object: &Object) -> SegmentationOut {
        let none = SegmentationOut::Polygons(Vec::new());
        match &object.mask {
            None => none,
            Some(Mask::Polygons(polygons)) => {
                SegmentationOut::Polygons(polygons.iter().map(flat).collect())
            }
            Some(Mask::Rle(rle)) => SegmentationOut::Rle(rle.clone()),
            Some(mask @ Mask::Region(_)) => {
                let rle = record.image.size.and_then(|[width, height]| {
                    mask.run_lengths(width as usize, height as usize).ok()
                });
                // Run lengths need the picture's size.
                self.losses
                    .add("mask of an object", usize::from(rle.is_none()));
                rle.map_or(none, SegmentationOut::Rle)
            }
        }
    }

    fn listed(&mut self, object: &Object) -> Option<Vec<u32>> {
        if self.flavour == Flavour::Instances || object.attributes.is_empty() {
            return None;
        }
        let lost = is_more_than_yes_and_no(&object.attributes);
        self.losses.add(
            "attributes that are neither yes nor no, of an object",
            usize::from(lost),
        );
        let present = object.attributes.with(Judgement::Yes);
        Some(
            present
                .filter_map(|place| self.attribute_ids.get(place).copied())
                .collect(),
        )
    }
}
