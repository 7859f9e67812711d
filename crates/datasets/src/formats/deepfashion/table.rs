//! What all lists share: a count on line 1, a header on line 2, then rows.

use std::path::Path;

use super::super::lines::for_each_line;
use super::super::{Finding, FormatError, Mode, Place, Skipped};
use super::fields::{Problem, first_token, shown, whole_number};
use super::lists::Source;

/// Parses the rows of a list in parallel and takes them in order.
///
/// `parse` gets a row; `take` gets it again with its number from 0 and the value, and may have a
/// problem of its own. Blank lines at the end are no rows; between rows they are findings. Gives
/// the count of rows, bad ones included.
pub(super) fn for_each_row<T: Send>(
    source: Source<'_>,
    first_heading: &str,
    mode: Mode,
    skipped: &mut Skipped,
    parse: impl Fn(&[u8]) -> Result<T, Problem> + Sync,
    mut take: impl FnMut(usize, &[u8], T) -> Result<(), Problem>,
) -> Result<usize, FormatError> {
    let Source { path, bytes } = source;
    let mut table = Table {
        path: &path,
        first_heading,
        mode,
        skipped,
        count: None,
        blank: None,
        rows: 0,
    };
    let lines = for_each_line(
        bytes,
        &path,
        |number, line| classify(number, line, first_heading, &parse),
        |number, line, found| table.take(number, line, found, &mut take),
    )?;
    table.finish(lines)
}

enum Line<T> {
    Count,
    Header,
    Blank,
    Row(Result<T, Problem>),
}

fn classify<T>(
    number: usize,
    line: &[u8],
    first_heading: &str,
    parse: impl Fn(&[u8]) -> Result<T, Problem>,
) -> Line<T> {
    if number == 1 {
        Line::Count
    } else if number == 2 && first_token(line).0 == first_heading.as_bytes() {
        Line::Header
    } else if line.trim_ascii().is_empty() {
        Line::Blank
    } else {
        Line::Row(parse(line))
    }
}

struct Table<'a> {
    path: &'a Path,
    first_heading: &'a str,
    mode: Mode,
    skipped: &'a mut Skipped,
    /// Line 1.
    count: Option<u32>,
    /// The first of the blank lines just read, which are only wrong if a row follows.
    blank: Option<usize>,
    rows: usize,
}

impl Table<'_> {
    fn note(&mut self, place: Place, problem: Problem) -> Result<(), FormatError> {
        problem.note(self.skipped, self.mode, self.path, place)
    }

    fn take<T>(
        &mut self,
        number: usize,
        line: &[u8],
        found: Line<T>,
        take: impl FnOnce(usize, &[u8], T) -> Result<(), Problem>,
    ) -> Result<(), FormatError> {
        if number == 2 && !matches!(found, Line::Header) {
            let expected = format!(
                "is no header: expected one that begins with `{}`",
                self.first_heading
            );
            self.note(
                Place::Line(2),
                Problem::new(expected, "put the header back; rows begin on line 3"),
            )?;
        }
        match found {
            Line::Count => {
                self.count = whole_number(line.trim_ascii());
                if self.count.is_none() {
                    let found = format!("`{}` is no count of rows", shown(line.trim_ascii()));
                    self.note(
                        Place::Line(1),
                        Problem::new(found, "put the count of rows on line 1"),
                    )?;
                }
            }
            Line::Header => {}
            Line::Blank => {
                self.blank.get_or_insert(number);
            }
            Line::Row(value) => {
                for blank in self.blank.take().map_or(0..0, |first| first..number) {
                    self.note(Place::Line(blank), blank_line())?;
                }
                let row = self.rows;
                self.rows += 1;
                if let Err(problem) = value.and_then(|value| take(row, line, value)) {
                    self.note(Place::Line(number), problem)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, lines: usize) -> Result<usize, FormatError> {
        let remedy = "copy or download the file again";
        if lines < 2 {
            let found = if lines == 0 {
                "is empty: expected a count, a header and rows"
            } else {
                "ends after line 1: expected a header and rows"
            };
            self.note(Place::File, Problem::new(found, remedy))?;
        } else if let Some(count) = self.count
            && count as usize != self.rows
        {
            let found = format!("announces {count} rows, the file has {}", self.rows);
            self.note(
                Place::Line(1),
                Problem::new(found, format!("{remedy}, or correct the count")),
            )?;
        }
        Ok(self.rows)
    }
}

pub(super) fn blank_line() -> Problem {
    Problem::new("is blank", "remove the line or fill it in")
}

/// A finding about a file as a whole.
pub(super) fn whole_file(
    path: &Path,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Problem::new(problem, remedy).at(path, Place::File)
}
