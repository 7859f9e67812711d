//! A drawn person in a coat and a skirt, with every kind of annotation.

use wardrobe_datasets::Picture;
use wardrobe_datasets::sample::{
    BBox, LabelMap, Landmark, Landmarks, Mask, Object, Polygon, Sample, Visibility,
};

const WIDTH: usize = 240;
const HEIGHT: usize = 300;

type Points = &'static [[f32; 2]];

/// Class of the parsing map, colour, outline; later parts cover earlier ones. The wearer's left is on
/// the right.
const PARTS: [(u8, [f32; 3], Points); 14] = [
    // A bag on one side alone, so that mirroring shows.
    (
        0,
        [150.0, 112.0, 40.0],
        &[
            [168.0, 172.0],
            [176.0, 160.0],
            [184.0, 160.0],
            [190.0, 172.0],
            [200.0, 174.0],
            [204.0, 212.0],
            [160.0, 212.0],
            [162.0, 174.0],
        ],
    ),
    (
        16,
        [226.0, 184.0, 158.0],
        &[
            [124.0, 200.0],
            [142.0, 200.0],
            [138.0, 272.0],
            [126.0, 272.0],
        ],
    ),
    (
        17,
        [226.0, 184.0, 158.0],
        &[
            [98.0, 200.0],
            [116.0, 200.0],
            [114.0, 272.0],
            [102.0, 272.0],
        ],
    ),
    (
        18,
        [50.0, 44.0, 52.0],
        &[
            [125.0, 268.0],
            [139.0, 268.0],
            [152.0, 284.0],
            [125.0, 284.0],
        ],
    ),
    (
        19,
        [50.0, 44.0, 52.0],
        &[
            [101.0, 268.0],
            [115.0, 268.0],
            [115.0, 284.0],
            [88.0, 284.0],
        ],
    ),
    (12, [92.0, 118.0, 96.0], SKIRT),
    (
        14,
        [226.0, 184.0, 158.0],
        &[
            [166.0, 158.0],
            [180.0, 154.0],
            [186.0, 170.0],
            [172.0, 174.0],
        ],
    ),
    (
        15,
        [226.0, 184.0, 158.0],
        &[[74.0, 158.0], [60.0, 154.0], [54.0, 170.0], [68.0, 174.0]],
    ),
    (7, [164.0, 66.0, 70.0], COAT),
    (
        7,
        [196.0, 96.0, 92.0],
        &[
            [106.0, 70.0],
            [120.0, 108.0],
            [134.0, 70.0],
            [142.0, 76.0],
            [122.0, 128.0],
            [118.0, 128.0],
            [98.0, 76.0],
        ],
    ),
    (
        13,
        [232.0, 194.0, 168.0],
        &[
            [112.0, 58.0],
            [128.0, 58.0],
            [130.0, 74.0],
            [120.0, 90.0],
            [110.0, 74.0],
        ],
    ),
    (
        2,
        [74.0, 52.0, 40.0],
        &[
            [100.0, 34.0],
            [108.0, 20.0],
            [122.0, 16.0],
            [136.0, 22.0],
            [142.0, 40.0],
            [140.0, 60.0],
            [132.0, 66.0],
            [108.0, 66.0],
            [100.0, 56.0],
        ],
    ),
    (
        13,
        [232.0, 194.0, 168.0],
        &[
            [106.0, 40.0],
            [124.0, 32.0],
            [136.0, 42.0],
            [134.0, 58.0],
            [121.0, 66.0],
            [108.0, 58.0],
        ],
    ),
    (
        7,
        [70.0, 30.0, 34.0],
        &[
            [117.0, 134.0],
            [123.0, 134.0],
            [123.0, 140.0],
            [117.0, 140.0],
        ],
    ),
];
const COAT: Points = &[
    [98.0, 76.0],
    [106.0, 70.0],
    [134.0, 70.0],
    [142.0, 76.0],
    [160.0, 88.0],
    [182.0, 152.0],
    [164.0, 160.0],
    [148.0, 118.0],
    [150.0, 176.0],
    [90.0, 176.0],
    [92.0, 118.0],
    [76.0, 160.0],
    [58.0, 152.0],
    [80.0, 88.0],
];
const SKIRT: Points = &[
    [92.0, 172.0],
    [148.0, 172.0],
    [164.0, 222.0],
    [120.0, 228.0],
    [76.0, 222.0],
];
/// Left and right collar, sleeve, hem.
const LANDMARKS: [[f32; 2]; 6] = [
    [136.0, 72.0],
    [104.0, 72.0],
    [174.0, 156.0],
    [66.0, 156.0],
    [149.0, 175.0],
    [91.0, 175.0],
];
pub(crate) const PAIRS: [[u16; 2]; 3] = [[0, 1], [2, 3], [4, 5]];

/// Whether a point lies inside an outline (even–odd rule).
fn inside(outline: &[[f32; 2]], x: f32, y: f32) -> bool {
    let edges = outline.iter().zip(outline.iter().cycle().skip(1));
    let crossings = edges.filter(|&(&[x0, y0], &[x1, y1])| {
        (y0 > y) != (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    });
    crossings.count() % 2 == 1
}

pub(crate) fn person() -> Sample {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (fx, fy) = (x as f32 + 0.5, y as f32 + 0.5);
            let part = PARTS
                .iter()
                .rev()
                .find(|(_, _, outline)| inside(outline, fx, fy));
            let (label, colour) = part.map_or_else(
                || {
                    let floor = if fy > 262.0 { -34.0 } else { 0.0 };
                    let wall = 0.1 * (fy - 150.0);
                    (
                        0,
                        [188.0, 200.0, 210.0].map(|channel| channel + floor - wall),
                    )
                },
                |&(label, colour, _)| {
                    let stripe = if label == 12 && (x / 6 + y / 6) % 2 == 0 {
                        26.0
                    } else {
                        0.0
                    };
                    let fold = if label == 7 {
                        10.0 * (fx * 0.22).sin()
                    } else {
                        0.0
                    };
                    (label, colour.map(|channel| channel + stripe + fold))
                },
            );
            pixels.extend(colour.map(|channel| channel.clamp(0.0, 255.0) as u8));
            labels.push(label);
        }
    }
    let garment = |outline: Points| {
        let outline = Polygon(outline.to_vec());
        Object {
            bbox: outline.bbox(),
            mask: Some(Mask::Polygons(vec![outline])),
            ..Object::default()
        }
    };
    let mut coat = garment(COAT);
    coat.landmarks = Some(Landmarks {
        schema: 0,
        points: LANDMARKS
            .map(|[x, y]| Landmark {
                x,
                y,
                visibility: Visibility::Visible,
            })
            .into(),
    });
    // The head has a box alone: what turning does to its corners shows.
    let head = Object {
        bbox: Some(BBox::new(98.0, 14.0, 144.0, 70.0)),
        ..Object::default()
    };
    Sample {
        picture: Picture::new(pixels, WIDTH, HEIGHT),
        objects: vec![coat, garment(SKIRT), head],
        parsing: Some(LabelMap::new(labels, WIDTH, HEIGHT)),
    }
}
