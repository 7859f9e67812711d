//! Formats with one file a picture.

use std::path::Path;

use wardrobe_datasets::formats::{Mode, deepfashion2, labelme, voc};

use super::check::check;

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
fn labelme_passes_over_files_of_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
    std::fs::create_dir(root.join("run")).unwrap();
    write("run/config.json", r#"{"epochs": 3, "data": {"shapes": 1}}"#);
    write("run/metrics.json", r#"[{"loss": 0.5}]"#);
    let message = || labelme::read(root, Mode::Strict).unwrap_err().to_string();
    // Alone they are what is wrong, in lenient mode both of them.
    let error = message();
    assert!(
        error.contains("config.json: has no `imagePath`; add `imagePath`"),
        "{error}"
    );
    let alone = labelme::read(root, Mode::Lenient).unwrap();
    assert_eq!((alone.skipped.count(), alone.value.records.len()), (2, 0));

    write(
        "a.json",
        &labelme_file(r#""points": [[1, 1], [9, 1], [9, 9]]"#),
    );
    let set = labelme::read(root, Mode::Strict).unwrap().value;
    let paths: Vec<_> = set.records.iter().map(|r| r.image.path.as_str()).collect();
    assert_eq!(paths, ["a.jpg"]);
    let lenient = labelme::read(root, Mode::Lenient).unwrap();
    assert_eq!(lenient.skipped.count(), 0);
    // With one of labelme's fields it is a file of labelme's that lacks the others.
    for (text, expected) in [
        (r#"{"shapes": []}"#, "b.json: has no `imagePath`"),
        (r#"{"imagePath": "b.jpg"}"#, "b.json: has no `shapes`"),
        (r#"{"imageData": null}"#, "b.json: has no `imagePath`"),
        (r#"{"epochs": 3"#, "b.json, line 1: "),
        ("", "b.json: is empty"),
    ] {
        write("b.json", text);
        let error = message();
        assert!(error.contains(expected), "{error}\n   expected {expected}");
    }
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
