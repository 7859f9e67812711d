//! One picture's record in a layout: what is asked for, what its file is called, what is said of it.

use sha2::{Digest, Sha256};

use super::super::labels::{Dimension, FIRST_FLAG, Flag, GarmentKind, SleeveLength, first_value};
use super::super::random::Dice;
use super::super::scene::{Frame, Wish};
use super::super::{SyntheticSample, SyntheticWardrobe, WardrobeConfig};
use super::{Beside, Layout};
use crate::sample::{AttributeLabels, ImageFile, Judgement, Mask, Object, Record, Split};

/// Pictures of each of FashionAI's dimensions in its training set, in the table's order.
const FASHIONAI_SHARES: [f32; 8] = [
    9_223.0, 11_320.0, 8_393.0, 7_034.0, 5_696.0, 17_148.0, 7_460.0, 13_299.0,
];

/// The settings with what a layout fixes.
pub(super) fn settings(config: &WardrobeConfig, layout: Layout) -> WardrobeConfig {
    let mut config = config.clone();
    match layout {
        Layout::DeepFashion => {
            config.long_side = [300, 300];
            config.square = false;
            config.empty_share = 0.0;
        }
        Layout::FashionAi => config.empty_share = 0.0,
        // LIP has one person a picture.
        Layout::Lip => {
            config.empty_share = 0.0;
            config.worn_share = 1.0;
            config.garments = config.garments.map(|count| count.min(3));
        }
        Layout::Coco | Layout::Voc | Layout::Labelme => {}
    }
    config
}

/// What a picture of a layout must show.
pub(super) fn wish(wardrobe: &SyntheticWardrobe, layout: Layout, index: u64) -> Wish {
    // Another stream than the picture's own.
    let mut dice = Dice::new(wardrobe.config().seed ^ 0x77A1, index);
    match layout {
        Layout::DeepFashion => Wish {
            garments: true,
            ..Wish::default()
        },
        Layout::FashionAi => {
            let shares: Vec<(Dimension, f32)> =
                Dimension::ALL.into_iter().zip(FASHIONAI_SHARES).collect();
            let dimension = dice.weigh(&shares);
            let value = 1 + dice.below(dimension.values().len() - 1) as u8;
            Wish {
                value: Some((dimension, value)),
                garments: true,
                ..Wish::default()
            }
        }
        Layout::Lip => Wish {
            worn: Some(true),
            garments: true,
            frame: dice.chance(0.6).then_some(Frame::Whole),
            ..Wish::default()
        },
        Layout::Coco | Layout::Voc | Layout::Labelme => Wish::default(),
    }
}

/// Whether the picture has what the layout cannot do without.
pub(super) fn is_fit(drawn: &SyntheticSample, layout: Layout, wish: Wish) -> bool {
    match layout {
        Layout::DeepFashion => drawn.subject().is_some(),
        Layout::FashionAi => drawn.subject().is_some_and(|(_, facts)| {
            // Few categories may not have the value at all; a hidden part is a label (Invisible).
            wish.value
                .is_none_or(|(dimension, value)| facts.garment.value(dimension) == value)
        }),
        Layout::Lip => !drawn.facts.people.is_empty(),
        Layout::Coco | Layout::Voc | Layout::Labelme => true,
    }
}

fn split(layout: Layout, index: u64) -> Split {
    match (index % 10, layout) {
        (8, _) => Split::Validation,
        // LIP publishes no annotations of its test part.
        (9, Layout::Lip) => Split::Train,
        (9, _) => Split::Test,
        _ => Split::Train,
    }
}

/// The record of a drawn picture, and what is written beside it.
pub(super) fn record(
    wardrobe: &SyntheticWardrobe,
    layout: Layout,
    index: u64,
    wish: Wish,
    drawn: &SyntheticSample,
) -> (Record, Beside) {
    let split = split(layout, index);
    let number = index + 1;
    let part = |train: &'static str, validation: &'static str, test: &'static str| match split {
        Split::Train => train,
        Split::Validation => validation,
        Split::Test => test,
    };
    let (path, objects) = match layout {
        Layout::DeepFashion => {
            let subject = drawn
                .subject()
                .map(|(object, facts)| (deepfashion_object(object), title(&facts.garment)));
            let (object, title) = subject.unzip();
            let folder = title.unwrap_or_default();
            (
                format!("img/{folder}/img_{number:08}.jpg"),
                object.into_iter().collect(),
            )
        }
        Layout::FashionAi => {
            let dimension = wish
                .value
                .map_or(Dimension::Sleeve, |(dimension, _)| dimension);
            let name = digits(wardrobe.config().seed, index);
            let object = drawn
                .subject()
                .map(|(object, _)| fashionai_object(object, dimension));
            (
                format!("Images/{}/{name}.jpg", dimension.key()),
                object.into_iter().collect(),
            )
        }
        Layout::Coco => {
            let folder = part("train2017", "val2017", "test2017");
            (format!("{folder}/{number:012}.jpg"), outlined(drawn))
        }
        Layout::Voc => {
            let objects = outlined(drawn).into_iter().map(|object| Object {
                mask: None,
                area: None,
                ..object
            });
            (format!("JPEGImages/{number:06}.jpg"), objects.collect())
        }
        Layout::Labelme => (
            format!("{}/{number:06}.jpg", part("train", "val", "test")),
            outlined(drawn),
        ),
        Layout::Lip => {
            let folder = part("train_images", "val_images", "val_images");
            (
                format!(
                    "TrainVal_images/{folder}/{}.jpg",
                    lip_name(number, wardrobe.config().seed)
                ),
                person(drawn),
            )
        }
    };
    let parsing = (layout == Layout::Lip).then(|| {
        let folder = part(
            "train_segmentations",
            "val_segmentations",
            "val_segmentations",
        );
        format!(
            "TrainVal_parsing_annotations/{folder}/{}.png",
            lip_name(number, wardrobe.config().seed)
        )
    });
    let beside = if parsing.is_some() {
        Beside::Parsing
    } else {
        Beside::Nothing
    };
    let picture = &drawn.sample.picture;
    let record = Record {
        image: ImageFile {
            path,
            size: Some([picture.width() as u32, picture.height() as u32]),
        },
        objects,
        parsing,
        split: Some(split),
        id: (layout == Layout::Coco).then_some(number),
        ..Record::default()
    };
    (record, beside)
}

/// LIP's names are numbers of a photograph and of a person in it.
fn lip_name(number: u64, seed: u64) -> String {
    let photograph = Dice::new(seed ^ 0x11F, number).below(500_000) + 1000;
    format!("{number}_{photograph}")
}

/// 32 hexadecimal digits that belong to a picture.
fn digits(seed: u64, index: u64) -> String {
    let mut bytes = seed.to_le_bytes().to_vec();
    bytes.extend(index.to_le_bytes());
    let hash = Sha256::digest(bytes);
    let half: [u8; 16] = std::array::from_fn(|index| hash[index]);
    format!("{:032x}", u128::from_be_bytes(half))
}

/// DeepFashion's folders are the shop's title of the garment.
fn title(garment: &super::super::garment::Garment) -> String {
    let mut words: Vec<&str> = Vec::new();
    for flag in garment.flags() {
        words.extend(match flag {
            Flag::Striped => Some("Striped"),
            Flag::Checked => Some("Plaid"),
            Flag::Dotted => Some("Polka-Dot"),
            Flag::Floral => Some("Floral"),
            Flag::Abstract => Some("Abstract-Print"),
            Flag::Graphic => Some("Graphic"),
            Flag::Denim => Some("Denim"),
            Flag::Pleated => Some("Pleated"),
            Flag::Belted => Some("Belted"),
            Flag::Hooded => Some("Hooded"),
            Flag::Boho => Some("Boho"),
            _ => None,
        });
    }
    if garment
        .sleeves
        .is_some_and(|sleeves| sleeves.length == SleeveLength::Short)
    {
        words.push("Short-Sleeve");
    }
    if words.is_empty() {
        words.push("Classic");
    }
    words.truncate(3);
    words.push(garment.kind.name());
    words.join("_")
}

fn deepfashion_object(object: &Object) -> Object {
    let kind = object
        .category
        .and_then(|category| GarmentKind::ALL.get(category as usize));
    let flags = (0..Flag::COUNT).map(|flag| object.attributes.get(FIRST_FLAG + flag));
    Object {
        category: kind.map(|kind| kind.deepfashion_label() - 1),
        bbox: object.bbox,
        // The lists hold whole pixels.
        landmarks: object.landmarks.clone().map(|mut landmarks| {
            for point in &mut landmarks.points {
                (point.x, point.y) = (point.x.floor(), point.y.floor());
            }
            landmarks
        }),
        attributes: flags.collect(),
        ..Object::default()
    }
}

fn fashionai_object(object: &Object, dimension: Dimension) -> Object {
    let mut attributes = AttributeLabels::unknown(FIRST_FLAG);
    let first = first_value(dimension);
    for value in first..first + dimension.values().len() {
        attributes.set(value, object.attributes.get(value));
    }
    debug_assert!(attributes.with(Judgement::Yes).count() == 1);
    Object {
        attributes,
        ..Object::default()
    }
}

/// All garments that have a box, with outlines, as detection formats have them.
fn outlined(drawn: &SyntheticSample) -> Vec<Object> {
    let pairs = drawn.sample.objects.iter().zip(&drawn.facts.garments);
    pairs
        .filter(|(object, facts)| object.bbox.is_some() && !facts.polygons.is_empty())
        .map(|(object, facts)| Object {
            mask: Some(Mask::Polygons(facts.polygons.clone())),
            landmarks: None,
            attributes: AttributeLabels::default(),
            ..object.clone()
        })
        .collect()
}

/// The person the picture is about, with joints.
fn person(drawn: &SyntheticSample) -> Vec<Object> {
    let joints = drawn.facts.people.last().cloned();
    let person = |mut joints: crate::sample::Landmarks| {
        joints.schema = 0;
        Object {
            category: Some(0),
            landmarks: Some(joints),
            ..Object::default()
        }
    };
    joints.map(person).into_iter().collect()
}
