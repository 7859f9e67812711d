//! Small data sets of every format, as files.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder with these files; `x.jpg` and the like are empty, opening a data set opens no picture.
pub struct Tree(TempDir);

impl Tree {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }
}

/// One picture with one object in COCO's form; `fields` is more of the annotation, `lists` more of the
/// file.
pub fn coco(picture: &str, number: u64, fields: &str, lists: &str) -> String {
    format!(
        r#"{{"images": [{{"id": {number}, "file_name": "{picture}", "width": 64, "height": 48}}],
 "annotations": [{{"id": {number}, "image_id": {number}, "category_id": 3, "bbox": [1, 2, 3, 4]{fields}}}],
 "categories": [{{"id": 3, "name": "coat"}}]{lists}}}"#
    )
}

pub const LABELME: &str = r#"{"imagePath": "a.jpg", "imageHeight": 48, "imageWidth": 64,
 "shapes": [{"label": "coat", "shape_type": "rectangle", "points": [[1, 2], [4, 6]]}]}"#;

pub const VOC: &str = "<annotation><filename>1.jpg</filename>
 <size><width>100</width><height>80</height></size><object><name>coat</name>
 <bndbox><xmin>11</xmin><ymin>21</ymin><xmax>40</xmax><ymax>60</ymax></bndbox></object></annotation>";

pub const ITEM: &str = r#"{"source": "user", "pair_id": 1, "item1":
 {"category_name": "trousers", "category_id": 8, "bounding_box": [10, 20, 90, 150]}}"#;

pub const LABELS: &str = "Images/pant_length_labels/a.jpg,pant_length_labels,nnynnn\n";
pub const QUESTIONS: &str = "Images/pant_length_labels/b.jpg,pant_length_labels,\n";

pub const CATEGORIES: (&str, &str) = (
    "list_category_cloth.txt",
    "2\ncategory_name  category_type\nTee  1\nJeans  2\n",
);
pub const PICTURES: (&str, &str) = (
    "list_category_img.txt",
    "1\nimage_name  category_label\nimg/a.jpg  2\n",
);

/// Files below a folder.
pub fn below<'a>(folder: &str, files: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
    let path = |name: &str| format!("{folder}/{name}");
    files
        .iter()
        .map(|&(name, text)| (path(name), text))
        .collect()
}

/// A tree of DeepFashion's two required lists in `folder`.
pub fn deepfashion(folder: &str) -> Tree {
    let tree = Tree::new(&[]);
    for (path, text) in below(folder, &[CATEGORIES, PICTURES]) {
        tree.write(&path, text);
    }
    tree
}
