//! Several steps as one.

use wardrobe_datasets::Picture;
use wardrobe_datasets::sample::{LabelMap, Mask, Object, Sample};
use wardrobe_datasets::transforms::{
    Affine, CentreCrop, Pipeline, Range, Rotate, Sequential, Stream,
};

use super::fixture::{apply, flip, mirrors, polygon, sample, turn};

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
