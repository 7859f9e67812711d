//! Valid files with bytes changed, cut, doubled and spliced: no reader may panic, whatever it makes of
//! them, and strict mode must agree with lenient mode on whether anything is wrong.

use std::path::Path;

use proptest::prelude::*;
use wardrobe_datasets::formats::{
    FormatError, Loaded, Mode, coco, deepfashion2, fashionpedia, labelme, lip, voc,
};
use wardrobe_datasets::sample::Mask;
use wardrobe_datasets::{DataSet, DecodeLimits};

const COCO: &str = r#"{"info": {"year": 2020}, "images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}],
"annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1.5, 2, 10, 20.25], "area": 200, "iscrowd": 0,
"segmentation": [[1.5, 2, 11.5, 2, 11.5, 22]], "keypoints": [2, 3, 2, 4, 5, 0], "num_keypoints": 1, "attribute_ids": [7]},
{"id": 2, "image_id": 1, "category_id": 3, "iscrowd": 1, "segmentation": {"size": [30, 40], "counts": [100, 20, 1080]}},
{"id": 3, "image_id": 1, "category_id": 3, "segmentation": {"size": [30, 40], "counts": "T3d0hQ1"}}],
"attributes": [{"id": 7, "name": "short", "supercategory": "length"}],
"categories": [{"id": 3, "name": "coat", "keypoints": ["left_hem", "right_hem"], "skeleton": [[1, 2]]}]}"#;

const VOC: &str = "<?xml version=\"1.0\"?>\n<annotation verified=\"yes\"><folder>VOC2007</folder><filename>a.jpg</filename>
<size><width>40</width><height>30</height><depth>3</depth></size><segmented>0</segmented><!-- one -->
<object><name>h&amp;m coat</name><pose>Frontal</pose><truncated>1</truncated><difficult>0</difficult>
<bndbox><xmin>2</xmin><ymin>3.5</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>
<part><name><![CDATA[head]]></name></part></object></annotation>";

const LABELME: &str = r#"{"version": "5.5.0", "flags": {}, "imagePath": "a.jpg", "imageData": null, "imageHeight": 30, "imageWidth": 40,
"shapes": [{"label": "coat", "points": [[1, 2], [20.5, 2], [20, 25]], "group_id": 1, "shape_type": "polygon", "flags": {}},
{"label": "coat", "points": [[30, 25], [1, 2]], "group_id": 1, "shape_type": "rectangle", "flags": {}},
{"label": "hat", "points": [[10, 10], [10, 14]], "group_id": null, "shape_type": "circle", "description": "x"},
{"label": "bag", "points": [[3, 4], [4, 5]], "shape_type": "mask", "mask": "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAQAAAABazTCJAAAADElEQVR4nGNoYDgAAAJEAUHooQgHAAAAAElFTkSuQmCC"},
{"label": "zip", "points": [[1, 1]], "shape_type": "point"}]}"#;

const DEEPFASHION2: &str = r#"{"source": "user", "pair_id": 1, "item2": {"category_name": "skirt", "category_id": 9, "style": 1,
"bounding_box": [10, 20, 90, 150], "landmarks": [1,2,2,3,4,1,0,0,0,5,6,2,7,8,2,9,1,2,3,4,1,5,6,2],
"segmentation": [[12, 22, 80, 22, 80, 140]], "scale": 2, "occlusion": 1, "zoom_in": 1, "viewpoint": 2}}"#;

/// One change: at a place (as a share of the text), some bytes go and others come.
fn mutated(text: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let text = text.as_bytes().to_vec();
    let token = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..4),
        prop::sample::select(vec![
            "-1",
            "1e400",
            "1e38",
            "99999999999999999999",
            "null",
            "[",
            "{",
            "\"",
            "NaN",
            "[[",
            "{}",
            "[]",
            "0",
            "</",
            "<a>",
            "&b;",
            "\u{0}",
            "true",
            "4294967296",
        ])
        .prop_map(|token| token.as_bytes().to_vec()),
    ];
    prop::collection::vec((0.0..1.0_f64, 0_usize..12, token, any::<bool>()), 1..5).prop_map(
        move |changes| {
            let mut text = text.clone();
            for (place, removed, token, doubled) in changes {
                let from = (place * text.len() as f64) as usize;
                let to = (from + removed).min(text.len());
                let mut insert = token;
                if doubled {
                    insert.extend_from_slice(&text[from..(from + 40).min(text.len())]);
                }
                text.splice(from..to, insert);
            }
            text
        },
    )
}

type Parse = fn(&[u8], &Path, Mode) -> Result<Loaded<DataSet>, FormatError>;

/// Strict and lenient agree, and what was read can be used: masks rasterise, sets are written.
fn try_one(parse: Parse, bytes: &[u8], write: impl Fn(&DataSet, &Path)) {
    let name = Path::new("mutated");
    let strict = parse(bytes, name, Mode::Strict);
    let lenient = parse(bytes, name, Mode::Lenient);
    match (strict, lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(strict.skipped.count(), 0);
            assert_eq!(lenient.skipped.count(), 0);
            assert_eq!(strict.value, lenient.value);
            for record in &strict.value.records {
                let [width, height] = record
                    .image
                    .size
                    .unwrap_or([64, 64])
                    .map(|side| side.min(4096) as usize);
                for object in &record.objects {
                    if let Some(mask @ Mask::Polygons(_)) = &object.mask {
                        mask.region(width, height).unwrap();
                    } else if let Some(Mask::Rle(rle)) = &object.mask {
                        rle.decode().unwrap();
                    }
                }
            }
            let folder = tempfile::tempdir().unwrap();
            write(&strict.value, folder.path());
        }
        (Err(_), Ok(lenient)) => assert!(lenient.skipped.count() > 0),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => panic!("lenient mode refuses what strict mode takes: {error}"),
    }
}

#[test]
fn the_files_are_valid_before_they_are_changed() {
    for (parse, text, objects) in [
        (coco::parse as Parse, COCO, 3),
        (fashionpedia::parse, COCO, 3),
        (voc::parse, VOC, 1),
        (labelme::parse, LABELME, 3),
        (deepfashion2::parse, DEEPFASHION2, 1),
    ] {
        let set = parse(text.as_bytes(), Path::new("whole"), Mode::Strict)
            .unwrap()
            .value;
        assert_eq!(set.records[0].objects.len(), objects, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn coco_survives(bytes in mutated(COCO)) {
        try_one(coco::parse, &bytes, |set, folder| drop(coco::write(set, folder.join("a.json"))));
        try_one(fashionpedia::parse, &bytes, |set, folder| drop(fashionpedia::write(set, folder.join("a.json"))));
    }

    #[test]
    fn voc_survives(bytes in mutated(VOC)) {
        try_one(voc::parse, &bytes, |set, folder| drop(voc::write(set, folder)));
    }

    #[test]
    fn labelme_survives(bytes in mutated(LABELME)) {
        try_one(labelme::parse, &bytes, |set, folder| drop(labelme::write(set, folder)));
    }

    #[test]
    fn deepfashion2_survives(bytes in mutated(DEEPFASHION2)) {
        try_one(deepfashion2::parse, &bytes, |set, folder| drop(deepfashion2::write(set, folder)));
    }

    #[test]
    fn poses_survive(bytes in mutated(&format!("a.jpg{}\nb.jpg,1,2,0{}\n", ",nan,nan,nan".repeat(16), ",4,5,1".repeat(15)))) {
        let name = Path::new("poses.csv");
        let strict = lip::parse_poses(&bytes, name, Mode::Strict);
        let lenient = lip::parse_poses(&bytes, name, Mode::Lenient).unwrap();
        prop_assert_eq!(strict.is_ok(), lenient.skipped.count() == 0);
    }

    #[test]
    fn label_maps_survive(place in 0.0..1.0_f64, byte: u8, cut in 0_usize..40) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.png");
        let map = wardrobe_datasets::sample::LabelMap::new((0..200).collect(), 20, 10);
        lip::write_label_map(&map, &path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = (place * bytes.len() as f64) as usize;
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut);
        if let Ok(read) = lip::parse_label_map(&bytes, &path, &DecodeLimits::default()) {
            prop_assert_eq!(read.labels().len(), read.width() * read.height());
        }
    }
}
