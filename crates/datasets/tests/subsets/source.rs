//! A generated DeepFashion of 50 categories with uneven counts.

use std::collections::BTreeSet;
use std::path::Path;

use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{landmark_schemas, read, write};
use wardrobe_datasets::sample::{BBox, Category, DataSet, ImageFile, Object, Record, Split};
use wardrobe_datasets::subsets::{SelectOptions, Selection, SubsetSpec, select};

/// DeepFashion's 50 categories in the order of their labels: 20 upper, 16 lower, 14 full.
pub const CATEGORIES: [&str; 50] = [
    "Anorak",
    "Blazer",
    "Blouse",
    "Bomber",
    "Button-Down",
    "Cardigan",
    "Flannel",
    "Halter",
    "Henley",
    "Hoodie",
    "Jacket",
    "Jersey",
    "Parka",
    "Peacoat",
    "Poncho",
    "Sweater",
    "Tank",
    "Tee",
    "Top",
    "Turtleneck",
    "Capris",
    "Chinos",
    "Culottes",
    "Cutoffs",
    "Gauchos",
    "Jeans",
    "Jeggings",
    "Jodhpurs",
    "Joggers",
    "Leggings",
    "Sarong",
    "Shorts",
    "Skirt",
    "Sweatpants",
    "Sweatshorts",
    "Trunks",
    "Caftan",
    "Cape",
    "Coat",
    "Coverup",
    "Dress",
    "Jumpsuit",
    "Kaftan",
    "Kimono",
    "Nightdress",
    "Onesie",
    "Robe",
    "Romper",
    "Shirtdress",
    "Sundress",
];

/// Pictures of a category: 12 to 20 of those the paper takes, none to 6 of the others.
pub fn count(category: usize) -> usize {
    let of_paper = wardrobe_datasets::subsets::PAPER_A_CATEGORIES
        .iter()
        .any(|name| CATEGORIES[category].starts_with(name));
    if of_paper && !CATEGORIES[category].starts_with("Sweatshorts") {
        12 + category % 9
    } else {
        category % 7
    }
}

/// Lists and pictures in a folder.
pub fn tree(folder: &Path) {
    let kind = |category: usize| {
        if category < 20 {
            "upper"
        } else if category < 36 {
            "lower"
        } else {
            "full"
        }
    };
    let mut data = DataSet {
        categories: (0..50)
            .map(|index| Category {
                name: CATEGORIES[index].into(),
                group: Some(kind(index).into()),
                id: index as u32 + 1,
            })
            .collect(),
        landmark_schemas: landmark_schemas(),
        ..DataSet::default()
    };
    for (category, name) in CATEGORIES.iter().enumerate() {
        for number in 1..=count(category) {
            let path = format!("img/Plain_{name}/img_{number:08}.png");
            let file = folder.join("Img").join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let pixels = [category as u8, number as u8, 90].repeat(4 * 3);
            // Not `save_picture`, which waits for the disk after each of thousands.
            image::RgbImage::from_raw(4, 3, pixels)
                .unwrap()
                .save(file)
                .unwrap();
            data.records.push(Record {
                image: ImageFile { path, size: None },
                objects: vec![Object {
                    category: Some(category as u32),
                    // The first picture of every category has no box.
                    bbox: (number > 1).then_some(BBox::new(0.0, 0.0, 3.0, 3.0)),
                    ..Object::default()
                }],
                split: Some(if number % 3 == 0 {
                    Split::Validation
                } else {
                    Split::Train
                }),
                ..Record::default()
            });
        }
    }
    assert!(write(&data, folder).unwrap().is_empty());
}

pub fn source(folder: &Path) -> DataSet {
    tree(folder);
    read(folder, Mode::Strict).unwrap().loaded.value
}

pub fn kid(seed: u64) -> SubsetSpec {
    SubsetSpec {
        train: 9,
        validation: 3,
        ..SubsetSpec::deepfashionkid(seed)
    }
}

pub fn voc(seed: u64) -> SubsetSpec {
    SubsetSpec {
        train: 4,
        validation: 1,
        ..SubsetSpec::deepfashion_voc(seed)
    }
}

pub fn draw(data: &DataSet, spec: &SubsetSpec) -> Selection {
    select(data, spec, &SelectOptions::default()).unwrap()
}

pub fn paths(data: &DataSet, split: Split) -> BTreeSet<String> {
    data.of_split(split)
        .map(|record| record.image.path.clone())
        .collect()
}
