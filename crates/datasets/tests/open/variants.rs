//! The places and forms in which real downloads come.

use std::path::Path;

use wardrobe_datasets::formats::Format;
use wardrobe_datasets::sample::{DataSet, Judgement, Split};
use wardrobe_datasets::{OpenOptions, open::Opened};

use super::tree::{CATEGORIES, ITEM, LABELME, LABELS, QUESTIONS, Tree, VOC, coco, deepfashion};

fn open(path: impl AsRef<Path>) -> Opened {
    OpenOptions::default().open(path).unwrap()
}

/// Paths of pictures with their part.
fn pictures(set: &DataSet) -> Vec<(&str, Option<Split>)> {
    let of = set.records.iter();
    of.map(|record| (record.image.path.as_str(), record.split))
        .collect()
}

#[test]
fn deepfashion_from_its_folder_its_lists_or_two_levels_above() {
    for (lists, asked) in [
        ("Anno_coarse", ""),
        ("Anno", ""),
        (".", ""),
        ("Anno_coarse", "Anno_coarse"),
        ("data/DeepFashion/Anno", ""),
    ] {
        let tree = deepfashion(lists);
        let above = Path::new(lists).parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(tree.path().join(above).join("Img")).unwrap();
        let opened = open(tree.at(asked));
        assert_eq!(opened.found.format, Format::DeepFashion);
        let set = opened.set;
        assert_eq!(set.root.file_name().unwrap(), "Img", "{lists}");
        assert_eq!(set.records[0].objects[0].category, Some(1), "{lists}");
    }
}

#[test]
fn deepfashion_fine_has_its_pictures_beside_it() {
    let tree = Tree::new(&[
        ("Anno_fine/train.txt", "img/a.jpg\n"),
        ("Anno_fine/train_cate.txt", "2\n"),
        ("Anno_fine/list_category_cloth.txt", CATEGORIES.1),
        ("Img/img/a.jpg", ""),
    ]);
    for asked in ["", "Anno_fine"] {
        let opened = open(tree.at(asked));
        assert_eq!(opened.found.format, Format::DeepFashionFine);
        assert_eq!(opened.set.root, tree.at("Img"));
        assert_eq!(pictures(&opened.set), [("img/a.jpg", Some(Split::Train))]);
    }
}

#[test]
fn deepfashion2_by_part_and_together() {
    let tree = Tree::new(&[
        ("train/annos/000001.json", ITEM),
        ("train/image/000001.jpg", ""),
        ("validation/annos/000001.json", ITEM),
    ]);
    let opened = open(tree.path());
    assert_eq!(opened.found.format, Format::DeepFashion2);
    assert_eq!(
        pictures(&opened.set),
        [
            ("train/image/000001.jpg", Some(Split::Train)),
            ("validation/image/000001.jpg", Some(Split::Validation)),
        ]
    );
    for asked in ["validation", "validation/annos"] {
        let one = open(tree.at(asked)).set;
        assert_eq!(one.root, tree.at("validation"));
        assert_eq!(
            pictures(&one),
            [("image/000001.jpg", Some(Split::Validation))]
        );
    }
}

#[test]
fn fashionai_as_downloaded() {
    let tree = Tree::new(&[
        ("base/Annotations/label.csv", LABELS),
        (
            "web/Annotations/skirt_length_labels.csv",
            "Images/skirt_length_labels/c.jpg,skirt_length_labels,nnynnn\n",
        ),
        ("rank/Tests/question.csv", QUESTIONS),
    ]);
    let opened = open(tree.path());
    assert_eq!(
        pictures(&opened.set),
        [
            ("base/Images/pant_length_labels/a.jpg", Some(Split::Train)),
            ("rank/Images/pant_length_labels/b.jpg", Some(Split::Test)),
        ]
    );
    // What was read is told: the warm-up was not.
    let files: Vec<_> = opened.found.files().collect();
    assert_eq!(
        files,
        [
            tree.at("base/Annotations/label.csv"),
            tree.at("rank/Tests/question.csv")
        ]
    );
    let asked = &opened.set.records[1];
    let mut judgements = asked.objects[0].attributes.iter();
    assert!(judgements.all(|judgement| judgement == Judgement::Unknown));
    assert_eq!(
        asked.extra.as_ref().unwrap()["fashionai"]["asked"][0],
        "pant_length_labels"
    );
    let warm_up = open(tree.at("web")).set;
    assert_eq!(
        pictures(&warm_up),
        [("Images/skirt_length_labels/c.jpg", Some(Split::Train))]
    );
}

#[test]
fn fashionai_answers_are_of_the_test() {
    let tree = Tree::new(&[("Tests/answer.csv", LABELS)]);
    for asked in ["", "Tests", "Tests/answer.csv"] {
        let set = open(tree.at(asked)).set;
        let path = "Images/pant_length_labels/a.jpg";
        assert_eq!(pictures(&set), [(path, Some(Split::Test))], "{asked}");
    }
    // With the questions they would be the same pictures twice.
    tree.write("Tests/question.csv", QUESTIONS);
    let message = DataSet::open(tree.path()).unwrap_err().to_string();
    assert!(message.contains("2 data sets are there"), "{message}");
    let answers = tree.at("Tests/answer.csv");
    assert_eq!(open(answers).set.records.len(), 1);
}

#[test]
fn fashionai_by_its_files() {
    let tree = Tree::new(&[
        ("Annotations/label.csv", LABELS),
        ("flat/label.csv", LABELS),
    ]);
    for (asked, root) in [
        ("Annotations/label.csv", ""),
        ("Annotations", ""),
        ("", ""),
        ("flat", "flat"),
        ("flat/label.csv", "flat"),
    ] {
        let set = open(tree.at(asked)).set;
        assert_eq!(set.root, tree.at(root).components().as_path(), "{asked}");
        assert_eq!(set.records.len(), 1);
    }
}

#[test]
fn coco_finds_its_pictures_around_it() {
    let instances = coco("a.jpg", 7, "", "");
    for (annotations, picture) in [
        ("annotations/instances_val2017.json", "val2017/a.jpg"),
        ("annotations/instances_val2017.json", "images/val2017/a.jpg"),
        ("annotations/instances_val2017.json", "val/a.jpg"),
        ("annotations/instances_val2017.json", "images/a.jpg"),
        ("instances_val2017.json", "a.jpg"),
        ("instances_val2017.json", "images/a.jpg"),
    ] {
        let tree = Tree::new(&[(annotations, &instances), (picture, "")]);
        for asked in ["", annotations] {
            let set = open(tree.at(asked)).set;
            let found = set.root.join(&set.records[0].image.path);
            assert_eq!(found, tree.at(picture), "{annotations}, {asked}");
            assert_eq!(set.records[0].split, Some(Split::Validation));
        }
    }
}

#[test]
fn coco_keypoints_and_fashionpedia_are_told_from_instances() {
    let keypoints = r#", "keypoints": [1, 2, 2], "num_keypoints": 1"#;
    let person = coco("a.jpg", 1, keypoints, "").replace(
        r#""name": "coat""#,
        r#""name": "coat", "keypoints": ["collar"], "skeleton": []"#,
    );
    let attributes = r#", "attributes": [{"id": 5, "name": "plain", "supercategory": "pattern"}]"#;
    let pedia = coco("a.jpg", 1, r#", "attribute_ids": [5]"#, attributes);
    for (text, format) in [
        (person, Format::CocoKeypoints),
        (pedia, Format::Fashionpedia),
    ] {
        let tree = Tree::new(&[("some.json", &text), ("a.jpg", "")]);
        let opened = open(tree.path());
        assert_eq!(opened.found.format, format);
        let object = &opened.set.records[0].objects[0];
        assert_eq!(object.landmarks.is_some(), format == Format::CocoKeypoints);
        assert_eq!(
            object.attributes.len(),
            usize::from(format == Format::Fashionpedia)
        );
    }
}

#[test]
fn a_development_kit_of_one_year_is_found_from_above() {
    let tree = Tree::new(&[("VOCdevkit/VOC2007/Annotations/1.xml", VOC)]);
    for asked in [
        "",
        "VOCdevkit",
        "VOCdevkit/VOC2007",
        "VOCdevkit/VOC2007/Annotations",
    ] {
        let opened = open(tree.at(asked));
        assert_eq!(opened.found.format, Format::Voc);
        assert_eq!(opened.set.root, tree.at("VOCdevkit/VOC2007"));
    }
}

#[test]
fn labelme_folders_below_are_one_set() {
    let tree = Tree::new(&[
        ("train/coats/a.json", LABELME),
        ("train/a.json", LABELME),
        ("val/a.json", LABELME),
        ("more/a.json", LABELME),
    ]);
    let set = open(tree.path()).set;
    let mut found = pictures(&set);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("more/a.jpg", None),
            ("train/a.jpg", Some(Split::Train)),
            ("train/coats/a.jpg", Some(Split::Train)),
            ("val/a.jpg", Some(Split::Validation)),
        ]
    );
    let one = open(tree.at("val")).set;
    assert_eq!(pictures(&one), [("a.jpg", Some(Split::Validation))]);
}

/// A part on another disk; and links that lead back up, or nowhere.
#[cfg(unix)]
#[test]
fn labelme_folders_behind_links_are_read() {
    use std::os::unix::fs::symlink;

    let disk = Tree::new(&[("val/a.json", LABELME)]);
    let tree = Tree::new(&[("train/a.json", LABELME)]);
    symlink(disk.at("val"), tree.at("val")).unwrap();
    symlink(tree.path(), tree.at("train/up")).unwrap();
    symlink(tree.at("train"), disk.at("val/round")).unwrap();
    symlink(tree.at("nowhere"), tree.at("train/gone")).unwrap();
    let set = open(tree.path()).set;
    assert_eq!(
        pictures(&set),
        [
            ("train/a.jpg", Some(Split::Train)),
            // `round` leads to what is learnt from.
            ("val/a.jpg", Some(Split::Validation)),
        ]
    );
    symlink(tree.at("nowhere"), tree.at("train/b.json")).unwrap();
    let message = DataSet::open(tree.path()).unwrap_err().to_string();
    assert!(message.contains("b.json: cannot be read: "), "{message}");
}

#[test]
fn a_named_format_is_read_where_several_are() {
    let tree = deepfashion("Anno_coarse");
    tree.write("Anno_fine/val.txt", "img/b.jpg\n");
    tree.write("Anno_fine/val_bbox.txt", "1 2 3 4\n");
    let coarse = DataSet::open_as(Format::DeepFashion, tree.path()).unwrap();
    assert_eq!(pictures(&coarse), [("img/a.jpg", None)]);
    let fine = DataSet::open_as(Format::DeepFashionFine, tree.path()).unwrap();
    assert_eq!(pictures(&fine), [("img/b.jpg", Some(Split::Validation))]);
}
