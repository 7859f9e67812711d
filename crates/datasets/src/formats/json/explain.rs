//! What is wrong with a JSON text, and where, in words.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::error::Category;

use super::BYTE_ORDER_MARK;
use super::stream::BLOCK;
use crate::formats::{Finding, FormatError, Place};

pub(super) const TYPE_REMEDY: &str = "write the value as the format has it";

pub(super) fn unreadable(path: &Path, error: serde_json::Error) -> FormatError {
    let (line, column) = (error.line(), error.column());
    if error.is_io() {
        return FormatError::Unreadable {
            path: path.to_path_buf(),
            source: error.into(),
        };
    }
    let (what, remedy) = explain(&error, &around_in_file(path, line, column));
    FormatError::Invalid(Finding {
        path: path.to_path_buf(),
        place: Place::Line(line),
        problem: format!("column {column}: {what}"),
        remedy,
    })
}

pub(super) fn explain(error: &serde_json::Error, around: &str) -> (String, String) {
    let not_finite = ["NaN", "Infinity"]
        .into_iter()
        .find(|word| around.contains(word));
    match (error.classify(), not_finite) {
        (Category::Eof, _) => (
            "the file ends before its JSON does".into(),
            "copy or download it again".into(),
        ),
        (_, Some(word)) => (
            format!("`{word}` is no JSON number"),
            "write a finite number or leave the entry out".into(),
        ),
        (Category::Syntax, None) => (
            format!("{} at `{around}`", without_position(error)),
            "mend the JSON there".into(),
        ),
        (_, None) => (without_position(error), TYPE_REMEDY.into()),
    }
}

/// serde_json ends its messages with a position that is relative to the text it was given.
pub(super) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// Bytes shown from before and behind a syntax error.
const SHOWN: [usize; 2] = [4, 12];

pub(super) fn around(bytes: &[u8], line: usize, column: usize) -> String {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    show(line, column)
}

fn show(line: &[u8], column: usize) -> String {
    let from = column.saturating_sub(SHOWN[0]).min(line.len());
    let to = column.saturating_add(SHOWN[1]).min(line.len());
    String::from_utf8_lossy(&line[from..to]).into_owned()
}

/// The same in a file that is too large to hold; empty where it cannot be read again.
fn around_in_file(path: &Path, line: usize, column: usize) -> String {
    let window = || -> std::io::Result<String> {
        let mut reader = BufReader::with_capacity(BLOCK, std::fs::File::open(path)?);
        // It is not counted in columns.
        if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        for _ in 1..line {
            reader.skip_until(b'\n')?;
        }
        let from = column.saturating_sub(SHOWN[0]);
        std::io::copy(&mut reader.by_ref().take(from as u64), &mut std::io::sink())?;
        let mut shown = Vec::new();
        reader
            .take((SHOWN[0] + SHOWN[1]) as u64)
            .read_to_end(&mut shown)?;
        Ok(String::from_utf8_lossy(&shown).into_owned())
    };
    window().unwrap_or_default()
}
