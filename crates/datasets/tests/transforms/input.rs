//! Settings and samples that cannot be, or only just.

use wardrobe_datasets::sample::{
    BBox, LabelMap, Landmark, Landmarks, Mask, Object, Polygon, Sample, Visibility,
};
use wardrobe_datasets::transforms::{
    Affine, Blur, ChannelPermutation, Contrast, Crop, Filter, GaussianNoise, HorizontalFlip, Hue,
    JpegQuality, Mirrors, OneOf, Pipeline, Pivot, Range, Resize, ResizeTo, Rotate, Saturation,
    Sharpen, SomeOf, Sometimes, Step, Stream, TransformError, presets,
};
use wardrobe_datasets::{CompressedRle, Picture};

use super::rules::{apply, noise, sample_of, sequential};

// A table, however long.
#[allow(clippy::too_many_lines)]
#[test]
fn settings_out_of_range_are_named_with_their_place() {
    let nan = Range::fixed(f32::NAN);
    let refused: Vec<(Step, &str)> = vec![
        (HorizontalFlip { probability: 1.5 }.into(), "probability"),
        (
            HorizontalFlip {
                probability: f32::NAN,
            }
            .into(),
            "probability",
        ),
        (
            Rotate {
                degrees: nan,
                fill: [0; 3],
                min_visible: 0.0,
            }
            .into(),
            "degrees",
        ),
        (
            Affine {
                scale: Range::fixed(0.0),
                ..Affine::default()
            }
            .into(),
            "scale",
        ),
        (
            Affine {
                translate_y: nan,
                ..Affine::default()
            }
            .into(),
            "translate_y",
        ),
        (
            Affine {
                shear_x: Range::fixed(90.0),
                ..Affine::default()
            }
            .into(),
            "shear_x",
        ),
        (
            Affine {
                min_visible: 2.0,
                ..Affine::default()
            }
            .into(),
            "min_visible",
        ),
        (
            Crop {
                left: Range::new(-0.1, 0.1),
                ..Crop::default()
            }
            .into(),
            "left",
        ),
        (
            Blur {
                sigma: Range::fixed(f32::INFINITY),
            }
            .into(),
            "sigma",
        ),
        (
            GaussianNoise {
                sigma: Range::new(3.0, 1.0),
                per_channel: 1.0,
            }
            .into(),
            "sigma",
        ),
        (
            Contrast {
                factor: nan,
                about: Pivot::Middle,
                per_channel: 0.0,
            }
            .into(),
            "factor",
        ),
        (
            Hue {
                turn: Range::fixed(0.6),
            }
            .into(),
            "turn",
        ),
        (
            Saturation {
                factor: Range::fixed(-1.0),
            }
            .into(),
            "factor",
        ),
        (Sharpen { factor: nan }.into(), "factor"),
        (
            JpegQuality {
                quality: Range::fixed(0.0),
            }
            .into(),
            "quality",
        ),
        (
            ChannelPermutation {
                probability: 1.0,
                order: Some([0, 1, 1]),
            }
            .into(),
            "order",
        ),
        (
            Resize {
                to: ResizeTo::Long { side: 0 },
                filter: Filter::default(),
            }
            .into(),
            "side",
        ),
        (
            SomeOf {
                count: [2, 1],
                steps: vec![noise(), noise()],
                shuffled: false,
            }
            .into(),
            "count",
        ),
        (
            SomeOf {
                count: [1, 3],
                steps: vec![noise(), noise()],
                shuffled: false,
            }
            .into(),
            "count",
        ),
        (OneOf { steps: Vec::new() }.into(), "steps"),
    ];
    for (step, field) in refused {
        let name = step.name();
        let inner = Sometimes {
            probability: 1.0,
            steps: Vec::new(),
            otherwise: vec![step],
        };
        let whole = sequential(vec![noise(), inner.into()]);
        let error = Pipeline::new(whole, Mirrors::default())
            .unwrap_err()
            .to_string();
        let expected = format!("steps[1].sometimes.otherwise[0].{name}.{field} is ");
        assert!(error.starts_with(&expected), "{error}, expected {expected}");
    }
}

#[test]
fn nesting_has_an_end() {
    let mut step = noise();
    for _ in 0..64 {
        step = sequential(vec![step]);
    }
    assert!(Pipeline::new(step.clone(), Mirrors::default()).is_ok());
    assert!(Pipeline::new(sequential(vec![step]), Mirrors::default()).is_err());
}

#[test]
fn one_pixel_goes_through_everything() {
    for step in presets::one_of_each() {
        for (width, height) in [(1, 1), (1, 7), (5, 1)] {
            let name = step.name();
            let pipeline = Pipeline::new(step.clone(), Mirrors::default()).unwrap();
            for seed in 0..5 {
                let stream = Stream::new(seed, 0);
                let made = pipeline.apply(sample_of(width, height), &stream).unwrap();
                let map = made.parsing.unwrap();
                let size = (made.picture.width(), made.picture.height());
                assert_eq!((map.width(), map.height()), size, "{name}");
                assert!(size.0 > 0 && size.1 > 0, "{name}");
            }
        }
    }
}

#[test]
fn a_crop_leaves_a_pixel() {
    let all = Crop::sides(Range::fixed(1.0));
    let made = apply(all, sample_of(9, 4), &Stream::new(0, 0));
    assert_eq!((made.picture.width(), made.picture.height()), (1, 1));
}

#[test]
fn samples_that_cannot_be_are_refused() {
    let flip = || Pipeline::new(HorizontalFlip::default(), Mirrors::default()).unwrap();
    let stream = Stream::new(0, 0);
    let empty = Sample {
        picture: Picture::new(Vec::new(), 0, 5),
        objects: Vec::new(),
        parsing: None,
    };
    assert_eq!(
        flip().apply(empty, &stream),
        Err(TransformError::EmptyPicture {
            width: 0,
            height: 5
        })
    );
    let mut other_map = sample_of(4, 4);
    other_map.parsing = Some(LabelMap::new(vec![0; 6], 3, 2));
    assert!(matches!(
        flip().apply(other_map, &stream),
        Err(TransformError::MapSize { .. })
    ));
    let mut unknown = sample_of(4, 4);
    unknown.objects[0].landmarks = Some(Landmarks {
        schema: 2,
        points: Box::new([Landmark {
            x: 1.0,
            y: 1.0,
            visibility: Visibility::Occluded,
        }]),
    });
    let error = flip().apply(unknown.clone(), &stream).unwrap_err();
    assert_eq!(
        error,
        TransformError::UnknownSchema {
            schema: 2,
            known: 0
        }
    );
    let mirrors = Mirrors {
        landmarks: vec![Vec::new(), Vec::new(), vec![[0, 1]]],
        ..Mirrors::default()
    };
    let error = Pipeline::new(HorizontalFlip::default(), mirrors)
        .unwrap()
        .apply(unknown, &stream);
    let expected = TransformError::UnknownPoint {
        schema: 2,
        point: 1,
        points: 1,
    };
    assert_eq!(error, Err(expected));
    let mut broken = sample_of(4, 4);
    let rle = CompressedRle {
        size: [4, 4],
        counts: "52".into(),
    };
    broken.objects[0].mask = Some(Mask::Rle(rle));
    assert!(matches!(
        flip().apply(broken, &stream),
        Err(TransformError::BrokenMask { .. })
    ));
    // A strip of 5 × 100,000 at a short side of 1,000 would have 20 billion pixels.
    let strip = sample_of(5, 100_000);
    let resize = Resize {
        to: ResizeTo::Short {
            side: 1000,
            long_max: None,
        },
        filter: Filter::default(),
    };
    let error = Pipeline::new(resize, Mirrors::default())
        .unwrap()
        .apply(strip, &stream);
    assert!(
        matches!(error, Err(TransformError::TooLarge { .. })),
        "{error:?}"
    );
}

#[test]
fn objects_without_anything_and_odd_polygons_pass() {
    let mut odd = sample_of(8, 8);
    odd.objects = vec![
        Object::default(),
        Object {
            mask: Some(Mask::Polygons(Vec::new())),
            ..Object::default()
        },
        Object {
            bbox: Some(BBox::new(3.0, 3.0, 3.0, 3.0)),
            mask: Some(Mask::Polygons(vec![Polygon(vec![[1.0, 1.0], [2.0, 2.0]])])),
            ..Object::default()
        },
        Object {
            bbox: Some(BBox::new(f32::NAN, 0.0, 4.0, 4.0)),
            ..Object::default()
        },
    ];
    for step in presets::one_of_each() {
        apply(step, odd.clone(), &Stream::new(1, 0));
    }
}
