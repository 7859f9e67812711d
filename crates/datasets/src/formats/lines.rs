//! Line files of any length: read in blocks, parsed in parallel, handed over in order.
//!
//! Memory is two blocks and one block's results, whatever the file's length. While one block is
//! parsed by all threads the next is read.

use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

use super::{Finding, FormatError, Place};

/// Bytes read at a time: some 1,200 rows of 1,000 attributes, work enough for every thread.
const BLOCK: usize = 4 << 20;

/// The longest line taken for one; DeepFashion's longest, 1,000 attributes, has some 3,100 bytes.
const LONGEST_LINE: usize = 1 << 20;

/// The smallest piece of work handed to a thread.
const LINES_A_TASK: usize = 32;

/// Runs `parse` on every line in parallel and `take` on the results in the lines' order. Both get
/// the line's number, from 1, and its bytes without the end; `\r\n` counts as an end, and so does
/// the end of the file. A byte order mark is dropped. Gives the count of lines.
pub(crate) fn for_each_line<T: Send>(
    source: impl Read + Send,
    path: &Path,
    parse: impl Fn(usize, &[u8]) -> T + Sync,
    take: impl FnMut(usize, &[u8], T) -> Result<(), FormatError>,
) -> Result<usize, FormatError> {
    with_block(BLOCK, source, path, parse, take)
}

fn with_block<T: Send>(
    block: usize,
    source: impl Read + Send,
    path: &Path,
    parse: impl Fn(usize, &[u8]) -> T + Sync,
    mut take: impl FnMut(usize, &[u8], T) -> Result<(), FormatError>,
) -> Result<usize, FormatError> {
    let mut blocks = Blocks {
        source,
        path,
        block,
        carry: Vec::new(),
        at_start: true,
        ended: false,
    };
    let mut lines = 0;
    let mut current = Vec::new();
    let mut next = Vec::new();
    blocks.fill(&mut current, lines)?;
    while !current.is_empty() {
        let places = split(&current);
        let first = lines + 1;
        let one = |(index, &(from, to)): (usize, &(usize, usize))| {
            parse(first + index, &current[from..to])
        };
        let before = lines + places.len();
        let (parsed, filled): (Vec<T>, _) = if places.len() <= LINES_A_TASK {
            // Waking other threads would take longer than the work.
            let parsed = places.iter().enumerate().map(one).collect();
            (parsed, blocks.fill(&mut next, before))
        } else {
            rayon::join(
                || {
                    let places = places.par_iter().with_min_len(LINES_A_TASK);
                    places.enumerate().map(one).collect()
                },
                || blocks.fill(&mut next, before),
            )
        };
        for (&(from, to), value) in places.iter().zip(parsed) {
            lines += 1;
            take(lines, &current[from..to], value)?;
        }
        // After the lines before it: the first thing wrong is the one to report.
        filled?;
        std::mem::swap(&mut current, &mut next);
    }
    Ok(lines)
}

struct Blocks<'a, R> {
    source: R,
    path: &'a Path,
    block: usize,
    /// The beginning of a line whose end has not been read yet.
    carry: Vec<u8>,
    at_start: bool,
    ended: bool,
}

impl<R: Read> Blocks<'_, R> {
    /// Whole lines into `out`; nothing when the file has ended.
    fn fill(&mut self, out: &mut Vec<u8>, lines_before: usize) -> Result<(), FormatError> {
        out.clear();
        out.append(&mut self.carry);
        while !self.ended {
            self.read_block(out)?;
            match memchr::memrchr(b'\n', out) {
                Some(end) => {
                    self.carry.extend_from_slice(&out[end + 1..]);
                    out.truncate(end + 1);
                    self.check_length(self.carry.len(), lines_before + count_lines(out) + 1)?;
                    return Ok(());
                }
                None => self.check_length(out.len(), lines_before + 1)?,
            }
        }
        Ok(())
    }

    fn read_block(&mut self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        // Grows with what is there: a list of ten lines takes no block.
        let read = self
            .source
            .by_ref()
            .take(self.block as u64)
            .read_to_end(out)
            .map_err(|source| FormatError::Unreadable {
                path: self.path.to_path_buf(),
                source,
            })?;
        self.ended = read < self.block;
        if std::mem::take(&mut self.at_start) && out.starts_with(b"\xEF\xBB\xBF") {
            out.drain(..3);
        }
        Ok(())
    }

    fn check_length(&self, length: usize, line: usize) -> Result<(), FormatError> {
        if length <= LONGEST_LINE {
            return Ok(());
        }
        Err(FormatError::Invalid(Finding {
            path: self.path.to_path_buf(),
            place: Place::Line(line),
            problem: format!("is longer than {LONGEST_LINE} bytes, so this is no list of lines"),
            remedy: "copy or download the file again".into(),
        }))
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Where each line begins and ends, without its end.
fn split(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut from = 0;
    let ends = memchr::memchr_iter(b'\n', bytes)
        .chain((bytes.last() != Some(&b'\n')).then_some(bytes.len()));
    for end in ends {
        let to = end - usize::from(end > from && bytes[end - 1] == b'\r');
        places.push((from, to));
        from = end + 1;
    }
    places
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(block: usize, bytes: &[u8]) -> Result<Vec<(usize, String)>, FormatError> {
        let mut found = Vec::new();
        let count = with_block(
            block,
            bytes,
            Path::new("list.txt"),
            |number, line| (number, line.len()),
            |number, line, (parsed_number, length)| {
                assert_eq!((parsed_number, length), (number, line.len()));
                found.push((number, String::from_utf8_lossy(line).into_owned()));
                Ok(())
            },
        )?;
        assert_eq!(count, found.len());
        Ok(found)
    }

    #[test]
    fn lines_are_the_same_whatever_the_block() {
        let text = "3\r\nname  type\n\nlong long line\r\n\nlast";
        let expected: Vec<(usize, String)> = ["3", "name  type", "", "long long line", "", "last"]
            .iter()
            .enumerate()
            .map(|(index, line)| (index + 1, (*line).to_owned()))
            .collect();
        for block in 3..40 {
            assert_eq!(lines(block, text.as_bytes()).unwrap(), expected, "{block}");
        }
        let ended = format!("\u{feff}{text}\n");
        assert_eq!(lines(4, ended.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn many_lines_come_in_order_whatever_the_block() {
        let text: String = (1..=5000).map(|number| number.to_string() + "\n").collect();
        // Blocks of some 10 lines, parsed here, and of some 200 and all, parsed by all threads.
        for block in [50, 1000, 1 << 20] {
            let found = lines(block, text.as_bytes()).unwrap();
            assert_eq!(found.len(), 5000);
            assert!(
                found
                    .iter()
                    .all(|(number, line)| *line == number.to_string()),
                "{block}"
            );
        }
    }

    #[test]
    fn an_empty_file_has_no_line() {
        assert!(lines(8, b"").unwrap().is_empty());
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let mut bytes = b"1\nheader\n".to_vec();
        bytes.resize(3 * LONGEST_LINE, b'x');
        for block in [1000, 1 << 20, BLOCK] {
            let error = lines(block, &bytes).unwrap_err().to_string();
            assert!(
                error.contains("list.txt, line 3: is longer than 1048576 bytes"),
                "{block}: {error}"
            );
        }
    }

    #[test]
    fn a_reader_that_fails_is_named() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("cable pulled"))
            }
        }
        let error = for_each_line(Broken, Path::new("list.txt"), |_, _| (), |_, _, ()| Ok(()))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "list.txt: cannot be read: cable pulled");
    }
}
