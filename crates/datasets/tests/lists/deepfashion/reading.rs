//! What DeepFashion's lists say, and what they look like in the wild.

use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{List, Lists, read};
use wardrobe_datasets::sample::{BBox, Judgement, Landmark, Split, Visibility};

use super::fixture::{BOXES, CATEGORIES, PICTURES, lists, strict};

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
