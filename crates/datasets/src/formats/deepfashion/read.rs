//! The seven lists to one data set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::{FormatError, Loaded, Mode, Skipped};
use super::fields::{Problem, first_token, picture_path};
use super::index::PictureIndex;
use super::landmarks::landmark_schemas;
use super::lists::{List, Lists, Source, picture_root};
use super::table::{for_each_row, whole_file};
use super::vocabulary::{Attributes, COARSE_TYPES, Categories};
use super::{COLUMN_ORDER, rows};
use crate::sample::{DataSet, Extra, ImageFile, Object, Record};

/// What was read, and what of it was not as one would expect.
#[derive(Debug)]
pub struct ReadLists {
    /// The data set and what a lenient reader left out of it.
    pub loaded: Loaded<DataSet>,
    /// Optional lists that were not there: none of what they say is in the data set.
    pub absent: Vec<List>,
    /// Rows that name their picture in other upper and lower case than `list_category_img.txt`, by
    /// list. The data set as downloaded has such rows, and there is no doubt which picture they
    /// mean, so they are read in either mode and counted here.
    pub case_mismatches: BTreeMap<List, usize>,
}

/// Reads a data set's folder: `Anno_coarse` or `Anno`, `Eval` and `Img`, or all files side by side.
///
/// Every record has one object. [`DataSet::root`] is the folder the lists' paths (`img/…`) start
/// from; no picture is opened: see [`check_pictures`](super::check_pictures).
///
/// A lenient reader leaves out what a bad line says (the box, the landmarks …); the picture stays,
/// unless the line is the one that names it twice or not at all.
///
/// # Errors
/// [`FormatError`]: a required list is missing, a list cannot be read, and in strict mode the first
/// finding.
pub fn read(root: impl AsRef<Path>, mode: Mode) -> Result<ReadLists, FormatError> {
    let root = root.as_ref();
    let lists = Lists::open(root)?;
    read_from(lists, root, picture_root(root), mode)
}

/// Reads lists that are open already, or in memory; [`DataSet::root`] is empty.
///
/// # Errors
/// As [`read`].
pub fn read_lists(lists: Lists<'_>, mode: Mode) -> Result<ReadLists, FormatError> {
    read_from(lists, Path::new(""), PathBuf::new(), mode)
}

fn read_from(
    mut lists: Lists<'_>,
    folder: &Path,
    root: PathBuf,
    mode: Mode,
) -> Result<ReadLists, FormatError> {
    let mut take = |list: List| lists.take(list);
    let mut reader = Reader {
        mode,
        skipped: Skipped::default(),
        records: Vec::new(),
        index: PictureIndex::default(),
        case_mismatches: BTreeMap::new(),
    };
    let mut absent = Vec::new();

    let source = take(List::Categories).ok_or_else(|| missing(folder, List::Categories))?;
    let categories = Categories::read(source, reader.mode, &mut reader.skipped)?;
    let source =
        take(List::CategoryOfPicture).ok_or_else(|| missing(folder, List::CategoryOfPicture))?;
    reader.pictures(source, &categories)?;

    let attributes = take(List::Attributes)
        .map(|source| Attributes::read(source, &COARSE_TYPES, mode, &mut reader.skipped))
        .transpose()?;
    if attributes.is_none() {
        absent.push(List::Attributes);
    }
    match (take(List::AttributesOfPicture), &attributes) {
        (Some(source), Some(attributes)) => reader.attributes(source, attributes)?,
        (Some(source), None) => {
            let remedy = "put list_attr_cloth.txt beside it, or take this list away";
            let finding = whole_file(
                &source.path,
                "has columns that no list_attr_cloth.txt names",
                remedy,
            );
            reader.skipped.note(reader.mode, finding)?;
        }
        (None, _) => absent.push(List::AttributesOfPicture),
    }
    for list in [List::Boxes, List::Landmarks, List::Partition] {
        match take(list) {
            None => absent.push(list),
            Some(source) => match list {
                List::Boxes => reader.boxes(source)?,
                List::Landmarks => reader.landmarks(source)?,
                _ => reader.partition(source)?,
            },
        }
    }

    let attributes = attributes.unwrap_or_default();
    let mut records = reader.records;
    records.shrink_to_fit();
    Ok(ReadLists {
        loaded: Loaded {
            value: DataSet {
                root,
                categories: categories.categories,
                extra: column_order(&attributes),
                attributes: attributes.vocabulary,
                landmark_schemas: landmark_schemas(),
                records,
            },
            skipped: reader.skipped,
        },
        absent,
        case_mismatches: reader.case_mismatches,
    })
}

fn missing(folder: &Path, list: List) -> FormatError {
    FormatError::Invalid(whole_file(
        &folder.join(list.file_name()),
        "is missing, here and in Anno_coarse and Anno",
        "name the folder that has the data set's Anno_coarse (or Anno), Eval and Img",
    ))
}

/// The lists' order of attributes, where it is not the vocabulary's, so that the same lists can be
/// written again: the vocabulary has all attributes of a type side by side.
pub(super) fn column_order(attributes: &Attributes) -> Option<Box<Extra>> {
    let order: Vec<u32> = attributes.of_column.iter().copied().flatten().collect();
    let sorted = order.iter().zip(0..).all(|(&index, place)| index == place);
    (!sorted).then(|| Box::new(Extra::from_iter([(COLUMN_ORDER.to_owned(), order.into())])))
}

struct Reader {
    mode: Mode,
    skipped: Skipped,
    records: Vec<Record>,
    index: PictureIndex,
    case_mismatches: BTreeMap<List, usize>,
}

impl Reader {
    fn pictures(&mut self, source: Source<'_>, categories: &Categories) -> Result<(), FormatError> {
        let Self { records, index, .. } = self;
        for_each_row(
            source,
            List::CategoryOfPicture.first_heading(),
            self.mode,
            &mut self.skipped,
            // A picture whose label is wrong is still a picture; its problem is told when it is in.
            |line| Ok(rows::category(line, categories)),
            |_, line, category| {
                let path = picture_path(first_token(line).0)?;
                index.insert(records, path)?;
                let (category, problem) = match category {
                    Ok(category) => (Some(category), None),
                    Err(problem) => (None, Some(problem)),
                };
                records.push(Record {
                    image: ImageFile {
                        path: path.to_owned(),
                        size: None,
                    },
                    objects: vec![Object {
                        category,
                        ..Object::default()
                    }],
                    ..Record::default()
                });
                problem.map_or(Ok(()), Err)
            },
        )?;
        Ok(())
    }

    fn attributes(
        &mut self,
        source: Source<'_>,
        attributes: &Attributes,
    ) -> Result<(), FormatError> {
        let (columns, len) = (&attributes.of_column, attributes.vocabulary.len());
        self.each(
            source,
            List::AttributesOfPicture,
            |line| rows::attributes_of_picture(line, columns, len),
            |record, value| {
                let labels = &mut record.objects.first_mut()?.attributes;
                let first = labels.is_empty();
                if first {
                    *labels = value;
                }
                first.then_some(())
            },
        )
    }

    fn boxes(&mut self, source: Source<'_>) -> Result<(), FormatError> {
        self.each(
            source,
            List::Boxes,
            rows::bbox_of_picture,
            |record, value| fill(&mut record.objects.first_mut()?.bbox, value),
        )
    }

    fn landmarks(&mut self, source: Source<'_>) -> Result<(), FormatError> {
        self.each(source, List::Landmarks, rows::landmarks, |record, value| {
            fill(&mut record.objects.first_mut()?.landmarks, value)
        })
    }

    fn partition(&mut self, source: Source<'_>) -> Result<(), FormatError> {
        self.each(source, List::Partition, rows::split, |record, value| {
            fill(&mut record.split, value)
        })
    }

    /// Reads one list about pictures; `put` gives `None` where the record has the value already.
    fn each<T: Send>(
        &mut self,
        source: Source<'_>,
        list: List,
        parse: impl Fn(&[u8]) -> Result<T, Problem> + Sync,
        put: impl Fn(&mut Record, T) -> Option<()>,
    ) -> Result<(), FormatError> {
        let Self {
            records,
            index,
            case_mismatches,
            ..
        } = self;
        for_each_row(
            source,
            list.first_heading(),
            self.mode,
            &mut self.skipped,
            parse,
            |row, line, value| {
                let path = first_token(line).0;
                let found = index.find(records, row, path)?;
                if found.by_case {
                    *case_mismatches.entry(list).or_default() += 1;
                }
                put(&mut records[found.record], value).ok_or_else(|| {
                    Problem::new(
                        format!(
                            "the picture `{}` is already on a line above",
                            super::fields::shown(path)
                        ),
                        "remove one of the lines",
                    )
                })
            },
        )?;
        Ok(())
    }
}

fn fill<T>(place: &mut Option<T>, value: T) -> Option<()> {
    let empty = place.is_none();
    if empty {
        *place = Some(value);
    }
    empty.then_some(())
}
