//! DeepFashion's lists: what they look like in the wild, what is wrong with bad ones, and that what
//! is written reads back.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::deepfashion::{
    COLUMN_ORDER, Kind, List, Lists, ReadLists, check_pictures, landmark_schemas, read, read_lists,
    write,
};
use wardrobe_datasets::formats::{FormatError, Mode};
use wardrobe_datasets::sample::{
    AttributeGroup, AttributeVocabulary, BBox, Category, ImageFile, Judgement, Landmark, Landmarks,
    Mask, Object, Polygon, Record, Split, Visibility,
};

const CATEGORIES: &str = "\
3
category_name  category_type
Tee            1
Button-Down 1
Jeans\t\t2
";
const PICTURES: &str = "\
3
image_name  category_label
img/Striped_Tee/img_00000001.jpg                       1
img/Striped_Tee/img_00000002.jpg                       2
img/Blue_Jeans/img_00000001.jpg                        3
";
const ATTRIBUTES: &str = "\
4
attribute_name  attribute_type
a-line                         3
abstract chevron print         1
classic collarless 4
abstract                       1
";
const ATTRIBUTES_OF_PICTURES: &str = "\
3
image_name  attribute_labels
img/Striped_Tee/img_00000001.jpg    -1  1  0 -1
img/Striped_Tee/img_00000002.jpg     1 -1 -1  1
img/Blue_Jeans/img_00000001.jpg      0  0  0  1
";
const BOXES: &str = "\
3
image_name  x_1 y_1 x_2 y_2
img/Striped_Tee/img_00000001.jpg    072 079 232 273
img/Striped_Tee/img_00000002.jpg    008 010 100 099
img/Blue_Jeans/img_00000001.jpg     001 002 003 004
";
const LANDMARKS: &str = "\
3
image_name  clothes_type  landmark_visibility_1 landmark_location_x_1 landmark_location_y_1
img/Striped_Tee/img_00000001.jpg 1  0 146 102  0 173 095  1 001 002  0 200 150  2 000 000  0 190 260
img/Striped_Tee/img_00000002.jpg 3  0 1 2 0 3 4 0 5 6 0 7 8 0 9 10 0 11 12 0 13 14 0 15 16
img/Blue_Jeans/img_00000001.jpg  2  0 10 20 0 30 20 1 10 90 2 0 0
";
const PARTITION: &str = "\
3
image_name  evaluation_status
img/Striped_Tee/img_00000001.jpg    train
img/Striped_Tee/img_00000002.jpg    val
img/Blue_Jeans/img_00000001.jpg     test
";

fn lists() -> Lists<'static> {
    Lists::default()
        .with(List::Categories, CATEGORIES.as_bytes())
        .with(List::CategoryOfPicture, PICTURES.as_bytes())
        .with(List::Attributes, ATTRIBUTES.as_bytes())
        .with(List::AttributesOfPicture, ATTRIBUTES_OF_PICTURES.as_bytes())
        .with(List::Boxes, BOXES.as_bytes())
        .with(List::Landmarks, LANDMARKS.as_bytes())
        .with(List::Partition, PARTITION.as_bytes())
}

fn strict(lists: Lists<'_>) -> Result<ReadLists, FormatError> {
    read_lists(lists, Mode::Strict)
}

/// The strict message, which is also the lenient reader's first finding; and what the lenient
/// reader gives.
fn bad(list: List, text: &str) -> (String, ReadLists) {
    let message = strict(lists().with(list, text.as_bytes()))
        .unwrap_err()
        .to_string();
    let lenient = read_lists(lists().with(list, text.as_bytes()), Mode::Lenient).unwrap();
    assert_eq!(lenient.loaded.skipped.first()[0].to_string(), message);
    (message, lenient)
}

#[test]
fn everything_about_a_picture_is_in_its_record() {
    let read = strict(lists()).unwrap();
    assert!(read.absent.is_empty() && read.case_mismatches.is_empty());
    let data = read.loaded.value;
    let names: Vec<_> = data
        .categories
        .iter()
        .map(|category| {
            (
                category.name.as_str(),
                category.group.as_deref(),
                category.id,
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("Tee", Some("upper"), 1),
            ("Button-Down", Some("upper"), 2),
            ("Jeans", Some("lower"), 3)
        ]
    );
    // By type: texture (lines 2 and 4 of the list), fabric, shape (1), part (3), style.
    let groups: Vec<(&str, &[String])> = data
        .attributes
        .groups()
        .iter()
        .map(|group| (group.name.as_str(), group.values.as_slice()))
        .collect();
    assert_eq!(groups[0].1, ["abstract chevron print", "abstract"]);
    assert_eq!(
        (groups[2].0, groups[2].1),
        ("shape", &["a-line".to_owned()][..])
    );
    assert_eq!(
        (groups[3].0, groups[3].1),
        ("part", &["classic collarless".to_owned()][..])
    );

    let first = &data.records[0];
    assert_eq!(first.image.path, "img/Striped_Tee/img_00000001.jpg");
    assert_eq!(first.split, Some(Split::Train));
    let object = &first.objects[0];
    assert_eq!(object.category, Some(0));
    assert_eq!(object.bbox, Some(BBox::new(72.0, 79.0, 232.0, 273.0)));
    // Columns -1 1 0 -1 are a-line, chevron, collarless, abstract; the vocabulary has chevron,
    // abstract, a-line, collarless.
    assert_eq!(
        object.attributes.iter().collect::<Vec<_>>(),
        [
            Judgement::Yes,
            Judgement::No,
            Judgement::No,
            Judgement::Unknown
        ]
    );
    let landmarks = object.landmarks.as_ref().unwrap();
    assert_eq!(
        data.landmark_schemas[usize::from(landmarks.schema)].name,
        "upper"
    );
    assert_eq!(
        landmarks.points[2],
        Landmark {
            x: 1.0,
            y: 2.0,
            visibility: Visibility::Occluded
        }
    );
    assert_eq!(landmarks.points[4].visibility, Visibility::Absent);
    let kinds: Vec<u16> = data
        .records
        .iter()
        .map(|record| record.objects[0].landmarks.as_ref().unwrap().schema)
        .collect();
    assert_eq!(kinds, [0, 2, 1]);
}

#[test]
fn only_the_category_lists_are_needed() {
    let both = || {
        Lists::default()
            .with(List::Categories, CATEGORIES.as_bytes())
            .with(List::CategoryOfPicture, PICTURES.as_bytes())
    };
    let read = strict(both()).unwrap();
    assert_eq!(read.absent, List::ALL[2..]);
    assert_eq!(read.loaded.value.records.len(), 3);
    assert!(
        read.loaded.value.records[0].objects[0]
            .attributes
            .is_empty()
    );
    for list in [List::Categories, List::CategoryOfPicture] {
        let message = strict(both().without(list)).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("{}: is missing", list.file_name())),
            "{message}"
        );
    }
}

#[test]
fn case_windows_line_ends_and_blank_ends_are_read() {
    let boxes = BOXES
        .replace("Striped_Tee", "striped_tee")
        .replace('\n', "\r\n")
        + "\r\n  \r\n";
    let read = strict(lists().with(List::Boxes, boxes.as_bytes())).unwrap();
    assert_eq!(
        read.case_mismatches.into_iter().collect::<Vec<_>>(),
        [(List::Boxes, 2)]
    );
    assert_eq!(read.loaded.value, strict(lists()).unwrap().loaded.value);
}

#[test]
fn rows_in_another_order_belong_to_the_same_pictures() {
    let mut lines: Vec<&str> = BOXES.lines().collect();
    lines[2..].reverse();
    let boxes = lines.join("\n");
    let read = strict(lists().with(List::Boxes, boxes.as_bytes())).unwrap();
    assert_eq!(read.loaded.value, strict(lists()).unwrap().loaded.value);
}

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
fn bad_vocabularies_name_file_and_line_and_shift_nothing() {
    let (message, lenient) = bad(
        List::Attributes,
        &ATTRIBUTES.replace("classic collarless 4", "classic collarless 9"),
    );
    assert!(
        message.starts_with("list_attr_cloth.txt, line 5: `9` is no type: expected 1 to 5"),
        "{message}"
    );
    let data = lenient.loaded.value;
    assert_eq!(data.attributes.len(), 3);
    // Columns 1 -1 -1 1: chevron no, abstract yes, a-line yes; the third column is nobody's.
    assert_eq!(
        data.records[1].objects[0]
            .attributes
            .iter()
            .collect::<Vec<_>>(),
        [Judgement::No, Judgement::Yes, Judgement::Yes]
    );
    let (message, _) = bad(
        List::Attributes,
        &ATTRIBUTES.replace("abstract chevron print ", "abstract"),
    );
    assert!(
        message.contains("line 6: the attribute `abstract` is already on a line above"),
        "{message}"
    );
    let (message, _) = bad(
        List::Attributes,
        &ATTRIBUTES.replace("classic collarless 4", "4"),
    );
    assert!(
        message.contains("`4` is one word: expected the name of the attribute and its type"),
        "{message}"
    );

    // A category left out keeps the labels after it, and its pictures stay without one.
    let (message, lenient) = bad(
        List::Categories,
        &CATEGORIES.replace("Button-Down 1", "Button-Down 7"),
    );
    assert!(
        message.starts_with(
            "list_category_cloth.txt, line 4: `7` is no type: expected 1 (upper), 2 (lower) or 3"
        ),
        "{message}"
    );
    let data = lenient.loaded.value;
    let categories: Vec<_> = data
        .records
        .iter()
        .map(|record| record.objects[0].category)
        .collect();
    assert_eq!(categories, [Some(0), None, Some(1)]);
    assert_eq!(data.categories[1].id, 3);
    let second = lenient.loaded.skipped.first()[1].to_string();
    assert!(second.contains("list_category_img.txt, line 4: category 2 is on a line of the category list that was left out"), "{second}");
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
fn bad_heads_name_file_and_line() {
    for (text, place, found) in [
        (
            String::new(),
            "",
            "is empty: expected a count, a header and rows",
        ),
        (
            "3\n".into(),
            "",
            "ends after line 1: expected a header and rows",
        ),
        (
            BOXES.replacen('3', "4", 1),
            ", line 1",
            "announces 4 rows, the file has 3",
        ),
        (
            BOXES.replacen('3', "-3", 1),
            ", line 1",
            "`-3` is no count of rows",
        ),
        (
            BOXES.replacen("image_name  x_1 y_1 x_2 y_2\n", "", 1),
            ", line 2",
            "is no header: expected one that begins with `image_name`",
        ),
        (
            BOXES.replace("img/Blue", "\nimg/Blue"),
            ", line 5",
            "is blank",
        ),
    ] {
        let (message, lenient) = bad(List::Boxes, &text);
        assert!(
            message.starts_with(&format!("list_bbox.txt{place}: {found}")),
            "{message}"
        );
        let boxes = lenient
            .loaded
            .value
            .records
            .iter()
            .filter(|record| record.objects[0].bbox.is_some())
            .count();
        assert_eq!(boxes, if text.len() < 3 { 0 } else { 3 }, "{message}");
    }
}

#[test]
fn attributes_without_their_names_are_a_finding() {
    let without = || lists().without(List::Attributes);
    let message = strict(without()).unwrap_err().to_string();
    assert!(
        message.starts_with("list_attr_img.txt: has columns that no list_attr_cloth.txt names"),
        "{message}"
    );
    let lenient = read_lists(without(), Mode::Lenient).unwrap();
    assert_eq!(lenient.absent, [List::Attributes]);
    assert_eq!(lenient.loaded.skipped.count(), 1);
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

/// Without the folder, which differs when the same data are read from another place.
fn rootless(data: DataSet) -> DataSet {
    DataSet {
        root: std::path::PathBuf::new(),
        ..data
    }
}

#[test]
fn what_is_written_reads_back_in_both_modes() {
    let data = strict(lists()).unwrap().loaded.value;
    assert!(data.extra.as_ref().unwrap().contains_key(COLUMN_ORDER));
    let folder = tempfile::tempdir().unwrap();
    let losses = write(&data, folder.path()).unwrap();
    assert!(losses.is_empty(), "{losses}");
    for mode in [Mode::Strict, Mode::Lenient] {
        let read = read(folder.path(), mode).unwrap();
        assert_eq!(read.loaded.skipped.count(), 0);
        assert!(read.absent.is_empty());
        assert_eq!(rootless(read.loaded.value), data);
    }
    // The lists themselves: names padded, corners with zeros, columns in the order they had.
    let text = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
    assert!(text("Anno_coarse/list_bbox.txt").starts_with("3\nimage_name "));
    assert!(
        text("Anno_coarse/list_bbox.txt")
            .contains("img_00000002.jpg                                       008 010 100 099\n")
    );
    let order: Vec<String> = text("Anno_coarse/list_attr_cloth.txt")
        .lines()
        .skip(2)
        .map(|line| line.rsplit_once(' ').unwrap().0.trim().to_owned())
        .collect();
    assert_eq!(
        order,
        [
            "a-line",
            "abstract chevron print",
            "classic collarless",
            "abstract"
        ]
    );
    assert!(text("Eval/list_eval_partition.txt").ends_with(" test\n"));
}

#[test]
fn what_the_lists_cannot_hold_is_counted() {
    let mut data = strict(lists()).unwrap().loaded.value;
    let object = &mut data.records[0].objects[0];
    object.mask = Some(Mask::Polygons(vec![Polygon(vec![
        [0.0, 0.0],
        [1.0, 0.0],
        [0.0, 1.0],
    ])]));
    object.bbox = Some(BBox::new(0.25, 0.0, 9.0, 9.0));
    object.attributes.set(0, Judgement::Maybe);
    let copy = data.records[0].objects[0].clone();
    data.records[0].objects.push(copy);
    data.records[1].objects.clear();
    data.records[2].image.path = "img/Blue Jeans/1.jpg".into();
    let folder = tempfile::tempdir().unwrap();
    let losses = write(&data, folder.path()).unwrap();
    assert_eq!(
        losses.to_string(),
        "1 × attributes judged maybe, 1 × fraction of a pixel of a box, 1 × mask of an object, 1 × object after the first of its picture, \
         1 × picture whose path the lists cannot hold, 1 × picture without an object"
    );
    let read = read(folder.path(), Mode::Strict).unwrap();
    assert_eq!(read.loaded.value.records.len(), 1);
    assert_eq!(
        read.loaded.value.records[0].objects[0].bbox,
        Some(BBox::new(0.0, 0.0, 9.0, 9.0))
    );
}

#[test]
fn a_vocabulary_without_numbers_writes_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let category = |group: Option<&str>| Category {
        name: "Tee".into(),
        group: group.map(Into::into),
        id: 1,
    };
    let group = |name: &str, value: &str| AttributeGroup {
        name: name.into(),
        values: vec![value.into()],
        exclusive: false,
    };
    let attributes = |name, value| AttributeVocabulary::new(vec![group(name, value)]);
    for (category, attributes, found) in [
        (
            category(None),
            AttributeVocabulary::default(),
            "the category `Tee` has the kind `none`; give its group as upper, lower or full",
        ),
        (
            category(Some("upper")),
            attributes("collar_design_labels", "V"),
            "the attribute group `collar_design_labels` is none of the list's types",
        ),
        (
            category(Some("upper")),
            attributes("shape", " a-line"),
            "the name ` a-line` is empty, begins or ends with a space",
        ),
    ] {
        let data = DataSet {
            categories: vec![category],
            attributes,
            ..DataSet::default()
        };
        let message = write(&data, folder.path()).unwrap_err().to_string();
        assert!(message.contains(found), "{message}");
        assert_eq!(
            std::fs::read_dir(folder.path().join("Anno_coarse"))
                .unwrap()
                .count(),
            0
        );
    }
}

#[test]
fn a_set_without_pictures_is_a_set() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataSet {
        landmark_schemas: landmark_schemas(),
        ..DataSet::default()
    };
    assert!(write(&data, folder.path()).unwrap().is_empty());
    let read = read(folder.path(), Mode::Strict).unwrap();
    assert!(read.loaded.value.records.is_empty() && read.loaded.value.categories.is_empty());
}

#[test]
fn a_folder_in_place_of_a_list_and_a_missing_data_set_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = read(folder.path(), Mode::Lenient).unwrap_err().to_string();
    assert!(message.contains("list_category_cloth.txt: is missing, here and in Anno_coarse and Anno; name the folder that has"), "{message}");
    std::fs::create_dir_all(folder.path().join("Anno/list_category_cloth.txt")).unwrap();
    let message = read(folder.path(), Mode::Lenient).unwrap_err().to_string();
    assert!(
        message.contains("list_category_cloth.txt: cannot be read: it is not a file"),
        "{message}"
    );
}

fn picture(folder: &Path, path: &str, width: usize, height: usize) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let picture = wardrobe_datasets::Picture::new(vec![90; 3 * width * height], width, height);
    wardrobe_datasets::save_picture(&picture, path).unwrap();
}

#[test]
fn boxes_and_landmarks_are_held_against_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = DataSet {
        root: folder.path().into(),
        landmark_schemas: landmark_schemas(),
        ..DataSet::default()
    };
    let full = |x: f32| Landmarks {
        schema: Kind::Full.number() as u16 - 1,
        points: vec![
            Landmark {
                x,
                y: 5.0,
                visibility: Visibility::Visible
            };
            8
        ]
        .into(),
    };
    for (path, bbox, x) in [
        // Right and lower edge may be the picture's own.
        ("img/Fits/1.png", BBox::new(0.0, 0.0, 30.0, 20.0), 30.0),
        ("img/Wide/1.png", BBox::new(0.0, 0.0, 31.0, 20.0), 1.0),
        ("img/Stray/1.png", BBox::new(0.0, 0.0, 30.0, 20.0), 31.0),
        ("img/gone/1.png", BBox::new(0.0, 0.0, 30.0, 20.0), 1.0),
    ] {
        data.records.push(Record {
            image: ImageFile {
                path: path.into(),
                size: None,
            },
            objects: vec![Object {
                bbox: Some(bbox),
                landmarks: Some(full(x)),
                ..Object::default()
            }],
            ..Record::default()
        });
        if !path.contains("gone") {
            picture(folder.path(), path, 30, 20);
        }
    }
    let limits = wardrobe_datasets::DecodeLimits::default();
    let message = check_pictures(&mut data.clone(), &limits, Mode::Strict)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains(
            "Wide/1.png: the box 0 0 31 20 leaves the picture of 30x20; correct its line"
        ),
        "{message}"
    );
    let skipped = check_pictures(&mut data, &limits, Mode::Lenient).unwrap();
    let named: Vec<String> = skipped.first().iter().map(ToString::to_string).collect();
    assert_eq!(skipped.count(), 3);
    assert!(
        named[1].contains("Stray/1.png: the landmark at 31 5 is outside the picture of 30x20"),
        "{named:?}"
    );
    assert!(named[2].contains("gone/1.png: cannot be read"), "{named:?}");
    let left: Vec<_> = data
        .records
        .iter()
        .map(|record| {
            let object = &record.objects[0];
            (
                record.image.size,
                object.bbox.is_some(),
                object.landmarks.is_some(),
            )
        })
        .collect();
    assert_eq!(
        left,
        [
            (Some([30, 20]), true, true),
            (Some([30, 20]), false, true),
            (Some([30, 20]), true, false)
        ]
    );
}
