//! What a format can hold, and the count of everything it cannot.

use crate::sample::{AttributeLabels, DataSet, Judgement, Object, Record};

use super::{Losses, extra};

/// Which facts a format has a place for. A writer that holds a fact only sometimes counts the rest
/// itself.
// A table of independent facts, one column a format.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Holds {
    /// The format's name, as [`extra`] keeps its fields.
    pub format: &'static str,
    pub picture_numbers: bool,
    pub picture_sizes: bool,
    pub splits: bool,
    pub parsing: bool,
    pub category_numbers: bool,
    pub category_groups: bool,
    pub boxes: bool,
    pub masks: bool,
    pub landmarks: bool,
    pub attributes: bool,
    pub areas: bool,
    pub crowds: bool,
    pub difficult: bool,
    pub truncated: bool,
    pub occluded: bool,
    pub object_numbers: bool,
}

impl Holds {
    /// Counts what a data set has and the format does not.
    pub fn losses(&self, set: &DataSet) -> Losses {
        let mut losses = Losses::default();
        let mut count = |kind, times: usize| losses.add(kind, times);
        count(
            "fields of other formats, of the data set",
            extra::foreign(set.extra.as_deref(), self.format),
        );
        for (index, category) in set.categories.iter().enumerate() {
            let plain = u32::try_from(index + 1) == Ok(category.id);
            count(
                "category number",
                usize::from(!self.category_numbers && !plain),
            );
            count(
                "category group",
                usize::from(!self.category_groups && category.group.is_some()),
            );
        }
        if !self.attributes {
            count(
                "attribute vocabulary",
                usize::from(!set.attributes.is_empty()),
            );
        }
        if !self.landmarks {
            count("landmark schema", set.landmark_schemas.len());
        }
        for record in &set.records {
            self.count_record(record, &mut losses);
        }
        losses
    }

    fn count_record(&self, record: &Record, losses: &mut Losses) {
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
        for object in &record.objects {
            self.count_object(object, losses);
        }
    }

    fn count_object(&self, object: &Object, losses: &mut Losses) {
        let mut count =
            |kind, held: bool, there: bool| losses.add(kind, usize::from(!held && there));
        count("box of an object", self.boxes, object.bbox.is_some());
        count("mask of an object", self.masks, object.mask.is_some());
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
