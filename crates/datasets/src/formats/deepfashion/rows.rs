//! One row of a list about pictures, from bytes to a value. The picture's path, the first column,
//! is the caller's to match.

use super::Kind;
use super::fields::{Problem, coordinate, first_token, shown, tokens, whole_number, wrong_columns};
use super::vocabulary::Categories;
use crate::formats::check::BoxForm;
use crate::sample::{AttributeLabels, BBox, Judgement, Landmark, Landmarks, Split, Visibility};

/// The columns after the picture.
fn columns(line: &[u8]) -> &[u8] {
    first_token(line).1
}

/// The only column after the picture.
fn only_column<'a>(line: &'a [u8], expected: &str) -> Result<&'a [u8], Problem> {
    let mut found = tokens(columns(line));
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(wrong_columns(tokens(columns(line)).count(), expected)),
    }
}

pub(super) fn category(line: &[u8], categories: &Categories) -> Result<u32, Problem> {
    categories.by_label(only_column(line, "1, the category label")?)
}

pub(super) fn split(line: &[u8]) -> Result<Split, Problem> {
    match only_column(line, "1: train, val or test")? {
        b"train" => Ok(Split::Train),
        b"val" => Ok(Split::Validation),
        b"test" => Ok(Split::Test),
        other => Err(Problem::new(
            format!(
                "`{}` is no part of the data set: expected train, val or test",
                shown(other)
            ),
            "correct the last column",
        )),
    }
}

/// Four corners; `line` has the columns only.
pub(super) fn bbox(line: &[u8]) -> Result<BBox, Problem> {
    let mut corners = [0.0; 4];
    let mut count = 0;
    for token in tokens(line) {
        if let Some(corner) = corners.get_mut(count) {
            *corner = coordinate(token)?;
        }
        count += 1;
    }
    if count != 4 {
        return Err(wrong_columns(count, "4: x_1 y_1 x_2 y_2"));
    }
    let bbox = BBox::from(corners);
    let written = || shown(line.trim_ascii());
    if !bbox.is_proper() {
        let form = BoxForm::Corners("x_1 y_1 x_2 y_2");
        return Err(Problem {
            other_form: true,
            ..Problem::new(
                format!(
                    "the box {} has no inside: expected x_1 < x_2 and y_1 < y_2",
                    written()
                ),
                format!("correct or remove the line; {}", form.question()),
            )
        });
    }
    if bbox.x1 < 0.0 || bbox.y1 < 0.0 {
        return Err(Problem::new(
            format!("the box {} begins outside the picture", written()),
            "correct or remove the line",
        ));
    }
    Ok(bbox)
}

pub(super) fn bbox_of_picture(line: &[u8]) -> Result<BBox, Problem> {
    bbox(columns(line))
}

/// Kind, then visibility, x and y of each of its points.
pub(super) fn landmarks(line: &[u8]) -> Result<Landmarks, Problem> {
    let columns = columns(line);
    let mut found = tokens(columns);
    let number = found.next().unwrap_or_default();
    let kind = whole_number(number)
        .and_then(Kind::from_number)
        .ok_or_else(|| {
            Problem::new(
                format!(
                    "`{}` is no kind of clothes: expected 1 (upper), 2 (lower) or 3 (full)",
                    shown(number)
                ),
                "correct the second column",
            )
        })?;
    let points = kind.points().len();
    let count = tokens(columns).count();
    if count != 1 + 3 * points {
        let expected = format!(
            "{}: the kind, then {points} × (visibility x y)",
            1 + 3 * points
        );
        return Err(wrong_columns(count, &expected));
    }
    let mut next = || found.next().unwrap_or_default();
    let points = (0..points)
        .map(|_| {
            let visibility = visibility(next())?;
            point(coordinate(next())?, coordinate(next())?, visibility)
        })
        .collect::<Result<_, _>>()?;
    Ok(Landmarks {
        schema: kind as u16,
        points,
    })
}

fn visibility(token: &[u8]) -> Result<Visibility, Problem> {
    match whole_number(token) {
        Some(0) => Ok(Visibility::Visible),
        Some(1) => Ok(Visibility::Occluded),
        Some(2) => Ok(Visibility::Absent),
        _ => Err(Problem::new(
            format!(
                "`{}` is no visibility: expected 0 (visible), 1 (occluded) or 2 (truncated)",
                shown(token)
            ),
            "correct the column",
        )),
    }
}

/// A point; where it is truncated its coordinates mean nothing and are kept as they are.
pub(super) fn point(x: f32, y: f32, visibility: Visibility) -> Result<Landmark, Problem> {
    if visibility != Visibility::Absent && (x < 0.0 || y < 0.0) {
        return Err(Problem::new(
            format!("the landmark at {x} {y} is outside the picture"),
            "correct it, or mark it as truncated (2)",
        ));
    }
    Ok(Landmark { x, y, visibility })
}

/// How a column says yes, no and nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flags {
    /// 1 yes, −1 no, 0 unknown.
    Signed,
    /// 1 yes, 0 no.
    Binary,
}

/// One judgement a column; `line` has the columns only. `of_column` and `len`: where each column
/// belongs in a vocabulary of `len` values.
pub(super) fn attributes(
    line: &[u8],
    of_column: &[Option<u32>],
    len: usize,
    flags: Flags,
) -> Result<AttributeLabels, Problem> {
    let mut labels = AttributeLabels::unknown(len);
    let mut column = 0;
    let mut at = 0;
    // The hot loop of the largest file, 289 million columns: no slices, one look at each byte.
    while let Some(&byte) = line.get(at) {
        let start = at;
        at += 1;
        let mut judgement = match (byte, flags) {
            (b' ' | b'\t' | b'\r' | b'\x0c', _) => continue,
            (b'1', _) => Some(Judgement::Yes),
            (b'0', Flags::Signed) => Some(Judgement::Unknown),
            (b'0', Flags::Binary) => Some(Judgement::No),
            (b'-', Flags::Signed) if line.get(at) == Some(&b'1') => {
                at += 1;
                Some(Judgement::No)
            }
            _ => None,
        };
        if line.get(at).is_some_and(|next| !next.is_ascii_whitespace()) {
            judgement = None;
        }
        let Some(judgement) = judgement else {
            return Err(no_judgement(first_token(&line[start..]).0, column, flags));
        };
        if judgement != Judgement::Unknown
            && let Some(Some(index)) = of_column.get(column)
        {
            labels.set(*index as usize, judgement);
        }
        column += 1;
    }
    if column == of_column.len() {
        Ok(labels)
    } else {
        let expected = format!(
            "{}, one for each line of the attribute list",
            of_column.len()
        );
        Err(wrong_columns(column, &expected))
    }
}

pub(super) fn attributes_of_picture(
    line: &[u8],
    of_column: &[Option<u32>],
    len: usize,
) -> Result<AttributeLabels, Problem> {
    attributes(columns(line), of_column, len, Flags::Signed)
}

fn no_judgement(token: &[u8], column: usize, flags: Flags) -> Problem {
    let expected = match flags {
        Flags::Signed => "1 (yes), -1 (no) or 0 (unknown)",
        Flags::Binary => "1 (yes) or 0 (no)",
    };
    Problem::new(
        format!(
            "`{}` is no judgement of attribute {}: expected {expected}",
            shown(token),
            column + 1
        ),
        "correct the column",
    )
}
