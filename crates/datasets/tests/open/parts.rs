//! Data sets in several files: which parts are read, and what they must agree on.

use wardrobe_datasets::OpenOptions;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::sample::Split;

use super::tree::{LABELS, Tree, VOC, coco};

fn of(split: Split) -> OpenOptions {
    OpenOptions {
        split: Some(split),
        ..OpenOptions::default()
    }
}

#[test]
fn files_of_other_parts_are_not_read() {
    let tree = Tree::new(&[
        // By its ends a COCO file, by its middle none.
        (
            "annotations/instances_train2017.json",
            r#"{"images": [}, "annotations": ["bbox"]}"#,
        ),
        (
            "annotations/instances_val2017.json",
            &coco("a.jpg", 1, "", ""),
        ),
        ("val2017/a.jpg", ""),
    ]);
    let opened = of(Split::Validation).open(tree.path()).unwrap();
    assert_eq!(opened.set.records.len(), 1);
    assert_eq!(opened.set.root, tree.at("val2017"));
    let error = OpenOptions::default().open(tree.path()).unwrap_err();
    assert!(
        error.to_string().contains("instances_train2017.json"),
        "{error}"
    );
}

#[test]
fn fields_that_the_parts_share_stay() {
    let file = |number, year: &str| {
        let info = format!(r#", "info": {{"year": {year}}}, "licenses": [{{"id": 1}}]"#);
        coco("a.jpg", number, "", &info)
    };
    let tree = Tree::new(&[
        ("instances_train.json", &file(1, "2017")),
        ("instances_val.json", &file(2, "2018")),
        ("a.jpg", ""),
    ]);
    let set = OpenOptions::default().open(tree.path()).unwrap().set;
    assert_eq!(set.records.len(), 2);
    let coco = &set.extra.unwrap()["coco"];
    assert_eq!(coco["licenses"][0]["id"], 1);
    assert!(coco.get("info").is_none());
}

#[test]
fn parts_of_other_categories_are_refused() {
    let tree = Tree::new(&[
        ("instances_train.json", &coco("a.jpg", 1, "", "")),
        (
            "instances_val.json",
            &coco("a.jpg", 2, "", "").replace("coat", "cape"),
        ),
        ("a.jpg", ""),
    ]);
    let error = OpenOptions::default().open(tree.path()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("instances_val.json: its categories are not those of")
            && message.ends_with("instances_train.json; open one of the two by its path"),
        "{message}"
    );
}

#[test]
fn a_part_that_is_not_there_is_an_error_and_no_empty_set() {
    let coco = Tree::new(&[
        ("instances_train.json", &coco("a.jpg", 1, "", "")),
        ("a.jpg", ""),
    ]);
    let labels = Tree::new(&[("Annotations/label.csv", LABELS)]);
    let voc = Tree::new(&[("Annotations/1.xml", VOC)]);
    for (tree, split, expected) in [
        (
            &coco,
            Split::Validation,
            "has no validation part, but train;",
        ),
        (&labels, Split::Test, "has no test part, but train;"),
        (
            &voc,
            Split::Train,
            "has no train part, but does not say which pictures belong to which part; leave `OpenOptions::split` out",
        ),
    ] {
        let message = of(split).open(tree.path()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn lenient_readers_count_over_all_parts() {
    let bad = |number| coco("a.jpg", number, "", "").replace("[1, 2, 3, 4]", "[1, 2, -3, 4]");
    let tree = Tree::new(&[
        ("instances_train.json", &bad(1)),
        ("instances_val.json", &bad(2)),
        ("instances_test.json", &coco("a.jpg", 3, "", "")),
        ("a.jpg", ""),
    ]);
    let lenient = OpenOptions {
        mode: Mode::Lenient,
        ..OpenOptions::default()
    };
    let opened = lenient.open(tree.path()).unwrap();
    assert_eq!((opened.set.records.len(), opened.skipped.count()), (1, 2));
    let named = opened.skipped.first()[1].to_string();
    assert!(
        named.contains("instances_val.json, annotations[0]"),
        "{named}"
    );
    assert!(OpenOptions::default().open(tree.path()).is_err());
}
