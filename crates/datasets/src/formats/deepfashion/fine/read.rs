//! Row-aligned files to one data set.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::Kind;
use super::super::fields::{Problem, coordinate, first_token, picture_path, tokens, wrong_columns};
use super::super::index::PictureIndex;
use super::super::landmarks::landmark_schemas;
use super::super::lists::{COARSE, FINE, List, Source, open, picture_root};
use super::super::read::column_order;
use super::super::rows::{self, Flags};
use super::super::table::{blank_line, whole_file};
use super::super::vocabulary::{Attributes, Categories, FINE_TYPES};
use super::{Column, LANDMARK_COLUMNS, SPLITS};
use crate::formats::lines::for_each_line;
use crate::formats::{FormatError, Loaded, Mode, Place, Skipped};
use crate::sample::{
    AttributeLabels, BBox, DataSet, ImageFile, Landmark, Landmarks, Object, Record, Split,
    Visibility,
};

const REMEDY: &str = "copy or download the split's files again";

/// Reads `Anno_fine` (or the folder itself): every split that is there, and of each the aligned
/// files that are there. `list_category_cloth.txt` may also lie in `Anno_coarse` or `Anno`.
///
/// The kind of a picture's landmarks is its category's; without categories, or with points beyond
/// that kind's, the file is in doubt and each such line a finding.
///
/// # Errors
/// [`FormatError`]: there is no split, a vocabulary is missing, a file cannot be read, and in strict
/// mode the first finding. A lenient reader leaves out a whole aligned file whose count of lines is
/// not that of its split: which line is whose is then unknown.
pub fn read(root: impl AsRef<Path>, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    let root = root.as_ref();
    let inside = root.join(FINE);
    let folder = if inside.is_dir() {
        inside
    } else {
        root.to_path_buf()
    };
    let elsewhere = COARSE.map(|folder| root.join(folder));
    let mut loaded = read_with(&folder, mode, |name| {
        let own = open(folder.join(name))?;
        if own.is_some() || name != List::Categories.file_name() {
            return Ok(own);
        }
        match open(elsewhere[0].join(name))? {
            None => open(elsewhere[1].join(name)),
            found => Ok(found),
        }
    })?;
    loaded.value.root = picture_root(root);
    Ok(loaded)
}

/// Reads files in memory, by their names in `Anno_fine`; [`DataSet::root`] is empty.
///
/// # Errors
/// As [`read`].
pub fn read_files(
    files: &BTreeMap<&str, &[u8]>,
    mode: Mode,
) -> Result<Loaded<DataSet>, FormatError> {
    read_with(Path::new(FINE), mode, |name| {
        Ok(files.get(name).map(|&bytes| Source {
            path: name.into(),
            bytes: Box::new(bytes),
        }))
    })
}

/// `open` gives a file by its name; `folder` is for messages.
fn read_with<'a>(
    folder: &Path,
    mode: Mode,
    open: impl Fn(&str) -> Result<Option<Source<'a>>, FormatError>,
) -> Result<Loaded<DataSet>, FormatError> {
    let mut skipped = Skipped::default();
    let categories = match open(List::Categories.file_name())? {
        Some(source) => Categories::read(source, mode, &mut skipped)?,
        None => Categories::default(),
    };
    let attributes = match open(List::Attributes.file_name())? {
        Some(source) => Attributes::read(source, &FINE_TYPES, mode, &mut skipped)?,
        None => Attributes::default(),
    };
    let mut reader = Reader {
        mode,
        skipped,
        records: Vec::new(),
        index: PictureIndex::default(),
        categories: &categories,
        attributes: &attributes,
    };
    let mut splits = 0;
    for (split, name) in SPLITS {
        if let Some(source) = open(&format!("{name}.txt"))? {
            splits += 1;
            let rows = reader.pictures(source, split)?;
            for column in Column::ALL {
                if let Some(source) = open(&column.file_name(name))? {
                    reader.aligned(source, column, &rows)?;
                }
            }
        }
    }
    if splits == 0 {
        return Err(FormatError::Invalid(whole_file(
            folder,
            "has no train.txt, val.txt or test.txt",
            "name the folder that has the data set's Anno_fine and Img",
        )));
    }
    let Reader {
        skipped, records, ..
    } = reader;
    Ok(Loaded {
        value: DataSet {
            extra: column_order(&attributes),
            categories: categories.categories,
            attributes: attributes.vocabulary,
            landmark_schemas: landmark_schemas(),
            records,
            ..DataSet::default()
        },
        skipped,
    })
}

/// `x y` of eight points.
type Points = [[f32; 2]; LANDMARK_COLUMNS / 2];

/// What one line of an aligned file says.
enum Value {
    Category(u32),
    Attributes(AttributeLabels),
    Box(BBox),
    Points(Points),
    Landmarks(Landmarks),
}

struct Reader<'a> {
    mode: Mode,
    skipped: Skipped,
    records: Vec<Record>,
    index: PictureIndex,
    categories: &'a Categories,
    attributes: &'a Attributes,
}

impl Reader<'_> {
    /// The pictures of one split; gives the record of each line, `None` for a line left out.
    fn pictures(
        &mut self,
        source: Source<'_>,
        split: Split,
    ) -> Result<Vec<Option<usize>>, FormatError> {
        let path = source.path.clone();
        let mut rows = Vec::new();
        let Self {
            mode,
            skipped,
            records,
            index,
            ..
        } = self;
        let count = each_line(
            source,
            *mode,
            skipped,
            |_| Ok(()),
            |row, line, ()| {
                let (path, rest) = first_token(line);
                if !rest.trim_ascii().is_empty() {
                    return Err(Problem::new(
                        "has more on it than a path",
                        "write a picture a line",
                    ));
                }
                let path = picture_path(path)?;
                index.insert(records, path)?;
                rows.resize(row, None);
                rows.push(Some(records.len()));
                records.push(Record {
                    image: ImageFile {
                        path: path.to_owned(),
                        size: None,
                    },
                    objects: vec![Object::default()],
                    split: Some(split),
                    ..Record::default()
                });
                Ok(())
            },
        )?;
        if count == 0 {
            skipped.note(
                *mode,
                whole_file(&path, "is empty: expected a picture on each line", REMEDY),
            )?;
        }
        rows.resize(count, None);
        Ok(rows)
    }

    fn aligned(
        &mut self,
        source: Source<'_>,
        column: Column,
        rows: &[Option<usize>],
    ) -> Result<(), FormatError> {
        let path = source.path.clone();
        let (categories, attributes) = (self.categories, self.attributes);
        let parse = |line: &[u8]| match column {
            Column::Category => one_token(line)
                .and_then(|token| categories.by_label(token))
                .map(Value::Category),
            Column::Attributes => {
                let len = attributes.vocabulary.len();
                rows::attributes(line, &attributes.of_column, len, Flags::Binary)
                    .map(Value::Attributes)
            }
            Column::Box => rows::bbox(line).map(Value::Box),
            Column::Landmarks => pairs(line).map(Value::Points),
        };
        // Held until the count of lines is known to be right.
        let mut values = Vec::new();
        let Self {
            mode,
            skipped,
            records,
            ..
        } = self;
        let count = each_line(source, *mode, skipped, parse, |row, _, value| {
            if let Some(Some(record)) = rows.get(row) {
                let value = match value {
                    Value::Points(points) => {
                        let category = records[*record].objects[0].category;
                        Value::Landmarks(landmarks(&points, category, categories)?)
                    }
                    other => other,
                };
                values.push((*record, value));
            }
            Ok(())
        })?;
        if count != rows.len() {
            let problem = format!("has {count} lines, its split has {} pictures", rows.len());
            return skipped.note(*mode, whole_file(&path, problem, REMEDY));
        }
        for (record, value) in values {
            let object = &mut records[record].objects[0];
            match value {
                Value::Category(category) => object.category = Some(category),
                Value::Attributes(attributes) => object.attributes = attributes,
                Value::Box(bbox) => object.bbox = Some(bbox),
                Value::Landmarks(landmarks) => object.landmarks = Some(landmarks),
                // Made landmarks above.
                Value::Points(_) => {}
            }
        }
        Ok(())
    }
}

/// Parses lines in parallel and takes them in order with their row, from 0. Blank lines are rows
/// (the next ones would otherwise be another picture's) and findings, except at the end. Gives the
/// count of rows.
fn each_line<T: Send>(
    source: Source<'_>,
    mode: Mode,
    skipped: &mut Skipped,
    parse: impl Fn(&[u8]) -> Result<T, Problem> + Sync,
    mut take: impl FnMut(usize, &[u8], T) -> Result<(), Problem>,
) -> Result<usize, FormatError> {
    let Source { path, bytes } = source;
    let mut rows = 0;
    for_each_line(
        bytes,
        &path,
        |_, line| (!line.trim_ascii().is_empty()).then(|| parse(line)),
        |number, line, value| {
            let Some(value) = value else { return Ok(()) };
            for blank in rows + 1..number {
                skipped.note(mode, blank_line().at(&path, Place::Line(blank)))?;
            }
            rows = number;
            match value.and_then(|value| take(number - 1, line, value)) {
                Ok(()) => Ok(()),
                Err(problem) => problem.note(skipped, mode, &path, Place::Line(number)),
            }
        },
    )?;
    Ok(rows)
}

fn one_token(line: &[u8]) -> Result<&[u8], Problem> {
    let mut found = tokens(line);
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(wrong_columns(tokens(line).count(), "1, the category label")),
    }
}

fn pairs(line: &[u8]) -> Result<Points, Problem> {
    let count = tokens(line).count();
    if count != LANDMARK_COLUMNS {
        return Err(wrong_columns(
            count,
            "16: x y of eight points, those not there 0 0",
        ));
    }
    let mut points = Points::default();
    for (place, token) in tokens(line).enumerate() {
        points[place / 2][place % 2] = coordinate(token)?;
    }
    Ok(points)
}

fn landmarks(
    points: &Points,
    category: Option<u32>,
    categories: &Categories,
) -> Result<Landmarks, Problem> {
    let kind = category
        .and_then(|index| categories.categories[index as usize].group.as_deref())
        .and_then(Kind::from_name)
        .ok_or_else(|| {
            Problem::new(
                "has landmarks of a picture whose category is not known, so they have no names",
                "put the split's _cate.txt and list_category_cloth.txt beside it, or take the landmarks away",
            )
        })?;
    let (own, padding) = points.split_at(kind.points().len());
    if let Some(place) = padding.iter().position(|point| *point != [0.0; 2]) {
        let (name, own) = (kind.name(), own.len());
        return Err(Problem::new(
            format!(
                "has point {} of {name}-body clothes, which have {own}",
                own + place + 1
            ),
            "correct the line, or the picture's category",
        ));
    }
    let points = own
        .iter()
        .map(|&[x, y]| {
            if [x, y] == [0.0; 2] {
                Ok(Landmark::ABSENT)
            } else {
                rows::point(x, y, Visibility::Visible)
            }
        })
        .collect::<Result<_, _>>()?;
    Ok(Landmarks {
        schema: kind as u16,
        points,
    })
}
