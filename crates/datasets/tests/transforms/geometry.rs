//! Coordinates worked by hand, for every geometric step.

use wardrobe_datasets::sample::{
    BBox, LabelMap, Landmark, Landmarks, Mask, Object, Polygon, Sample, Visibility,
};
use wardrobe_datasets::transforms::{
    Affine, CentreCrop, Crop, Filter, HorizontalFlip, Mirrors, PadPlace, Pipeline, Range, Resize,
    ResizeTo, Rotate, Sequential, SquarePad, Step, Stream,
};
use wardrobe_datasets::{CompressedRle, MaskRegion, Picture};

const WIDTH: usize = 40;
const HEIGHT: usize = 20;

fn seen(x: f32, y: f32) -> Landmark {
    Landmark {
        x,
        y,
        visibility: Visibility::Visible,
    }
}

/// 40 × 20. A box (4, 2)–(14, 12); a triangle of legs 10 and 12 with its box; a mask of 2 × 3 pixels at
/// (30, 5); landmarks at (1, 2), (39, 2) and one absent; left arm (14) in the left half of the map.
fn sample() -> Sample {
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

fn mirrors() -> Mirrors {
    Mirrors {
        landmarks: vec![vec![[0, 1]]],
        ..Mirrors::default()
    }
}

fn apply(steps: impl IntoIterator<Item = Step>) -> Sample {
    let steps = steps.into_iter().collect();
    let sequence = Sequential {
        steps,
        shuffled: false,
    };
    let pipeline = Pipeline::new(sequence, mirrors()).unwrap();
    pipeline.apply(sample(), &Stream::new(1, 0)).unwrap()
}

fn boxes(sample: &Sample) -> Vec<[f32; 4]> {
    let objects = sample.objects.iter();
    objects
        .filter_map(|object| object.bbox.map(BBox::corners))
        .collect()
}

fn polygon(sample: &Sample, object: usize) -> Vec<[f32; 2]> {
    match &sample.objects[object].mask {
        Some(Mask::Polygons(polygons)) => polygons[0].0.clone(),
        other => panic!("{other:?}"),
    }
}

fn region(sample: &Sample, object: usize) -> &MaskRegion {
    match &sample.objects[object].mask {
        Some(Mask::Region(mask)) => mask,
        other => panic!("{other:?}"),
    }
}

fn flip() -> Step {
    HorizontalFlip::default().into()
}

fn exact(width: usize, height: usize, filter: Filter) -> Step {
    let to = ResizeTo::Exact { width, height };
    Resize { to, filter }.into()
}

fn turn(degrees: f32) -> Step {
    Rotate {
        degrees: Range::fixed(degrees),
        fill: [0; 3],
        min_visible: 0.0,
    }
    .into()
}

#[test]
fn flip_mirrors_at_the_width_and_swaps_sides() {
    let moved = apply([flip()]);
    // x → 40 − x.
    assert_eq!(
        boxes(&moved),
        [
            [26.0, 2.0, 36.0, 12.0],
            [10.0, 4.0, 20.0, 16.0],
            [8.0, 5.0, 10.0, 8.0]
        ]
    );
    assert_eq!(polygon(&moved, 1), [[20.0, 4.0], [10.0, 4.0], [20.0, 16.0]]);
    assert_eq!(*region(&moved, 2), MaskRegion::new(8, 5, 2, vec![true; 6]));
    // (1, 2) → (39, 2) is now point 1, and (39, 2) → (1, 2) point 0.
    let points = &moved.objects[3].landmarks.as_ref().unwrap().points;
    assert_eq!(
        **points,
        [seen(1.0, 2.0), seen(39.0, 2.0), Landmark::ABSENT]
    );
    // The left arm was in the left half; its mirror image is a right arm (15) in the right half.
    let labels = moved.parsing.as_ref().unwrap().labels();
    assert_eq!((labels[0], labels[39]), (5, 15));
    assert_eq!(moved.picture.data()[0], 39);
    assert_eq!(moved.objects[0].area, Some(100.0));
    assert!(moved.objects[0].crowd && !moved.objects[0].truncated);
}

#[test]
fn twice_flipped_is_as_before() {
    let mut expected = sample();
    expected.objects[0].bbox = Some(BBox::new(4.1, 2.3, 14.7, 12.9));
    let both = Sequential {
        steps: vec![flip(), flip()],
        shuffled: false,
    };
    let pipeline = Pipeline::new(both, mirrors()).unwrap();
    let found = pipeline
        .apply(expected.clone(), &Stream::new(1, 0))
        .unwrap();
    assert_eq!(found, expected);
}

#[test]
fn steps_that_do_nothing_leave_every_byte() {
    let mut expected = sample();
    expected.objects[2].mask = Some(Mask::Rle(CompressedRle::encode(
        &MaskRegion::new(30, 5, 2, vec![true; 6]),
        WIDTH,
        HEIGHT,
    )));
    let steps = vec![
        exact(WIDTH, HEIGHT, Filter::Bilinear),
        exact(WIDTH, HEIGHT, Filter::BilinearPlain),
        turn(0.0),
        Affine::default().into(),
        Crop::default().into(),
        CentreCrop {
            width: 400,
            height: 400,
            min_visible: 1.0,
        }
        .into(),
        HorizontalFlip { probability: 0.0 }.into(),
    ];
    let nothing = Sequential {
        steps,
        shuffled: false,
    };
    let pipeline = Pipeline::new(nothing, mirrors()).unwrap();
    let found = pipeline
        .apply(expected.clone(), &Stream::new(1, 0))
        .unwrap();
    assert_eq!(found, expected);
}

#[test]
fn resize_scales_everything() {
    for filter in [Filter::Bilinear, Filter::Bicubic, Filter::BilinearPlain] {
        let moved = apply([exact(80, 10, filter)]);
        // x · 2, y / 2.
        assert_eq!(
            boxes(&moved),
            [
                [8.0, 1.0, 28.0, 6.0],
                [40.0, 2.0, 60.0, 8.0],
                [60.0, 2.5, 64.0, 4.0]
            ]
        );
        assert_eq!(polygon(&moved, 1), [[40.0, 2.0], [60.0, 2.0], [40.0, 8.0]]);
        // Rows 5, 6, 7 at half height: centres 2.5 → source 5, 3.5 → source 7.
        assert_eq!(*region(&moved, 2), MaskRegion::new(60, 2, 4, vec![true; 8]));
        // 2 · ½ = 1.
        assert_eq!(moved.objects[1].area, Some(60.0));
        assert_eq!((moved.picture.width(), moved.picture.height()), (80, 10));
        let map = moved.parsing.as_ref().unwrap();
        assert_eq!(
            (map.width(), map.labels()[39], map.labels()[40]),
            (80, 14, 5)
        );
    }
}

#[test]
fn square_pad_centres_with_the_odd_pixel_below() {
    let pad = |place| {
        SquarePad {
            fill: [7, 8, 9],
            place,
        }
        .into()
    };
    let moved = apply([pad(PadPlace::Centre)]);
    assert_eq!((moved.picture.width(), moved.picture.height()), (40, 40));
    // (40 − 20) / 2 = 10 rows above.
    assert_eq!(boxes(&moved)[0], [4.0, 12.0, 14.0, 22.0]);
    assert_eq!(moved.picture.data()[..3], [7, 8, 9]);
    assert_eq!(moved.parsing.as_ref().unwrap().labels()[0], 0);
    assert_eq!(
        apply([pad(PadPlace::TopLeft)]).objects[0].bbox,
        sample().objects[0].bbox
    );
}

#[test]
fn a_half_turn_is_exact() {
    let moved = apply([turn(180.0)]);
    // (x, y) → (40 − x, 20 − y); boxes are around what moved.
    assert_eq!(boxes(&moved)[0], [26.0, 8.0, 36.0, 18.0]);
    assert_eq!(
        polygon(&moved, 1),
        [[20.0, 16.0], [10.0, 16.0], [20.0, 4.0]]
    );
    assert_eq!(*region(&moved, 2), MaskRegion::new(8, 12, 2, vec![true; 6]));
    // Turned, not mirrored: the left arm stays a left arm.
    assert_eq!(moved.parsing.as_ref().unwrap().labels()[39], 14);
    // The first pixel is the old last one.
    assert_eq!(moved.picture.data()[..2], [39, 19]);
}

#[test]
fn a_quarter_turn_goes_clockwise() {
    let moved = apply([turn(90.0)]);
    // About (20, 10): (x, y) → (20 − (y − 10), 10 + (x − 20)) = (30 − y, x − 10).
    // Landmark (1, 2) → (28, −9) leaves; (39, 2) → (28, 29) leaves.
    let points = &moved
        .objects
        .last()
        .unwrap()
        .landmarks
        .as_ref()
        .unwrap()
        .points;
    assert_eq!(**points, [Landmark::ABSENT; 3]);
    // The triangle: (20, 4) → (26, 10), (30, 4) → (26, 20), (20, 16) → (14, 10).
    let triangle = moved
        .objects
        .iter()
        .position(|o| o.area == Some(60.0))
        .unwrap();
    assert_eq!(
        polygon(&moved, triangle),
        [[26.0, 10.0], [26.0, 20.0], [14.0, 10.0]]
    );
    assert_eq!(
        moved.objects[triangle].bbox.unwrap().corners(),
        [14.0, 10.0, 26.0, 20.0]
    );
    // The box (4, 2)–(14, 12) goes to x 18–28, y −6–4: 4 of its 10 rows stay, 40 of 100.
    assert_eq!(
        moved.objects[0].bbox.unwrap().corners(),
        [18.0, 0.0, 28.0, 4.0]
    );
    let area = moved.objects[0].area.unwrap();
    assert!((area - 40.0).abs() < 1e-4, "{area}");
    assert!(moved.objects[0].truncated);
    // The mask's rows 5–7 and columns 30, 31 go to x 22–24, y 20, 21: gone.
    assert_eq!(moved.objects.len(), 3);
}

#[test]
fn turned_boxes_are_around_the_mask_or_else_the_corners() {
    // 30° about (20, 10), cos = 0.8660254, sin = 0.5; x' = 20 + c (x − 20) − s (y − 10).
    let moved = apply([turn(30.0)]);
    let near = |found: [f32; 4], expected: [f32; 4]| {
        let close = found
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(close, "{found:?} {expected:?}");
    };
    // Corners of the box: (4, 2) → (10.1436, −4.9282), (14, 2) → (18.8038, 0.0718),
    // (14, 12) → (13.8038, 8.7321), (4, 12) → (5.1436, 3.7321); cut at y = 0: along the edge from
    // (4, 12) to (4, 2) at part 3.7321 / 8.6603, along the top at 4.9282 / 5. The right end stays.
    near(
        moved.objects[0].bbox.unwrap().corners(),
        [5.1436, 0.0, 18.8038, 8.7321],
    );
    // The triangle: (20, 4) → (23, 4.8038), (30, 4) → (31.6603, 9.8038), (20, 16) → (17, 15.1962).
    near(
        moved.objects[1].bbox.unwrap().corners(),
        [17.0, 4.8038, 31.6603, 15.1962],
    );
    // Six pixels stay about six, their box within a pixel of the moved rectangle.
    assert!((4..=8).contains(&region(&moved, 2).area()));
    // Turned back within the same pipeline the uncut one is what it was.
    let back = apply([turn(30.0), turn(-30.0)]);
    near(
        back.objects[1].bbox.unwrap().corners(),
        [20.0, 4.0, 30.0, 16.0],
    );
}

#[test]
fn shift_scale_and_shear_move_about_the_centre() {
    let affine = |change: fn(&mut Affine)| {
        let mut step = Affine::default();
        change(&mut step);
        boxes(&apply([step.into()]))[0]
    };
    // A quarter of 40 and a tenth of 20.
    let shifted = affine(|step| {
        step.translate_x = Range::fixed(0.25);
        step.translate_y = Range::fixed(0.1);
    });
    assert_eq!(shifted, [14.0, 4.0, 24.0, 14.0]);
    // About (20, 10): 20 + ½ (4 − 20) = 12, 10 + ½ (2 − 10) = 6, 17, 11.
    assert_eq!(
        affine(|step| step.scale = Range::fixed(0.5)),
        [12.0, 6.0, 17.0, 11.0]
    );
    // tan 45° = 1: x' = x − (y − 10): the top edge (y = 2) goes right by 8, the lower (12) left by 2.
    let sheared = affine(|step| step.shear_x = Range::fixed(45.0));
    let expected = [2.0, 2.0, 22.0, 12.0];
    assert!(
        sheared
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 1e-4),
        "{sheared:?}"
    );
}

#[test]
fn crops_drop_what_is_hardly_visible() {
    let crop = |min_visible| -> Step {
        Crop {
            left: Range::fixed(0.25),
            top: Range::fixed(0.25),
            min_visible,
            ..Crop::default()
        }
        .into()
    };
    // Ten columns and five rows go. The box keeps 4 · 7 = 28 of 100.
    let moved = apply([crop(0.28)]);
    assert_eq!((moved.picture.width(), moved.picture.height()), (30, 15));
    assert_eq!(boxes(&moved)[0], [0.0, 0.0, 4.0, 7.0]);
    assert!(moved.objects[0].crowd && moved.objects[0].truncated);
    let area = moved.objects[0].area.unwrap();
    assert!((area - 28.0).abs() < 1e-4, "{area}");
    // The triangle's top row: at y = 5 it is 10 · 11 / 12 wide; (11 / 12)² = 0.84028 of 60 stays.
    let (left, right) = (10.0, 10.0 + 110.0 / 12.0);
    let [x1, y1, x2, y2] = moved.objects[1].bbox.unwrap().corners();
    assert_eq!([x1, y1, y2], [left, 0.0, 11.0]);
    assert!((x2 - right).abs() < 1e-4, "{x2}");
    let area = moved.objects[1].area.unwrap();
    assert!((area - 60.0 * 121.0 / 144.0).abs() < 1e-3, "{area}");
    // The mask is whole: its first row is row 0 now.
    assert_eq!(*region(&moved, 2), MaskRegion::new(20, 0, 2, vec![true; 6]));
    // Landmark (1, 2) is outside; (39, 2) too.
    let points = &moved.objects[3].landmarks.as_ref().unwrap().points;
    assert_eq!(**points, [Landmark::ABSENT; 3]);

    assert_eq!(boxes(&apply([crop(0.29)])).len(), 2);
    assert_eq!(boxes(&apply([crop(0.85)])), [[20.0, 0.0, 22.0, 3.0]]);
    // An object without box and mask is never dropped.
    assert_eq!(apply([crop(1.0)]).objects.len(), 2);
}

#[test]
fn a_cut_mask_of_pixels_counts_its_pixels() {
    // Columns from 31 on go: half of the mask.
    let half = |min_visible| {
        apply([Crop {
            right: Range::fixed(9.0 / 40.0),
            min_visible,
            ..Crop::default()
        }
        .into()])
    };
    let moved = half(0.5);
    assert_eq!(*region(&moved, 2), MaskRegion::new(30, 5, 1, vec![true; 3]));
    assert_eq!(
        moved.objects[2].bbox.unwrap().corners(),
        [30.0, 5.0, 31.0, 8.0]
    );
    assert_eq!(moved.objects[2].area, Some(3.0));
    assert!(boxes(&half(0.51)).iter().all(|corners| corners[0] != 30.0));
}

#[test]
fn centre_crop_is_in_the_middle() {
    let moved = apply([CentreCrop {
        width: 20,
        height: 10,
        min_visible: 0.0,
    }
    .into()]);
    // (40 − 20) / 2 = 10, (20 − 10) / 2 = 5.
    assert_eq!(moved.picture.data()[..2], [10, 5]);
    assert_eq!(boxes(&moved)[0], [0.0, 0.0, 4.0, 7.0]);
}

/// Steps in one pipeline against the same steps in pipelines of their own.
#[test]
fn composed_steps_equal_steps_in_turn() {
    let steps = [
        Rotate {
            degrees: Range::fixed(17.0),
            fill: [40; 3],
            min_visible: 0.0,
        }
        .into(),
        flip(),
        Affine {
            scale: Range::fixed(1.1),
            translate_x: Range::fixed(-0.1),
            shear_x: Range::fixed(6.0),
            fill: [40; 3],
            ..Affine::default()
        }
        .into(),
        CentreCrop {
            width: 50,
            height: 44,
            min_visible: 0.0,
        }
        .into(),
        turn(-9.0),
    ];
    // A smooth picture, so that repeated interpolation costs little.
    let (width, height) = (64, 56);
    let data = (0..width * height).flat_map(|i| {
        let (x, y) = ((i % width) as f64, (i / width) as f64);
        [x * 3.0, 60.0 + y * 2.0, 128.0 + 60.0 * (x / 14.0).sin()].map(|value| value as u8)
    });
    let mut start = sample();
    start.picture = Picture::new(data.collect(), width, height);
    start.parsing = Some(LabelMap::new(vec![1; width * height], width, height));

    let whole = Sequential {
        steps: steps.to_vec(),
        shuffled: false,
    };
    let at_once = Pipeline::new(whole, mirrors()).unwrap();
    let at_once = at_once.apply(start.clone(), &Stream::new(1, 0)).unwrap();
    let mut in_turn = start;
    for step in steps {
        let pipeline = Pipeline::new(step, mirrors()).unwrap();
        in_turn = pipeline.apply(in_turn, &Stream::new(1, 0)).unwrap();
    }

    // The border between picture and fill may move by the pixel each resample rounds it by; the rest
    // differs by interpolation only.
    let pairs = at_once.picture.data().iter().zip(in_turn.picture.data());
    let far = pairs.filter(|(a, b)| a.abs_diff(**b) > 8).count();
    let border = 3 * 2 * (50 + 44) * 2;
    assert!(
        far < border,
        "{far} values differ, the border has about {border}"
    );
    let of = |sample: &Sample| sample.parsing.clone().unwrap().labels().to_vec();
    let (a, b) = (of(&at_once), of(&in_turn));
    let shown = a
        .iter()
        .map(|&label| usize::from(label == 1))
        .sum::<usize>();
    assert!(shown > 1500 && shown < a.len(), "{shown}");
    let far = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    assert!(far < 2 * (50 + 44), "{far} labels differ");
    // The mask of pixels is small, the first box may be gone; the triangle stays.
    let triangle = |sample: &Sample| {
        let is_outline = |object: &Object| matches!(object.mask, Some(Mask::Polygons(_)));
        polygon(sample, sample.objects.iter().position(is_outline).unwrap())
    };
    let (a, b) = (triangle(&at_once), triangle(&in_turn));
    assert_eq!(a.len(), b.len());
    for (p, q) in a.iter().flatten().zip(b.iter().flatten()) {
        assert!((p - q).abs() < 1e-3, "{a:?} {b:?}");
    }
}

/// What a crop cut off does not come back when the same pipeline then shrinks the picture.
#[test]
fn cut_pixels_stay_cut() {
    let moved = apply([
        CentreCrop {
            width: 20,
            height: 20,
            min_visible: 0.0,
        }
        .into(),
        Affine {
            scale: Range::fixed(0.5),
            fill: [200; 3],
            ..Affine::default()
        }
        .into(),
    ]);
    // 20 × 20 shrunk to columns 5–14: everything outside is fill.
    for (index, pixel) in moved.picture.data().chunks_exact(3).enumerate() {
        let (x, y) = (index % 20, index / 20);
        let inside = (5..15).contains(&x) && (5..15).contains(&y);
        assert_eq!(pixel != [200; 3], inside, "{x}, {y}");
    }
    assert_eq!(moved.parsing.unwrap().labels()[4 * 20 + 10], 0);
}
