//! `label.csv` of training and warm-up: what annotators saw.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::deepfashion::{Problem, shown};
use super::super::{FormatError, Loaded, Losses, Mode, Skipped};
use super::rows::{fields, for_each_row, write_rows};
use super::{Dimension, NAME, vocabulary};
use crate::formats::holds::Holds;
use crate::sample::{AttributeLabels, DataSet, ImageFile, Judgement, Object, Record};

pub(crate) const HOLDS: Holds = Holds {
    format: NAME,
    attributes: true,
    ..Holds::NOTHING
};

/// Reads a label file, such as `base/Annotations/label.csv` below the data set's folder or the
/// warm-up's `web/Annotations/skirt_length_labels.csv`.
///
/// Every record has one object, whose judgements of its own dimension are
/// [`Yes`](Judgement::Yes) (`y`, exactly one), [`Maybe`](Judgement::Maybe) (`m`) and
/// [`No`](Judgement::No) (`n`); of the other dimensions they are [`Unknown`](Judgement::Unknown). A
/// picture asked about in two dimensions is one record. `root` is the folder the paths
/// (`Images/collar_design_labels/….jpg`) start from: the one that has `Annotations` in it, if `None`.
///
/// ```
/// use wardrobe_datasets::formats::Mode;
/// use wardrobe_datasets::formats::fashionai::{Dimension, read_labels_from};
/// use wardrobe_datasets::sample::Judgement;
/// let rows = "Images/collar_design_labels/a.jpg,collar_design_labels,nynnm\n";
/// let set = read_labels_from(rows.as_bytes(), "label.csv".as_ref(), Mode::Strict)?.value;
/// let labels = &set.records[0].objects[0].attributes;
/// let collar = Dimension::CollarDesign.range();
/// assert_eq!(labels.get(collar.start + 1), Judgement::Yes);
/// assert_eq!(labels.get(collar.start + 4), Judgement::Maybe);
/// assert_eq!(set.attributes.name(collar.start + 1), Some("Shirt Collar"));
/// # Ok::<(), wardrobe_datasets::formats::FormatError>(())
/// ```
///
/// # Errors
/// [`FormatError`]: the file cannot be read, and in strict mode the first row that is not
/// `path,key,letters` with a letter for each value of the key.
pub fn read_labels(
    file: impl AsRef<Path>,
    root: Option<&Path>,
    mode: Mode,
) -> Result<Loaded<DataSet>, FormatError> {
    let file = file.as_ref();
    let unreadable = |source| FormatError::Unreadable {
        path: file.to_path_buf(),
        source,
    };
    let source = File::open(file).map_err(unreadable)?;
    let root = root.map_or_else(|| above(file), Path::to_path_buf);
    let mut loaded = read_labels_from(source, file, mode)?;
    loaded.value.root = root;
    Ok(loaded)
}

/// The folder above the one the file is in.
fn above(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    // `parent` of `Annotations` is the working folder, of `` there is none.
    folder.parent().unwrap_or(folder).to_path_buf()
}

/// Reads labels from anywhere; `name` is for messages. [`DataSet::root`] is empty.
///
/// # Errors
/// As [`read_labels`].
pub fn read_labels_from(
    source: impl Read,
    name: &Path,
    mode: Mode,
) -> Result<Loaded<DataSet>, FormatError> {
    let vocabulary = vocabulary();
    let mut skipped = Skipped::default();
    let mut records: Vec<Record> = Vec::new();
    let mut of_path: HashMap<String, usize> = HashMap::new();
    for_each_row(source, name, mode, &mut skipped, |row| {
        let (path, dimension, letters) = fields(row, "letters")?;
        let judgements = judgements(dimension, letters)?;
        let index = *of_path.entry(path.to_owned()).or_insert_with(|| {
            records.push(Record {
                image: ImageFile {
                    path: path.to_owned(),
                    size: None,
                },
                objects: vec![Object {
                    attributes: AttributeLabels::unknown(vocabulary.len()),
                    ..Object::default()
                }],
                ..Record::default()
            });
            records.len() - 1
        });
        let labels = &mut records[index].objects[0].attributes;
        if labels.get(dimension.range().start) != Judgement::Unknown {
            return Err(Problem::new(
                format!("the picture `{path}` already has {dimension} on a line above"),
                "remove one of the lines",
            ));
        }
        for (value, judgement) in dimension.range().zip(judgements) {
            labels.set(value, judgement);
        }
        Ok(())
    })?;
    Ok(Loaded {
        value: DataSet {
            attributes: vocabulary,
            records,
            ..DataSet::default()
        },
        skipped,
    })
}

fn judgements(dimension: Dimension, letters: &[u8]) -> Result<Vec<Judgement>, Problem> {
    let expected = dimension.values().len();
    let wrong = |found: String| {
        let remedy = format!("write {expected} letters, one y and the others m or n");
        Problem::new(format!("`{}` {found}", shown(letters)), remedy)
    };
    if letters.len() != expected {
        let found = format!(
            "has {} letters, {dimension} has {expected} values",
            letters.len()
        );
        return Err(wrong(found));
    }
    let judgements = letters
        .iter()
        .map(|letter| match letter {
            b'y' => Ok(Judgement::Yes),
            b'm' => Ok(Judgement::Maybe),
            b'n' => Ok(Judgement::No),
            _ => Err(wrong("has a letter other than y, m and n".into())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    match judgements
        .iter()
        .filter(|&&judgement| judgement == Judgement::Yes)
        .count()
    {
        1 => Ok(judgements),
        count => Err(wrong(format!("has {count} y, expected exactly one"))),
    }
}

/// Writes a label file: for each record a row for every dimension that is judged whole. Values are
/// taken from groups named by the dimensions' keys; the vocabulary may have others.
///
/// Gives what the file cannot hold: boxes, categories, a dimension without exactly one yes …
///
/// # Errors
/// [`FormatError::Output`] when the file cannot be written.
pub fn write_labels(data: &DataSet, file: impl AsRef<Path>) -> Result<Losses, FormatError> {
    let mut losses = Losses::default();
    HOLDS.count_set(data, &mut losses);
    let ranges: Vec<(Dimension, std::ops::Range<usize>)> = Dimension::ALL
        .into_iter()
        .filter_map(|dimension| {
            let group = data.attributes.group(dimension.key())?;
            let same = data.attributes.groups()[group]
                .values
                .iter()
                .eq(dimension.values());
            same.then(|| (dimension, data.attributes.range(group)))
        })
        .collect();
    for _ in ranges.len()..data.attributes.groups().len() {
        losses.add("attribute group that is no dimension", 1);
    }
    let mut rows = Vec::new();
    for record in &data.records {
        note_losses(record, &mut losses);
        let Some(object) = record.objects.first() else {
            continue;
        };
        if object.attributes.len() != data.attributes.len() {
            if !object.attributes.is_empty() {
                losses.add("attributes of another vocabulary", 1);
            }
            continue;
        }
        let rows_before = rows.len();
        for (dimension, range) in &ranges {
            match letters(&object.attributes, range.clone()) {
                Letters::Whole(letters) => {
                    rows.push((record.image.path.as_str(), *dimension, letters));
                }
                Letters::Nothing => {}
                Letters::Partial => {
                    losses.add("dimension without exactly one yes and the others judged", 1);
                }
            }
        }
        losses.add(
            "picture without a row",
            usize::from(rows.len() == rows_before),
        );
    }
    write_rows(file.as_ref(), rows)?;
    Ok(losses)
}

enum Letters {
    Whole(String),
    Nothing,
    Partial,
}

fn letters(labels: &AttributeLabels, range: std::ops::Range<usize>) -> Letters {
    let mut letters = String::new();
    let (mut yes, mut unknown) = (0, 0);
    let count = range.len();
    for value in range {
        let letter = match labels.get(value) {
            Judgement::Yes => {
                yes += 1;
                'y'
            }
            Judgement::Maybe => 'm',
            Judgement::No => 'n',
            Judgement::Unknown => {
                unknown += 1;
                continue;
            }
        };
        letters.push(letter);
    }
    match (yes, unknown) {
        (1, 0) => Letters::Whole(letters),
        (_, unknown) if unknown == count => Letters::Nothing,
        _ => Letters::Partial,
    }
}

fn note_losses(record: &Record, losses: &mut Losses) {
    HOLDS.count_picture(record, losses);
    match record.objects.as_slice() {
        [] => losses.add("picture without an object", 1),
        [object, others @ ..] => {
            HOLDS.count_object(object, losses);
            losses.add(
                "object after the first of its picture",
                usize::from(!others.is_empty()),
            );
        }
    }
}
