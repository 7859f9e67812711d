//! The fine annotations: `Anno_fine/train.txt` names pictures, and the other files of the split
//! (`train_attr.txt`, `train_cate.txt`, `train_bbox.txt`, `train_landmarks.txt`) have one line for
//! each of them, in the same order and without a header.
//!
//! Attributes are 0 (no) or 1 (yes). Landmarks are `x y` pairs, padded with `0 0` to eight, without
//! visibility: a pair `0 0` is a point that is not there, any other is visible.

use std::path::Path;

use super::super::lines::for_each_line;
use super::super::{FormatError, Loaded, Losses, Mode, Place, Skipped};
use super::fields::{Problem, coordinate, first_token, picture_path, tokens, wrong_columns};
use super::index::PictureIndex;
use super::landmarks::landmark_schemas;
use super::lists::{COARSE, FINE, List, Source, open, picture_root};
use super::read::column_order;
use super::rows::{self, Flags};
use super::table::{blank_line, whole_file};
use super::vocabulary::{Attributes, Categories, FINE_TYPES};
use super::write::{Files, Picture, column_order as order_of, corners, writable, write_attribute_types, write_categories};
use super::{Kind, ReadOptions};
use crate::sample::{DataSet, ImageFile, Judgement, Landmark, Landmarks, Object, Record, Split, Visibility};

/// Columns of a landmarks file: `x y` for as many points as full-body clothes have.
const LANDMARK_COLUMNS: usize = 16;

const REMEDY: &str = "copy or download the split's files again";

const SPLITS: [(Split, &str); 3] = [(Split::Train, "train"), (Split::Validation, "val"), (Split::Test, "test")];

/// The row-aligned files of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Category,
    Attributes,
    Box,
    Landmarks,
}

impl Column {
    const ALL: [Self; 4] = [Self::Category, Self::Attributes, Self::Box, Self::Landmarks];

    fn file_name(self, split: &str) -> String {
        let ending = match self {
            Self::Category => "cate",
            Self::Attributes => "attr",
            Self::Box => "bbox",
            Self::Landmarks => "landmarks",
        };
        format!("{split}_{ending}.txt")
    }

    /// What is lost when the file cannot be written because some picture lacks it.
    const fn lost(self) -> &'static str {
        match self {
            Self::Category => "category of an object",
            Self::Attributes => "attributes of an object",
            Self::Box => "box of an object",
            Self::Landmarks => "landmarks of an object",
        }
    }
}

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
pub fn read(root: &Path, options: &ReadOptions) -> Result<Loaded<DataSet>, FormatError> {
    let mode = options.mode;
    let inside = root.join(FINE);
    let folder = if inside.is_dir() { inside } else { root.to_path_buf() };
    let mut skipped = Skipped::default();
    let categories = match first_of(&[&folder, &root.join(COARSE[0]), &root.join(COARSE[1])], List::Categories)? {
        Some(source) => Categories::read(source, mode, &mut skipped)?,
        None => Categories::default(),
    };
    let attributes = match first_of(&[&folder], List::Attributes)? {
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
        if let Some(source) = open(folder.join(format!("{name}.txt")))? {
            splits += 1;
            let rows = reader.pictures(source, split)?;
            for column in Column::ALL {
                if let Some(source) = open(folder.join(column.file_name(name)))? {
                    reader.aligned(source, column, &rows)?;
                }
            }
        }
    }
    if splits == 0 {
        return Err(FormatError::Invalid(whole_file(
            &folder,
            "has no train.txt, val.txt or test.txt",
            "name the folder that has the data set's Anno_fine and Img",
        )));
    }
    let Reader { skipped, records, .. } = reader;
    Ok(Loaded {
        value: DataSet {
            root: picture_root(root),
            extra: column_order(&attributes),
            categories: categories.categories,
            attributes: attributes.vocabulary,
            landmark_schemas: landmark_schemas(),
            records,
        },
        skipped,
    })
}

fn first_of<'a>(folders: &[&Path], list: List) -> Result<Option<Source<'a>>, FormatError> {
    for folder in folders {
        if let Some(source) = open(folder.join(list.file_name()))? {
            return Ok(Some(source));
        }
    }
    Ok(None)
}

/// `x y` of eight points.
type Points = [[f32; 2]; LANDMARK_COLUMNS / 2];

/// What one line of an aligned file says.
enum Value {
    Category(u32),
    Attributes(crate::sample::AttributeLabels),
    Box(crate::sample::BBox),
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
    fn pictures(&mut self, source: Source<'_>, split: Split) -> Result<Vec<Option<usize>>, FormatError> {
        let path = source.path.clone();
        let mut rows = Vec::new();
        let Self { mode, skipped, records, index, .. } = self;
        let count = each_line(source, *mode, skipped, |_| Ok(()), |row, line, ()| {
            let (path, rest) = first_token(line);
            if !rest.trim_ascii().is_empty() {
                return Err(wrong_columns(tokens(rest).count(), "none"));
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
        })?;
        if count == 0 {
            skipped.note(*mode, whole_file(&path, "is empty: expected a picture on each line", REMEDY))?;
        }
        rows.resize(count, None);
        Ok(rows)
    }

    fn aligned(&mut self, source: Source<'_>, column: Column, rows: &[Option<usize>]) -> Result<(), FormatError> {
        let path = source.path.clone();
        let (categories, attributes) = (self.categories, self.attributes);
        let parse = |line: &[u8]| match column {
            Column::Category => one_token(line)
                .and_then(|token| categories.by_label(token))
                .map(Value::Category),
            Column::Attributes => {
                let len = attributes.vocabulary.len();
                rows::attributes(line, &attributes.of_column, len, Flags::Binary).map(Value::Attributes)
            }
            Column::Box => rows::bbox(line).map(Value::Box),
            Column::Landmarks => pairs(line).map(Value::Points),
        };
        // Held until the count of lines is known to be right.
        let mut values = Vec::new();
        let Self { mode, skipped, records, .. } = self;
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
                Err(problem) => skipped.note(mode, problem.at(&path, Place::Line(number))),
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
        return Err(wrong_columns(count, "16: x y of eight points, those not there 0 0"));
    }
    let mut points = Points::default();
    for (place, token) in tokens(line).enumerate() {
        points[place / 2][place % 2] = coordinate(token)?;
    }
    Ok(points)
}

fn landmarks(points: &Points, category: Option<u32>, categories: &Categories) -> Result<Landmarks, Problem> {
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
            format!("has point {} of {name}-body clothes, which have {own}", own + place + 1),
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
    Ok(Landmarks { schema: kind as u16, points })
}

/// Writes `Anno_fine` below `root`: both vocabularies, and for each split its pictures and aligned
/// files. An aligned file is written when every picture of the split has what it holds.
///
/// Gives what the files cannot hold, such as visibilities, or the boxes of a split in which one
/// picture has none.
///
/// # Errors
/// As [`write`](super::write): files that cannot be written, vocabularies without numbers in the
/// format. Then no file is written.
pub fn write(data: &DataSet, root: &Path) -> Result<Losses, FormatError> {
    let mut losses = Losses::default();
    let pictures = writable(data, &mut losses);
    let folder = root.join(FINE);
    let mut files = Files::default();
    write_categories(data, &mut files.create_at(folder.join(List::Categories.file_name()))?)?;
    if !data.attributes.is_empty() {
        let mut file = files.create_at(folder.join(List::Attributes.file_name()))?;
        write_attribute_types(data, &FINE_TYPES, &mut file)?;
    }
    let order = order_of(data);
    for _ in pictures.iter().filter(|picture| picture.record.split.is_none()) {
        losses.note("picture of no split");
    }
    for (split, name) in SPLITS {
        let pictures: Vec<&Picture<'_>> = pictures
            .iter()
            .filter(|picture| picture.record.split == Some(split))
            .collect();
        if pictures.is_empty() {
            continue;
        }
        let mut file = files.create_at(folder.join(format!("{name}.txt")))?;
        for picture in &pictures {
            file.write(format!("{}\n", picture.record.image.path).as_bytes())?;
        }
        for column in Column::ALL {
            let lines: Vec<Option<String>> = pictures
                .iter()
                .map(|picture| line(picture, column, data, &order))
                .collect();
            if lines.iter().all(Option::is_some) {
                let mut file = files.create_at(folder.join(column.file_name(name)))?;
                for line in lines.iter().flatten() {
                    file.write(format!("{}\n", line.trim_end()).as_bytes())?;
                }
                for picture in &pictures {
                    note_losses(picture, column, &mut losses);
                }
            } else {
                let lost = column.lost();
                lines.iter().flatten().for_each(|_| losses.note(lost));
            }
        }
    }
    files.finish()?;
    Ok(losses)
}

/// What a picture has for an aligned file.
fn line(picture: &Picture<'_>, column: Column, data: &DataSet, order: &[u32]) -> Option<String> {
    let object = picture.object;
    match column {
        Column::Category => Some((picture.category + 1).to_string()),
        Column::Attributes => (object.attributes.len() == order.len() && !order.is_empty()).then(|| {
            let flag = |&index: &u32| match object.attributes.get(index as usize) {
                Judgement::Yes => "1 ",
                Judgement::No | Judgement::Maybe | Judgement::Unknown => "0 ",
            };
            order.iter().map(flag).collect()
        }),
        Column::Box => Some(corners(picture.bbox()?).concat()),
        Column::Landmarks => {
            let kind = picture.kind(data)?;
            // The reader takes the kind from the category.
            let category = data.categories.get(picture.category as usize)?;
            let points = &object.landmarks.as_ref()?.points;
            let written = |point: &Landmark| match point.visibility {
                Visibility::Absent => "0 0 ".to_owned(),
                _ => format!("{} {} ", point.x.round() as u32, point.y.round() as u32),
            };
            let padding = std::iter::repeat_n("0 0 ".to_owned(), LANDMARK_COLUMNS / 2 - points.len());
            (category.group.as_deref() == Some(kind.name()))
                .then(|| points.iter().map(written).chain(padding).collect())
        }
    }
}

fn note_losses(picture: &Picture<'_>, column: Column, losses: &mut Losses) {
    match column {
        Column::Attributes => {
            if picture.object.attributes.with(Judgement::Unknown).next().is_some() {
                losses.note("attributes not judged");
            }
        }
        Column::Landmarks => {
            let points = picture.object.landmarks.iter().flat_map(|landmarks| &landmarks.points);
            let hidden = |point: &Landmark| point.visibility == Visibility::Occluded;
            let corner = |point: &Landmark| {
                point.visibility == Visibility::Visible && point.x.round() == 0.0 && point.y.round() == 0.0
            };
            for point in points {
                if hidden(point) || corner(point) {
                    losses.note("visibility of a landmark");
                }
            }
        }
        Column::Category | Column::Box => {}
    }
}
