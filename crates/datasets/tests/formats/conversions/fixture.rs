//! The formats of boxes and masks, and a set with every fact there is.

use std::path::Path;

use wardrobe_datasets::formats::{
    FormatError, Loaded, Losses, Mode, coco, deepfashion2, fashionpedia, labelme, voc,
};
use wardrobe_datasets::sample::{
    AttributeGroup, AttributeVocabulary, BBox, ImageFile, Judgement, Landmark, Landmarks, Mask,
    Object, Polygon, Record, Split, Visibility,
};
use wardrobe_datasets::{DataSet, MaskRegion};

// What a format holds: independent facts.
#[allow(clippy::struct_excessive_bools)]
pub struct Format {
    pub name: &'static str,
    pub write: fn(&DataSet, &Path) -> Result<Losses, FormatError>,
    pub read: fn(&Path) -> Result<Loaded<DataSet>, FormatError>,
    pub sizes: bool,
    pub masks: bool,
    pub landmarks: bool,
    pub attributes: bool,
}

pub const FORMATS: [Format; 5] = [
    Format {
        name: "coco",
        write: |set, folder| coco::write(set, folder.join("instances.json")),
        read: |folder| coco::read(folder.join("instances.json"), folder, Mode::Strict),
        sizes: true,
        masks: true,
        landmarks: true,
        attributes: false,
    },
    Format {
        name: "fashionpedia",
        write: |set, folder| fashionpedia::write(set, folder.join("instances.json")),
        read: |folder| fashionpedia::read(folder.join("instances.json"), folder, Mode::Strict),
        sizes: true,
        masks: true,
        landmarks: true,
        attributes: true,
    },
    Format {
        name: "voc",
        write: |set, folder| voc::write(set, folder),
        read: |folder| voc::read(folder, Mode::Strict),
        sizes: true,
        masks: false,
        landmarks: false,
        attributes: false,
    },
    Format {
        name: "labelme",
        write: |set, folder| labelme::write(set, folder),
        read: |folder| labelme::read(folder, Mode::Strict),
        sizes: true,
        masks: true,
        landmarks: false,
        attributes: false,
    },
    Format {
        name: "deepfashion2",
        write: |set, folder| deepfashion2::write(set, folder),
        read: |folder| deepfashion2::read(folder, Mode::Strict),
        sizes: false,
        masks: true,
        landmarks: true,
        attributes: false,
    },
];

/// Trousers with every fact there is, a skirt in two parts, a bitmap, run lengths, a negative. The
/// categories are DeepFashion2's, so that it can hold them.
pub fn rich() -> DataSet {
    let polygon = |points: &[[f32; 2]]| Polygon(points.to_vec());
    let mut points = vec![Landmark::ABSENT; 14];
    points[0] = Landmark {
        x: 12.5,
        y: 20.25,
        visibility: Visibility::Visible,
    };
    points[13] = Landmark {
        x: 30.0,
        y: 70.1,
        visibility: Visibility::Occluded,
    };
    let attributes = [Judgement::Yes, Judgement::No, Judgement::Yes]
        .into_iter()
        .collect();
    let trousers = Object {
        category: Some(7),
        bbox: Some(BBox::new(10.1, 19.7, 45.333, 78.0)),
        mask: Some(Mask::Polygons(vec![polygon(&[
            [10.1, 19.7],
            [45.333, 25.0],
            [30.5, 78.0],
        ])])),
        landmarks: Some(Landmarks {
            schema: 7,
            points: points.into(),
        }),
        attributes,
        area: Some(1027.5),
        difficult: true,
        truncated: true,
        occluded: true,
        id: Some(40),
        ..Object::default()
    };
    let skirt = Object {
        category: Some(8),
        bbox: Some(BBox::new(50.0, 10.0, 90.0, 60.0)),
        mask: Some(Mask::Polygons(vec![
            polygon(&[[52.0, 12.0], [60.0, 12.0], [60.0, 30.0]]),
            polygon(&[[70.0, 40.0], [88.0, 40.0], [88.0, 58.0]]),
        ])),
        id: Some(41),
        ..Object::default()
    };
    let region = MaskRegion::new(
        3,
        4,
        4,
        vec![true, true, false, false, true, true, true, true],
    );
    let bitmap = Object {
        category: Some(0),
        bbox: Some(BBox::new(3.0, 4.0, 7.0, 6.0)),
        mask: Some(Mask::Region(region.clone())),
        ..Object::default()
    };
    let runs = Object {
        category: Some(0),
        bbox: Some(BBox::new(3.0, 4.0, 7.0, 6.0)),
        mask: Some(Mask::Rle(wardrobe_datasets::CompressedRle::encode(
            &region, 100, 80,
        ))),
        crowd: true,
        ..Object::default()
    };
    let record = |id: u64, objects| Record {
        image: ImageFile {
            path: format!("image/{id:06}.jpg"),
            size: Some([100, 80]),
        },
        objects,
        split: Some(Split::Train),
        id: Some(id),
        ..Record::default()
    };
    let group = |name: &str, values: &[&str]| AttributeGroup {
        name: name.into(),
        values: values.iter().map(ToString::to_string).collect(),
        exclusive: false,
    };
    DataSet {
        categories: deepfashion2::categories(),
        attributes: AttributeVocabulary::new(vec![
            group("length", &["short", "long"]),
            group("waist", &["high"]),
        ]),
        landmark_schemas: deepfashion2::schemas(),
        records: vec![
            record(3, vec![trousers, skirt]),
            record(12, vec![bitmap, runs]),
            record(700, Vec::new()),
        ],
        ..DataSet::default()
    }
}
