//! From XML to records.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use crate::formats::check::BoxForm;
use crate::formats::files::{self, Parsed};
use crate::formats::problem::{Problem, Report, need};
use crate::formats::{FormatError, check, extra};
use crate::sample::{BBox, ImageFile, Object, Record, Split};

use super::xml::{self, Node};
use super::{LISTS, NAME, PICTURES};

/// Elements that have a place of their own.
const OF_PICTURE: &[&str] = &["folder", "filename", "object"];
const OF_SIZE: &[&str] = &["width", "height"];
const OF_OBJECT: &[&str] = &["name", "difficult", "truncated", "occluded", "bndbox"];

/// What a picture's file is called in the lists.
pub(super) fn id(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

pub(super) fn picture(bytes: &[u8]) -> Result<Parsed, Vec<Problem>> {
    let root = xml::parse(bytes).map_err(|problem| vec![problem])?;
    if root.name != "annotation" {
        let what = format!("the root element is <{}>, expected <annotation>", root.name);
        return Err(vec![Problem::new(
            "",
            what,
            "save it as a Pascal VOC annotation",
        )]);
    }
    let size = match root.child("size") {
        None => None,
        Some(node) => Some(size(node).map_err(|problem| vec![problem.within("size")])?),
    };
    let name = need(
        root.child("filename")
            .map(Node::trimmed)
            .filter(|name| !name.is_empty()),
        "filename",
    )
    .map_err(|problem| vec![problem])?;
    let mut fields = root.others(OF_PICTURE);
    // The size's width and height are typed; what else it says, such as the depth, is kept.
    if let Some(node) = root.child("size") {
        let others = node.others(OF_SIZE);
        fields.remove("size");
        if !others.is_empty() {
            fields.insert("size".into(), others.into());
        }
    }
    let mut parsed = Parsed {
        record: Record {
            image: ImageFile {
                path: format!("{PICTURES}{}", name.replace('\\', "/")),
                size,
            },
            extra: extra::keep(NAME, fields),
            ..Record::default()
        },
        names: Vec::new(),
    };
    let mut problems = Vec::new();
    let objects = root.children.iter().filter(|child| child.name == "object");
    for (index, node) in objects.enumerate() {
        let place = format!("object[{index}]");
        match object(node, size) {
            Ok((name, object)) => {
                parsed.record.objects.push(object);
                parsed.names.push((name, format!("{place}.name")));
            }
            Err(problem) => problems.push(problem.within(&place)),
        }
    }
    if problems.is_empty() {
        Ok(parsed)
    } else {
        Err(problems)
    }
}

fn size(node: &Node) -> Result<[u32; 2], Problem> {
    let side = |name: &'static str| {
        let text = need(node.child(name), name)?.trimmed();
        text.parse::<u64>().map_err(|_| {
            Problem::new(
                name,
                format!("`{text}` is no count of pixels"),
                "write a whole number",
            )
        })
    };
    check::size("", side("width")?, side("height")?)
}

fn object(node: &Node, size: Option<[u32; 2]>) -> Result<(String, Object), Problem> {
    let name = need(
        node.child("name")
            .map(Node::trimmed)
            .filter(|name| !name.is_empty()),
        "name",
    )?;
    let bndbox = need(node.child("bndbox"), "bndbox")?;
    let bbox = bbox(bndbox, size).map_err(|problem| problem.within("bndbox"))?;
    let object = Object {
        bbox: Some(bbox),
        difficult: flag(node, "difficult")?,
        truncated: flag(node, "truncated")?,
        occluded: flag(node, "occluded")?,
        extra: extra::keep(NAME, node.others(OF_OBJECT)),
        ..Object::default()
    };
    Ok((name.to_owned(), object))
}

fn flag(node: &Node, name: &'static str) -> Result<bool, Problem> {
    match node.child(name).map(Node::trimmed) {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(other) => Err(Problem::new(
            name,
            format!("`{other}` is neither 0 nor 1"),
            "write 0 or 1",
        )),
    }
}

fn bbox(node: &Node, size: Option<[u32; 2]>) -> Result<BBox, Problem> {
    let number = |name: &'static str| {
        let text = need(node.child(name), name)?.trimmed();
        text.parse::<f64>()
            .map_err(|_| Problem::new(name, format!("`{text}` is no number"), "draw the box again"))
    };
    let (left, top) = (number("xmin")?, number("ymin")?);
    let (right, bottom) = (number("xmax")?, number("ymax")?);
    if left == 0.0 || top == 0.0 {
        return Err(Problem::new(
            "",
            format!(
                "the box starts at column {left} and row {top}, but Pascal VOC counts pixels from 1"
            ),
            "add 1 to all four numbers if the tool counted from 0",
        ));
    }
    let corners = BBox::new(
        (left - 1.0) as f32,
        (top - 1.0) as f32,
        right as f32,
        bottom as f32,
    );
    let form = BoxForm::Corners("xmin, ymin, xmax, ymax");
    check::bbox("", corners, size, form)
}

/// The split of each picture by its name in the lists.
pub(super) fn splits(
    folder: &Path,
    annotations: &[PathBuf],
    report: &mut Report,
) -> Result<HashMap<String, Split>, FormatError> {
    let known: std::collections::HashSet<String> =
        annotations.iter().map(|path| id(path)).collect();
    let mut splits = HashMap::new();
    for (name, split) in [
        ("train", Split::Train),
        ("val", Split::Validation),
        ("test", Split::Test),
    ] {
        let path = folder.join(LISTS).join(format!("{name}.txt"));
        for (index, line) in files::lines(&path)?.into_iter().flatten().enumerate() {
            // Lists of one class have a second column; the first is the picture.
            let Some(id) = line.split_whitespace().next() else {
                continue;
            };
            let field = format!("line {}", index + 1);
            let problem = if known.contains(id) {
                match splits.entry(id.to_owned()) {
                    Entry::Vacant(vacant) => {
                        vacant.insert(split);
                        continue;
                    }
                    Entry::Occupied(_) => Problem::new(
                        field,
                        format!("picture `{id}` is in a list already"),
                        "name every picture once",
                    ),
                }
            } else {
                Problem::new(
                    field,
                    format!("picture `{id}` has no annotation"),
                    "add its file or remove the line",
                )
            };
            report.note(&path, problem)?;
        }
    }
    Ok(splits)
}
