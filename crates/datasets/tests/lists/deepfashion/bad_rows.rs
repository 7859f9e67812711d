//! Rows that are wrong, named by file and line.

use wardrobe_datasets::formats::deepfashion::List;

use super::fixture::{ATTRIBUTES_OF_PICTURES, BOXES, LANDMARKS, PARTITION, PICTURES, bad};

#[test]
fn bad_boxes_name_file_and_line() {
    for (box_, found) in [
        (
            "232 079 072 273",
            "the box 232 079 072 273 has no inside: expected x_1 < x_2 and y_1 < y_2",
        ),
        ("072 079 072 273", "the box 072 079 072 273 has no inside"),
        (
            "-01 079 072 273",
            "the box -01 079 072 273 begins outside the picture",
        ),
        ("NaN 079 072 273", "`NaN` is no coordinate"),
        ("072 inf 072 273", "`inf` is no coordinate"),
        ("072 079 232", "has 3 values, expected 4: x_1 y_1 x_2 y_2"),
        ("072 079 232 273 1", "has 5 values, expected 4"),
        ("", "has 0 values, expected 4"),
    ] {
        let (message, lenient) = bad(List::Boxes, &BOXES.replace("072 079 232 273", box_));
        assert!(
            message.starts_with(&format!("list_bbox.txt, line 3: {found}")),
            "{message}"
        );
        assert_eq!(lenient.loaded.skipped.count(), 1);
        let records = lenient.loaded.value.records;
        assert_eq!((records.len(), records[0].objects[0].bbox), (3, None));
        assert!(records[1].objects[0].bbox.is_some());
    }
}

#[test]
fn bad_landmarks_name_file_and_line() {
    let row = "2  0 10 20 0 30 20 1 10 90 2 0 0";
    for (wrong, found) in [
        (
            "4  0 10 20 0 30 20 1 10 90 2 0 0",
            "`4` is no kind of clothes",
        ),
        (
            "2  0 10 20 0 30 20 1 10 90",
            "has 10 values, expected 13: the kind, then 4 × (visibility x y)",
        ),
        (
            "1  0 10 20 0 30 20 1 10 90 2 0 0",
            "has 13 values, expected 19",
        ),
        ("2  3 10 20 0 30 20 1 10 90 2 0 0", "`3` is no visibility"),
        (
            "2  0 nan 20 0 30 20 1 10 90 2 0 0",
            "`nan` is no coordinate",
        ),
        (
            "2  0 -5 20 0 30 20 1 10 90 2 0 0",
            "the landmark at -5 20 is outside the picture",
        ),
        ("", "`` is no kind of clothes"),
    ] {
        let (message, lenient) = bad(List::Landmarks, &LANDMARKS.replace(row, wrong));
        assert!(
            message.starts_with(&format!("list_landmarks.txt, line 5: {found}")),
            "{message}"
        );
        assert_eq!(lenient.loaded.value.records[2].objects[0].landmarks, None);
    }
}

#[test]
fn bad_attributes_name_file_and_line() {
    for (wrong, found) in [
        (
            "-1  1  0",
            "has 3 values, expected 4, one for each line of the attribute list",
        ),
        ("-1  1  0 -1 1", "has 5 values"),
        (
            "-1  2  0 -1",
            "`2` is no judgement of attribute 2: expected 1 (yes), -1 (no) or 0 (unknown)",
        ),
        ("-1  1  0 -", "`-` is no judgement of attribute 4"),
        ("-1  10 0 -1", "`10` is no judgement of attribute 2"),
        ("-1  1  -0 -1", "`-0` is no judgement of attribute 3"),
        ("", "has 0 values"),
    ] {
        let (message, lenient) = bad(
            List::AttributesOfPicture,
            &ATTRIBUTES_OF_PICTURES.replace("-1  1  0 -1", wrong),
        );
        assert!(
            message.starts_with(&format!("list_attr_img.txt, line 3: {found}")),
            "{message}"
        );
        assert!(
            lenient.loaded.value.records[0].objects[0]
                .attributes
                .is_empty()
        );
    }
}

#[test]
fn bad_pictures_and_categories_name_file_and_line() {
    for (from, to, line, found, records) in [
        (
            "       3\n",
            "       4\n",
            5,
            "`4` is no category label: expected 1 to 3",
            3,
        ),
        ("       3\n", "       0\n", 5, "`0` is no category label", 3),
        (
            "       3\n",
            "\n",
            5,
            "has 0 values, expected 1, the category label",
            3,
        ),
        (
            "img_00000002",
            "img_00000001",
            4,
            "the picture `img/Striped_Tee/img_00000001.jpg` is already on a line above",
            2,
        ),
        (
            "img/Blue_Jeans/",
            "img/../../",
            5,
            "`img/../../img_00000001.jpg` is no path below the picture folder",
            2,
        ),
        (
            "img/Blue_Jeans/",
            "/",
            5,
            "`/img_00000001.jpg` is no path below the picture folder",
            2,
        ),
    ] {
        let (message, lenient) = bad(List::CategoryOfPicture, &PICTURES.replace(from, to));
        assert!(
            message.starts_with(&format!("list_category_img.txt, line {line}: {found}")),
            "{message}"
        );
        assert_eq!(lenient.loaded.value.records.len(), records);
    }
    let (message, lenient) = bad(List::Boxes, &BOXES.replace("Blue_Jeans", "Red_Jeans"));
    assert!(
        message.contains(
            "line 5: the picture `img/Red_Jeans/img_00000001.jpg` is not in the category list"
        ),
        "{message}"
    );
    assert_eq!(lenient.loaded.value.records[2].objects[0].bbox, None);
    let (message, _) = bad(List::Boxes, &BOXES.replace("img_00000002", "img_00000001"));
    assert!(
        message.contains(
            "line 4: the picture `img/Striped_Tee/img_00000001.jpg` is already on a line above"
        ),
        "{message}"
    );
    let (message, _) = bad(List::Partition, &PARTITION.replace("  val\n", "  valid\n"));
    assert!(
        message.starts_with("list_eval_partition.txt, line 4: `valid` is no part of the data set"),
        "{message}"
    );
}

#[test]
fn a_lenient_reader_counts_all_and_names_a_hundred() {
    let rows: Vec<String> = (0..250).map(|row| format!("img/a/{row}.jpg 9")).collect();
    let text = format!("250\nimage_name category_label\n{}\n", rows.join("\n"));
    let (message, lenient) = bad(List::CategoryOfPicture, &text);
    assert!(
        message.contains("line 3: `9` is no category label"),
        "{message}"
    );
    // 250 labels, and 3 rows of each of the 4 lists about pictures that are not there.
    assert_eq!(
        (
            lenient.loaded.skipped.count(),
            lenient.loaded.skipped.first().len()
        ),
        (262, 100)
    );
}
