//! What a reader notes while it reads: problems without a place, which become findings.

use std::fmt;
use std::path::Path;

use super::{Finding, FormatError, Mode, Place, Skipped};

/// Something wrong in an entry whose place only the caller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where in the entry, such as `bbox` or `segmentation[0]`, or `line 3` of a text; empty for the
    /// entry itself.
    pub field: String,
    /// What was found and what was expected.
    pub what: String,
    /// What the owner of the file can do.
    pub remedy: String,
    /// Whether it is a box that may have been written in another form than the format's.
    pub other_form: bool,
}

impl Problem {
    pub fn new(
        field: impl Into<String>,
        what: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            what: what.to_string(),
            remedy: remedy.into(),
            other_form: false,
        }
    }

    /// The same problem, of a box that may have been written in another form than the format's: the
    /// remedy asks whether it was.
    pub fn of_other_form(mut self, question: impl fmt::Display) -> Self {
        self.remedy = format!("{}; {question}", self.remedy);
        self.other_form = true;
        self
    }

    /// The same problem, seen from the entry at `place`.
    pub fn within(mut self, place: &str) -> Self {
        let joint = if place.is_empty() || self.field.is_empty() || self.field.starts_with('[') {
            ""
        } else {
            "."
        };
        self.field = format!("{place}{joint}{}", self.field);
        self
    }

    pub fn finding(self, path: &Path) -> Finding {
        let line = self
            .field
            .strip_prefix("line ")
            .and_then(|line| line.parse().ok());
        Finding {
            path: path.to_path_buf(),
            place: match line {
                Some(line) => Place::Line(line),
                None if self.field.is_empty() => Place::File,
                None => Place::Entry(self.field),
            },
            problem: self.what,
            remedy: self.remedy,
        }
    }
}

/// The mode of a reader, and what it has left out so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub mode: Mode,
    pub skipped: Skipped,
}

impl Report {
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            skipped: Skipped::default(),
        }
    }

    /// In strict mode the problem is the error; in lenient mode it is counted.
    pub fn note(&mut self, path: &Path, problem: Problem) -> Result<(), FormatError> {
        let other_form = problem.other_form;
        self.skipped
            .note_entry(self.mode, problem.finding(path), other_form)
    }
}

/// The value of a field that an entry must have.
pub(crate) fn need<T>(value: Option<T>, field: &'static str) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::new("", format!("has no `{field}`"), format!("add `{field}`")))
}
