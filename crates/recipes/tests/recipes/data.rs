//! Data on disk that are not what their format says, opened as recipes open them.

use std::path::Path;

use serde_json::{Value, json};
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::sample::Split;
use wardrobe_recipes::data::{DataConfig, FolderConfig, OpenedData};

use crate::start::refused;
use crate::support::detector;

/// COCO's left, top, width and height of a good box in 100 × 80 pixels.
const GOOD: [u32; 4] = [10, 10, 80, 60];
/// The corners (10, 60) – (90, 70): as left, top, width and height they reach to 10 + 90, 60 + 70.
const CORNERS: [u32; 4] = [10, 60, 90, 70];

/// A COCO file of pictures of 100 × 80 pixels with one box each; they are never opened.
fn coco(folder: &Path, boxes: &[[u32; 4]]) {
    let numbered = || boxes.iter().enumerate();
    for (index, _) in numbered() {
        std::fs::write(folder.join(format!("{index}.jpg")), "").unwrap();
    }
    let images: Vec<Value> = numbered()
        .map(|(index, _)| json!({"id": index, "file_name": format!("{index}.jpg"), "width": 100, "height": 80}))
        .collect();
    let annotations: Vec<Value> = numbered()
        .map(
            |(index, bbox)| json!({"id": index, "image_id": index, "category_id": 1, "bbox": bbox}),
        )
        .collect();
    let whole = json!({
        "images": images, "annotations": annotations, "categories": [{"id": 1, "name": "coat"}]
    });
    std::fs::write(folder.join("coats.json"), whole.to_string()).unwrap();
}

/// A Pascal VOC picture of 100 × 80 pixels with one box, in the list of training pictures; that of
/// validation is empty.
fn voc(folder: &Path, [left, top, right, bottom]: [u32; 4]) {
    let lists = folder.join("ImageSets/Main");
    for made in [&folder.join("Annotations"), &lists] {
        std::fs::create_dir_all(made).unwrap();
    }
    let text = format!(
        "<annotation><filename>a.jpg</filename><size><width>100</width><height>80</height></size>\
         <object><name>coat</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax>\
         <ymax>{bottom}</ymax></bndbox></object></annotation>"
    );
    std::fs::write(folder.join("Annotations/a.xml"), text).unwrap();
    std::fs::write(lists.join("train.txt"), "a\n").unwrap();
    std::fs::write(lists.join("val.txt"), "").unwrap();
}

fn config(folder: &Path, mode: Mode, split: Option<Split>) -> DataConfig {
    DataConfig::Folder(FolderConfig {
        path: folder.to_owned(),
        mode,
        split,
        ..FolderConfig::default()
    })
}

fn opened(folder: &Path, mode: Mode) -> Result<OpenedData, String> {
    let opened = config(folder, mode, None).open("data.train");
    opened.map_err(|error| error.to_string())
}

/// What is said of [`CORNERS`] in a COCO file.
fn of_corners(folder: &Path, index: usize) -> String {
    format!(
        "{}, annotations[{index}].bbox: the box (10, 60) – (100, 130) leaves the picture, which is of \
         100x80 pixels; clip the box to the picture, and check that the annotation belongs to it; or \
         were x1, y1, x2, y2 written where the format has x, y, width, height?",
        folder.join("coats.json").display()
    )
}

#[test]
fn corners_in_a_coco_file_are_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    coco(folder.path(), &[GOOD, CORNERS]);
    let message = opened(folder.path(), Mode::Strict).unwrap_err();
    assert_eq!(
        message,
        format!("data.train: {}", of_corners(folder.path(), 1))
    );
}

#[test]
fn sizes_in_a_voc_file_are_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    // Left 50, top 40, width 30 and height 20; the reader counts the first two from 0.
    voc(folder.path(), [50, 40, 30, 20]);
    let message = opened(folder.path(), Mode::Strict).unwrap_err();
    let file = folder.path().join("Annotations/a.xml");
    assert_eq!(
        message,
        format!(
            "data.train: {}, object[0].bndbox: the box (49, 39) – (30, 20) has no inside: its right and \
             bottom must be larger than its left and top; draw the box again, or swap its corners; \
             were x, y, width, height written where the format has xmin, ymin, xmax, ymax?",
            file.display()
        )
    );
}

#[test]
fn a_share_of_such_boxes_is_no_slip_for_a_lenient_reader_either() {
    let folder = tempfile::tempdir().unwrap();
    // 3 of 12 are a quarter.
    let mut boxes = vec![GOOD; 12];
    boxes[..3].fill(CORNERS);
    coco(folder.path(), &boxes);
    assert_eq!(
        opened(folder.path(), Mode::Lenient).unwrap_err(),
        format!(
            "data.train: found 3 of 12 boxes that had to be left out; that is no slip: {}",
            of_corners(folder.path(), 0)
        )
    );
    // 3 of 13 are less.
    boxes.push(GOOD);
    coco(folder.path(), &boxes);
    assert_eq!(
        opened(folder.path(), Mode::Lenient).unwrap().source.len(),
        10
    );
}

#[test]
fn what_a_lenient_reader_leaves_out_is_named_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    // Two of four: too few to say anything of the format.
    coco(folder.path(), &[GOOD, CORNERS, CORNERS, GOOD]);
    let opened = opened(folder.path(), Mode::Lenient).unwrap();
    assert_eq!((opened.source.len(), opened.ids), (2, vec![0, 3]));
    assert_eq!(
        opened.skipped.to_string(),
        format!(
            "2 entries skipped\n{}\n{}",
            of_corners(folder.path(), 1),
            of_corners(folder.path(), 2)
        )
    );
}

#[test]
fn a_share_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    coco(folder.path(), &[GOOD; 10]);
    let open = |share| {
        let config = FolderConfig {
            path: folder.path().to_owned(),
            share: Some(share),
            ..FolderConfig::default()
        };
        DataConfig::Folder(config).open("data.train")
    };
    let [most, rest] = [[0.0, 0.8], [0.8, 1.0]].map(|share| open(share).unwrap().ids);
    assert_eq!((most.len(), rest.len()), (8, 2));
    assert!(rest.iter().all(|id| !most.contains(id)));
    for share in [[0.8, 0.8], [-0.1, 0.5], [0.5, 1.5], [0.0, f64::NAN]] {
        assert_eq!(
            open(share).unwrap_err().to_string(),
            format!(
                "data.train.folder.share: found [{}, {}]; give two numbers from 0 to 1, the smaller first",
                share[0], share[1]
            )
        );
    }
}

#[test]
fn a_folder_without_pictures_is_named() {
    let folder = tempfile::tempdir().unwrap();
    coco(folder.path(), &[]);
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.validation = config(folder.path(), Mode::Strict, None);
    assert_eq!(
        refused(&recipe),
        format!(
            "validation: found no picture; look at {}: is it the right folder, and the right split?",
            folder.path().display()
        )
    );
    // None is left of one.
    coco(folder.path(), &[CORNERS]);
    recipe.validation = config(folder.path(), Mode::Lenient, None);
    assert_eq!(
        refused(&recipe),
        format!(
            "validation: found no picture; mend what was left out, 1 entries, the first: {}",
            of_corners(folder.path(), 0)
        )
    );
    // Nothing at all.
    let empty = tempfile::tempdir().unwrap();
    recipe.validation = config(empty.path(), Mode::Strict, None);
    assert_eq!(
        refused(&recipe),
        format!(
            "validation: {}: is an empty folder; unpack the data set there or name its folder",
            empty.path().display()
        )
    );
}

#[test]
fn a_split_without_pictures_is_named() {
    let folder = tempfile::tempdir().unwrap();
    voc(folder.path(), [11, 11, 90, 70]);
    let mut recipe = detector("faster-rcnn-miniature", 1);
    recipe.validation = config(folder.path(), Mode::Strict, Some(Split::Validation));
    assert_eq!(
        refused(&recipe),
        format!(
            "validation: {}: has no validation part, but train; leave `OpenOptions::split` out, or \
             divide the set with `subsets`",
            folder.path().display()
        )
    );
}
