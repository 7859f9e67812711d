//! What is written reads back, and what the lists cannot hold is counted.

use wardrobe_datasets::DataSet;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{COLUMN_ORDER, landmark_schemas, read, write};
use wardrobe_datasets::sample::{
    AttributeGroup, AttributeVocabulary, BBox, Category, Judgement, Mask, Polygon,
};

use super::fixture::{lists, strict};

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
