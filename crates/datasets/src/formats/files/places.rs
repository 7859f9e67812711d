//! Where a layout has a picture, and what it is called there.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path};

use super::{unreadable, write_file};
use crate::error::OutputError;
use crate::formats::number::numbered;
use crate::formats::{FormatError, Losses};
use crate::sample::{DataSet, Record};

/// A path of one picture as a single file name without extension: folders become part of it.
/// `layout` is the folder in which the format keeps its pictures.
pub(crate) fn flat_stem(path: &str, layout: &str) -> String {
    let path = path.strip_prefix(layout).unwrap_or(path);
    let name = path
        .rfind('.')
        .filter(|&dot| dot > 0 && !path[dot..].contains('/'));
    let stem = &path[..name.unwrap_or(path.len())];
    let parts: Vec<&str> = stem
        .split(['/', '\\'])
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .collect();
    parts.join("_")
}

/// The extension of a path with its dot; empty for none.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.rfind('.')
        .filter(|&dot| dot > 0)
        .map_or("", |dot| &name[dot..])
}

/// One file name for each record, from `name`; two records that would share one are an error.
pub(crate) fn names(
    set: &DataSet,
    folder: &Path,
    name: impl Fn(&Record) -> String,
) -> Result<Vec<String>, FormatError> {
    let mut users: HashMap<String, usize> = HashMap::with_capacity(set.records.len());
    let mut names = Vec::with_capacity(set.records.len());
    for (index, record) in set.records.iter().enumerate() {
        let name = name(record);
        let refuse = |what| {
            let path = folder.to_path_buf();
            Err(OutputError::Unrepresentable { path, what }.into())
        };
        if name.is_empty() {
            return refuse(format!(
                "the picture path {:?} gives no file name",
                record.image.path
            ));
        }
        if let Some(&first) = users.get(&name) {
            let first = &set.records[first].image.path;
            return refuse(format!(
                "`{first}` and `{}` would share the annotation `{name}`; rename one",
                record.image.path
            ));
        }
        users.insert(name.clone(), index);
        names.push(name);
    }
    Ok(names)
}

/// Whether joining `path` to a folder stays below that folder.
pub(crate) fn stays_below(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Gives every record without a number, or with one that is taken, the next free one: formats that
/// name pictures by number, such as DeepFashion2, then call them the same in annotations and in
/// [`copy_pictures`].
pub fn number_pictures(set: &mut DataSet) {
    let (numbers, _) = numbered(set.records.iter().map(|record| record.id));
    for (record, number) in set.records.iter_mut().zip(numbers) {
        record.id = Some(number);
    }
}

/// The path of the `.jpg`, or of the `.png` where only that exists.
pub(crate) fn picture_of(root: &Path, stem: &str) -> String {
    let [jpg, png] = ["jpg", "png"].map(|extension| format!("{stem}.{extension}"));
    if !root.join(&jpg).exists() && root.join(&png).exists() {
        png
    } else {
        jpg
    }
}

/// Copies every picture of `set` to the place below `folder` that `place` names, such as
/// [`voc::picture_path`](crate::formats::voc::picture_path): writers write annotations only. A picture that
/// is there already is left alone; one that is missing is counted. Returns what is missing.
///
/// # Errors
/// [`OutputError`] for a file that cannot be written, or a place outside the folder.
pub fn copy_pictures(
    set: &DataSet,
    folder: &Path,
    place: impl Fn(&Record) -> String,
) -> Result<Losses, FormatError> {
    let mut losses = Losses::default();
    for record in &set.records {
        let place = place(record);
        let (from, to) = (set.root.join(&record.image.path), folder.join(&place));
        if !stays_below(&place) {
            let what = format!("the picture path `{place}` leaves the folder");
            let path = folder.to_path_buf();
            return Err(OutputError::Unrepresentable { path, what }.into());
        }
        if to.is_file() {
            continue;
        }
        match fs::read(&from) {
            Ok(bytes) => write_file(&to, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                losses.add("picture that is not in its place", 1);
            }
            Err(error) => return Err(unreadable(&from)(error)),
        }
    }
    Ok(losses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_become_part_of_a_flat_name() {
        assert_eq!(flat_stem("JPEGImages/000001.jpg", "JPEGImages/"), "000001");
        assert_eq!(
            flat_stem("img/Sheer_Blouse/img_1.jpg", "JPEGImages/"),
            "img_Sheer_Blouse_img_1"
        );
        assert_eq!(flat_stem("../a.b/c", ""), "a.b_c");
        assert_eq!(
            (
                extension("a.b/c"),
                extension("a/c.d.png"),
                extension("x/.hidden")
            ),
            ("", ".png", "")
        );
    }

    #[test]
    fn a_path_out_of_the_folder_is_seen() {
        assert!(stays_below("a/b.json") && stays_below("./a"));
        assert!(!stays_below("../a") && !stays_below("/a") && !stays_below(""));
    }
}
