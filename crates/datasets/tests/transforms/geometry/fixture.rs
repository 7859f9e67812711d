//! A sample whose pixels tell where they came from, with every kind of annotation.

use wardrobe_datasets::sample::{
    BBox, LabelMap, Landmark, Landmarks, Mask, Object, Polygon, Sample, Visibility,
};
use wardrobe_datasets::transforms::{
    Filter, HorizontalFlip, Mirrors, Pipeline, Range, Resize, ResizeTo, Rotate, Sequential, Step,
    Stream,
};
use wardrobe_datasets::{MaskRegion, Picture};

pub const WIDTH: usize = 40;

pub const HEIGHT: usize = 20;

pub fn seen(x: f32, y: f32) -> Landmark {
    Landmark {
        x,
        y,
        visibility: Visibility::Visible,
    }
}

/// 40 × 20. A box (4, 2)–(14, 12); a triangle of legs 10 and 12 with its box; a mask of 2 × 3 pixels at
/// (30, 5); landmarks at (1, 2), (39, 2) and one absent; left arm (14) in the left half of the map.
pub fn sample() -> Sample {
    let data =
        (0..WIDTH * HEIGHT).flat_map(|i| [(i % WIDTH) as u8, (i / WIDTH) as u8, (i % 251) as u8]);
    let triangle = vec![[20.0, 4.0], [30.0, 4.0], [20.0, 16.0]];
    let labels = (0..WIDTH * HEIGHT).map(|i| if i % WIDTH < WIDTH / 2 { 14 } else { 5 });
    Sample {
        picture: Picture::new(data.collect(), WIDTH, HEIGHT),
        objects: vec![
            Object {
                bbox: Some(BBox::new(4.0, 2.0, 14.0, 12.0)),
                area: Some(100.0),
                crowd: true,
                ..Object::default()
            },
            Object {
                bbox: Some(BBox::new(20.0, 4.0, 30.0, 16.0)),
                mask: Some(Mask::Polygons(vec![Polygon(triangle)])),
                area: Some(60.0),
                ..Object::default()
            },
            Object {
                bbox: Some(BBox::new(30.0, 5.0, 32.0, 8.0)),
                mask: Some(Mask::Region(MaskRegion::new(30, 5, 2, vec![true; 6]))),
                area: Some(6.0),
                ..Object::default()
            },
            Object {
                landmarks: Some(Landmarks {
                    schema: 0,
                    points: [seen(1.0, 2.0), seen(39.0, 2.0), Landmark::ABSENT].into(),
                }),
                ..Object::default()
            },
        ],
        parsing: Some(LabelMap::new(labels.collect(), WIDTH, HEIGHT)),
    }
}

pub fn mirrors() -> Mirrors {
    Mirrors {
        landmarks: vec![vec![[0, 1]]],
        ..Mirrors::default()
    }
}

pub fn apply(steps: impl IntoIterator<Item = Step>) -> Sample {
    apply_to(sample(), steps)
}

pub fn apply_to(sample: Sample, steps: impl IntoIterator<Item = Step>) -> Sample {
    let steps = steps.into_iter().collect();
    let sequence = Sequential {
        steps,
        shuffled: false,
    };
    let pipeline = Pipeline::new(sequence, mirrors()).unwrap();
    pipeline.apply(sample, &Stream::new(1, 0)).unwrap()
}

pub fn boxes(sample: &Sample) -> Vec<[f32; 4]> {
    let objects = sample.objects.iter();
    objects
        .filter_map(|object| object.bbox.map(BBox::corners))
        .collect()
}

pub fn polygon(sample: &Sample, object: usize) -> Vec<[f32; 2]> {
    match &sample.objects[object].mask {
        Some(Mask::Polygons(polygons)) => polygons[0].0.clone(),
        other => panic!("{other:?}"),
    }
}

pub fn region(sample: &Sample, object: usize) -> &MaskRegion {
    match &sample.objects[object].mask {
        Some(Mask::Region(mask)) => mask,
        other => panic!("{other:?}"),
    }
}

pub fn flip() -> Step {
    HorizontalFlip::default().into()
}

pub fn exact(width: usize, height: usize, filter: Filter) -> Step {
    let to = ResizeTo::Exact { width, height };
    Resize { to, filter }.into()
}

pub fn turn(degrees: f32) -> Step {
    Rotate {
        degrees: Range::fixed(degrees),
        fill: [0; 3],
        min_visible: 0.0,
    }
    .into()
}
