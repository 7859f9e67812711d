//! Formats with one annotation file a picture: finding the files, reading them on all cores,
//! naming categories, and putting pictures where a layout wants them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::sample::{Category, DataSet, Record};

use super::number::numbered;
use super::problem::{Problem, Report};
use super::{FormatError, Loaded, Losses, Mode, json};

/// The list of category names beside the annotations, one a line, as labelme's own tools use it.
pub(crate) const LABELS: &str = "labels.txt";

/// Lines of labelme's lists that are no category of objects.
const NO_CATEGORY: [&str; 2] = ["__ignore__", "_background_"];

/// Most bytes of one picture's annotation; labelme may embed the picture itself.
const MOST_BYTES: u64 = 256 << 20;

/// Files parsed before their findings are looked at.
const BATCH: usize = 512;

/// A picture's annotation before its categories have numbers.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub record: Record,
    /// For each object its category's name and the place that names it.
    pub names: Vec<(String, String)>,
}

pub(crate) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> FormatError + '_ {
    |source| FormatError::Unreadable {
        path: path.to_path_buf(),
        source,
    }
}

/// Files with this extension in a folder, and below it if asked, in the order of their names.
pub(crate) fn list(
    folder: &Path,
    extension: &str,
    below: bool,
) -> Result<Vec<PathBuf>, FormatError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable(folder))?);
        if kind.is_dir() {
            if below {
                found.extend(list(&path, extension, below)?);
            }
        } else if path
            .extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(extension))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Parses every file; those with problems are noted and left out. Results keep the files' order.
pub(crate) fn read_each<T: Send>(
    files: &[PathBuf],
    report: &mut Report,
    parse: impl Fn(&Path, &[u8]) -> Result<T, Vec<Problem>> + Sync,
) -> Result<Vec<(PathBuf, T)>, FormatError> {
    let mut parsed = Vec::with_capacity(files.len());
    for batch in files.chunks(BATCH) {
        let results: Vec<_> = batch
            .par_iter()
            .map(|path| {
                bytes(path)
                    .map_err(|problem| vec![problem])
                    .and_then(|bytes| parse(path, &bytes))
            })
            .collect();
        for (path, result) in batch.iter().zip(results) {
            match result {
                Ok(value) => parsed.push((path.clone(), value)),
                Err(problems) => {
                    for problem in problems {
                        report.note(path, problem)?;
                    }
                }
            }
        }
    }
    Ok(parsed)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |source: std::io::Error| {
        Problem::new(
            "",
            format!("cannot be read: {source}"),
            "make it readable or remove it",
        )
    };
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Problem::new("", "is not a file", "remove it"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    match bytes.len() as u64 {
        0 => Err(json::empty()),
        length if length > MOST_BYTES => Err(Problem::new(
            "",
            format!("has more bytes than the limit of {MOST_BYTES}"),
            "an annotation of one picture is smaller; remove what is embedded",
        )),
        _ => Ok(bytes),
    }
}

/// One file's set from bytes in memory.
pub(crate) fn parse_one(
    bytes: &[u8],
    name: &Path,
    mode: Mode,
    parse: impl Fn(&[u8]) -> Result<Parsed, Vec<Problem>>,
) -> Result<Loaded<DataSet>, FormatError> {
    let mut report = Report::new(mode);
    let mut parsed = Vec::new();
    match parse(bytes) {
        Ok(picture) => parsed.push((name.to_path_buf(), picture)),
        Err(problems) => {
            for problem in problems {
                report.note(name, problem)?;
            }
        }
    }
    let (categories, records) = number(None, Path::new(LABELS), parsed, &mut report)?;
    Ok(Loaded {
        value: DataSet {
            categories,
            records,
            ..DataSet::default()
        },
        skipped: report.skipped,
    })
}

/// The lines of a text file; `None` when there is no such file.
pub(crate) fn lines(path: &Path) -> Result<Option<Vec<String>>, FormatError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = text.trim_start_matches('\u{feff}');
            Ok(Some(
                text.lines().map(|line| line.trim().to_owned()).collect(),
            ))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path)(error)),
    }
}

/// Numbers the categories: in the order of `labels.txt` where there is one (others are then
/// unknown), otherwise in alphabetical order.
pub(crate) fn assemble(
    folder: &Path,
    parsed: Vec<(PathBuf, Parsed)>,
    report: &mut Report,
) -> Result<(Vec<Category>, Vec<Record>), FormatError> {
    let labels = folder.join(LABELS);
    let known = known_names(&labels, report)?;
    number(known, &labels, parsed, report)
}

fn number(
    known: Option<Vec<String>>,
    labels: &Path,
    parsed: Vec<(PathBuf, Parsed)>,
    report: &mut Report,
) -> Result<(Vec<Category>, Vec<Record>), FormatError> {
    let names = known.unwrap_or_else(|| {
        let found: BTreeSet<&str> = parsed
            .iter()
            .flat_map(|(_, parsed)| &parsed.names)
            .map(|(name, _)| name.as_str())
            .collect();
        found.into_iter().map(str::to_owned).collect()
    });
    let places: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let mut records = Vec::with_capacity(parsed.len());
    for (path, Parsed { mut record, names }) in parsed {
        let mut whole = true;
        for (object, (name, place)) in record.objects.iter_mut().zip(names) {
            object.category = places.get(name.as_str()).copied();
            if object.category.is_none() {
                whole = false;
                let what = format!("`{name}` is none of the categories in {}", labels.display());
                let remedy = "add it to the list or correct the name";
                report.note(&path, Problem::new(place, what, remedy))?;
            }
        }
        if whole {
            records.push(record);
        }
    }
    let categories = names
        .iter()
        .zip(1..)
        .map(|(name, id)| Category {
            name: name.clone(),
            group: None,
            id,
        })
        .collect();
    Ok((categories, records))
}

fn known_names(labels: &Path, report: &mut Report) -> Result<Option<Vec<String>>, FormatError> {
    let Some(lines) = lines(labels)? else {
        return Ok(None);
    };
    let mut names: Vec<String> = Vec::new();
    for (line, name) in lines.into_iter().enumerate() {
        if name.is_empty() || NO_CATEGORY.contains(&name.as_str()) {
            continue;
        }
        if names.contains(&name) {
            let field = format!("line {}", line + 1);
            let what = format!("`{name}` is there already");
            report.note(
                labels,
                Problem::new(field, what, "name every category once"),
            )?;
            continue;
        }
        names.push(name);
    }
    Ok(Some(names))
}

/// Writes the category names, one a line.
pub(crate) fn write_labels(folder: &Path, set: &DataSet) -> Result<(), FormatError> {
    let path = folder.join(LABELS);
    let mut text = String::new();
    for (index, category) in set.categories.iter().enumerate() {
        let name = &category.name;
        let plain = !name.is_empty() && name.trim() == name && !name.contains(['\n', '\r']);
        let once = set.category(name) == Some(index as u32);
        if !plain || !once || NO_CATEGORY.contains(&name.as_str()) {
            return Err(OutputError::Unrepresentable {
                path,
                what: format!(
                    "the category name {name:?} cannot stand once on a line of its own; rename it"
                ),
            }
            .into());
        }
        text.push_str(name);
        text.push('\n');
    }
    write_file(&path, text.as_bytes())
}

/// Writes a file whole or not at all; its folder is made.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    let unwritable = |source| OutputError::Unwritable {
        path: path.to_path_buf(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(unwritable)?;
    file.finish()?;
    Ok(())
}

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
/// [`voc::picture_path`](super::voc::picture_path): writers write annotations only. A picture that
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
    #![allow(clippy::unwrap_used)]
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
