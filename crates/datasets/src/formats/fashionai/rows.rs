//! What the files share: comma-separated rows without a header, about a picture and a dimension.

use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, Writer, WriterBuilder};

use super::super::deepfashion::{Problem, picture_path, shown};
use super::super::rows::Rows;
use super::super::{FormatError, Mode, Place, Skipped};
use super::Dimension;
use crate::atomic_file::AtomicFile;
use crate::error::OutputError;

/// The longest file read. The competition's largest, the training labels, has 8 MB; the limit keeps
/// a file with one endless field out of memory.
const LONGEST_FILE: u64 = 1 << 28;

/// A reader that fails past [`LONGEST_FILE`].
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!(
                "it has more than {LONGEST_FILE} bytes, so this is no list of labels"
            ))
        })?;
        Ok(read)
    }
}

/// Gives every row, as `parse` understands it; blank lines are passed over. Gives the count of rows.
pub(super) fn for_each_row(
    source: impl Read,
    path: &Path,
    mode: Mode,
    skipped: &mut Skipped,
    mut parse: impl FnMut(&ByteRecord) -> Result<(), Problem>,
) -> Result<usize, FormatError> {
    let source = Limited {
        inner: source,
        left: LONGEST_FILE,
    };
    let mut source = Rows::of(source);
    let mut row = ByteRecord::new();
    let mut rows = 0;
    while let Some(line) = source
        .read(&mut row)
        .map_err(|error| unreadable(error, path))?
    {
        rows += 1;
        if let Err(problem) = parse(&row) {
            skipped.note(mode, problem.at(path, Place::Line(line)))?;
        }
    }
    if rows == 0 {
        let problem = Problem::new(
            "is empty: expected a row for each picture",
            "copy or download it again",
        );
        skipped.note(mode, problem.at(path, Place::File))?;
    }
    Ok(rows)
}

fn unreadable(error: csv::Error, path: &Path) -> FormatError {
    let text = error.to_string();
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        _ => io::Error::other(text),
    };
    FormatError::Unreadable {
        path: path.to_path_buf(),
        source,
    }
}

/// Path, dimension and the third field.
pub(super) fn fields<'a>(
    row: &'a ByteRecord,
    third: &str,
) -> Result<(&'a str, Dimension, &'a [u8]), Problem> {
    let (Some(path), Some(key), Some(value), 3) = (row.get(0), row.get(1), row.get(2), row.len())
    else {
        return Err(Problem::new(
            format!("has {} columns, expected 3: path,key,{third}", row.len()),
            "correct or remove the line",
        ));
    };
    let path = picture_path(path.trim_ascii())?;
    let dimension = std::str::from_utf8(key.trim_ascii())
        .ok()
        .and_then(Dimension::from_key)
        .ok_or_else(|| {
            Problem::new(
                format!("`{}` is no dimension", shown(key)),
                "write one of the eight keys, such as collar_design_labels",
            )
        })?;
    Ok((path, dimension, value.trim_ascii()))
}

/// Writes rows of three fields; the file appears when all are written.
pub(super) fn write_rows<'a>(
    path: &Path,
    rows: impl IntoIterator<Item = (&'a str, Dimension, String)>,
) -> Result<(), OutputError> {
    let unwritable = |source: io::Error| OutputError::Unwritable {
        path: path.to_path_buf(),
        source,
    };
    let mut writer: Writer<AtomicFile> = WriterBuilder::new()
        .has_headers(false)
        .from_writer(AtomicFile::create(path)?);
    for (picture, dimension, value) in rows {
        writer
            .write_record([picture, dimension.key(), &value])
            .map_err(|error| unwritable(error.into()))?;
    }
    let file = writer
        .into_inner()
        .map_err(|error| unwritable(error.into_error()))?;
    file.finish()
}
