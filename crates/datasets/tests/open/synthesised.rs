//! Every layout the synthetic wardrobe is written in is opened by the same call.

use std::path::Path;

use wardrobe_datasets::formats::Format;
use wardrobe_datasets::sample::{Judgement, Split};
use wardrobe_datasets::synthetic::{Layout, WardrobeConfig, synthesise, write_annotations};
use wardrobe_datasets::{DataSet, DecodeLimits, OpenOptions};

const COUNT: usize = 10;

/// Eight of ten pictures are for training, one is for validation, one for testing.
fn write(layout: Layout, folder: &Path) -> DataSet {
    let config = WardrobeConfig {
        seed: 5,
        long_side: [64, 64],
        ..WardrobeConfig::default()
    };
    let drawn = synthesise(&config, COUNT, layout, folder, &|| ()).unwrap();
    write_annotations(&drawn, layout, folder).unwrap();
    drawn
}

/// The path of a record's picture below the data set's folder.
fn place(set: &DataSet, index: usize, folder: &Path) -> String {
    let path = set.root.join(&set.records[index].image.path);
    path.strip_prefix(folder)
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

fn check(layout: Layout, format: Format, splits: [usize; 3]) -> (DataSet, DataSet) {
    let folder = tempfile::tempdir().unwrap();
    let drawn = write(layout, folder.path());
    let opened = OpenOptions::default().open(folder.path()).unwrap();
    assert_eq!(opened.found.format, format);
    assert_eq!(opened.skipped.count(), 0);
    let set = opened.set;
    assert_eq!(set.records.len(), COUNT);
    let places = |set: &DataSet| {
        let mut places: Vec<String> = (0..COUNT)
            .map(|index| place(set, index, folder.path()))
            .collect();
        places.sort_unstable();
        places
    };
    assert_eq!(places(&set), places(&drawn));
    // Pictures, and maps where there are, decode and are of the stated size.
    for record in &set.records {
        record.load(&set.root, &DecodeLimits::default()).unwrap();
    }
    let of = |split| set.of_split(split).count();
    assert_eq!(
        [Split::Train, Split::Validation, Split::Test].map(of),
        splits,
        "{layout:?}"
    );
    let part = OpenOptions {
        split: Some(Split::Train),
        ..OpenOptions::default()
    };
    let train = part.open(folder.path()).unwrap().set;
    assert_eq!(train.records.len(), splits[0]);
    (drawn, set)
}

#[test]
fn deepfashion() {
    let (drawn, set) = check(Layout::DeepFashion, Format::DeepFashion, [8, 1, 1]);
    assert_eq!(set.categories, drawn.categories);
    for (found, expected) in set.records.iter().zip(&drawn.records) {
        assert_eq!(found.objects[0].bbox, expected.objects[0].bbox);
        assert_eq!(found.objects[0].category, expected.objects[0].category);
    }
}

#[test]
fn fashionai() {
    // Labels are published for training alone.
    let (_, set) = check(Layout::FashionAi, Format::FashionAi, [COUNT, 0, 0]);
    for record in &set.records {
        let attributes = &record.objects[0].attributes;
        assert_eq!(attributes.with(Judgement::Yes).count(), 1);
    }
}

#[test]
fn coco() {
    let (drawn, set) = check(Layout::Coco, Format::CocoInstances, [8, 1, 1]);
    assert_eq!(set.categories.len(), drawn.categories.len());
    // The three files come one after the other, as the numbers do not.
    for record in &set.records {
        let same = drawn.records.iter().find(|drawn| drawn.id == record.id);
        let same = same.unwrap();
        assert_eq!(record.image.path, same.image.path);
        assert_eq!(record.split, same.split);
        assert_eq!(record.objects.len(), same.objects.len());
    }
}

#[test]
fn voc() {
    let (drawn, set) = check(Layout::Voc, Format::Voc, [8, 1, 1]);
    assert_eq!(set.categories.len(), drawn.categories.len());
}

#[test]
fn labelme() {
    let (drawn, set) = check(Layout::Labelme, Format::Labelme, [8, 1, 1]);
    assert_eq!(set.categories.len(), drawn.categories.len());
}

#[test]
fn lip() {
    // LIP publishes no annotations of its test part.
    let (_, set) = check(Layout::Lip, Format::Lip, [9, 1, 0]);
    assert!(set.records.iter().all(|record| record.parsing.is_some()));
}
