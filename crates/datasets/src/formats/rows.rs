//! Comma-separated rows without a header, and the line of each.

use std::io::{Chain, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

/// Rows of any number of fields; carriage returns stay at the end of the last one.
pub(crate) struct Rows<R> {
    reader: Reader<Chain<R, &'static [u8]>>,
}

impl<R: Read> Rows<R> {
    pub fn of(source: R) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // The reader counts newlines. Of "\r\n" it would end the row at the first and count the second with the next.
            .terminator(Terminator::Any(b'\n'))
            .from_reader(source.chain(b"\n".as_slice()));
        Self { reader }
    }

    /// Reads the next row that is not blank. Gives its line, from 1: the last one, where a quoted field spans several.
    pub fn read(&mut self, row: &mut ByteRecord) -> csv::Result<Option<usize>> {
        while self.reader.read_byte_record(row)? {
            let blank = row.len() == 1 && row[0].trim_ascii().is_empty();
            if !blank {
                // Every row ends with a newline, of which the source has one more than it needs.
                return Ok(Some(self.reader.position().line() as usize - 1));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(text: &str) -> Vec<(usize, String)> {
        let mut rows = Rows::of(text.as_bytes());
        let mut row = ByteRecord::new();
        let mut found = Vec::new();
        while let Some(line) = rows.read(&mut row).unwrap() {
            let first = String::from_utf8(row[0].trim_ascii().to_vec()).unwrap();
            found.push((line, first));
        }
        found
    }

    #[test]
    fn rows_know_their_lines() {
        let row = |line: usize, name: &str| (line, name.to_owned());
        for end in ["\n", "\r\n"] {
            for last in ["", end] {
                let text = ["a,1", "b", "", " ", "c,2,3"].join(end) + last;
                assert_eq!(lines(&text), [row(1, "a"), row(2, "b"), row(5, "c")]);
            }
        }
        assert_eq!(lines("\"a\nb\",1\nc"), [row(2, "a\nb"), row(3, "c")]);
        assert_eq!(lines(""), []);
        assert_eq!(lines("\n\r\n"), []);
    }
}
