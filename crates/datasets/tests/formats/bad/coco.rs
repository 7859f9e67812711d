//! COCO and Fashionpedia.

use std::path::Path;

use wardrobe_datasets::formats::{Mode, coco, fashionpedia};

use super::check::{check, refuse};

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
        0,
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
fn coco_pictures_of_one_number_are_left_out_with_their_annotations() {
    let coats = r#"{"id": 1, "image_id": 1, "category_id": 3, "bbox": [5, 5, 20, 30]},
        {"id": 2, "image_id": 2, "category_id": 3, "bbox": [7, 7, 20, 30]}"#;
    // Three pictures: the first two are called 1.
    let other = r#""images": [{"id": 1, "file_name": "c.jpg", "width": 100, "height": 80}, "#;
    let text = coco_file(coats).replacen(r#""images": ["#, other, 1);
    check(
        coco::parse,
        &text,
        "images[1].id: image 1 is there already, so its annotations may be of either",
        1,
        1,
    );
    let loaded = coco::parse(text.as_bytes(), Path::new("a.json"), Mode::Lenient).unwrap();
    let kept = &loaded.value.records[0];
    assert_eq!(kept.image.path, "b.jpg");
    assert_eq!(kept.objects.len(), 1);
    assert_eq!(kept.objects[0].id, Some(2));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let whole = annotation(r#""bbox": [5, 5, 20, 30]"#);
    let read = |text: &str| coco::parse(text.as_bytes(), Path::new("a.json"), Mode::Strict);
    let marked = read(&format!("\u{feff}{whole}")).unwrap();
    assert_eq!(marked.value, read(&whole).unwrap().value);
    let alone = "the file ends before its JSON does";
    refuse(coco::parse, "\u{feff}", alone);
    // Nor does it move what is shown of a file that is broken elsewhere.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let said = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let error = coco::read(&path, folder.path(), Mode::Strict).unwrap_err();
        error.to_string()
    };
    let broken = r#"{"images": [x]}"#;
    assert_eq!(said(&format!("\u{feff}{broken}")), said(broken));
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
