//! A data set to the seven lists.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::super::{FormatError, Losses};
use super::lists::List;
use super::picture::{Picture, writable};
use super::vocabulary::COARSE_TYPES;
use super::{COLUMN_ORDER, Kind};
use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::sample::DataSet;

/// Width of the first column where nothing in it is longer; the data set's own lists pad as much.
const PATH_WIDTH: usize = 70;
/// Width of the names' column.
const NAME_WIDTH: usize = 30;

/// Writes `Anno_coarse/list_*.txt` and `Eval/list_eval_partition.txt` below `root`; pictures stay
/// where they are. A list that would have no row (no record has a box, say) is not written.
///
/// Gives what the lists cannot hold: masks, a second object of a picture, fractions of pixels …
///
/// # Errors
/// [`FormatError::Output`]: a file cannot be written; a category has no kind or an attribute group
/// no type that the lists have a number for. Then no list is written.
pub fn write(data: &DataSet, root: impl AsRef<Path>) -> Result<Losses, FormatError> {
    let root = root.as_ref();
    let mut losses = Losses::default();
    let pictures = writable(data, &mut losses);
    let mut files = Files::default();
    write_categories(data, &mut files.create(root, List::Categories)?)?;
    rows(
        &mut files.create(root, List::CategoryOfPicture)?,
        List::CategoryOfPicture,
        &pictures,
        |row, picture| {
            row.extend_from_slice((picture.category + 1).to_string().as_bytes());
            Ok(())
        },
    )?;
    if !data.attributes.is_empty() {
        let mut file = files.create(root, List::Attributes)?;
        write_attribute_types(data, &COARSE_TYPES, &mut file)?;
    }
    let order = column_order(data);
    for list in [
        List::AttributesOfPicture,
        List::Boxes,
        List::Landmarks,
        List::Partition,
    ] {
        let having: Vec<Picture<'_>> = pictures
            .iter()
            .copied()
            .filter(|picture| picture.has(list, data, order.len()))
            .collect();
        if having.is_empty() {
            continue;
        }
        let mut file = files.create(root, list)?;
        rows(&mut file, list, &having, |row, picture| {
            picture.columns(row, list, data, &order);
            Ok(())
        })?;
    }
    files.finish()?;
    Ok(losses)
}

/// Files that get their names together, when all of them are complete.
#[derive(Default)]
pub(super) struct Files(Vec<AtomicFile>);

/// One of them, while it is written.
pub(super) struct Open<'a> {
    pub(super) file: &'a mut AtomicFile,
    pub(super) path: PathBuf,
}

impl Open<'_> {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.file.write_all(bytes).map_err(|source| {
            OutputError::Unwritable {
                path: self.path.clone(),
                source,
            }
            .into()
        })
    }

    fn unrepresentable(&self, what: String) -> FormatError {
        OutputError::Unrepresentable {
            path: self.path.clone(),
            what,
        }
        .into()
    }
}

impl Files {
    pub(super) fn create_at(&mut self, path: PathBuf) -> Result<Open<'_>, FormatError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|source| OutputError::Unwritable {
            path: folder.to_path_buf(),
            source,
        })?;
        self.0.push(AtomicFile::create(path.clone())?);
        let last = self.0.len() - 1;
        Ok(Open {
            file: &mut self.0[last],
            path,
        })
    }

    fn create(&mut self, root: &Path, list: List) -> Result<Open<'_>, FormatError> {
        self.create_at(root.join(list.folder()).join(list.file_name()))
    }

    pub(super) fn finish(self) -> Result<(), FormatError> {
        for file in self.0 {
            file.finish()?;
        }
        Ok(())
    }
}

/// Count, header and a padded row for each picture.
fn rows(
    file: &mut Open<'_>,
    list: List,
    pictures: &[Picture<'_>],
    mut columns: impl FnMut(&mut Vec<u8>, &Picture<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let widest = pictures
        .iter()
        .map(|picture| picture.record.image.path.len())
        .max();
    let width = widest.unwrap_or_default().max(PATH_WIDTH);
    file.write(head(list, pictures.len(), width).as_bytes())?;
    let mut row = Vec::new();
    for picture in pictures {
        row.clear();
        row.extend_from_slice(picture.record.image.path.as_bytes());
        row.resize(width + 1, b' ');
        columns(&mut row, picture)?;
        while row.last() == Some(&b' ') {
            row.pop();
        }
        row.push(b'\n');
        file.write(&row)?;
    }
    Ok(())
}

fn head(list: List, count: usize, width: usize) -> String {
    let headings = list.headings();
    let (first, others) = headings.split_at(1);
    format!("{count}\n{:<width$} {}\n", first[0], others.join(" "))
}

pub(super) fn write_categories(data: &DataSet, file: &mut Open<'_>) -> Result<(), FormatError> {
    let mut text = head(List::Categories, data.categories.len(), NAME_WIDTH);
    for category in &data.categories {
        let group = category.group.as_deref();
        let Some(kind) = group.and_then(Kind::from_name) else {
            let found = group.unwrap_or("none");
            return Err(file.unrepresentable(format!(
                "the category `{}` has the kind `{found}`; give its group as upper, lower or full",
                category.name
            )));
        };
        text.push_str(&named_row(file, &category.name, kind.number())?);
    }
    file.write(text.as_bytes())
}

pub(super) fn write_attribute_types(
    data: &DataSet,
    types: &[&str],
    file: &mut Open<'_>,
) -> Result<(), FormatError> {
    let mut numbers = Vec::new();
    for group in data.attributes.groups() {
        let Some(place) = types.iter().position(|name| *name == group.name) else {
            return Err(file.unrepresentable(format!(
                "the attribute group `{}` is none of the list's types; name the groups {}",
                group.name,
                types.join(", ")
            )));
        };
        numbers.extend(std::iter::repeat_n(place as u32 + 1, group.values.len()));
    }
    let names: Vec<&str> = data
        .attributes
        .groups()
        .iter()
        .flat_map(|group| &group.values)
        .map(String::as_str)
        .collect();
    let mut text = head(List::Attributes, names.len(), NAME_WIDTH);
    for index in column_order(data) {
        text.push_str(&named_row(
            file,
            names[index as usize],
            numbers[index as usize],
        )?);
    }
    file.write(text.as_bytes())
}

fn named_row(file: &Open<'_>, name: &str, number: u32) -> Result<String, FormatError> {
    if name.trim() != name || name.is_empty() || name.contains(char::is_control) {
        return Err(file.unrepresentable(format!(
            "the name `{}` is empty, begins or ends with a space, or has a control character; rename it",
            name.escape_debug()
        )));
    }
    Ok(format!("{name:<NAME_WIDTH$} {number}\n"))
}

/// The vocabulary's indices in the order of the columns: as read, where the data set says so and
/// its vocabulary is still the same length, otherwise its own.
pub(super) fn column_order(data: &DataSet) -> Vec<u32> {
    let len = data.attributes.len();
    let kept = data
        .extra
        .as_ref()
        .and_then(|extra| extra.get(COLUMN_ORDER));
    let kept: Vec<u32> = kept
        .and_then(|order| order.as_array())
        .map(|order| {
            order
                .iter()
                .filter_map(|index| u32::try_from(index.as_u64()?).ok())
                .collect()
        })
        .unwrap_or_default();
    let mut sorted = kept.clone();
    sorted.sort_unstable();
    if sorted.iter().copied().eq(0..len as u32) {
        kept
    } else {
        (0..len as u32).collect()
    }
}
