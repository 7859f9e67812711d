//! From a sample to what a detector learns from.

use wardrobe_datasets::sample::{BBox, Mask};
use wardrobe_datasets::{MaskRegion, Object, Sample};
use wardrobe_mask_head::{InstanceTruth, TruthMask};

use crate::data::Classes;
use crate::error::ObjectError;

/// A mask covers at least this share of its box, if the two are of one object: a thin diagonal strap
/// still covers a few hundredths.
const LEAST_COVER: f32 = 1e-3;

/// Checks every object, numbers it by its class and, for detectors with `masks`, turns its mask into
/// pixels; in loader threads.
///
/// Objects of no class become difficult ones: neither to be found nor background. An object with a mask and no box gets the
/// box around its mask. Objects that nobody is asked to find (crowds, difficult ones) need no mask.
///
/// ```
/// use wardrobe_datasets::sample::{BBox, Category};
/// use wardrobe_datasets::{Object, Picture, Sample};
/// use wardrobe_recipes::data::{ClassChoice, Classes};
/// use wardrobe_recipes::detection::settle;
///
/// let coat = Category { name: "Coat".into(), group: None, id: 0 };
/// let classes = Classes::choose(&[coat], &ClassChoice::Categories)?;
/// let wrong = Object {
///     category: Some(0),
///     // Left, top, width, height, where the right and the bottom edge belong.
///     bbox: Some(BBox::new(30.0, 40.0, 20.0, 10.0)),
///     ..Object::default()
/// };
/// let picture = Picture::new(vec![0; 3 * 64 * 64], 64, 64);
/// let sample = Sample { picture, objects: vec![wrong], parsing: None };
/// let message = settle(sample, &classes, false).unwrap_err().to_string();
/// assert!(message.contains("x, y, width, height"), "{message}");
/// # Ok::<(), wardrobe_recipes::RecipeError>(())
/// ```
///
/// # Errors
/// [`ObjectError`] for the first object without box, category or (for `masks`) mask, and for a box
/// without an inside or outside the picture.
pub fn settle(mut sample: Sample, classes: &Classes, masks: bool) -> Result<Sample, ObjectError> {
    let (width, height) = (sample.picture.width(), sample.picture.height());
    for (index, object) in sample.objects.iter_mut().enumerate() {
        if let Some(category) = object.category {
            object.category = classes.class(category).map(|class| class as u32);
            object.difficult |= object.category.is_none();
        }
        let wanted = !(object.crowd || object.difficult);
        let needs_pixels = masks && wanted || object.bbox.is_none();
        if let (true, Some(mask)) = (needs_pixels, &object.mask) {
            let region = mask
                .region(width, height)
                .map_err(|error| ObjectError::of_mask(index, &error))?;
            object.bbox = object.bbox.or_else(|| region.bbox());
            object.mask = Some(Mask::Region(region));
        }
        check_box(index, object, width, height)?;
        if !wanted {
            continue;
        }
        if object.category.is_none() {
            return Err(ObjectError::new(
                index,
                "has no category",
                "give it one, or mark it as difficult to leave it out",
            ));
        }
        if masks {
            check_mask(index, object)?;
        }
    }
    Ok(sample)
}

/// The same for scores, which forgive detections where an object to be ignored has its pixels.
///
/// # Errors
/// As [`settle`], and for a mask of such an object that cannot be read.
pub(crate) fn settle_for_scores(
    sample: Sample,
    classes: &Classes,
    masks: bool,
) -> Result<Sample, ObjectError> {
    let mut sample = settle(sample, classes, masks)?;
    let (width, height) = (sample.picture.width(), sample.picture.height());
    if masks {
        for (index, object) in sample.objects.iter_mut().enumerate() {
            if let Some(mask @ (Mask::Polygons(_) | Mask::Rle(_))) = &object.mask {
                let region = mask
                    .region(width, height)
                    .map_err(|error| ObjectError::of_mask(index, &error))?;
                object.mask = Some(Mask::Region(region));
            }
        }
    }
    Ok(sample)
}

fn check_box(
    index: usize,
    object: &Object,
    width: usize,
    height: usize,
) -> Result<(), ObjectError> {
    let Some(bbox) = object.bbox else {
        return Err(ObjectError::new(
            index,
            "has no box",
            "detectors learn from boxes; use data that has them",
        ));
    };
    let shown = |problem: &str| format!("its box {:?} {problem}", bbox.corners());
    if !bbox.is_proper() {
        return Err(ObjectError::new(
            index,
            shown("has no inside"),
            "a box is x1, y1, x2, y2; were x, y, width, height written for it?",
        ));
    }
    if bbox.clipped(width, height).is_none() {
        return Err(ObjectError::new(
            index,
            shown(&format!("is outside the picture of {width}x{height}")),
            "do annotation and picture belong together, and were both resized?",
        ));
    }
    Ok(())
}

fn check_mask(index: usize, object: &Object) -> Result<(), ObjectError> {
    let Some(Mask::Region(region)) = &object.mask else {
        return Err(ObjectError::new(
            index,
            "has no mask",
            "use data with masks, or train a detector without them",
        ));
    };
    let area = object.bbox.map_or(0.0, BBox::area);
    if (region.area() as f32) < LEAST_COVER * area {
        return Err(ObjectError::new(
            index,
            format!("its mask has {} pixels in a box of {area}", region.area()),
            "is the mask of another picture or object?",
        ));
    }
    Ok(())
}

/// What a detector learns from a settled sample: labels count classes from 1; what is difficult or a
/// crowd is to be ignored.
///
/// Masks are handed on where objects have their pixels (see [`settle`]); a detector without masks
/// does not look at them.
pub fn instance_truth(sample: &Sample) -> InstanceTruth {
    let mut truth = InstanceTruth::default();
    for target in targets(sample) {
        match target.label {
            Some(label) if !target.ignored => {
                truth.objects.boxes.push(target.corners);
                truth.objects.labels.push(label);
                let mask = target.region.map(truth_mask);
                truth.masks.push(mask.unwrap_or_default());
            }
            _ => truth.objects.ignored.push(target.corners),
        }
    }
    truth
}

/// An object of a settled sample, as scores see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub corners: [f32; 4],
    /// From 1. Of an ignored object the one class whose detections it excuses; none where it excuses those of any.
    pub label: Option<usize>,
    /// Neither to be found nor background.
    pub ignored: bool,
    pub region: Option<&'a MaskRegion>,
    /// What the data say, for COCO's size classes.
    pub area: Option<f32>,
}

pub(crate) fn targets(sample: &Sample) -> impl Iterator<Item = Target<'_>> {
    sample.objects.iter().filter_map(|object| {
        Some(Target {
            corners: object.bbox?.corners(),
            label: object.category.map(|class| class as usize + 1),
            ignored: object.crowd || object.difficult || object.category.is_none(),
            region: match &object.mask {
                Some(Mask::Region(region)) => Some(region),
                _ => None,
            },
            area: object.area,
        })
    })
}

fn truth_mask(region: &MaskRegion) -> TruthMask {
    TruthMask {
        x: region.left(),
        y: region.top(),
        width: region.width(),
        bits: region.bits().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::data::ClassChoice;
    use wardrobe_datasets::Picture;
    use wardrobe_datasets::sample::{Category, Polygon};

    fn sample(objects: Vec<Object>) -> Sample {
        Sample {
            picture: Picture::new(vec![0; 3 * 20 * 10], 20, 10),
            objects,
            parsing: None,
        }
    }

    fn object() -> Object {
        let square = Polygon(vec![[2.0, 1.0], [6.0, 1.0], [6.0, 5.0], [2.0, 5.0]]);
        Object {
            category: Some(1),
            bbox: Some(BBox::new(2.0, 1.0, 6.0, 5.0)),
            mask: Some(Mask::Polygons(vec![square])),
            ..Object::default()
        }
    }

    fn classes() -> Classes {
        classes_of(&ClassChoice::Categories)
    }

    fn classes_of(choice: &ClassChoice) -> Classes {
        let category = |name: &str| Category {
            name: name.into(),
            group: None,
            id: 0,
        };
        let names = ["Coat", "Dress"].map(category);
        Classes::choose(&names, choice).unwrap()
    }

    #[test]
    fn masks_become_pixels_and_labels_count_from_one() {
        let settled = settle(sample(vec![object()]), &classes(), true).unwrap();
        let truth = instance_truth(&settled);
        assert_eq!(truth.objects.boxes, [[2.0, 1.0, 6.0, 5.0]]);
        assert_eq!(truth.objects.labels, [2]);
        let mask = &truth.masks[0];
        assert_eq!((mask.x, mask.y, mask.width, mask.height()), (2, 1, 4, 4));
        assert!(mask.bits.iter().all(|bit| *bit));
    }

    #[test]
    fn a_mask_alone_makes_a_box() {
        let boxless = Object {
            bbox: None,
            ..object()
        };
        let settled = settle(sample(vec![boxless]), &classes(), false).unwrap();
        assert_eq!(settled.objects[0].bbox, object().bbox);
    }

    #[test]
    fn crowds_and_other_classes_are_ignored() {
        let crowd = Object {
            crowd: true,
            mask: None,
            category: None,
            ..object()
        };
        let other = Object {
            category: Some(0),
            ..object()
        };
        let only = classes_of(&ClassChoice::Only(vec!["Dress".into()]));
        let objects = sample(vec![crowd, other, object()]);
        let settled = settle_for_scores(objects, &only, true).unwrap();
        let truth = instance_truth(&settled);
        // The dress, the data's second category, is the first class.
        assert_eq!((truth.objects.labels, truth.masks.len()), (vec![1], 1));
        assert_eq!(truth.objects.ignored.len(), 2);
        // The pixels of what is ignored count too, where they are known.
        let covered = targets(&settled).map(|target| target.region.map(MaskRegion::area));
        assert_eq!(covered.collect::<Vec<_>>(), [None, Some(16), Some(16)]);
    }

    #[test]
    fn what_cannot_be_learnt_from_is_named() {
        let message = |object: Object, masks| {
            settle(sample(vec![self::object(), object]), &classes(), masks)
                .unwrap_err()
                .in_file("a.jpg")
                .to_string()
        };
        let boxed = |corners: [f32; 4]| Object {
            bbox: Some(BBox::from(corners)),
            ..object()
        };
        assert_eq!(
            message(boxed([5.0, 5.0, 5.0, 9.0]), false),
            "a.jpg, object 1: its box [5.0, 5.0, 5.0, 9.0] has no inside; a box is x1, y1, x2, y2; were x, y, width, height written for it?"
        );
        assert!(
            message(boxed([25.0, 2.0, 29.0, 9.0]), false)
                .contains("is outside the picture of 20x10")
        );
        let unnamed = Object {
            category: None,
            ..object()
        };
        assert!(message(unnamed, false).contains("has no category"));
        let bare = Object {
            mask: None,
            ..object()
        };
        assert!(message(bare.clone(), true).contains("has no mask"));
        assert!(settle(sample(vec![bare]), &classes(), false).is_ok());
        let elsewhere = Object {
            mask: Some(Mask::Region(MaskRegion::new(19, 9, 1, vec![false]))),
            ..object()
        };
        assert!(message(elsewhere, true).contains("its mask has 0 pixels in a box of 16"));
    }
}
