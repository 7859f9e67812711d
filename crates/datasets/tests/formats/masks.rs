//! Masks against pycocotools, and pixels to outlines and back.

use proptest::prelude::*;
use serde::Deserialize;
use wardrobe_datasets::sample::{BBox, Mask, MaskError, Polygon};
use wardrobe_datasets::{CompressedRle, MaskRegion};

#[derive(Deserialize)]
struct Case {
    name: String,
    width: usize,
    height: usize,
    polygons: Vec<Vec<f32>>,
    counts: String,
    area: u64,
    bbox: [f32; 4],
}

/// `fixtures/pycocotools/masks.py` made them. The run lengths must be the same text: not one pixel may
/// differ.
#[test]
fn polygons_become_the_run_lengths_of_pycocotools() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../fixtures/pycocotools/masks.json")).unwrap();
    assert_eq!(cases.len(), 70);
    for case in cases {
        let polygons = case
            .polygons
            .iter()
            .map(|flat| Polygon(flat.as_chunks::<2>().0.to_vec()));
        let mask = Mask::Polygons(polygons.collect());
        let (width, height) = (case.width, case.height);
        let rle = mask.run_lengths(width, height).unwrap();
        assert_eq!(rle.counts, case.counts, "{}", case.name);
        assert_eq!(
            mask.area(width, height).unwrap(),
            case.area,
            "{}",
            case.name
        );
        assert_eq!(rle.area().unwrap(), case.area, "{}", case.name);
        let [x, y, w, h] = case.bbox;
        let expected = (w > 0.0).then(|| BBox::from_xywh(x, y, w, h));
        assert_eq!(rle.bbox().unwrap(), expected, "{}", case.name);
        // Decoding and encoding again, by way of the bitmap.
        let region = mask.region(width, height).unwrap();
        assert_eq!(region.area() as u64, case.area, "{}", case.name);
        assert_eq!(
            CompressedRle::encode(&region, width, height).counts,
            case.counts,
            "{}",
            case.name
        );
    }
}

#[test]
fn bad_run_lengths_say_what_is_wrong() {
    let rle = |counts: &str| CompressedRle {
        size: [4, 2],
        counts: counts.into(),
    };
    let message = rle("52").decode().unwrap_err().to_string();
    assert_eq!(
        message,
        "the run lengths cover 7 pixels of a picture of 2x4 = 8"
    );
    assert!(matches!(
        rle("5!").decode(),
        Err(MaskError::Undecodable { .. })
    ));
    assert!(matches!(
        rle("59").decode(),
        Err(MaskError::Undecodable { .. })
    ));
    let message = Mask::Rle(rle("521")).region(4, 2).unwrap_err().to_string();
    assert_eq!(
        message,
        "the run lengths are for 2x4 pixels, the picture has 4x2"
    );
    let huge = Mask::Polygons(Vec::new())
        .region(1 << 20, 1 << 20)
        .unwrap_err();
    assert!(huge.to_string().contains("1048576x1048576"), "{huge}");
}

#[test]
fn outlines_of_parts_and_holes() {
    // 1 1 0 1
    // 1 0 1 1   the two parts touch at corners only
    // 1 1 0 0
    let rows = [1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0];
    let region = MaskRegion::new(0, 0, 4, rows.map(|bit| bit == 1).to_vec());
    let outlines = region.outlines();
    assert_eq!(outlines.polygons.len(), 2);
    assert_eq!(outlines.holes, 0);
    // 5 pixels and 3 pixels.
    assert_eq!(
        outlines
            .polygons
            .iter()
            .map(Polygon::area)
            .collect::<Vec<_>>(),
        [5.0, 3.0]
    );
    let mut ring = vec![true; 9];
    ring[4] = false;
    let ring = MaskRegion::new(10, 20, 3, ring).outlines();
    assert_eq!(ring.holes, 1);
    assert_eq!(
        ring.polygons,
        [Polygon(vec![
            [10.0, 20.0],
            [13.0, 20.0],
            [13.0, 23.0],
            [10.0, 23.0]
        ])]
    );
    assert_eq!(MaskRegion::new(0, 0, 0, Vec::new()).outlines().polygons, []);
}

/// Every pixel of the rectangle that cannot be reached from outside through unset pixels, corners
/// included: the mask with its holes filled.
fn filled(bits: &[bool], width: usize) -> Vec<bool> {
    let height = bits.len() / width;
    let mut outside = vec![false; bits.len()];
    let border = |index: usize| {
        let (x, y) = (index % width, index / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    };
    let mut open: Vec<usize> = (0..bits.len())
        .filter(|&index| border(index) && !bits[index])
        .collect();
    while let Some(index) = open.pop() {
        if std::mem::replace(&mut outside[index], true) {
            continue;
        }
        let (x, y) = ((index % width) as isize, (index / width) as isize);
        for (dx, dy) in [
            (-1, -1),
            (0, -1),
            (1, -1),
            (-1, 0),
            (1, 0),
            (-1, 1),
            (0, 1),
            (1, 1),
        ] {
            let (x, y) = (x + dx, y + dy);
            if x >= 0 && y >= 0 && (x as usize) < width && (y as usize) < height {
                let neighbour = y as usize * width + x as usize;
                if !bits[neighbour] && !outside[neighbour] {
                    open.push(neighbour);
                }
            }
        }
    }
    outside.into_iter().map(|outside| !outside).collect()
}

proptest! {
    #[test]
    fn outlines_rasterise_to_the_same_pixels(width in 1_usize..14, bits in prop::collection::vec(any::<bool>(), 1..180), left in 0_usize..5, top in 0_usize..5) {
        let rows = bits.len() / width;
        prop_assume!(rows > 0);
        let bits = bits[..rows * width].to_vec();
        let region = MaskRegion::new(left, top, width, bits.clone());
        let outlines = region.outlines();
        let again = Mask::Polygons(outlines.polygons).region(left + width + 3, top + rows + 3).unwrap();
        let expected = MaskRegion::new(left, top, width, filled(&bits, width));
        for y in 0..top + rows + 3 {
            for x in 0..left + width + 3 {
                prop_assert_eq!(again.contains(x, y), expected.contains(x, y), "pixel ({}, {})", x, y);
            }
        }
        prop_assert_eq!(again.bbox(), region.bbox());
    }
}
