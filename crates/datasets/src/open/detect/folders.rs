//! The data sets whose files lie in a folder itself, each format by its own files.

use std::path::PathBuf;

use super::super::folder::{Folder, own_name};
use super::super::head::Kind;
use super::{Found, Part, split_of};
use crate::formats::Format;
use crate::sample::Split;

/// Every data set in this folder.
pub(super) fn here(folder: &Folder) -> Vec<Found> {
    let mut found = Vec::new();
    found.extend(deepfashion(folder));
    found.extend(fine(folder));
    found.extend(lip(folder));
    found.extend(voc(folder));
    found.extend(fashionai(folder));
    found.extend(json(folder));
    found
}

/// The folder, or the one above where this is one of a data set's own folders.
fn root(folder: &Folder, own: &[&str]) -> PathBuf {
    let name = folder.name();
    match folder.path.parent() {
        Some(above) if own.contains(&name.as_str()) => {
            if above.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                above.to_path_buf()
            }
        }
        _ => folder.path.clone(),
    }
}

fn deepfashion(folder: &Folder) -> Option<Found> {
    let has = |at: &str| {
        ["list_category_cloth.txt", "list_category_img.txt"]
            .iter()
            .all(|list| folder.has(&format!("{at}{list}")))
    };
    let own = ["Anno_coarse", "Anno"];
    if has("") {
        return Some(Found::whole(Format::DeepFashion, &root(folder, &own)));
    }
    own.iter()
        .any(|own| has(&format!("{own}/")))
        .then(|| Found::whole(Format::DeepFashion, &folder.path))
}

fn fine(folder: &Folder) -> Option<Found> {
    let has = |at: &str| {
        ["train", "val", "test"].iter().any(|split| {
            folder.has(&format!("{at}{split}.txt"))
                && ["cate", "attr", "bbox", "landmarks"]
                    .iter()
                    .any(|column| folder.has(&format!("{at}{split}_{column}.txt")))
        })
    };
    if has("") {
        let root = root(folder, &["Anno_fine"]);
        return Some(Found::whole(Format::DeepFashionFine, &root));
    }
    has("Anno_fine/").then(|| Found::whole(Format::DeepFashionFine, &folder.path))
}

fn lip(folder: &Folder) -> Option<Found> {
    [
        "TrainVal_images/train_id.txt",
        "TrainVal_images/val_id.txt",
        "Testing_images/test_id.txt",
    ]
    .iter()
    .any(|list| folder.has(list))
    .then(|| Found::whole(Format::Lip, &folder.path))
}

fn voc(folder: &Folder) -> Option<Found> {
    let has = |folder: &Folder| {
        folder
            .kinds("xml")
            .iter()
            .any(|(_, kind)| *kind == Kind::Picture(Format::Voc))
    };
    if folder.name() == "Annotations" && has(folder) {
        return Some(Found::whole(Format::Voc, &root(folder, &["Annotations"])));
    }
    has(&folder.inside("Annotations")?).then(|| Found::whole(Format::Voc, &folder.path))
}

/// Labels and questions. Several files of labels are several data sets: which belong together, such as
/// a download's `base` and its warm-up `web`, the files do not say.
fn fashionai(folder: &Folder) -> Vec<Found> {
    let inside = |path: &str| {
        let mut at = folder.inside(path.split('/').next().unwrap_or_default());
        for name in path.split('/').skip(1) {
            at = at.and_then(|at| at.inside(name));
        }
        at.map(|at| at.kinds("csv")).unwrap_or_default()
    };
    let own = folder.kinds("csv");
    // The whole download: its training labels, and the test's questions beside them.
    let base = inside("base/Annotations");
    let (annotations, tests) = if base.is_empty() {
        (inside("Annotations"), inside("Tests"))
    } else {
        (base, inside("rank/Tests"))
    };
    let all = || own.iter().chain(&annotations).chain(&tests);
    let questions: Vec<Part> = all()
        .filter(|(_, kind)| *kind == Kind::Questions)
        .map(|(path, _)| questions(path.clone()))
        .collect();
    let labels: Vec<Part> = all()
        .filter(|(_, kind)| *kind == Kind::Part(Format::FashionAi))
        .map(|(path, _)| labels(path.clone()))
        .collect();
    let found = |parts| Found {
        format: Format::FashionAi,
        folder: root(folder, &["Annotations", "Tests"]),
        parts,
    };
    match (labels.as_slice(), questions.as_slice()) {
        ([], []) => Vec::new(),
        ([_], []) | ([], [_]) => vec![found([labels, questions].concat())],
        // Answers and questions would be the same pictures twice.
        ([labelled], [asked]) if labelled.split != asked.split => {
            vec![found([labels, questions].concat())]
        }
        _ => labels
            .into_iter()
            .chain(questions)
            .map(|part| found(vec![part]))
            .collect(),
    }
}

/// Labels are for training, but for the answers that were published later, in `Tests`.
pub(super) fn labels(path: PathBuf) -> Part {
    let tests = path
        .parent()
        .is_some_and(|folder| own_name(folder) == "Tests");
    let split = if tests { Split::Test } else { Split::Train };
    Part::new(path, Some(split))
}

pub(super) fn questions(path: PathBuf) -> Part {
    Part {
        questions: true,
        ..Part::new(path, Some(Split::Test))
    }
}

/// Formats in JSON: COCO's in files of their own, the others in a file a picture.
fn json(folder: &Folder) -> Vec<Found> {
    let mut found = Vec::new();
    let mut files = folder.kinds("json");
    for name in ["annotations", "Annotations"] {
        // On file systems that ignore case both names are one folder.
        if let Some(inside) = folder.inside(name) {
            files.extend(inside.kinds("json"));
        }
    }
    let has = |format| files.iter().any(|(_, kind)| *kind == Kind::Picture(format));
    if has(Format::Labelme) {
        found.push(Found::whole(Format::Labelme, &folder.path));
    }
    let annos = match folder.name().as_str() {
        "annos" => Some(&files),
        _ => None,
    };
    let inside = folder.inside("annos").map(|annos| annos.kinds("json"));
    let is_item = |(_, kind): &(PathBuf, Kind)| *kind == Kind::Picture(Format::DeepFashion2);
    if annos
        .or(inside.as_ref())
        .is_some_and(|files| files.iter().any(is_item))
    {
        let root = root(folder, &["annos"]);
        let split = split_of(&own_name(&root));
        found.push(Found {
            format: Format::DeepFashion2,
            folder: root.clone(),
            parts: vec![Part::new(root, split)],
        });
    }
    for format in [
        Format::CocoInstances,
        Format::CocoKeypoints,
        Format::Fashionpedia,
    ] {
        let parts = files
            .iter()
            .filter(|(_, kind)| *kind == Kind::Part(format))
            .map(|(path, _)| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                Part::new(path.clone(), split_of(&stem))
            });
        found.push(Found {
            format,
            folder: root(folder, &["annotations", "Annotations"]),
            parts: parts.collect(),
        });
    }
    found.retain(|found| !found.parts.is_empty() || found.format == Format::Labelme);
    found
        .into_iter()
        .flat_map(super::joined::by_split)
        .collect()
}
