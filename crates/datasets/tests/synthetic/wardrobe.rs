//! The synthetic wardrobe as its users see it.

use std::fmt::Write;

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use wardrobe_datasets::sample::{BBox, Judgement, Mask, Polygon, Visibility};
use wardrobe_datasets::synthetic::labels::{FIRST_FLAG, first_value, landmark_schemas, vocabulary};
use wardrobe_datasets::synthetic::{
    Dimension, GarmentKind, LabelNoise, SyntheticSample, SyntheticWardrobe, WardrobeConfig, Wish,
};

fn wardrobe(side: u32, difficulty: f32) -> SyntheticWardrobe {
    SyntheticWardrobe::new(WardrobeConfig {
        seed: 11,
        long_side: [side, side],
        difficulty,
        ..WardrobeConfig::default()
    })
    .unwrap()
}

fn draw(wardrobe: &SyntheticWardrobe, count: u64) -> Vec<SyntheticSample> {
    (0..count)
        .into_par_iter()
        .map(|index| wardrobe.sample(index))
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Everything of a sample that is drawn or measured, as bytes.
fn bytes_of(drawn: &SyntheticSample) -> Vec<u8> {
    let mut bytes = drawn.sample.picture.data().to_vec();
    bytes.extend(drawn.sample.parsing.as_ref().unwrap().labels());
    for (object, facts) in drawn.sample.objects.iter().zip(&drawn.facts.garments) {
        bytes.push(object.category.unwrap() as u8);
        let landmarks = object.landmarks.as_ref().unwrap();
        let corners = facts
            .polygons
            .iter()
            .flat_map(|polygon| polygon.0.iter().copied().flatten());
        let numbers = object.bbox.unwrap().corners().into_iter().chain(corners);
        let points = landmarks.points.iter().flat_map(|point| [point.x, point.y]);
        bytes.extend(numbers.chain(points).flat_map(f32::to_le_bytes));
        bytes.extend(object.attributes.iter().map(|judgement| judgement as u8));
    }
    bytes
}

/// The sums were taken on x86-64 Linux; they hold on any machine, because nothing in the drawing
/// depends on a system's mathematics library, on SIMD or on threads. They change when the drawing
/// does: look at the contact sheets then, and write the new ones here.
const PICTURES: [(f32, u32, &str); 3] = [
    (
        0.0,
        128,
        "31925925e03c45ef33a913f65535e3d55b84923cfe293e53385d5b90debcd1d2",
    ),
    (
        0.5,
        96,
        "efac2603d47802a083f9d6381e1d1dbea495482b43973c4dd1e31caaf517a9f8",
    ),
    (
        1.0,
        160,
        "de2b216279ac98e976bfe1bafd7e5743ec4e659780ad2ba98b73e163d8dcc842",
    ),
];

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let sums = PICTURES.map(|(difficulty, side, _)| {
        let wardrobe = wardrobe(side, difficulty);
        let one_by_one = (0..24).fold(Sha256::new(), |hash, index| {
            hash.chain_update(bytes_of(&wardrobe.sample(index)))
        });
        // The same pictures, last first and in parallel.
        let parallel: Vec<Vec<u8>> = (0..24_u32)
            .into_par_iter()
            .rev()
            .map(|index| bytes_of(&wardrobe.sample(u64::from(index))))
            .collect();
        let parallel = parallel
            .into_iter()
            .rev()
            .fold(Sha256::new(), Sha256::chain_update);
        let sum = hexadecimal(&one_by_one.finalize());
        assert_eq!(sum, hexadecimal(&parallel.finalize()));
        sum
    });
    assert_eq!(sums, PICTURES.map(|(_, _, expected)| expected.to_owned()));
}

#[test]
fn seeds_and_numbers_make_different_pictures() {
    let first = wardrobe(64, 0.5);
    let second = SyntheticWardrobe::new(WardrobeConfig {
        seed: 12,
        ..first.config().clone()
    })
    .unwrap();
    let sums: std::collections::BTreeSet<String> = (0..10)
        .flat_map(|index| [first.sample(index), second.sample(index)])
        .map(|drawn| hexadecimal(&Sha256::digest(drawn.sample.picture.data())))
        .collect();
    assert_eq!(sums.len(), 20);
}

/// Whether a pixel's middle lies in an outline (even–odd).
fn covers(polygon: &Polygon, column: usize, row: usize) -> bool {
    let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
    let corners = &polygon.0;
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossings = edges.filter(|&(&[x0, y0], &[x1, y1])| {
        (y0 > y) != (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    });
    crossings.count() % 2 == 1
}

#[test]
fn masks_boxes_outlines_and_parsing_agree() {
    for (difficulty, least) in [(0.0, 0.97), (1.0, 0.93)] {
        for drawn in draw(&wardrobe(160, difficulty), 40) {
            let (width, height) = (drawn.sample.picture.width(), drawn.sample.picture.height());
            let parsing = drawn.sample.parsing.as_ref().unwrap();
            let mut garment_pixels = vec![0_u8; width * height];
            for (object, facts) in drawn.sample.objects.iter().zip(&drawn.facts.garments) {
                let Some(Mask::Region(mask)) = &object.mask else {
                    panic!("no mask");
                };
                let (mut both, mut either) = (0, 0);
                let mut tight = Vec::new();
                for row in 0..height {
                    for column in 0..width {
                        let inside = mask.contains(column, row);
                        let outlined = facts
                            .polygons
                            .iter()
                            .any(|polygon| covers(polygon, column, row));
                        both += usize::from(inside && outlined);
                        either += usize::from(inside || outlined);
                        if inside {
                            tight.extend([
                                [column as f32, row as f32],
                                [column as f32 + 1.0, row as f32 + 1.0],
                            ]);
                            garment_pixels[row * width + column] += 1;
                            let class = parsing.labels()[row * width + column];
                            assert_eq!(class, facts.garment.parsing_class());
                        }
                    }
                }
                assert_eq!(object.bbox, BBox::around(tight));
                assert_eq!(object.area, Some(mask.area() as f32));
                // Specks below three pixels have no outline: small masks lose more by them.
                let allowed = if mask.area() < 200 { 0.8 } else { least };
                let iou = both as f32 / either as f32;
                assert!(
                    iou >= allowed,
                    "{iou} of {} pixels at difficulty {difficulty}",
                    mask.area()
                );
            }
            assert!(
                garment_pixels.iter().all(|&count| count <= 1),
                "a pixel of two garments"
            );
        }
    }
}

#[test]
fn landmarks_lie_on_their_garment_or_say_that_they_do_not() {
    let schemas = landmark_schemas();
    let mut counts = [0; 3];
    for drawn in draw(&wardrobe(192, 0.6), 120) {
        for (object, facts) in drawn.sample.objects.iter().zip(&drawn.facts.garments) {
            let Some(Mask::Region(mask)) = &object.mask else {
                panic!("no mask");
            };
            let landmarks = object.landmarks.as_ref().unwrap();
            let schema = &schemas[usize::from(landmarks.schema)];
            assert_eq!(schema.name, facts.garment.kind.region().name());
            assert_eq!(landmarks.points.len(), schema.points.len());
            for point in &landmarks.points {
                counts[point.visibility as usize] += 1;
                let (column, row) = (point.x as usize, point.y as usize);
                match point.visibility {
                    // Itself or a pixel beside it.
                    Visibility::Visible => {
                        let near = (0..9).any(|step| {
                            let (dx, dy) = (step % 3, step / 3);
                            column + dx > 0
                                && row + dy > 0
                                && mask.contains(column + dx - 1, row + dy - 1)
                        });
                        assert!(near, "{point:?}");
                    }
                    Visibility::Occluded => {
                        assert!(
                            point.x >= 0.0 && point.x < 192.0 && point.y >= 0.0 && point.y < 192.0
                        );
                        assert!(!mask.contains(column, row), "{point:?}");
                    }
                    Visibility::Absent => assert_eq!((point.x, point.y), (0.0, 0.0)),
                }
            }
        }
    }
    // Most points are seen, and both other kinds occur.
    assert!(counts[0] > 2 * (counts[1] + counts[2]), "{counts:?}");
    assert!(counts[1] > 20 && counts[2] > 20, "{counts:?}");
}

#[test]
fn every_category_and_value_and_negatives_occur() {
    let mut kinds = [0; 20];
    let mut values = vec![0; FIRST_FLAG];
    let mut flags = vec![0; vocabulary().len() - FIRST_FLAG];
    let mut empty = 0;
    let count = 1500;
    for drawn in draw(&wardrobe(64, 0.5), count) {
        empty += usize::from(drawn.sample.objects.is_empty());
        for object in &drawn.sample.objects {
            kinds[object.category.unwrap() as usize] += 1;
            for index in object.attributes.with(Judgement::Yes) {
                if index < FIRST_FLAG {
                    values[index] += 1;
                } else {
                    flags[index - FIRST_FLAG] += 1;
                }
            }
            for dimension in Dimension::ALL {
                let first = first_value(dimension);
                let range = first..first + dimension.values().len();
                let told = range
                    .filter(|&value| object.attributes.get(value) == Judgement::Yes)
                    .count();
                assert_eq!(told, 1, "{}", dimension.key());
            }
        }
    }
    assert!(kinds.iter().all(|&count| count >= 30), "{kinds:?}");
    assert!(values.iter().all(|&count| count >= 3), "{values:?}");
    assert!(flags.iter().all(|&count| count >= 3), "{flags:?}");
    // 3 % of 1500 are 45; three standard deviations are 20.
    assert!((25..=65).contains(&empty), "{empty}");
}

#[test]
fn wishes_are_granted() {
    let wardrobe = wardrobe(96, 0.3);
    for (number, &kind) in GarmentKind::ALL.iter().enumerate() {
        for worn in [true, false] {
            let wish = Wish {
                kind: Some(kind),
                worn: Some(worn),
                garments: true,
                ..Wish::default()
            };
            let drawn = wardrobe.sample_of(number as u64, wish);
            let facts = &drawn.facts.garments[drawn.facts.subject.unwrap()];
            assert_eq!((facts.garment.kind, facts.worn), (kind, worn));
            assert_eq!(drawn.facts.people.is_empty(), !worn);
            let skin = drawn
                .sample
                .parsing
                .as_ref()
                .unwrap()
                .labels()
                .iter()
                .any(|class| (13..=17).contains(class));
            assert_eq!(skin, worn);
        }
    }
    for dimension in Dimension::ALL {
        for value in 1..dimension.values().len() as u8 {
            let wish = Wish {
                value: Some((dimension, value)),
                garments: true,
                ..Wish::default()
            };
            let drawn = wardrobe.sample_of(u64::from(value), wish);
            let facts = &drawn.facts.garments[drawn.facts.subject.unwrap()];
            assert_eq!(
                facts.garment.value(dimension),
                value,
                "{}",
                dimension.values()[usize::from(value)]
            );
        }
    }
}

/// Means over a wardrobe: visible share of garments, part of the picture that the main garment
/// takes, count of things, deviation of the noise.
fn hardness(difficulty: f32) -> [f32; 4] {
    let drawn = draw(&wardrobe(96, difficulty), 150);
    let mean = |values: Vec<f32>| values.iter().sum::<f32>() / values.len() as f32;
    let scenes = || drawn.iter().map(|drawn| &drawn.facts.scene);
    [
        mean(
            drawn
                .iter()
                .flat_map(|drawn| drawn.facts.garments.iter().map(|facts| facts.visible))
                .collect(),
        ),
        mean(
            drawn
                .iter()
                .filter_map(|drawn| {
                    drawn
                        .facts
                        .subject
                        .map(|subject| drawn.sample.objects[subject].area.unwrap())
                })
                .map(|area| area / (96.0 * 96.0))
                .collect(),
        ),
        mean(
            scenes()
                .map(|scene| (scene.behind.len() + scene.before.len()) as f32)
                .collect(),
        ),
        mean(scenes().map(|scene| scene.finish.noise).collect()),
    ]
}

#[test]
fn difficulty_makes_pictures_harder() {
    let [easy, middle, hard] = [0.0, 0.5, 1.0].map(hardness);
    assert!(
        easy[0] > middle[0] && middle[0] > hard[0],
        "visible {easy:?} {middle:?} {hard:?}"
    );
    assert!(easy[1] > hard[1], "area {easy:?} {hard:?}");
    assert!(
        easy[2] < middle[2] && middle[2] < hard[2],
        "things {easy:?} {middle:?} {hard:?}"
    );
    assert!(
        easy[3] < middle[3] && middle[3] < hard[3],
        "noise {easy:?} {middle:?} {hard:?}"
    );
}

#[test]
fn label_noise_has_its_shares() {
    let exact = wardrobe(64, 0.2);
    let noisy = SyntheticWardrobe::new(WardrobeConfig {
        noise: LabelNoise {
            maybe: 0.5,
            missing_box: 0.25,
            wrong_category: 0.25,
        },
        ..exact.config().clone()
    })
    .unwrap();
    let (mut objects, mut missing, mut wrong, mut maybe, mut lengths) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (exact, noisy) in draw(&exact, 300).iter().zip(draw(&noisy, 300)) {
        assert_eq!(exact.sample.picture, noisy.sample.picture);
        for (object, spoiled) in exact.sample.objects.iter().zip(&noisy.sample.objects) {
            objects += 1.0;
            missing += f32::from(spoiled.bbox.is_none());
            wrong += f32::from(spoiled.category != object.category);
            maybe += spoiled.attributes.with(Judgement::Maybe).count() as f32;
            for dimension in Dimension::ALL
                .into_iter()
                .filter(|dimension| dimension.is_length())
            {
                lengths +=
                    f32::from(object.attributes.get(first_value(dimension)) != Judgement::Yes);
            }
        }
    }
    // Some 600 objects: three standard errors of a share of 0.25 are 0.053.
    assert!(
        (missing / objects - 0.25_f32).abs() < 0.06,
        "{missing} of {objects}"
    );
    assert!(
        (wrong / objects - 0.25_f32).abs() < 0.06,
        "{wrong} of {objects}"
    );
    assert!(
        (maybe / lengths - 0.5_f32).abs() < 0.07,
        "{maybe} of {lengths}"
    );
}
