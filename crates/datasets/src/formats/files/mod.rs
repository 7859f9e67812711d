//! Formats with one annotation file a picture: finding the files, reading them on all cores,
//! naming categories, and putting pictures where a layout wants them.

mod places;
mod write;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::sample::{Category, DataSet, Record};

use super::problem::{Problem, Report};
use super::{FormatError, Loaded, Mode, json};

pub use places::{copy_pictures, number_pictures};
pub(crate) use places::{extension, flat_stem, names, picture_of, stays_below};
pub(crate) use write::{write_file, write_labels};

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

/// Files with this extension in a folder, and below it if asked, in the order of their names. A link
/// to a folder counts as that folder, unless its files have been met already.
pub(crate) fn list(
    folder: &Path,
    extension: &str,
    below: bool,
) -> Result<Vec<PathBuf>, FormatError> {
    let mut found = Vec::new();
    let mut met = HashSet::new();
    // Folders before links to them, so that a file has the name of its own place.
    let mut links = vec![folder.to_path_buf()];
    while let Some(link) = links.pop() {
        let mut folders = vec![link];
        while let Some(folder) = folders.pop() {
            if below && !met.insert(folder.canonicalize().map_err(unreadable(&folder))?) {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
                let entry = entry.map_err(unreadable(&folder))?;
                let (path, kind) = (entry.path(), entry.file_type());
                let kind = kind.map_err(unreadable(&folder))?;
                if kind.is_dir() {
                    folders.extend(below.then_some(path));
                } else if kind.is_symlink() && path.is_dir() {
                    links.extend(below.then_some(path));
                } else if path
                    .extension()
                    .is_some_and(|found| found.eq_ignore_ascii_case(extension))
                {
                    // A link that leads nowhere is a file that cannot be read.
                    found.push(path);
                }
            }
        }
        // Of two links to one folder always the same counts, whatever the system's order.
        links.sort_by(|a, b| b.cmp(a));
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
