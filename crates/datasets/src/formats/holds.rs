//! What each format can hold, and the count of everything it cannot.

use crate::sample::{AttributeLabels, DataSet, Judgement, Object, Record};

use super::{Losses, extra};

/// Forms of a mask that a format has a place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masks {
    /// None.
    None,
    /// Outlines; a hole in a mask of pixels is lost.
    Outlines,
    /// Outlines, and pixels or run lengths.
    All,
}

/// Which facts a format has a place for, whatever may be said of them elsewhere: what its writer
/// does not count as lost. Where a format holds a fact only sometimes (landmarks of its own kinds,
/// whole pixels) the writer counts the rest.
///
/// ```
/// use wardrobe_datasets::formats::{Format, Masks};
/// let voc = Format::Voc.holds();
/// assert!(voc.boxes && voc.splits && voc.masks == Masks::None);
/// ```
// A table of independent facts, one column a format.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holds {
    /// The name under which the format's own further fields are kept.
    pub(crate) format: &'static str,
    /// A number for each picture.
    pub picture_numbers: bool,
    /// Width and height of each picture.
    pub picture_sizes: bool,
    /// Which part of the data set a picture belongs to.
    pub splits: bool,
    /// A map of classes for each picture.
    pub parsing: bool,
    /// The objects' categories.
    pub categories: bool,
    /// Numbers of categories other than 1, 2, 3 …
    pub category_numbers: bool,
    /// What a category is a kind of.
    pub category_groups: bool,
    /// The objects' boxes.
    pub boxes: bool,
    /// The objects' masks.
    pub masks: Masks,
    /// The objects' landmarks.
    pub landmarks: bool,
    /// The objects' attributes.
    pub attributes: bool,
    /// The objects' areas.
    pub areas: bool,
    /// Groups annotated as one object.
    pub crowds: bool,
    /// Objects that count neither for nor against a detector.
    pub difficult: bool,
    /// Objects cut by the picture's border.
    pub truncated: bool,
    /// Objects partly hidden.
    pub occluded: bool,
    /// A number for each object.
    pub object_numbers: bool,
}

impl Holds {
    /// A format of pictures alone; formats name what they hold beyond.
    pub(crate) const NOTHING: Self = Self {
        format: "",
        picture_numbers: false,
        picture_sizes: false,
        splits: false,
        parsing: false,
        categories: false,
        category_numbers: false,
        category_groups: false,
        boxes: false,
        masks: Masks::None,
        landmarks: false,
        attributes: false,
        areas: false,
        crowds: false,
        difficult: false,
        truncated: false,
        occluded: false,
        object_numbers: false,
    };

    /// Counts what a data set has and the format does not.
    pub(crate) fn losses(&self, set: &DataSet) -> Losses {
        let mut losses = Losses::default();
        self.count_set(set, &mut losses);
        for record in &set.records {
            self.count_picture(record, &mut losses);
            for object in &record.objects {
                self.count_object(object, &mut losses);
            }
        }
        losses
    }

    /// Of the set as a whole, its vocabularies.
    pub(crate) fn count_set(&self, set: &DataSet, losses: &mut Losses) {
        losses.add(
            "fields of other formats, of the data set",
            extra::foreign(set.extra.as_deref(), self.format),
        );
        if !self.categories {
            losses.add("category", set.categories.len());
        }
        for (index, category) in set.categories.iter().enumerate() {
            let plain = u32::try_from(index + 1) == Ok(category.id);
            losses.add(
                "category number",
                usize::from(self.categories && !self.category_numbers && !plain),
            );
            losses.add(
                "category group",
                usize::from(self.categories && !self.category_groups && category.group.is_some()),
            );
        }
        if !self.attributes {
            losses.add(
                "attribute vocabulary",
                usize::from(!set.attributes.is_empty()),
            );
        }
        if !self.landmarks {
            losses.add("landmark schema", set.landmark_schemas.len());
        }
    }

    /// Of one picture, without its objects.
    pub(crate) fn count_picture(&self, record: &Record, losses: &mut Losses) {
        let mut count =
            |kind, held: bool, there: bool| losses.add(kind, usize::from(!held && there));
        count("picture number", self.picture_numbers, record.id.is_some());
        count(
            "picture size",
            self.picture_sizes,
            record.image.size.is_some(),
        );
        count("split of a picture", self.splits, record.split.is_some());
        count(
            "parsing map of a picture",
            self.parsing,
            record.parsing.is_some(),
        );
        losses.add(
            "fields of other formats, of a picture",
            extra::foreign(record.extra.as_deref(), self.format),
        );
    }

    /// Of one object.
    pub(crate) fn count_object(&self, object: &Object, losses: &mut Losses) {
        let mut count =
            |kind, held: bool, there: bool| losses.add(kind, usize::from(!held && there));
        count(
            "category of an object",
            self.categories,
            object.category.is_some(),
        );
        count("box of an object", self.boxes, object.bbox.is_some());
        let masks = self.masks != Masks::None;
        count("mask of an object", masks, object.mask.is_some());
        count(
            "landmarks of an object",
            self.landmarks,
            object.landmarks.is_some(),
        );
        count(
            "attributes of an object",
            self.attributes,
            !object.attributes.is_empty(),
        );
        count("area of an object", self.areas, object.area.is_some());
        count("crowd flag of an object", self.crowds, object.crowd);
        count(
            "difficult flag of an object",
            self.difficult,
            object.difficult,
        );
        count(
            "truncated flag of an object",
            self.truncated,
            object.truncated,
        );
        count("occluded flag of an object", self.occluded, object.occluded);
        count("object number", self.object_numbers, object.id.is_some());
        losses.add(
            "fields of other formats, of an object",
            extra::foreign(object.extra.as_deref(), self.format),
        );
    }
}

/// Whether a format of plain lists (present or not) would lose judgements of these labels.
pub(crate) fn is_more_than_yes_and_no(labels: &AttributeLabels) -> bool {
    labels
        .iter()
        .any(|judgement| matches!(judgement, Judgement::Maybe | Judgement::Unknown))
}
