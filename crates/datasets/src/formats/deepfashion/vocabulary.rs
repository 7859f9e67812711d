//! `list_category_cloth.txt` and `list_attr_cloth.txt`: what the numbers of the other lists mean.

use std::collections::HashSet;

use super::super::{FormatError, Mode, Skipped};
use super::Kind;
use super::fields::{Problem, last_token, shown, whole_number};
use super::lists::{List, Source};
use super::table::for_each_row;
use crate::sample::{AttributeGroup, AttributeVocabulary, Category};

/// The attribute types of the full data set, numbered from 1.
pub const COARSE_TYPES: [&str; 5] = ["texture", "fabric", "shape", "part", "style"];

/// The attribute types of the fine annotations, numbered from 1. The files give numbers only; the
/// names say what the values of each have in common (`floral`; `long_sleeve`; `maxi_length`;
/// `crew_neckline`; `denim`; `tight`).
pub const FINE_TYPES: [&str; 6] = ["texture", "sleeve", "length", "neckline", "fabric", "fit"];

/// The categories, and which of them each label means.
#[derive(Debug, Default)]
pub(super) struct Categories {
    pub(super) categories: Vec<Category>,
    /// Label less one to index; `None` for a line that was left out.
    pub(super) of_label: Vec<Option<u32>>,
}

impl Categories {
    pub(super) fn read(
        source: Source<'_>,
        mode: Mode,
        skipped: &mut Skipped,
    ) -> Result<Self, FormatError> {
        let mut read = Self::default();
        let mut names = HashSet::new();
        for_each_row(
            source,
            List::Categories.first_heading(),
            mode,
            skipped,
            |line| {
                let (name, number) = named_row(line, "category")?;
                let kind = number.ok().and_then(Kind::from_number);
                kind.map(|kind| (name, kind))
                    .ok_or_else(|| wrong_type(line, "1 (upper), 2 (lower) or 3 (full)"))
            },
            |row, _, (name, kind)| {
                // Bad lines before this one keep their labels.
                read.of_label.resize(row, None);
                if !names.insert(name.clone()) {
                    return Err(duplicate("category", &name));
                }
                read.of_label.push(Some(read.categories.len() as u32));
                read.categories.push(Category {
                    name,
                    group: Some(kind.name().into()),
                    id: row as u32 + 1,
                });
                Ok(())
            },
        )
        .map(|rows| read.of_label.resize(rows, None))?;
        Ok(read)
    }

    /// The category of a label, which counts lines from 1.
    pub(super) fn by_label(&self, token: &[u8]) -> Result<u32, Problem> {
        let label = whole_number(token).map(|label| label as usize);
        match label.and_then(|label| self.of_label.get(label.wrapping_sub(1))) {
            Some(Some(category)) => Ok(*category),
            Some(None) => Err(Problem::new(
                format!(
                    "category {} is on a line of the category list that was left out",
                    shown(token)
                ),
                "correct the category list first",
            )),
            None => Err(Problem::new(
                format!(
                    "`{}` is no category label: expected 1 to {}",
                    shown(token),
                    self.of_label.len()
                ),
                "correct the label, or add the category to the category list",
            )),
        }
    }
}

/// The attributes, and where each column's judgement belongs.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) vocabulary: AttributeVocabulary,
    /// Column to index in the vocabulary; `None` for a line that was left out.
    pub(super) of_column: Vec<Option<u32>>,
}

impl Attributes {
    /// `types`: the names of the types by number less one, which become the groups.
    pub(super) fn read(
        source: Source<'_>,
        types: &[&str],
        mode: Mode,
        skipped: &mut Skipped,
    ) -> Result<Self, FormatError> {
        let mut groups: Vec<AttributeGroup> = types
            .iter()
            .map(|name| AttributeGroup {
                name: (*name).into(),
                values: Vec::new(),
                // Flags: the format has any number of values of one type.
                exclusive: false,
            })
            .collect();
        let mut places: Vec<Option<(usize, usize)>> = Vec::new();
        let mut names = HashSet::new();
        let rows = for_each_row(
            source,
            List::Attributes.first_heading(),
            mode,
            skipped,
            |line| {
                let (name, number) = named_row(line, "attribute")?;
                let group = number
                    .ok()
                    .filter(|number| (1..=types.len() as u32).contains(number));
                group
                    .map(|number| (name, number as usize - 1))
                    .ok_or_else(|| wrong_type(line, &format!("1 to {}", types.len())))
            },
            |row, _, (name, group)| {
                places.resize(row, None);
                if !names.insert((name.clone(), group)) {
                    return Err(duplicate("attribute", &name));
                }
                places.push(Some((group, groups[group].values.len())));
                groups[group].values.push(name);
                Ok(())
            },
        )?;
        places.resize(rows, None);
        let vocabulary = AttributeVocabulary::new(groups);
        let starts: Vec<usize> = (0..types.len())
            .map(|group| vocabulary.range(group).start)
            .collect();
        let of_column = places
            .into_iter()
            .map(|place| place.map(|(group, value)| (starts[group] + value) as u32))
            .collect();
        Ok(Self {
            vocabulary,
            of_column,
        })
    }
}

/// A name, which may have spaces in it, and the number that ends the line.
fn named_row(line: &[u8], what: &str) -> Result<(String, Result<u32, ()>), Problem> {
    let (name, number) = last_token(line);
    if name.is_empty() {
        return Err(Problem::new(
            format!(
                "`{}` is one word: expected the name of the {what} and its type",
                shown(number)
            ),
            "complete the line",
        ));
    }
    let name = std::str::from_utf8(name).map_err(|_| {
        Problem::new(
            format!("`{}` is not UTF-8 text", shown(name)),
            "write the name in UTF-8",
        )
    })?;
    Ok((name.to_owned(), whole_number(number).ok_or(())))
}

fn wrong_type(line: &[u8], expected: &str) -> Problem {
    Problem::new(
        format!(
            "`{}` is no type: expected {expected}",
            shown(last_token(line).1)
        ),
        "correct the last column",
    )
}

fn duplicate(what: &str, name: &str) -> Problem {
    Problem::new(
        format!("the {what} `{name}` is already on a line above"),
        "give every line its own name",
    )
}
