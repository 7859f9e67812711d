//! Every format to itself keeps everything; every format to every other keeps what both can hold and counts the rest.

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::number_pictures;
use wardrobe_datasets::sample::{Mask, Object};

use super::fixture::{FORMATS, Format, rich};

/// Read, written and read again: the first reading has what the format can hold of [`rich`], so the
/// second must lose nothing and be equal.
#[test]
fn every_format_keeps_its_own() {
    for format in &FORMATS {
        let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        (format.write)(&rich(), first.path()).unwrap();
        let mut set = (format.read)(first.path()).unwrap().value;
        let losses = (format.write)(&set, second.path()).unwrap();
        assert!(losses.is_empty(), "{}: {losses}", format.name);
        let again = (format.read)(second.path()).unwrap().value;
        set.root = again.root.clone();
        assert_eq!(set, again, "{}", format.name);
    }
}

/// The bitmap of a mask in its picture, for comparison across spellings.
fn pixels(object: &Object) -> Option<Vec<bool>> {
    let mask = object.mask.as_ref()?;
    let region = mask.region(100, 80).unwrap();
    Some(
        (0..8000)
            .map(|index| region.contains(index % 100, index / 100))
            .collect(),
    )
}

#[test]
fn every_format_to_every_other_keeps_what_both_hold() {
    for from in &FORMATS {
        for to in &FORMATS {
            let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            (from.write)(&rich(), first.path()).unwrap();
            let mut source = (from.read)(first.path()).unwrap().value;
            number_pictures(&mut source);
            // Formats with lists of categories sort them; the names are what counts.
            let losses = (to.write)(&source, second.path()).unwrap();
            let target = (to.read)(second.path()).unwrap().value;
            let what = format!("{} to {}", from.name, to.name);
            assert_eq!(source.records.len(), target.records.len(), "{what}");
            for (before, after) in source.records.iter().zip(&target.records) {
                if from.sizes && to.sizes {
                    assert_eq!(before.image.size, after.image.size, "{what}");
                }
                assert_eq!(before.objects.len(), after.objects.len(), "{what}");
                for (before, after) in before.objects.iter().zip(&after.objects) {
                    let name = |set: &DataSet, object: &Object| {
                        set.categories[object.category.unwrap() as usize]
                            .name
                            .clone()
                    };
                    assert_eq!(name(&source, before), name(&target, after), "{what}");
                    assert_eq!(before.bbox, after.bbox, "{what}");
                    // Run lengths need the picture's size, which DeepFashion2 does not state.
                    if from.masks
                        && to.masks
                        && (from.sizes || !matches!(before.mask, Some(Mask::Region(_))))
                    {
                        assert_eq!(pixels(before), pixels(after), "{what}");
                    }
                    if from.landmarks && to.landmarks {
                        assert_eq!(
                            before.landmarks.as_ref().map(|l| &l.points),
                            after.landmarks.as_ref().map(|l| &l.points),
                            "{what}"
                        );
                    }
                }
            }
            let count = |has: fn(&Object) -> bool| {
                source
                    .records
                    .iter()
                    .flat_map(|record| &record.objects)
                    .filter(|object| has(object))
                    .count()
            };
            if !to.masks {
                assert_eq!(
                    losses.count("mask of an object"),
                    count(|object| object.mask.is_some()),
                    "{what}: {losses}"
                );
            }
            if !to.landmarks {
                assert_eq!(
                    losses.count("landmarks of an object"),
                    count(|object| object.landmarks.is_some()),
                    "{what}: {losses}"
                );
            }
            if !to.attributes {
                assert_eq!(
                    losses.count("attributes of an object"),
                    count(|object| !object.attributes.is_empty()),
                    "{what}: {losses}"
                );
            }
            if !to.sizes {
                assert_eq!(
                    losses.count("picture size"),
                    source
                        .records
                        .iter()
                        .filter(|record| record.image.size.is_some())
                        .count(),
                    "{what}: {losses}"
                );
            }
        }
    }
}

/// Worked out by hand from [`rich`]: 3 pictures with number, size and split; 4 objects, all with
/// category, box and mask.
#[test]
fn losses_are_counted_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let lost = |format: &Format| (format.write)(&rich(), folder.path()).unwrap().to_string();
    let [coco, fashionpedia, voc, labelme, deepfashion2] = FORMATS.each_ref().map(lost);
    let flags = "1 × difficult flag of an object";
    // The 13 schemas pair points without left and right in their names.
    let schemas = "13 × mirrored points of a landmark schema, 1 × occluded flag of an object, 3 × split of a picture, 1 × truncated flag of an object";
    assert_eq!(fashionpedia, format!("{flags}, {schemas}"));
    assert_eq!(
        coco,
        format!("1 × attribute vocabulary, 1 × attributes of an object, {flags}, {schemas}")
    );
    assert_eq!(
        voc,
        "1 × area of an object, 1 × attribute vocabulary, 1 × attributes of an object, 1 × crowd flag of an object, \
         3 × folder of a picture, 13 × landmark schema, 1 × landmarks of an object, 4 × mask of an object, \
         2 × object number, 3 × picture number"
    );
    assert_eq!(
        labelme,
        "1 × area of an object, 1 × attribute vocabulary, 1 × attributes of an object, 1 × crowd flag of an object, \
         1 × difficult flag of an object, 13 × landmark schema, 1 × landmarks of an object, 2 × object number, \
         1 × occluded flag of an object, 3 × picture number, 3 × split of a picture, 1 × truncated flag of an object"
    );
    assert_eq!(
        deepfashion2,
        "1 × area of an object, 1 × attribute vocabulary, 1 × attributes of an object, 1 × crowd flag of an object, \
         1 × difficult flag of an object, 2 × object number, 1 × occluded flag of an object, 3 × picture size, \
         3 × split of a picture, 1 × truncated flag of an object"
    );
}
