//! What a crop cuts off, and what it drops.

use wardrobe_datasets::MaskRegion;
use wardrobe_datasets::sample::{Landmark, Mask, Object, Polygon, Sample};
use wardrobe_datasets::transforms::{CentreCrop, Crop, Filter, Range, Step};

use super::fixture::{apply, apply_to, boxes, exact, flip, region, sample};

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

/// The fixture's picture with one object, of this mask and the box around it.
fn masked(mask: Mask) -> Sample {
    Sample {
        objects: vec![Object {
            bbox: mask.bounds(),
            mask: Some(mask),
            ..Object::default()
        }],
        ..sample()
    }
}

fn outlined<const N: usize>(corners: [[f32; 2]; N]) -> Sample {
    masked(Mask::Polygons(vec![Polygon(corners.into())]))
}

#[test]
fn an_outline_cut_to_less_than_a_pixel_is_dropped() {
    // Ten columns go.
    let cut = |right: f32| {
        let corners = [[4.0, 2.0], [right, 2.0], [right, 8.0], [4.0, 8.0]];
        let crop = Crop {
            left: Range::fixed(0.25),
            ..Crop::default()
        };
        apply_to(outlined(corners), [crop.into()])
    };
    // 0.3 × 6 of its area stay, left of the centres at 0.5.
    assert!(cut(10.3).objects.is_empty());
    // With 0.8 columns it covers rows 2–7 of the first.
    let kept = cut(10.8);
    let mask = kept.objects[0].mask.as_ref().unwrap();
    assert_eq!(
        mask.region(30, 20).unwrap(),
        MaskRegion::new(0, 2, 1, vec![true; 6])
    );
    // Between the centres from the beginning: its reader's fault, not the crop's.
    for step in [flip(), exact(20, 10, Filter::BilinearPlain)] {
        let speck = outlined([[14.1, 4.1], [14.3, 4.1], [14.3, 4.3]]);
        assert_eq!(apply_to(speck, [step]).objects.len(), 1);
    }
}

#[test]
fn a_mask_shrunk_to_no_pixel_is_dropped() {
    let half = || exact(20, 10, Filter::BilinearPlain);
    // x − y is 4.8–5.2, and 5 in the centres of twelve pixels; halved it is 2.4–2.6, and no centre's.
    let strip = outlined([[8.8, 4.0], [9.2, 4.0], [21.2, 16.0], [20.8, 16.0]]);
    let pixels = |sample: &Sample| sample.objects[0].mask.as_ref().unwrap().area(40, 20);
    assert_eq!(pixels(&strip), Ok(12));
    assert!(apply_to(strip.clone(), [half()]).objects.is_empty());
    assert_eq!(apply_to(strip, [flip(), flip()]).objects.len(), 1);
    // Pixel 15 of half as many has its centre at 31: the column at 30 is between.
    let column = |left| masked(Mask::Region(MaskRegion::new(left, 5, 1, vec![true; 3])));
    assert!(apply_to(column(30), [half()]).objects.is_empty());
    assert_eq!(apply_to(column(31), [half()]).objects.len(), 1);
    // One without a pixel from the beginning stays, to be named.
    let empty = masked(Mask::Region(MaskRegion::new(30, 5, 1, vec![false; 3])));
    assert_eq!(apply_to(empty, [half()]).objects.len(), 1);
}
