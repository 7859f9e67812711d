//! What Pillow, torchvision and imgaug make of one picture; see `../fixtures/transforms/generate.py`.

use std::path::PathBuf;

use serde::Deserialize;
use wardrobe_datasets::sample::{
    BBox, Landmark, Landmarks, Mask, Object, Polygon, Sample, Visibility,
};
use wardrobe_datasets::transforms::{Mirrors, Pipeline, Step, Stream};
use wardrobe_datasets::{DecodeLimits, read_picture};

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
    versions: serde_json::Value,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    step: Step,
    most: u8,
    mean: f64,
    annotations: Option<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    points: Vec<[f32; 2]>,
    #[serde(rename = "box")]
    bbox: [f32; 4],
    polygon: Vec<[f32; 2]>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transforms")
}

fn load(name: &str) -> File {
    serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap()
}

/// The picture, one object with a box, one with a polygon, one with points.
fn sample(outline: Vec<[f32; 2]>) -> Sample {
    let mark = |[x, y]: [f32; 2]| Landmark {
        x,
        y,
        visibility: Visibility::Visible,
    };
    Sample {
        picture: read_picture(folder().join("input.png"), &DecodeLimits::default()).unwrap(),
        objects: vec![
            Object {
                bbox: Some(BBox::new(10.0, 12.0, 40.0, 33.0)),
                ..Object::default()
            },
            Object {
                mask: Some(Mask::Polygons(vec![Polygon(outline)])),
                ..Object::default()
            },
            Object {
                landmarks: Some(Landmarks {
                    schema: 0,
                    points: [[20.0, 15.0], [50.5, 30.0], [32.0, 24.0]].map(mark).into(),
                }),
                ..Object::default()
            },
        ],
        parsing: None,
    }
}

fn apply(step: &Step, sample: Sample) -> Sample {
    let mirrors = Mirrors {
        landmarks: vec![Vec::new()],
        ..Mirrors::default()
    };
    let pipeline = Pipeline::new(step.clone(), mirrors).unwrap();
    pipeline.apply(sample, &Stream::new(0, 0)).unwrap()
}

/// Largest and mean difference where the reference is all picture, and whether the fill is where the
/// reference has it.
fn compare(name: &str, sample: &Sample) -> (u8, f64) {
    let expected = image::open(folder().join(format!("{name}.png"))).unwrap();
    let whole = expected.color().channel_count() < 4;
    let expected = expected.into_rgba8();
    let picture = &sample.picture;
    assert_eq!(
        (expected.width() as usize, expected.height() as usize),
        (picture.width(), picture.height()),
        "{name}"
    );
    let (mut most, mut sum, mut count) = (0, 0.0, 0);
    for (found, wanted) in picture.data().chunks_exact(3).zip(expected.pixels()) {
        match wanted.0[3] {
            255 => {
                for (found, wanted) in found.iter().zip(wanted.0) {
                    let difference = found.abs_diff(wanted);
                    most = most.max(difference);
                    sum += f64::from(difference);
                    count += 1;
                }
            }
            0 => assert_eq!(found, [0; 3], "{name}: fill"),
            _ => {}
        }
    }
    let pixels = picture.width() * picture.height();
    assert!(
        count > if whole { 3 * pixels - 1 } else { pixels },
        "{name}: {count} compared"
    );
    (most, sum / f64::from(count as u32))
}

fn check(file: &File, outline: &[[f32; 2]]) {
    let mut failures = Vec::new();
    for case in &file.cases {
        let moved = apply(&case.step, sample(outline.to_vec()));
        let (most, mean) = compare(&case.name, &moved);
        if most > case.most || mean > case.mean {
            failures.push(format!("{}: most {most}, mean {mean:.3}", case.name));
        }
        if let Some(expected) = &case.annotations {
            compare_annotations(&case.name, &moved, expected);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn near(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found_value, value) in found.iter().zip(expected) {
        // imgaug takes 3.141592 for π and f32 throughout.
        assert!(
            (found_value - value).abs() < 2e-4,
            "{name}: {found:?}, {expected:?}"
        );
    }
}

fn compare_annotations(name: &str, moved: &Sample, expected: &Expected) {
    near(
        name,
        &moved.objects[0].bbox.unwrap().corners(),
        &expected.bbox,
    );
    let Some(Mask::Polygons(polygons)) = &moved.objects[1].mask else {
        panic!("{name}: no polygon");
    };
    near(
        name,
        polygons[0].0.as_flattened(),
        expected.polygon.as_flattened(),
    );
    let marks = moved.objects[2].landmarks.as_ref().unwrap();
    let points: Vec<f32> = marks
        .points
        .iter()
        .flat_map(|mark| [mark.x, mark.y])
        .collect();
    near(name, &points, expected.points.as_flattened());
}

#[test]
fn pillow_and_torchvision() {
    let file = load("torch.json");
    assert_eq!(
        file.versions["torchvision"].as_str().map(|v| &v[..4]),
        Some("0.24")
    );
    assert_eq!(file.cases.len(), 25);
    check(&file, &[[12.0, 10.0], [30.0, 8.5], [33.0, 30.0]]);
}

#[test]
fn imgaug() {
    let file = load("imgaug.json");
    assert_eq!(file.versions["imgaug"].as_str(), Some("0.4.0"));
    assert_eq!(file.cases.len(), 11);
    let outline: Vec<[f32; 2]> = serde_json::from_value(file.versions["outline"].clone()).unwrap();
    check(&file, &outline);
}
