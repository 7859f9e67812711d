//! What readers of boxes and masks say about bad files, and what they leave out when asked to.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::{
    FormatError, Loaded, Mode, coco, deepfashion2, fashionpedia, labelme, voc,
};

type Parse = fn(&[u8], &Path, Mode) -> Result<Loaded<DataSet>, FormatError>;

/// Checks that strict mode says `expected`, and lenient mode counts `count` and keeps `kept` records.
fn check(parse: Parse, text: &str, expected: &str, count: usize, kept: usize) {
    let name = Path::new("bad.file");
    let error = parse(text.as_bytes(), name, Mode::Strict)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("bad.file") && error.contains(expected),
        "{error}\n   expected {expected}"
    );
    assert!(error.contains("; "), "{error} names no remedy");
    let loaded = parse(text.as_bytes(), name, Mode::Lenient).unwrap();
    assert_eq!(loaded.skipped.count(), count, "{text}");
    let first = loaded.skipped.first()[0].to_string();
    assert!(first.contains(expected), "{first}");
    assert_eq!(loaded.value.records.len(), kept, "{text}");
}

/// Both modes refuse the document as a whole.
fn refuse(parse: Parse, text: &str, expected: &str) {
    for mode in [Mode::Strict, Mode::Lenient] {
        let error = parse(text.as_bytes(), Path::new("bad.file"), mode)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}\n   expected {expected}");
    }
}

/// Two pictures, of which the first has these annotations and the second none.
fn coco_file(annotations: &str) -> String {
    format!(
        r#"{{"images": [{{"id": 1, "file_name": "a.jpg", "width": 100, "height": 80}},
            {{"id": 2, "file_name": "b.jpg", "width": 100, "height": 80}}],
          "annotations": [{annotations}],
          "categories": [{{"id": 3, "name": "coat", "keypoints": ["left_hem", "right_hem"], "skeleton": [[1, 2]]}}]}}"#
    )
}

fn annotation(fields: &str) -> String {
    coco_file(&format!(
        r#"{{"id": 1, "image_id": 1, "category_id": 3, {fields}}}"#
    ))
}

#[test]
fn coco_names_every_bad_annotation() {
    for (fields, expected) in [
        (
            r#""bbox": [50, 10, 0, 20]"#,
            "annotations[0].bbox: the box (50, 10) – (50, 30) has no inside",
        ),
        (
            r#""bbox": [50, 10, -5, 20]"#,
            "annotations[0].bbox: the box (50, 10) – (45, 30) has no inside",
        ),
        (
            r#""bbox": [90, 10, 20, 20]"#,
            "annotations[0].bbox: the box (90, 10) – (110, 30) leaves the picture, which is of 100x80 pixels",
        ),
        (r#""bbox": [-3, 10, 20, 20]"#, "leaves the picture"),
        (
            r#""bbox": [1, 10, 20]"#,
            "annotations[0].bbox: 3 numbers instead of [x, y, width, height]",
        ),
        (
            r#""bbox": [1, 10, 20, "x"]"#,
            "annotations[0].bbox[3]: invalid type: string",
        ),
        (
            r#""bbox": [1, 10, 20, 1e300]"#,
            "is not made of finite numbers",
        ),
        (
            r#""segmentation": [[1, 1, 5, 5]]"#,
            "annotations[0].segmentation[0]: a polygon of 2 points encloses nothing",
        ),
        (
            r#""segmentation": [[1, 1, 5, 5, 9]]"#,
            "segmentation[0]: 5 numbers are not pairs",
        ),
        (
            r#""segmentation": [[200, 1, 205, 5, 209, 1]]"#,
            "lies wholly outside the picture",
        ),
        (
            r#""segmentation": {"size": [80, 100], "counts": [1, 2]}"#,
            "segmentation.counts: the run lengths cover 3 pixels of a picture of 100x80 = 8000",
        ),
        (
            r#""segmentation": {"size": [100, 80], "counts": [8000]}"#,
            "segmentation.size: the run lengths are for 80x100 pixels, the picture has 100x80",
        ),
        (
            r#""segmentation": {"size": [80, 100], "counts": "!!"}"#,
            "segmentation.counts: the run lengths cannot be decoded",
        ),
        (
            r#""segmentation": {"size": [80, 100], "counts": [-1]}"#,
            "segmentation.counts[0]: invalid value: integer `-1`",
        ),
        (
            r#""segmentation": {"size": [80, 100]}"#,
            "segmentation: has no `counts`",
        ),
        (
            r#""segmentation": "x""#,
            "annotations[0].segmentation: invalid type: string",
        ),
        (r#""area": -4"#, "annotations[0].area: -4 is no area"),
        (
            r#""iscrowd": 7"#,
            "annotations[0].iscrowd: 7 is neither 0 nor 1",
        ),
        (
            r#""keypoints": [1, 2, 2]"#,
            "annotations[0].keypoints: 3 numbers for 2 keypoints",
        ),
        (
            r#""keypoints": [1, 2, 2, 3, 4, 5]"#,
            "visibility 5 is none of 0, 1 and 2",
        ),
        (r#""id": 4"#, "annotations[0]: `id` stands twice"),
    ] {
        // The picture with the bad annotation goes, the negative stays.
        check(coco::parse, &annotation(fields), expected, 1, 1);
        check(
            fashionpedia::parse,
            &annotation(fields).replacen('{', r#"{"attributes": [], "#, 1),
            expected,
            1,
            1,
        );
    }
}

#[test]
fn coco_names_bad_numbers_of_pictures_and_categories() {
    let other = |text: &str| coco_file(text);
    check(
        coco::parse,
        &other(r#"{"id": 1, "image_id": 1, "category_id": 9}"#),
        "annotations[0].category_id: there is no category 9",
        1,
        1,
    );
    check(
        coco::parse,
        &other(r#"{"id": 1, "image_id": 9, "category_id": 3}"#),
        "annotations[0].image_id: there is no image 9",
        1,
        2,
    );
    check(
        coco::parse,
        &other(r#"{"id": 1, "category_id": 3}"#),
        "annotations[0]: has no `image_id`",
        1,
        2,
    );
    let twice =
        r#"{"id": 5, "image_id": 1, "category_id": 3}, {"id": 5, "image_id": 2, "category_id": 3}"#;
    check(
        coco::parse,
        &other(twice),
        "annotations[1].id: annotation 5 is there already",
        1,
        1,
    );
    let images = coco_file("").replace("\"id\": 2", "\"id\": 1");
    check(
        coco::parse,
        &images,
        "images[1].id: image 1 is there already",
        1,
        1,
    );
    let sizes = coco_file("").replacen("\"width\": 100", "\"width\": 0", 1);
    check(
        coco::parse,
        &sizes,
        "images[0]: the picture is stated as 0x80 pixels",
        1,
        1,
    );
    let bomb = coco_file("").replacen("\"width\": 100", "\"width\": 4000000000", 1);
    check(coco::parse, &bomb, "more than the limit of 178956970", 1, 1);
    let nameless = coco_file("").replacen("\"file_name\": \"a.jpg\", ", "", 1);
    check(
        coco::parse,
        &nameless,
        "images[0]: has no `file_name`",
        1,
        1,
    );
    let joints = coco_file("").replace("[1, 2]", "[0, 2]");
    check(
        coco::parse,
        &joints,
        "categories[0].skeleton: [0, 2] joins points outside 1–2",
        1,
        2,
    );
    let names = coco_file("").replace(
        "\"categories\": [",
        "\"categories\": [{\"id\": 8, \"name\": \"coat\"}, ",
    );
    check(
        coco::parse,
        &names,
        "categories[1].name: `coat` is already the name",
        1,
        2,
    );
}

#[test]
fn coco_documents_that_are_none_are_refused_in_both_modes() {
    refuse(
        coco::parse,
        "",
        "bad.file: is empty (0 bytes); copy or download it again",
    );
    refuse(
        coco::parse,
        "{}",
        "has no `images`; a COCO file has the lists `images`, `annotations`, `categories`",
    );
    refuse(
        coco::parse,
        "[]",
        "invalid type: sequence, expected an object with the lists `images`",
    );
    refuse(
        coco::parse,
        r#"{"images": {}}"#,
        "expected `images` to be a list",
    );
    refuse(
        coco::parse,
        r#"{"images": [], "images": []}"#,
        "`images` stands twice",
    );
    refuse(
        coco::parse,
        &annotation(r#""bbox": [NaN, 1, 2, 3]"#),
        "line 3",
    );
    let whole = annotation(r#""bbox": [1, 1, 2, 3]"#);
    refuse(
        coco::parse,
        &whole[..whole.len() - 30],
        "the file ends before its JSON does",
    );
    refuse(coco::parse, &format!("{whole} x"), "trailing characters");
}

#[test]
fn a_number_that_is_none_is_named_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instances.json");
    std::fs::write(&path, annotation(r#""bbox": [NaN, 1, 2, 3]"#)).unwrap();
    let error = coco::read(&path, folder.path(), Mode::Lenient)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("instances.json, line 3: column ")
            && error.contains("`NaN` is no JSON number"),
        "{error}"
    );
}

#[test]
fn fashionpedia_names_bad_attributes() {
    let file = |attributes: &str, ids: &str| {
        annotation(&format!(r#""attribute_ids": {ids}"#)).replacen(
            '{',
            &format!(r#"{{"attributes": [{attributes}], "#),
            1,
        )
    };
    let one = r#"{"id": 115, "name": "symmetrical", "supercategory": "silhouette"}"#;
    check(
        fashionpedia::parse,
        &file(one, "[7]"),
        "annotations[0].attribute_ids: there is no attribute 7",
        1,
        1,
    );
    check(
        fashionpedia::parse,
        &file(one, "115"),
        "annotations[0].attribute_ids: 115 is no list",
        1,
        1,
    );
    check(
        fashionpedia::parse,
        &file(&format!("{one}, {one}"), "[115]"),
        "attributes[1].id: attribute 115 is there already",
        1,
        2,
    );
    refuse(
        fashionpedia::parse,
        &annotation(r#""attribute_ids": []"#),
        "has no `attributes`",
    );
}

fn voc_file(size: &str, object: &str) -> String {
    format!("<annotation><filename>a.jpg</filename>{size}<object>{object}</object></annotation>")
}

const SIZE: &str = "<size><width>100</width><height>80</height><depth>3</depth></size>";

fn voc_box([x1, y1, x2, y2]: [&str; 4]) -> String {
    format!(
        "<name>coat</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox>"
    )
}

#[test]
fn voc_names_every_bad_object() {
    for (corners, expected) in [
        (
            ["20", "5", "10", "50"],
            "object[0].bndbox: the box (19, 4) – (10, 50) has no inside",
        ),
        (
            ["20", "5", "101", "50"],
            "object[0].bndbox: the box (19, 4) – (101, 50) leaves the picture",
        ),
        (
            ["0", "5", "10", "50"],
            "object[0].bndbox: the box starts at column 0 and row 5, but Pascal VOC counts pixels from 1",
        ),
        (["nan", "5", "10", "50"], "is not made of finite numbers"),
        (
            ["a", "5", "10", "50"],
            "object[0].bndbox.xmin: `a` is no number",
        ),
    ] {
        check(
            voc::parse,
            &voc_file(SIZE, &voc_box(corners)),
            expected,
            1,
            0,
        );
    }
    let good = voc_box(["1", "1", "10", "10"]);
    check(
        voc::parse,
        &voc_file(SIZE, "<name>coat</name>"),
        "object[0]: has no `bndbox`",
        1,
        0,
    );
    check(
        voc::parse,
        &voc_file(SIZE, &good.replace("coat", " ")),
        "object[0]: has no `name`",
        1,
        0,
    );
    check(
        voc::parse,
        &voc_file(SIZE, &format!("{good}<difficult>2</difficult>")),
        "object[0].difficult: `2` is neither 0 nor 1",
        1,
        0,
    );
    check(
        voc::parse,
        &voc_file("<size><width>1e9</width></size>", &good),
        "size.width: `1e9` is no count of pixels",
        1,
        0,
    );
    check(voc::parse, "<annotation/>", "has no `filename`", 1, 0);
    check(
        voc::parse,
        "<html/>",
        "the root element is <html>, expected <annotation>",
        1,
        0,
    );
    check(voc::parse, "", "has no element", 1, 0);
    check(
        voc::parse,
        "<!DOCTYPE a [<!ENTITY b \"c\">]><annotation/>",
        "document type",
        1,
        0,
    );
}

#[test]
fn voc_without_objects_is_a_negative() {
    let text = format!("<annotation><filename>a.jpg</filename>{SIZE}</annotation>");
    let set = voc::parse(text.as_bytes(), Path::new("a.xml"), Mode::Strict)
        .unwrap()
        .value;
    assert_eq!((set.records.len(), set.records[0].objects.len()), (1, 0));
}

#[test]
fn voc_lists_and_labels_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("Annotations")).unwrap();
    std::fs::create_dir_all(root.join("ImageSets/Main")).unwrap();
    std::fs::write(
        root.join("Annotations/a.xml"),
        voc_file(SIZE, &voc_box(["1", "1", "9", "9"])),
    )
    .unwrap();
    std::fs::write(root.join("Annotations/empty.xml"), "").unwrap();
    std::fs::write(root.join("ImageSets/Main/train.txt"), "a\n\nb 1\n").unwrap();
    std::fs::write(root.join("ImageSets/Main/val.txt"), "a -1\n").unwrap();
    std::fs::write(root.join("labels.txt"), "__ignore__\ntrousers\ntrousers\n").unwrap();
    let loaded = voc::read(root, Mode::Lenient).unwrap();
    let findings: Vec<String> = loaded
        .skipped
        .first()
        .iter()
        .map(ToString::to_string)
        .collect();
    let all = findings.join("\n");
    for expected in [
        "empty.xml: is empty (0 bytes)",
        "train.txt, line 3: picture `b` has no annotation",
        "val.txt, line 1: picture `a` is in a list already",
        "labels.txt, line 3: `trousers` is there already",
        "a.xml, object[0].name: `coat` is none of the categories in ",
    ] {
        assert!(all.contains(expected), "{all}\n   expected {expected}");
    }
    assert_eq!((loaded.skipped.count(), loaded.value.records.len()), (5, 0));
    let error = voc::read(root, Mode::Strict).unwrap_err().to_string();
    assert!(error.contains("empty.xml: is empty (0 bytes)"), "{error}");
}

fn labelme_file(shape: &str) -> String {
    format!(
        r#"{{"imagePath": "a.jpg", "imageHeight": 80, "imageWidth": 100, "imageData": null, "shapes": [{{"label": "coat", {shape}}}]}}"#
    )
}

#[test]
fn labelme_names_every_bad_shape() {
    for (shape, expected) in [
        (
            r#""shape_type": "rectangle", "points": [[5, 5], [5, 9]]"#,
            "shapes[0].points: the box (5, 5) – (5, 9) has no inside",
        ),
        (
            r#""shape_type": "rectangle", "points": [[5, 5], [120, 9]]"#,
            "shapes[0].points: the box (5, 5) – (120, 9) leaves the picture",
        ),
        (
            r#""shape_type": "rectangle", "points": [[5, 5]]"#,
            "shapes[0].points: 1 points instead of two opposite corners",
        ),
        (
            r#""shape_type": "polygon", "points": [[5, 5], [6, 6]]"#,
            "shapes[0].points: a polygon of 2 points encloses nothing",
        ),
        (
            r#""points": [[5, 5], [6, 6], [7]]"#,
            "shapes[0].points[2]: invalid length 1",
        ),
        (
            r#""shape_type": "polygon", "points": [[5, 5], [6, 1e40], [7, 7]]"#,
            "shapes[0].points[1]",
        ),
        (
            r#""shape_type": "circle", "points": [[5, 5], [5, 5]]"#,
            "shapes[0].points: a circle is its centre and a point of its rim",
        ),
        (
            r#""shape_type": "mask", "points": [[5, 5], [6, 6]]"#,
            "shapes[0]: has no `mask`",
        ),
        (
            r#""shape_type": "mask", "points": [[5, 5], [6, 6]], "mask": "AAAA""#,
            "shapes[0].mask: PNG: is no label map: not a PNG file",
        ),
        (
            r#""shape_type": "triangle", "points": [[5, 5]]"#,
            "shapes[0].shape_type: `triangle` is no shape type known here",
        ),
        (r#""shape_type": "polygon""#, "shapes[0]: has no `points`"),
    ] {
        check(labelme::parse, &labelme_file(shape), expected, 1, 0);
    }
    let good = labelme_file(r#""points": [[1, 1], [9, 1], [9, 9]]"#);
    check(
        labelme::parse,
        &good.replace("\"a.jpg\"", "\"C:\\\\a.jpg\""),
        "imagePath: `C:/a.jpg` is no path relative",
        1,
        0,
    );
    check(
        labelme::parse,
        &good.replace("\"imageWidth\": 100, ", ""),
        "has no `imageWidth`",
        1,
        0,
    );
    check(
        labelme::parse,
        &good.replace("coat", ""),
        "shapes[0]: has no `label`",
        1,
        0,
    );
    check(
        labelme::parse,
        &good.replace("[9, 9]", "[9, NaN]"),
        "`NaN` is no JSON number",
        1,
        0,
    );
    check(labelme::parse, "", "is empty (0 bytes)", 1, 0);
    check(labelme::parse, "{}", "has no `imagePath`", 1, 0);
}

#[test]
fn labelme_groups_do_not_mix() {
    let shapes = |second: &str| {
        labelme_file(&format!(
            r#""group_id": 1, "shape_type": "rectangle", "points": [[1, 1], [9, 9]]}}, {{"label": "coat", "group_id": 1, {second}"#
        ))
    };
    check(
        labelme::parse,
        &shapes(r#""shape_type": "rectangle", "points": [[1, 1], [5, 5]]"#),
        "shapes[1]: its group has two rectangles",
        1,
        0,
    );
}

fn deepfashion2_file(item: &str) -> String {
    format!(
        r#"{{"source": "shop", "pair_id": 1, "item1": {{"category_name": "skirt", "category_id": 9, {item}}}}}"#
    )
}

#[test]
fn deepfashion2_names_every_bad_item() {
    for (item, expected) in [
        (
            r#""bounding_box": [5, 5, 5, 9]"#,
            "item1.bounding_box: the box (5, 5) – (5, 9) has no inside",
        ),
        (
            r#""bounding_box": [-5, 5, 5, 9]"#,
            "item1.bounding_box: the box (-5, 5) – (5, 9) leaves the picture, which starts at (0, 0)",
        ),
        (
            r#""bounding_box": [5, 5, 9]"#,
            "item1.bounding_box: 3 numbers instead of [x1, y1, x2, y2]",
        ),
        (r#""bounding_box": [5, 5, 9, 1e40]"#, "item1.bounding_box"),
        (r#""style": 0"#, "item1: has no `bounding_box`"),
        (
            r#""bounding_box": [1, 1, 9, 9], "landmarks": [1, 2, 2]"#,
            "item1.landmarks: 3 numbers for the 8 landmarks of `skirt`",
        ),
        (
            r#""bounding_box": [1, 1, 9, 9], "segmentation": [[1, 1, 2, 2]]"#,
            "item1.segmentation[0]: a polygon of 2 points",
        ),
        (
            r#""bounding_box": [1, 1, 9, 9], "scale": 4"#,
            "item1.scale: 4 is none of 1, 2 and 3",
        ),
    ] {
        check(
            deepfashion2::parse,
            &deepfashion2_file(item),
            expected,
            1,
            0,
        );
    }
    let good = deepfashion2_file(r#""bounding_box": [1, 1, 9, 9]"#);
    check(
        deepfashion2::parse,
        &good.replace("\"skirt\"", "\"kilt\""),
        "item1.category_name: category 9 is `skirt`, not `kilt`",
        1,
        0,
    );
    check(
        deepfashion2::parse,
        &good.replace("9,", "14,"),
        "item1.category_id: there is no category 14",
        1,
        0,
    );
    check(deepfashion2::parse, "", "is empty (0 bytes)", 1, 0);
    let negative =
        deepfashion2::parse(br#"{"source": "user"}"#, Path::new("1.json"), Mode::Strict).unwrap();
    assert_eq!(negative.value.records[0].objects.len(), 0);
}
