//! The columns of a line, from bytes to values.

use super::super::{Finding, FormatError, Mode, Place, Skipped};

use std::path::Path;

/// What is wrong with a line; becomes a [`Finding`] where file and line are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) what: String,
    pub(crate) remedy: String,
    /// Whether it is a box that may have been written in another form.
    pub(crate) other_form: bool,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
            other_form: false,
        }
    }

    /// Notes it as what is wrong at a place.
    pub(crate) fn note(
        self,
        skipped: &mut Skipped,
        mode: Mode,
        path: &Path,
        place: Place,
    ) -> Result<(), FormatError> {
        let other_form = self.other_form;
        skipped.note_entry(mode, self.at(path, place), other_form)
    }

    pub(crate) fn at(self, path: &Path, place: Place) -> Finding {
        Finding {
            path: path.to_path_buf(),
            place,
            problem: self.what,
            remedy: self.remedy,
        }
    }
}

/// Most of a token that is repeated in a message.
const SHOWN: usize = 60;

/// A token for a message: no control characters, not too long.
pub(crate) fn shown(token: &[u8]) -> String {
    let text = String::from_utf8_lossy(token);
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The tokens of a line, which any run of white space divides.
pub(crate) fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|token| !token.is_empty())
}

/// The first token, and what follows it.
pub(crate) fn first_token(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    line.split_at(end)
}

/// The last token, and what precedes it without the space between them.
pub(crate) fn last_token(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii();
    let start = line
        .iter()
        .rposition(u8::is_ascii_whitespace)
        .map_or(0, |space| space + 1);
    (line[..start].trim_ascii_end(), &line[start..])
}

/// A whole number as the lists write it: digits, `007` being 7. At most nine digits.
pub(crate) fn whole_number(token: &[u8]) -> Option<u32> {
    let digits = (1..=9).contains(&token.len()) && token.iter().all(u8::is_ascii_digit);
    digits.then(|| {
        token
            .iter()
            .fold(0, |number, digit| 10 * number + u32::from(digit - b'0'))
    })
}

/// A coordinate: a whole number, or what Rust reads as a finite decimal number.
pub(crate) fn coordinate(token: &[u8]) -> Result<f32, Problem> {
    if let Some(number) = whole_number(token) {
        return Ok(number as f32);
    }
    std::str::from_utf8(token)
        .ok()
        .and_then(|text| text.parse::<f32>().ok())
        .filter(|number| number.is_finite())
        .ok_or_else(|| {
            Problem::new(
                format!("`{}` is no coordinate", shown(token)),
                "write decimal pixels such as 072",
            )
        })
}

/// A picture's path: UTF-8, relative, below the picture folder.
pub(crate) fn picture_path(token: &[u8]) -> Result<&str, Problem> {
    let remedy = "write the path as the picture folder has it, such as img/Blouse/img_00000001.jpg";
    if token.is_empty() {
        return Err(Problem::new("names no picture", remedy));
    }
    let path = std::str::from_utf8(token).map_err(|_| {
        Problem::new(
            format!("`{}` is not UTF-8 text", shown(token)),
            "write the path in UTF-8",
        )
    })?;
    // A list is input: it must not name files elsewhere on the machine.
    let outside = path.starts_with('/')
        || path.contains(['\\', '\0', ':'])
        || path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if outside {
        return Err(Problem::new(
            format!("`{}` is no path below the picture folder", shown(token)),
            remedy,
        ));
    }
    Ok(path)
}

/// The wrong count of values on a line, its picture not counted.
pub(crate) fn wrong_columns(found: usize, expected: &str) -> Problem {
    Problem::new(
        format!("has {found} values, expected {expected}"),
        "compare the line with its neighbours and correct or remove it",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_last_token_is_told_by_any_space() {
        assert_eq!(
            last_token(b"abstract chevron print       1"),
            (&b"abstract chevron print"[..], &b"1"[..])
        );
        assert_eq!(
            last_token(b"abstract chevron print 1 \t"),
            (&b"abstract chevron print"[..], &b"1"[..])
        );
        assert_eq!(last_token(b"alone"), (&b""[..], &b"alone"[..]));
        assert_eq!(last_token(b"  "), (&b""[..], &b""[..]));
    }

    #[test]
    fn zeros_in_front_are_decimal() {
        assert_eq!(whole_number(b"072"), Some(72));
        assert_eq!(whole_number(b"000"), Some(0));
        assert_eq!(whole_number(b"010"), Some(10)); // not octal 8
        for no_number in [&b""[..], b"-1", b"+1", b"1.", b"0x1", b"1234567890"] {
            assert_eq!(whole_number(no_number), None, "{}", shown(no_number));
        }
    }

    #[test]
    fn coordinates_are_finite_decimals() {
        assert_eq!(coordinate(b"072").unwrap(), 72.0);
        assert_eq!(coordinate(b"-3.5").unwrap(), -3.5);
        for token in [
            &b"nan"[..],
            b"NaN",
            b"inf",
            b"-inf",
            b"1e99",
            b"12px",
            b"\xFF",
        ] {
            let problem = coordinate(token).unwrap_err().what;
            assert!(problem.ends_with("is no coordinate"), "{problem}");
        }
    }

    #[test]
    fn paths_stay_below_the_picture_folder() {
        assert_eq!(
            picture_path(b"img/Tee/img_1.jpg").unwrap(),
            "img/Tee/img_1.jpg"
        );
        for outside in [
            "/etc/passwd",
            "img/../../x.jpg",
            "..",
            "a//b",
            "./a",
            "c:/a",
            "a\\b",
        ] {
            let problem = picture_path(outside.as_bytes()).unwrap_err().what;
            assert!(
                problem.contains("is no path below the picture folder"),
                "{problem}"
            );
        }
        assert!(
            picture_path(b"a\xFF")
                .unwrap_err()
                .what
                .contains("is not UTF-8")
        );
    }

    #[test]
    fn messages_show_a_piece_of_a_long_token() {
        assert_eq!(shown(&[b'x'; 61]).chars().count(), 61);
        assert!(shown(&[b'x'; 61]).ends_with("x…"));
        assert_eq!(shown(b"a\x1b[31m"), "a\u{fffd}[31m");
    }
}
