//! `question.csv` of the test, and the submission that answers it.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::super::deepfashion::{Problem, shown};
use super::super::{FormatError, Loaded, Mode, Skipped, extra};
use super::rows::{fields, for_each_row, write_rows};
use super::{Dimension, NAME, vocabulary};
use crate::error::OutputError;
use crate::sample::{AttributeLabels, DataSet, Extra, ImageFile, Object, Record};

/// What is asked of one picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// The picture, relative to the folder that has `Tests` and `Images` in it.
    pub path: String,
    /// What is to be said of it.
    pub dimension: Dimension,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The picture, as the question names it.
    pub path: String,
    /// What is said of it.
    pub dimension: Dimension,
    /// A probability in 0 … 1 for each of [`Dimension::values`]. Their sum is not looked at: the
    /// metric takes the largest alone.
    pub probabilities: Vec<f32>,
}

/// Reads `rank/Tests/question.csv`: rows `path,key,` (the last comma may be missing).
///
/// # Errors
/// [`FormatError`]: the file cannot be read, and in strict mode the first row that is no question
/// or is one asked before.
pub fn read_questions(
    file: impl AsRef<Path>,
    mode: Mode,
) -> Result<Loaded<Vec<Question>>, FormatError> {
    let file = file.as_ref();
    read_questions_from(open(file)?, file, mode)
}

/// Reads questions from anywhere; `name` is for messages.
///
/// # Errors
/// As [`read_questions`].
pub fn read_questions_from(
    source: impl Read,
    name: &Path,
    mode: Mode,
) -> Result<Loaded<Vec<Question>>, FormatError> {
    let mut skipped = Skipped::default();
    let mut value = Vec::new();
    let mut asked = HashSet::new();
    for_each_row(source, name, mode, &mut skipped, |row| {
        let mut row = row.clone();
        if row.len() == 2 {
            row.push_field(b"");
        }
        let (path, dimension, answer) = fields(&row, "nothing")?;
        if !answer.is_empty() {
            return Err(Problem::new(
                format!(
                    "`{}` is an answer: expected nothing after the second comma",
                    shown(answer)
                ),
                "read labels and submissions as what they are",
            ));
        }
        let question = Question {
            path: path.to_owned(),
            dimension,
        };
        once(&mut asked, &question)?;
        value.push(question);
        Ok(())
    })?;
    Ok(Loaded { value, skipped })
}

/// The pictures asked about as records, each once, in the order of the questions: one object without a
/// judgement. What is asked is in [`Record::extra`], under `fashionai`: `{"asked": ["coat_length_labels"]}`.
/// [`DataSet::root`] is empty.
///
/// ```
/// use wardrobe_datasets::formats::fashionai::{Dimension, Question, questions_as_set};
/// let ask = |dimension| Question { path: "Images/a.jpg".into(), dimension };
/// let set = questions_as_set(&[ask(Dimension::CoatLength), ask(Dimension::SleeveLength)]);
/// assert_eq!(set.records.len(), 1);
/// let asked = &set.records[0].extra.as_ref().unwrap()["fashionai"]["asked"];
/// assert_eq!(asked[1], "sleeve_length_labels");
/// ```
pub fn questions_as_set(questions: &[Question]) -> DataSet {
    let attributes = vocabulary();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut asked: Vec<(&str, Vec<Value>)> = Vec::new();
    for question in questions {
        let place = *places.entry(&question.path).or_insert_with(|| {
            asked.push((&question.path, Vec::new()));
            asked.len() - 1
        });
        asked[place].1.push(question.dimension.key().into());
    }
    let record = |(path, keys): (&str, Vec<Value>)| Record {
        image: ImageFile {
            path: path.to_owned(),
            size: None,
        },
        objects: vec![Object {
            attributes: AttributeLabels::unknown(attributes.len()),
            ..Object::default()
        }],
        extra: extra::keep(NAME, Extra::from_iter([("asked".to_owned(), keys.into())])),
        ..Record::default()
    };
    DataSet {
        records: asked.into_iter().map(record).collect(),
        attributes,
        ..DataSet::default()
    }
}

/// Writes questions as rows `path,key,`.
///
/// # Errors
/// [`FormatError::Output`] when the file cannot be written.
pub fn write_questions(questions: &[Question], file: impl AsRef<Path>) -> Result<(), FormatError> {
    let rows = questions
        .iter()
        .map(|question| (question.path.as_str(), question.dimension, String::new()));
    Ok(write_rows(file.as_ref(), rows)?)
}

/// Reads a submission: rows `path,key,p0;p1;…`.
///
/// # Errors
/// [`FormatError`]: the file cannot be read, and in strict mode the first row that has not a
/// probability for each value, or answers a question a second time.
pub fn read_submission(
    file: impl AsRef<Path>,
    mode: Mode,
) -> Result<Loaded<Vec<Prediction>>, FormatError> {
    let file = file.as_ref();
    read_submission_from(open(file)?, file, mode)
}

/// Reads a submission from anywhere; `name` is for messages.
///
/// # Errors
/// As [`read_submission`].
pub fn read_submission_from(
    source: impl Read,
    name: &Path,
    mode: Mode,
) -> Result<Loaded<Vec<Prediction>>, FormatError> {
    let mut skipped = Skipped::default();
    let mut value = Vec::new();
    let mut answered = HashSet::new();
    for_each_row(source, name, mode, &mut skipped, |row| {
        let (path, dimension, written) = fields(row, "p0;p1;…")?;
        let probabilities = written
            .split(|&byte| byte == b';')
            .map(probability)
            .collect::<Result<Vec<_>, _>>()?;
        let expected = dimension.values().len();
        if probabilities.len() != expected {
            return Err(Problem::new(
                format!(
                    "has {} probabilities, {dimension} has {expected} values",
                    probabilities.len()
                ),
                "write one for each value, divided by semicolons",
            ));
        }
        let question = Question {
            path: path.to_owned(),
            dimension,
        };
        once(&mut answered, &question)?;
        let Question { path, dimension } = question;
        value.push(Prediction {
            path,
            dimension,
            probabilities,
        });
        Ok(())
    })?;
    Ok(Loaded { value, skipped })
}

/// Writes a submission; every probability reads back as the same `f32`.
///
/// # Errors
/// [`FormatError::Output`]: a prediction has not one probability in 0 … 1 for each value (it is
/// named, and no file is written), or the file cannot be written.
pub fn write_submission(
    predictions: &[Prediction],
    file: impl AsRef<Path>,
) -> Result<(), FormatError> {
    for (row, prediction) in predictions.iter().enumerate() {
        let Prediction {
            path,
            dimension,
            probabilities,
        } = prediction;
        let expected = dimension.values().len();
        let bad = probabilities
            .iter()
            .find(|probability| !(0.0..=1.0).contains(*probability));
        let what = match bad {
            Some(bad) => format!("the probability {bad}; expected 0 to 1"),
            None if probabilities.len() != expected => {
                format!(
                    "{} probabilities; {dimension} has {expected} values",
                    probabilities.len()
                )
            }
            None => continue,
        };
        return Err(FormatError::Output(OutputError::Unrepresentable {
            path: file.as_ref().to_path_buf(),
            what: format!("prediction {} (`{path}`) has {what}", row + 1),
        }));
    }
    let rows = predictions.iter().map(|prediction| {
        let written: Vec<String> = prediction
            .probabilities
            .iter()
            .map(ToString::to_string)
            .collect();
        (
            prediction.path.as_str(),
            prediction.dimension,
            written.join(";"),
        )
    });
    Ok(write_rows(file.as_ref(), rows)?)
}

fn open(file: &Path) -> Result<File, FormatError> {
    File::open(file).map_err(|source| FormatError::Unreadable {
        path: file.to_path_buf(),
        source,
    })
}

fn once(seen: &mut HashSet<Question>, question: &Question) -> Result<(), Problem> {
    let Question { path, dimension } = question;
    if seen.insert(question.clone()) {
        return Ok(());
    }
    Err(Problem::new(
        format!("the picture `{path}` already has {dimension} on a line above"),
        "remove one of the lines",
    ))
}

fn probability(written: &[u8]) -> Result<f32, Problem> {
    std::str::from_utf8(written.trim_ascii())
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|probability| (0.0..=1.0).contains(probability))
        .ok_or_else(|| {
            Problem::new(
                format!("`{}` is no probability: expected 0 to 1", shown(written)),
                "divide the probabilities by semicolons",
            )
        })
}
