//! What was to be found beside what was found, as pictures.

use std::path::Path;

use wardrobe_datasets::{Annotation, MaskRegion, Picture, draw};
use wardrobe_training::report;

use super::detector::Judged;
use super::errors::{Mistake, Wrong};
use crate::detection::{DRAWN_FROM, annotations, embedded};
use crate::error::RecipeError;

/// Columns of white between the two.
const GAP: usize = 8;

/// The picture twice: left what was to be found, right what was found with a score from 0.5 on.
pub fn pair(judged: &Judged, names: &[String]) -> Picture {
    let found = annotations(&judged.found, names);
    side_by_side(
        &draw(&judged.sample.picture, &wanted(judged, names)),
        &draw(&judged.sample.picture, &found),
    )
}

fn wanted(judged: &Judged, names: &[String]) -> Vec<Annotation> {
    let objects = &judged.truth.objects;
    let each = objects.boxes.iter().zip(&objects.labels).enumerate();
    each.map(|(index, (corners, &label))| {
        let mask = judged.truth.masks.get(index);
        let mask = mask.filter(|mask| !mask.bits.is_empty());
        Annotation {
            corners: *corners,
            label,
            name: name(names, label).to_owned(),
            // An annotation is as sure as can be; it is drawn without a number.
            score: f32::NAN,
            mask: mask.map(|m| MaskRegion::new(m.x, m.y, m.width, m.bits.clone())),
        }
    })
    .collect()
}

fn side_by_side(left: &Picture, right: &Picture) -> Picture {
    let (width, height) = (left.width() + GAP + right.width(), left.height());
    let mut data = Vec::with_capacity(3 * width * height);
    let rows = left.data().chunks(3 * left.width());
    for (left, right) in rows.zip(right.data().chunks(3 * right.width())) {
        data.extend_from_slice(left);
        data.extend([255; 3 * GAP]);
        data.extend_from_slice(right);
    }
    Picture::new(data, width, height)
}

/// A pair as a file in a folder and for a page.
pub(crate) fn shown(
    judged: &Judged,
    names: &[String],
    path: &Path,
) -> Result<report::Picture, RecipeError> {
    let sure = |score: f32| score >= DRAWN_FROM;
    let found = judged.found.iter();
    let caption = format!(
        "{}: {} annotated, {} found",
        judged.name,
        judged.truth.objects.boxes.len(),
        found.filter(|one| sure(one.detection.score)).count(),
    );
    embedded(&pair(judged, names), path, caption)
}

/// A mistake as a file in a folder and for a page.
pub(crate) fn shown_mistake(
    mistake: &Mistake,
    judged: &[Judged],
    names: &[String],
    path: &Path,
) -> Result<report::Picture, RecipeError> {
    let one = &judged[mistake.picture];
    let object = |index: usize| name(names, one.truth.objects.labels[index]);
    let detection = |index: usize| &one.found[index].detection;
    let what = match mistake.what {
        Wrong::Invented { found, covers } => {
            let taken = name(names, detection(found).label);
            let score = detection(found).score;
            match covers.map(object) {
                Some(class) if class == taken => format!("{taken} {score:.2}, found twice"),
                Some(class) => format!("{taken} {score:.2}, but it is {class}"),
                None => format!("{taken} {score:.2}, where none is"),
            }
        }
        Wrong::Missed { object: o, share } => {
            format!(
                "{} missed, {:.0} % of the picture",
                object(o),
                share * 100.0
            )
        }
        Wrong::PoorMask { object: o, iou, .. } => {
            format!("{}: IoU of the masks {iou:.2}", object(o))
        }
    };
    let caption = format!("{}: {what}", one.name);
    embedded(&pair(one, names), path, caption)
}

fn name(names: &[String], label: usize) -> &str {
    let index = label.wrapping_sub(1);
    names.get(index).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pictures_become_one_with_a_gap() {
        let left = Picture::new(vec![1; 3 * 2], 1, 2);
        let right = Picture::new(vec![2; 3 * 2], 1, 2);
        let both = side_by_side(&left, &right);
        assert_eq!((both.width(), both.height()), (2 + GAP, 2));
        let row = &both.data()[3 * (2 + GAP)..];
        assert_eq!((row[0], row[3], row[3 * (1 + GAP)]), (1, 255, 2));
    }
}
