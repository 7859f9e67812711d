//! From the lists to records.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::formats::json::{self, Item};
use crate::formats::problem::{Problem, Report, need};
use crate::formats::{FormatError, Loaded, Mode, check, extra};
use crate::sample::{
    AttributeGroup, AttributeLabels, AttributeVocabulary, Category, DataSet, Extra, ImageFile,
    LandmarkSchema, Object, Record,
};

use super::entries::{Annotation, AttributeEntry, CategoryEntry, Image};
use super::{ATTRIBUTE_FIELDS, Flavour, NAME, parts};

const LISTS: &[&str] = &["images", "annotations", "categories"];
const LISTS_WITH_ATTRIBUTES: &[&str] = &["images", "annotations", "categories", "attributes"];

pub(crate) fn read(
    reader: impl Read,
    path: &Path,
    mode: Mode,
    flavour: Flavour,
) -> Result<Loaded<DataSet>, FormatError> {
    let lists = match flavour {
        Flavour::Instances => LISTS,
        Flavour::Fashionpedia => LISTS_WITH_ATTRIBUTES,
    };
    let mut reader = reader;
    let mut first = Vec::new();
    let length = json::BYTE_ORDER_MARK.len() as u64;
    reader
        .by_ref()
        .take(length)
        .read_to_end(&mut first)
        .map_err(|source| FormatError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
    if first.is_empty() {
        return Err(FormatError::Invalid(json::empty().finding(path)));
    }
    let mut building = Building::new(path, mode, flavour);
    let first = first.strip_prefix(json::BYTE_ORDER_MARK).unwrap_or(&first);
    let whole = first.chain(reader);
    let seen = json::stream(path, whole, lists, &mut |item| match item {
        Item::Field { name, value } => {
            building.fields.insert(name, value);
            Ok(())
        }
        Item::Entry { list, index, text } => building.entry(list, index, text),
    })?;
    if let Some(missing) = lists.iter().find(|list| !seen.contains(list)) {
        let problem = Problem::new(
            "",
            format!(
                "has no `{missing}`; a COCO file has the lists `{}`",
                lists.join("`, `")
            ),
            "add the list, empty if there is nothing in it",
        );
        return Err(FormatError::Invalid(problem.finding(path)));
    }
    building.finish()
}

struct Building<'a> {
    path: &'a Path,
    flavour: Flavour,
    report: Report,
    set: DataSet,
    /// Unknown fields of the document, and of categories and attributes by number.
    fields: Extra,
    category_fields: Extra,
    attributes: Vec<AttributeEntry>,
    /// Places by number.
    records: HashMap<u64, usize>,
    categories: HashMap<u32, u32>,
    /// The landmark schema of a category, by its place.
    schemas: HashMap<u32, u16>,
    /// With their places in the list.
    annotations: Vec<(usize, Annotation)>,
    /// Numbers of pictures that are left out, those of several pictures among them.
    left_out: HashSet<u64>,
}

impl<'a> Building<'a> {
    fn new(path: &'a Path, mode: Mode, flavour: Flavour) -> Self {
        Self {
            path,
            flavour,
            report: Report::new(mode),
            set: DataSet::default(),
            fields: Extra::new(),
            category_fields: Extra::new(),
            attributes: Vec::new(),
            records: HashMap::new(),
            categories: HashMap::new(),
            schemas: HashMap::new(),
            annotations: Vec::new(),
            left_out: HashSet::new(),
        }
    }

    fn entry(&mut self, list: &'static str, index: usize, text: &str) -> Result<(), FormatError> {
        let added = match list {
            "images" => json::entry(text).and_then(|image| self.image(image)),
            "categories" => json::entry(text).and_then(|category| self.category(category)),
            "attributes" => json::entry(text).map(|attribute| self.attributes.push(attribute)),
            _ => json::entry(text).map(|annotation| self.annotations.push((index, annotation))),
        };
        match added {
            Ok(()) => Ok(()),
            Err(problem) => {
                if list == "annotations"
                    && let Some(image) = picture_of(text)
                {
                    self.left_out.insert(image);
                }
                self.report
                    .note(self.path, problem.within(&format!("{list}[{index}]")))
            }
        }
    }

    fn image(&mut self, image: Image) -> Result<(), Problem> {
        let id = need(image.id, "id")?;
        let size = match (image.width, image.height) {
            (None, None) => Ok(None),
            (width, height) => need(width, "width").and_then(|width| {
                need(height, "height").and_then(|height| check::size("", width, height).map(Some))
            }),
        };
        let record = need(image.file_name, "file_name").and_then(|path| {
            Ok(Record {
                image: ImageFile { path, size: size? },
                id: Some(id),
                extra: extra::keep(NAME, image.extra),
                ..Record::default()
            })
        });
        match self.records.entry(id) {
            Entry::Occupied(_) => {
                self.left_out.insert(id);
                Err(Problem::new(
                    "id",
                    format!("image {id} is there already, so its annotations may be of either"),
                    "give every entry its own number; a lenient reader leaves those that share one out",
                ))
            }
            Entry::Vacant(vacant) => match record {
                Ok(record) => {
                    vacant.insert(self.set.records.len());
                    self.set.records.push(record);
                    Ok(())
                }
                Err(problem) => {
                    self.left_out.insert(id);
                    Err(problem)
                }
            },
        }
    }

    fn category(&mut self, category: CategoryEntry) -> Result<(), Problem> {
        let id = need(category.id, "id")?;
        let name = need(category.name, "name")?;
        if self.categories.contains_key(&id) {
            return Err(duplicate("category", u64::from(id)));
        }
        if self.set.category(&name).is_some() {
            return Err(Problem::new(
                "name",
                format!("`{name}` is already the name of another category"),
                "give every category its own name",
            ));
        }
        let place = self.set.categories.len() as u32;
        if let Some(points) = category.keypoints {
            let skeleton = parts::skeleton(&category.skeleton.unwrap_or_default(), points.len())?;
            self.schemas
                .insert(place, self.set.landmark_schemas.len() as u16);
            self.set.landmark_schemas.push(LandmarkSchema {
                name: name.clone(),
                mirrored: parts::mirrored(&points),
                points,
                skeleton,
            });
        }
        self.categories.insert(id, place);
        if !category.extra.is_empty() {
            self.category_fields
                .insert(id.to_string(), Value::Object(category.extra));
        }
        self.set.categories.push(Category {
            name,
            group: category.supercategory,
            id,
        });
        Ok(())
    }

    fn finish(mut self) -> Result<Loaded<DataSet>, FormatError> {
        let attributes = self.vocabulary()?;
        let mut ids = HashSet::new();
        for (index, annotation) in std::mem::take(&mut self.annotations) {
            let image = annotation.image_id;
            if let Err(problem) = self.annotation(annotation, &attributes, &mut ids) {
                self.left_out.extend(image);
                self.report
                    .note(self.path, problem.within(&format!("annotations[{index}]")))?;
            }
        }
        if !self.left_out.is_empty() {
            let left_out = self.left_out;
            self.set
                .records
                .retain(|record| !record.id.is_some_and(|id| left_out.contains(&id)));
        }
        if !self.category_fields.is_empty() {
            self.fields
                .insert("categories".into(), Value::Object(self.category_fields));
        }
        self.set.extra = extra::keep(NAME, self.fields);
        Ok(Loaded {
            value: self.set,
            skipped: self.report.skipped,
        })
    }

    fn annotation(
        &mut self,
        annotation: Annotation,
        attributes: &HashMap<u32, usize>,
        ids: &mut HashSet<u64>,
    ) -> Result<(), Problem> {
        let id = need(annotation.id, "id")?;
        let image = need(annotation.image_id, "image_id")?;
        let Some(&place) = self.records.get(&image) else {
            if self.left_out.contains(&image) {
                // The picture's own finding says why.
                return Ok(());
            }
            return Err(Problem::new(
                "image_id",
                format!("there is no image {image}"),
                "list the image or remove its annotations",
            ));
        };
        if !ids.insert(id) {
            return Err(duplicate("annotation", id));
        }
        let category = need(annotation.category_id, "category_id")?;
        let Some(&category) = self.categories.get(&category) else {
            return Err(Problem::new(
                "category_id",
                format!("there is no category {category}"),
                "list it in `categories` or correct the number",
            ));
        };
        let size = self.set.records[place].image.size;
        let mut fields = annotation.extra;
        let labels = match (self.flavour, annotation.attribute_ids) {
            (_, None) => AttributeLabels::default(),
            (Flavour::Instances, Some(list)) => {
                fields.insert("attribute_ids".into(), list);
                AttributeLabels::default()
            }
            (Flavour::Fashionpedia, Some(list)) => {
                parts::labels(&list, attributes, self.set.attributes.len())?
            }
        };
        let landmarks = match annotation.keypoints {
            None => None,
            Some(flat) => {
                let schema = self.schemas.get(&category).map(|&schema| {
                    let points = &self.set.landmark_schemas[usize::from(schema)].points;
                    (schema, points.len())
                });
                Some(parts::landmarks(&flat, schema)?)
            }
        };
        let object = Object {
            category: Some(category),
            bbox: annotation
                .bbox
                .map(|numbers| parts::bbox(&numbers, size))
                .transpose()?,
            mask: match annotation.segmentation {
                None => None,
                Some(segmentation) => parts::mask(segmentation, size)?,
            },
            landmarks,
            attributes: labels,
            area: annotation.area.map(parts::area).transpose()?,
            crowd: annotation.iscrowd.is_some_and(|flag| flag.0),
            id: Some(id),
            extra: extra::keep(NAME, fields),
            ..Object::default()
        };
        self.set.records[place].objects.push(object);
        Ok(())
    }

    /// Sets the vocabulary (values by group, in the order of their first appearance) and returns
    /// each attribute's place by its number.
    fn vocabulary(&mut self) -> Result<HashMap<u32, usize>, FormatError> {
        let mut groups: Vec<(AttributeGroup, Vec<u32>)> = Vec::new();
        let mut known = HashSet::new();
        let mut fields = Vec::new();
        for (index, entry) in std::mem::take(&mut self.attributes).into_iter().enumerate() {
            let parts = need(entry.id, "id").and_then(|id| {
                let name = need(entry.name, "name")?;
                if known.insert(id) {
                    Ok((id, name))
                } else {
                    Err(duplicate("attribute", u64::from(id)))
                }
            });
            let (id, name) = match parts {
                Ok(parts) => parts,
                Err(problem) => {
                    self.report
                        .note(self.path, problem.within(&format!("attributes[{index}]")))?;
                    continue;
                }
            };
            let group = entry.supercategory.unwrap_or_default();
            let mut kept = entry.extra;
            kept.insert("id".into(), id.into());
            kept.insert("name".into(), name.clone().into());
            kept.insert("supercategory".into(), group.clone().into());
            fields.push(Value::Object(kept));
            let place = groups.iter().position(|(known, _)| known.name == group);
            let place = place.unwrap_or_else(|| {
                let values = Vec::new();
                let group = AttributeGroup {
                    name: group,
                    values,
                    exclusive: false,
                };
                groups.push((group, Vec::new()));
                groups.len() - 1
            });
            groups[place].0.values.push(name);
            groups[place].1.push(id);
        }
        if !fields.is_empty() {
            self.fields
                .insert(ATTRIBUTE_FIELDS.into(), Value::Array(fields));
        }
        let places = groups
            .iter()
            .flat_map(|(_, ids)| ids.iter().copied())
            .enumerate()
            .map(|(place, id)| (id, place))
            .collect();
        self.set.attributes =
            AttributeVocabulary::new(groups.into_iter().map(|(group, _)| group).collect());
        Ok(places)
    }
}

/// The picture of an annotation that could not be read otherwise.
fn picture_of(text: &str) -> Option<u64> {
    json::entry::<Value>(text).ok()?.get("image_id")?.as_u64()
}

fn duplicate(what: &str, id: u64) -> Problem {
    Problem::new(
        "id",
        format!("{what} {id} is there already"),
        "give every entry its own number",
    )
}
