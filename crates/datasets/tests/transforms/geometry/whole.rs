//! Steps that keep the whole picture: mirrors, sizes, padding.

use wardrobe_datasets::sample::{BBox, Landmark, Mask};
use wardrobe_datasets::transforms::{
    Affine, CentreCrop, Crop, Filter, HorizontalFlip, PadPlace, Pipeline, Sequential, SquarePad,
    Stream,
};
use wardrobe_datasets::{CompressedRle, MaskRegion};

use super::fixture::{
    HEIGHT, WIDTH, apply, boxes, exact, flip, mirrors, polygon, region, sample, seen, turn,
};

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
