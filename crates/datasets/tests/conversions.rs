//! Every format to itself keeps everything; every format to every other keeps what both can hold and
//! counts the rest.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use wardrobe_datasets::formats::{
    FormatError, Loaded, Losses, Mode, coco, copy_pictures, deepfashion2, fashionpedia, labelme,
    number_pictures, voc,
};
use wardrobe_datasets::sample::{
    AttributeGroup, AttributeVocabulary, BBox, Category, ImageFile, Judgement, Landmark, Landmarks,
    Mask, Object, Polygon, Record, Split, Visibility,
};
use wardrobe_datasets::{DataSet, DecodeLimits, MaskRegion};

// What a format holds: independent facts.
#[allow(clippy::struct_excessive_bools)]
struct Format {
    name: &'static str,
    write: fn(&DataSet, &Path) -> Result<Losses, FormatError>,
    read: fn(&Path) -> Result<Loaded<DataSet>, FormatError>,
    sizes: bool,
    masks: bool,
    landmarks: bool,
    attributes: bool,
}

const FORMATS: [Format; 5] = [
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
fn rich() -> DataSet {
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

/// Read, written and read again: the first reading has what the format can hold of [`rich`], so the
/// second must lose nothing and be equal.
#[test]
fn every_format_keeps_its_own() {
    for format in &FORMATS {
        let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        (format.write)(&rich(), first.path()).unwrap();
        let mut set = (format.read)(first.path()).unwrap().value;
        let losses = (format.write)(&set, second.path()).unwrap();
        assert!(losses.is_empty(), "{}: {losses}", format.name);
        let again = (format.read)(second.path()).unwrap().value;
        set.root = again.root.clone();
        assert_eq!(set, again, "{}", format.name);
    }
}

/// The bitmap of a mask in its picture, for comparison across spellings.
fn pixels(object: &Object) -> Option<Vec<bool>> {
    let mask = object.mask.as_ref()?;
    let region = mask.region(100, 80).unwrap();
    Some(
        (0..8000)
            .map(|index| region.contains(index % 100, index / 100))
            .collect(),
    )
}

#[test]
fn every_format_to_every_other_keeps_what_both_hold() {
    for from in &FORMATS {
        for to in &FORMATS {
            let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            (from.write)(&rich(), first.path()).unwrap();
            let mut source = (from.read)(first.path()).unwrap().value;
            number_pictures(&mut source);
            // Formats with lists of categories sort them; the names are what counts.
            let losses = (to.write)(&source, second.path()).unwrap();
            let target = (to.read)(second.path()).unwrap().value;
            let what = format!("{} to {}", from.name, to.name);
            assert_eq!(source.records.len(), target.records.len(), "{what}");
            for (before, after) in source.records.iter().zip(&target.records) {
                if from.sizes && to.sizes {
                    assert_eq!(before.image.size, after.image.size, "{what}");
                }
                assert_eq!(before.objects.len(), after.objects.len(), "{what}");
                for (before, after) in before.objects.iter().zip(&after.objects) {
                    let name = |set: &DataSet, object: &Object| {
                        set.categories[object.category.unwrap() as usize]
                            .name
                            .clone()
                    };
                    assert_eq!(name(&source, before), name(&target, after), "{what}");
                    assert_eq!(before.bbox, after.bbox, "{what}");
                    // Run lengths need the picture's size, which DeepFashion2 does not state.
                    if from.masks
                        && to.masks
                        && (from.sizes || !matches!(before.mask, Some(Mask::Region(_))))
                    {
                        assert_eq!(pixels(before), pixels(after), "{what}");
                    }
                    if from.landmarks && to.landmarks {
                        assert_eq!(
                            before.landmarks.as_ref().map(|l| &l.points),
                            after.landmarks.as_ref().map(|l| &l.points),
                            "{what}"
                        );
                    }
                }
            }
            let count = |has: fn(&Object) -> bool| {
                source
                    .records
                    .iter()
                    .flat_map(|record| &record.objects)
                    .filter(|object| has(object))
                    .count()
            };
            if !to.masks {
                assert_eq!(
                    losses.count("mask of an object"),
                    count(|object| object.mask.is_some()),
                    "{what}: {losses}"
                );
            }
            if !to.landmarks {
                assert_eq!(
                    losses.count("landmarks of an object"),
                    count(|object| object.landmarks.is_some()),
                    "{what}: {losses}"
                );
            }
            if !to.attributes {
                assert_eq!(
                    losses.count("attributes of an object"),
                    count(|object| !object.attributes.is_empty()),
                    "{what}: {losses}"
                );
            }
            if !to.sizes {
                assert_eq!(
                    losses.count("picture size"),
                    source
                        .records
                        .iter()
                        .filter(|record| record.image.size.is_some())
                        .count(),
                    "{what}: {losses}"
                );
            }
        }
    }
}

/// Worked out by hand from [`rich`]: 3 pictures with number, size and split; 4 objects, all with
/// category, box and mask.
#[test]
fn losses_are_counted_by_kind() {
    let folder = tempfile::tempdir().unwrap();
    let lost = |format: &Format| (format.write)(&rich(), folder.path()).unwrap().to_string();
    let [coco, fashionpedia, voc, labelme, deepfashion2] = FORMATS.each_ref().map(lost);
    let flags = "1 × difficult flag of an object";
    // The 13 schemas pair points without left and right in their names.
    let schemas = "13 × mirrored points of a landmark schema, 1 × occluded flag of an object, 3 × split of a picture, 1 × truncated flag of an object";
    assert_eq!(fashionpedia, format!("{flags}, {schemas}"));
    assert_eq!(
        coco,
        format!("1 × attribute vocabulary, 1 × attributes of an object, {flags}, {schemas}")
    );
    assert_eq!(
        voc,
        "1 × area of an object, 1 × attribute vocabulary, 1 × attributes of an object, 1 × crowd flag of an object, \
         3 × folder of a picture, 13 × landmark schema, 1 × landmarks of an object, 4 × mask of an object, \
         2 × object number, 3 × picture number"
    );
    assert_eq!(
        labelme,
        "1 × area of an object, 1 × attribute vocabulary, 1 × attributes of an object, 1 × crowd flag of an object, \
         1 × difficult flag of an object, 13 × landmark schema, 1 × landmarks of an object, 2 × object number, \
         1 × occluded flag of an object, 3 × picture number, 3 × split of a picture, 1 × truncated flag of an object"
    );
    assert_eq!(
        deepfashion2,
        "1 × area of an object, 1 × attribute vocabulary, 1 × attributes of an object, 1 × crowd flag of an object, \
         1 × difficult flag of an object, 2 × object number, 1 × occluded flag of an object, 3 × picture size, \
         3 × split of a picture, 1 × truncated flag of an object"
    );
}

#[test]
fn a_written_voc_set_has_its_pictures_and_splits() {
    let [pictures, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut set = rich();
    set.root = pictures.path().to_path_buf();
    std::fs::create_dir(pictures.path().join("image")).unwrap();
    for record in &set.records[..2] {
        image::RgbImage::new(100, 80)
            .save(pictures.path().join(&record.image.path))
            .unwrap();
    }
    set.records[1].split = Some(Split::Validation);
    set.records[2].split = None;
    voc::write(&set, folder.path()).unwrap();
    let missing = copy_pictures(&set, folder.path(), voc::picture_path).unwrap();
    assert_eq!(missing.to_string(), "1 × picture that is not in its place");
    let read = voc::read(folder.path(), Mode::Strict).unwrap().value;
    let splits: Vec<_> = read.records.iter().map(|record| record.split).collect();
    assert_eq!(splits, [Some(Split::Train), Some(Split::Validation), None]);
    assert_eq!(read.records[0].image.path, "JPEGImages/image_000003.jpg");
    let sample = read.records[0]
        .load(&read.root, &DecodeLimits::default())
        .unwrap();
    assert_eq!(sample.objects.len(), 2);
    let list = |name: &str| {
        std::fs::read_to_string(folder.path().join("ImageSets/Main").join(name)).unwrap()
    };
    assert_eq!(list("trainval.txt"), "image_000003\nimage_000012\n");
}

/// Fields that only one format knows come back from it, and are counted by every other.
#[test]
fn unknown_fields_stay_with_their_format() {
    let text = r#"{"info": {"year": 2020}, "licenses": [], "attributes": [{"id": 4, "name": "high waist"}], "images": [{"id": 7, "file_name": "a.jpg", "license": 2}],
        "annotations": [{"id": 9, "image_id": 7, "category_id": 90, "bbox": [1, 2, 3.5, 4], "score": 0.5, "attribute_ids": [4]}],
        "categories": [{"id": 90, "name": "coat", "level": 2}, {"id": 0, "name": "shirt, blouse"}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    std::fs::write(&file, text).unwrap();
    let set = coco::read(&file, folder.path(), Mode::Strict)
        .unwrap()
        .value;
    assert_eq!(
        set.categories,
        [(90, "coat"), (0, "shirt, blouse")].map(|(id, name)| Category {
            name: name.into(),
            group: None,
            id
        })
    );
    assert!(coco::write(&set, &file).unwrap().is_empty());
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written["info"]["year"], 2020);
    assert_eq!(written["images"][0]["license"], 2);
    assert_eq!(written["categories"][0]["level"], 2);
    assert_eq!(written["annotations"][0]["score"], 0.5);
    assert_eq!(
        written["annotations"][0]["attribute_ids"],
        serde_json::json!([4])
    );
    assert_eq!(
        written["annotations"][0]["bbox"],
        serde_json::json!([1, 2, 3.5, 4])
    );
    assert_eq!(written["attributes"][0]["name"], "high waist");
    // Written as Fashionpedia, the attributes are there to be read.
    let path = folder.path().join("fashionpedia.json");
    assert!(fashionpedia::write(&set, &path).unwrap().is_empty());
    let typed = fashionpedia::read(&path, folder.path(), Mode::Strict)
        .unwrap()
        .value;
    assert_eq!(typed.attributes.name(0), Some("high waist"));
    assert_eq!(
        typed.records[0].objects[0].attributes.get(0),
        Judgement::Yes
    );
    // Read as Fashionpedia and written as COCO, they are counted.
    let losses = coco::write(&typed, &path).unwrap();
    assert_eq!(
        losses.to_string(),
        "1 × attribute vocabulary, 1 × attributes of an object"
    );
    // 3.5 · 4, because COCO's metric needs an area.
    assert_eq!(written["annotations"][0]["area"], 14);
    let losses = voc::write(&set, folder.path()).unwrap();
    assert_eq!(losses.count("fields of other formats, of an object"), 2);
    assert_eq!(losses.count("fields of other formats, of a picture"), 1);
    assert_eq!(losses.count("fields of other formats, of the data set"), 4);
}

#[test]
fn labelme_keeps_groups_circles_marks_and_fields() {
    let text = r#"{"version": "4.5.6", "flags": {"checked": true}, "imagePath": "a.jpg", "imageData": "AAAA", "imageHeight": 80, "imageWidth": 100,
        "shapes": [
          {"label": "coat", "points": [[40, 60], [10.5, 20]], "group_id": 4, "shape_type": "rectangle", "flags": {}},
          {"label": "coat", "points": [[12, 22], [30, 22], [30, 50]], "group_id": 4, "shape_type": "polygon", "flags": {"worn": true}},
          {"label": "coat", "points": [[32, 52], [38, 52], [38, 58]], "group_id": 4, "shape_type": "polygon", "description": "belt"},
          {"label": "hat", "points": [[70, 20], [70, 30.1]], "group_id": null, "shape_type": "circle", "flags": {}},
          {"label": "zip", "points": [[1.1, 1], [2, 2]], "group_id": null, "shape_type": "line", "flags": {}}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    std::fs::write(&file, text).unwrap();
    let set = labelme::read(folder.path(), Mode::Strict).unwrap().value;
    let objects = &set.records[0].objects;
    assert_eq!(objects.len(), 2);
    assert_eq!(
        objects[0].bbox.map(BBox::corners),
        Some([10.5, 20.0, 40.0, 60.0])
    );
    assert!(matches!(&objects[0].mask, Some(Mask::Polygons(polygons)) if polygons.len() == 2));
    // 20 ± 10.1 and 70 ± 10.1.
    assert_eq!(
        objects[1].bbox.map(BBox::corners),
        Some([59.9, 9.9, 80.1, 30.1])
    );
    assert_eq!(
        labelme::write(&set, folder.path()).unwrap().to_string(),
        "1 × embedded picture"
    );
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        (&written["version"], &written["flags"]["checked"]),
        (&"4.5.6".into(), &true.into())
    );
    let shapes = written["shapes"].as_array().unwrap();
    let kinds: Vec<_> = shapes
        .iter()
        .map(|shape| shape["shape_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["rectangle", "polygon", "polygon", "circle", "line"]);
    assert_eq!(shapes[1]["flags"]["worn"], true);
    assert_eq!(shapes[2]["description"], "belt");
    assert_eq!(
        shapes[3]["points"],
        serde_json::json!([[70, 20], [70, 30.1]])
    );
    assert_eq!(
        shapes[4]["points"],
        serde_json::json!([[1.1, 1.0], [2.0, 2.0]])
    );
    assert!(shapes[..3].iter().all(|shape| shape["group_id"] == 4));
}

#[test]
fn names_that_a_layout_cannot_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = rich();
    set.records[1].image.path = "image/000003.png".into();
    let error = labelme::write(&set, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("would share the annotation `image/000003.json`"),
        "{error}"
    );
    let mut set = rich();
    set.records[0].image.path = "../up.jpg".into();
    let error = labelme::write(&set, folder.path()).unwrap_err().to_string();
    assert!(error.contains("`../up.jpg` leaves the folder"), "{error}");
    let mut set = rich();
    set.categories[0].name = "a\nb".into();
    let error = voc::write(&set, folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("\"a\\nb\" cannot stand once on a line"),
        "{error}"
    );
    let mut set = rich();
    set.records[0].objects[0].bbox = Some(BBox::new(0.0, 0.0, f32::NAN, 5.0));
    for format in &FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let error = (format.write)(&set, folder.path()).unwrap_err().to_string();
        assert!(error.contains("not finite"), "{}: {error}", format.name);
    }
}

/// A JPEG stored 40 wide and 24 high whose EXIF says "turn right" (orientation 6) is shown 24 wide and
/// 40 high, and that is what labelme's users draw on.
#[test]
fn labelme_sizes_are_those_of_the_turned_picture() {
    let folder = tempfile::tempdir().unwrap();
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(40, 24)
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .unwrap();
    let jpeg = jpeg.into_inner();
    // An APP1 segment behind the start marker: "Exif", a big-endian TIFF header, one entry: tag
    // 0x0112, a short, 6.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut turned = jpeg[..2].to_vec();
    turned.extend_from_slice(&[0xFF, 0xE1]);
    turned.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
    turned.extend_from_slice(exif);
    turned.extend_from_slice(&jpeg[2..]);
    std::fs::write(folder.path().join("a.jpg"), turned).unwrap();
    let annotate = |width, height| {
        let text = format!(
            r#"{{"imagePath": "a.jpg", "imageHeight": {height}, "imageWidth": {width}, "shapes": [
                {{"label": "coat", "shape_type": "rectangle", "points": [[2, 30], [20, 5]]}}]}}"#
        );
        std::fs::write(folder.path().join("a.json"), text).unwrap();
        let mode = if width == 24 {
            Mode::Strict
        } else {
            Mode::Lenient
        };
        labelme::read(folder.path(), mode).unwrap()
    };
    let set = annotate(24, 40).value;
    let sample = set.records[0]
        .load(&set.root, &DecodeLimits::default())
        .unwrap();
    assert_eq!((sample.picture.width(), sample.picture.height()), (24, 40));
    assert_eq!(
        sample.objects[0].bbox,
        Some(BBox::new(2.0, 5.0, 20.0, 30.0))
    );
    // Drawn on the picture as stored, the box leaves it; and a size that fits the box is seen later.
    assert_eq!(annotate(40, 24).skipped.count(), 1);
    let set = annotate(40, 40).value;
    let error = set.records[0]
        .load(&set.root, &DecodeLimits::default())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is 24x40 pixels, its annotation is for 40x40"),
        "{error}"
    );
}
