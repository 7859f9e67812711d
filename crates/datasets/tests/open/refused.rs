//! What is said of paths that are no data set, or several.

use wardrobe_datasets::formats::Format;
use wardrobe_datasets::open::OpenError;
use wardrobe_datasets::sample::DataSet;

use super::tree::{
    CATEGORIES, ITEM, LABELME, LABELS, PICTURES, QUESTIONS, Tree, VOC, coco, deepfashion,
};

fn message(tree: &Tree, path: &str) -> String {
    DataSet::open(tree.at(path)).unwrap_err().to_string()
}

/// The message has all of these.
fn has(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{message}\n   expected {part}");
    }
}

#[test]
fn nothing_there() {
    let tree = Tree::new(&[]);
    has(&message(&tree, "none"), &["none: cannot be read: "]);
    has(
        &message(&tree, ""),
        &["is an empty folder; unpack the data set there"],
    );
}

#[test]
fn a_folder_of_no_format_lists_what_was_looked_for_and_found() {
    let tree = Tree::new(&[
        ("results.json", "[]"),
        (
            "captions.json",
            r#"{"annotations": [{"caption": "a coat"}]}"#,
        ),
        ("people.csv", "name,age\nAda,36\n"),
        ("page.xml", "<html/>"),
        ("notes.txt", ""),
        ("pictures/a.jpg", ""),
    ]);
    let message = message(&tree, "");
    let looked_for = Format::ALL.map(|format| format!("looked for {format}: {}", format.layout()));
    has(&message, &looked_for.each_ref().map(String::as_str));
    has(
        &message,
        &[
            "no data set, in the folder or two levels below",
            "found: pictures/, captions.json (COCO captions), notes.txt, page.xml (XML without <annotation>), \
             people.csv (CSV without a dimension of FashionAI in its second column), \
             results.json (a JSON list, such as COCO results); correct the path",
        ],
    );
}

#[test]
fn long_folders_are_not_told_whole() {
    let tree = Tree::new(&[]);
    for number in 0..40 {
        tree.write(&format!("{number:02}.jpg"), "");
    }
    has(&message(&tree, ""), &["10.jpg, 11.jpg, and 28 more; "]);
}

#[test]
fn half_a_deepfashion_is_none() {
    for list in [CATEGORIES, PICTURES] {
        let tree = Tree::new(&[list]);
        has(
            &message(&tree, ""),
            &["no data set", &format!("found: {}", list.0)],
        );
    }
}

#[test]
fn a_named_format_that_is_not_there() {
    let tree = Tree::new(&[("Annotations/1.xml", VOC)]);
    let error = DataSet::open_as(Format::Lip, tree.path()).unwrap_err();
    assert!(
        matches!(&error, OpenError::Unknown { looked_for, .. } if *looked_for == [Format::Lip])
    );
    let message = error.to_string();
    has(
        &message,
        &[
            "looked for LIP: TrainVal_images/train_id.txt",
            "found: Annotations/;",
        ],
    );
    assert!(!message.contains("labelme"), "{message}");
}

#[test]
fn deeper_than_two_levels_is_not_searched() {
    let tree = Tree::new(&[("a/b/Annotations/1.xml", VOC), ("a/b/c/a.json", LABELME)]);
    assert!(DataSet::open(tree.path()).is_ok());
    let tree = Tree::new(&[("a/b/c/Annotations/1.xml", VOC)]);
    has(&message(&tree, ""), &["no data set", "found: a/;"]);
}

#[test]
fn coarse_and_fine_deepfashion_are_two() {
    let tree = deepfashion("Anno_coarse");
    tree.write("Anno_fine/train.txt", "img/a.jpg\n");
    tree.write("Anno_fine/train_bbox.txt", "1 2 3 4\n");
    let message = message(&tree, "");
    let root = tree.at("");
    let root = root.display();
    has(
        &message,
        &[
            "2 data sets are there",
            &format!("\n  DeepFashion: {root}\n  DeepFashion, fine annotations: {root}\n"),
            "name one by its path, or where their formats differ by its format: `DataSet::open_as`",
        ],
    );
}

#[test]
fn several_of_one_format_are_listed_by_path() {
    let years = Tree::new(&[
        ("VOC2007/Annotations/1.xml", VOC),
        ("VOC2012/Annotations/1.xml", VOC),
    ]);
    let message_of_years = message(&years, "");
    for year in ["VOC2007", "VOC2012"] {
        let line = format!("\n  Pascal VOC: {}", years.at(year).display());
        has(&message_of_years, &[&line]);
    }
    let files = Tree::new(&[
        ("annotations/instances_a.json", &coco("a.jpg", 1, "", "")),
        ("annotations/instances_b.json", &coco("a.jpg", 1, "", "")),
        ("a.jpg", ""),
    ]);
    has(
        &message(&files, ""),
        &[
            "(annotations/instances_a.json)",
            "(annotations/instances_b.json)",
        ],
    );
    assert!(DataSet::open(files.at("annotations/instances_b.json")).is_ok());
    let labels = Tree::new(&[
        ("Annotations/label.csv", LABELS),
        ("Annotations/more.csv", LABELS),
        ("Tests/question.csv", QUESTIONS),
    ]);
    has(
        &message(&labels, ""),
        &[
            "3 data sets",
            "(Annotations/label.csv)",
            "(Annotations/more.csv)",
            "(Tests/question.csv)",
        ],
    );
}

#[test]
fn formats_side_by_side_are_listed() {
    let keypoints = coco("a.jpg", 1, r#", "keypoints": [1, 2, 2]"#, "");
    let tree = Tree::new(&[
        ("Annotations/1.xml", VOC),
        ("annos/000001.json", ITEM),
        ("a.json", LABELME),
        ("annotations/instances_val.json", &coco("a.jpg", 1, "", "")),
        ("annotations/person_keypoints_val.json", &keypoints),
        ("TrainVal_images/val_id.txt", ""),
    ]);
    has(
        &message(&tree, ""),
        &[
            "6 data sets are there",
            "Pascal VOC:",
            "DeepFashion2:",
            "labelme:",
            "LIP:",
            "COCO instances:",
            "(annotations/person_keypoints_val.json)",
        ],
    );
}

#[test]
fn files_that_are_no_data_set_say_what_they_are() {
    let tree = Tree::new(&[
        ("a.json", LABELME),
        ("1.xml", VOC),
        ("000001.json", ITEM),
        ("results.json", "[]"),
        ("empty.json", " "),
        (
            "answers.csv",
            "Images/a.jpg,pant_length_labels,0.1;0.9;0;0;0;0\n",
        ),
        CATEGORIES,
    ]);
    for (file, expected) in [
        (
            "a.json",
            "is one of the many files of a labelme data set; name the data set's folder",
        ),
        ("1.xml", "is one of the many files of a Pascal VOC data set"),
        (
            "000001.json",
            "is one of the many files of a DeepFashion2 data set",
        ),
        (
            "results.json",
            "is no data set: a JSON list, such as COCO results; name",
        ),
        ("empty.json", "is no data set: empty;"),
        ("answers.csv", "is no data set: a submission to FashionAI;"),
        (
            CATEGORIES.0,
            "is no data set: not JSON, CSV or XML by its name;",
        ),
    ] {
        has(&message(&tree, file), &[file, expected]);
    }
    let message = DataSet::open_as(Format::Voc, tree.at("a.json"))
        .unwrap_err()
        .to_string();
    has(
        &message,
        &["a.json: is one of the many files of a Pascal VOC data set"],
    );
}

#[test]
fn pictures_that_are_not_around_are_asked_for() {
    let file = "annotations/instances_train2017.json";
    let tree = Tree::new(&[(file, &coco("a.jpg", 1, "", "")), ("far/away/a.jpg", "")]);
    let message = message(&tree, "");
    has(
        &message,
        &[
            "instances_train2017.json: its picture `a.jpg` is in none of `",
            &format!("`{}`, ", tree.at("train2017").display()),
            "set `OpenOptions::pictures` to the folder that its names start from",
        ],
    );
    let options = wardrobe_datasets::OpenOptions {
        pictures: Some(tree.at("far/away")),
        ..Default::default()
    };
    assert_eq!(
        options.open(tree.path()).unwrap().set.root,
        tree.at("far/away")
    );
}

#[test]
fn what_the_reader_says_is_passed_on() {
    let tree = Tree::new(&[(
        "Annotations/1.xml",
        "<annotation><filename>1.jpg</filename>",
    )]);
    has(&message(&tree, ""), &["Annotations/1.xml"]);
    let bad = coco("a.jpg", 1, "", "").replace("[1, 2, 3, 4]", "[1, 2, 0, 4]");
    let tree = Tree::new(&[("instances.json", &bad), ("a.jpg", "")]);
    has(
        &message(&tree, ""),
        &["instances.json, annotations[0].bbox: "],
    );
}
