//! Turns, shifts, scales and shears.

use wardrobe_datasets::MaskRegion;
use wardrobe_datasets::sample::Landmark;
use wardrobe_datasets::transforms::{Affine, Range};

use super::fixture::{apply, boxes, polygon, region, turn};

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
