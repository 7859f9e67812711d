//! Boxes and landmarks against the pictures they are of.

use std::path::Path;

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{Kind, check_pictures, landmark_schemas};
use wardrobe_datasets::sample::{BBox, ImageFile, Landmark, Landmarks, Object, Record, Visibility};

fn picture(folder: &Path, path: &str, width: usize, height: usize) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let picture = wardrobe_datasets::Picture::new(vec![90; 3 * width * height], width, height);
    wardrobe_datasets::save_picture(&picture, path).unwrap();
}

#[test]
fn boxes_and_landmarks_are_held_against_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = DataSet {
        root: folder.path().into(),
        landmark_schemas: landmark_schemas(),
        ..DataSet::default()
    };
    let full = |x: f32| Landmarks {
        schema: Kind::Full.number() as u16 - 1,
        points: vec![
            Landmark {
                x,
                y: 5.0,
                visibility: Visibility::Visible
            };
            8
        ]
        .into(),
    };
    for (path, bbox, x) in [
        // Right and lower edge may be the picture's own.
        ("img/Fits/1.png", BBox::new(0.0, 0.0, 30.0, 20.0), 30.0),
        ("img/Wide/1.png", BBox::new(0.0, 0.0, 31.0, 20.0), 1.0),
        ("img/Stray/1.png", BBox::new(0.0, 0.0, 30.0, 20.0), 31.0),
        ("img/gone/1.png", BBox::new(0.0, 0.0, 30.0, 20.0), 1.0),
    ] {
        data.records.push(Record {
            image: ImageFile {
                path: path.into(),
                size: None,
            },
            objects: vec![Object {
                bbox: Some(bbox),
                landmarks: Some(full(x)),
                ..Object::default()
            }],
            ..Record::default()
        });
        if !path.contains("gone") {
            picture(folder.path(), path, 30, 20);
        }
    }
    let limits = wardrobe_datasets::DecodeLimits::default();
    let message = check_pictures(&mut data.clone(), &limits, Mode::Strict)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains(
            "Wide/1.png: the box 0 0 31 20 leaves the picture of 30x20; correct its line"
        ),
        "{message}"
    );
    let skipped = check_pictures(&mut data, &limits, Mode::Lenient).unwrap();
    let named: Vec<String> = skipped.first().iter().map(ToString::to_string).collect();
    assert_eq!(skipped.count(), 3);
    assert!(
        named[1].contains("Stray/1.png: the landmark at 31 5 is outside the picture of 30x20"),
        "{named:?}"
    );
    assert!(named[2].contains("gone/1.png: cannot be read"), "{named:?}");
    let left: Vec<_> = data
        .records
        .iter()
        .map(|record| {
            let object = &record.objects[0];
            (
                record.image.size,
                object.bbox.is_some(),
                object.landmarks.is_some(),
            )
        })
        .collect();
    assert_eq!(
        left,
        [
            (Some([30, 20]), true, true),
            (Some([30, 20]), false, true),
            (Some([30, 20]), true, false)
        ]
    );
}
