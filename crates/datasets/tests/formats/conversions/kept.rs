//! What only one format knows, and what a layout cannot hold.

use wardrobe_datasets::DecodeLimits;
use wardrobe_datasets::formats::{Mode, coco, copy_pictures, fashionpedia, labelme, voc};
use wardrobe_datasets::sample::{BBox, Category, Judgement, Mask, Split};

use super::fixture::{FORMATS, rich};

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
