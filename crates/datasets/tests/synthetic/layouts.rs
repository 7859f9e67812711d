//! The synthetic wardrobe written as real data sets.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use wardrobe_datasets::DecodeLimits;
use wardrobe_datasets::sample::{DataSet, Judgement, Mask, Split};
use wardrobe_datasets::synthetic::{
    LabelNoise, Layout, SynthesisError, WardrobeConfig, WardrobeError, synthesise,
};

const COUNT: usize = 20;

fn config() -> WardrobeConfig {
    WardrobeConfig {
        seed: 3,
        long_side: [96, 96],
        empty_share: 0.2,
        ..WardrobeConfig::default()
    }
}

fn write(layout: Layout, folder: &Path) -> DataSet {
    let done = AtomicUsize::new(0);
    let set = synthesise(&config(), COUNT, layout, folder, &|| {
        done.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(done.into_inner(), COUNT);
    assert_eq!(set.records.len(), COUNT);
    // Every record opens, and its picture (and map) is of the stated size.
    for record in &set.records {
        record.load(&set.root, &DecodeLimits::default()).unwrap();
        for object in &record.objects {
            assert!(
                object
                    .category
                    .is_none_or(|category| (category as usize) < set.categories.len())
            );
            let attributes = object.attributes.len();
            assert!(attributes == 0 || attributes == set.attributes.len());
            if let Some(landmarks) = &object.landmarks {
                let schema = &set.landmark_schemas[usize::from(landmarks.schema)];
                assert_eq!(landmarks.points.len(), schema.points.len());
            }
        }
    }
    set
}

/// Relative paths and bytes of all files.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn deepfashion_has_one_garment_a_picture_and_long_side_300() {
    let folder = tempfile::tempdir().unwrap();
    let set = write(Layout::DeepFashion, folder.path());
    assert_eq!(set.categories.len(), 50);
    for (index, record) in set.records.iter().enumerate() {
        assert_eq!(record.image.size.unwrap().into_iter().max(), Some(300));
        let object = &record.objects[0];
        let category = &set.categories[object.category.unwrap() as usize];
        // `img/Striped_Tee/img_00000001.jpg`
        let parts: Vec<&str> = record.image.path.split('/').collect();
        assert_eq!((parts.len(), parts[0]), (3, "img"));
        assert!(
            parts[1].ends_with(&format!("_{}", category.name)),
            "{}",
            parts[1]
        );
        assert_eq!(parts[2], format!("img_{:08}.jpg", index + 1));
        assert!(folder.path().join("Img").join(&record.image.path).is_file());
        let schema = &set.landmark_schemas[usize::from(object.landmarks.as_ref().unwrap().schema)];
        assert_eq!(Some(&schema.name), category.group.as_ref());
        assert_eq!(record.objects.len(), 1);
        assert!(
            object
                .bbox
                .unwrap()
                .corners()
                .iter()
                .all(|corner| corner.fract() == 0.0)
        );
    }
    // Eight of ten train, one validation, one test.
    let of = |split| set.of_split(split).count();
    assert_eq!(
        [Split::Train, Split::Validation, Split::Test].map(of),
        [16, 2, 2]
    );
}

#[test]
fn fashionai_judges_one_dimension_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let set = write(Layout::FashionAi, folder.path());
    for record in &set.records {
        let parts: Vec<&str> = record.image.path.split('/').collect();
        assert_eq!((parts.len(), parts[0]), (3, "Images"));
        let (name, extension) = parts[2].split_once('.').unwrap();
        assert!(
            name.len() == 32
                && name.bytes().all(|byte| byte.is_ascii_hexdigit())
                && extension == "jpg"
        );
        let group = set.attributes.group(parts[1]).unwrap();
        let labels = &record.objects[0].attributes;
        for (index, judgement) in labels.iter().enumerate() {
            assert_eq!(
                judgement == Judgement::Unknown,
                !set.attributes.range(group).contains(&index)
            );
        }
        assert_eq!(labels.with(Judgement::Yes).count(), 1);
    }
}

#[test]
fn detection_layouts_have_outlines_boxes_and_negatives() {
    for (layout, first) in [
        (Layout::Coco, "train2017/000000000001.jpg"),
        (Layout::Voc, "JPEGImages/000001.jpg"),
        (Layout::Labelme, "train/000001.jpg"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let set = write(layout, folder.path());
        assert_eq!(set.records[0].image.path, first);
        assert_eq!(set.categories.len(), 20);
        assert!(set.records.iter().any(|record| record.objects.is_empty()));
        for object in set.records.iter().flat_map(|record| &record.objects) {
            assert!(object.bbox.unwrap().is_proper());
            assert_eq!(
                matches!(object.mask, Some(Mask::Polygons(_))),
                layout != Layout::Voc
            );
        }
    }
}

#[test]
fn lip_has_maps_and_joints() {
    let folder = tempfile::tempdir().unwrap();
    let set = write(Layout::Lip, folder.path());
    for record in &set.records {
        let map = record.parsing.as_ref().unwrap();
        let stem = |path: &str| {
            path.rsplit('/')
                .next()
                .unwrap()
                .split('.')
                .next()
                .unwrap()
                .to_owned()
        };
        assert_eq!(stem(map), stem(&record.image.path));
        let sample = record.load(&set.root, &DecodeLimits::default()).unwrap();
        let labels = sample.parsing.unwrap();
        assert!(labels.labels().iter().all(|&class| class < 20));
        assert!(labels.labels().iter().any(|&class| class != 0));
        assert_eq!(
            record.objects[0].landmarks.as_ref().unwrap().points.len(),
            16
        );
    }
}

#[test]
fn files_do_not_depend_on_threads() {
    let write = |threads| {
        let folder = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let set = pool
            .install(|| synthesise(&config(), 8, Layout::Lip, folder.path(), &|| ()))
            .unwrap();
        (files(folder.path()), set.records)
    };
    let (one, two) = (write(1), write(3));
    assert_eq!(one.0.len(), 16);
    assert!(one == two);
}

#[test]
fn missing_boxes_are_missing_objects_of_detection_sets() {
    let folder = tempfile::tempdir().unwrap();
    let config = WardrobeConfig {
        noise: LabelNoise {
            missing_box: 1.0,
            ..LabelNoise::default()
        },
        ..config()
    };
    let set = synthesise(&config, 4, Layout::Coco, folder.path(), &|| ()).unwrap();
    assert!(set.records.iter().all(|record| record.objects.is_empty()));
}

#[test]
fn bad_settings_and_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = WardrobeConfig {
        worn_share: 2.0,
        ..config()
    };
    let error = synthesise(&config, 1, Layout::Coco, folder.path(), &|| ()).unwrap_err();
    assert!(
        matches!(
            error,
            SynthesisError::Config(WardrobeError::OutOfRange {
                field: "worn_share",
                ..
            })
        ),
        "{error}"
    );
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = synthesise(&self::config(), 1, Layout::Coco, &file, &|| ()).unwrap_err();
    assert!(error.to_string().contains("file/train2017"), "{error}");
}
