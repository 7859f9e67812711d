//! Data set formats, read and written.
//!
//! Every format is one module with `read` (files to a [`DataSet`](crate::sample::DataSet)) and
//! `write` (a data set to files, with a list of what the format could not hold). Reading is
//! [`Mode::Strict`] (the first finding is the error) or [`Mode::Lenient`] (what is wrong is left
//! out, counted and named in [`Skipped`]).

mod check;
pub mod coco;
pub mod deepfashion;
pub mod deepfashion2;
mod error;
mod extra;
pub mod fashionai;
pub mod fashionpedia;
mod files;
mod format;
mod holds;
mod json;
pub mod labelme;
mod lines;
pub mod lip;
mod number;
mod problem;
mod rows;
pub mod voc;

pub use error::{Finding, FormatError, Place};
pub use files::{copy_pictures, number_pictures};
pub use format::Format;
pub use holds::{Holds, Masks};

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a reader does with a line or entry it cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Stop at the first, and say where it is.
    #[default]
    Strict,
    /// Leave it out, count it and go on.
    Lenient,
}

/// What a lenient reader left out. A strict reader leaves nothing out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Skipped {
    count: usize,
    first: Vec<Finding>,
    other_form: Option<(usize, Finding)>,
}

impl Skipped {
    /// Findings kept in full; a file of a million bad lines must not fill the memory.
    pub const NAMED: usize = 100;

    /// How many entries were left out.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first [`Skipped::NAMED`] of them.
    pub fn first(&self) -> &[Finding] {
        &self.first
    }

    /// How many of them are boxes that may have been written in another form than the format's, and
    /// the first: boxes of left, top, width and height that leave their picture, and corners without an
    /// inside. One is a slip; a share of all boxes is another format.
    pub fn boxes_of_other_form(&self) -> Option<(usize, &Finding)> {
        self.other_form
            .as_ref()
            .map(|(count, first)| (*count, first))
    }

    /// Adds what another reader left out.
    pub(crate) fn append(&mut self, other: Self) {
        if let Some((count, first)) = other.other_form {
            self.add_other_form(count, first);
        }
        let room = Self::NAMED.saturating_sub(self.first.len());
        self.count += other.count;
        self.first.extend(other.first.into_iter().take(room));
    }

    /// In strict mode the finding is the error; in lenient mode it is counted.
    pub(crate) fn note(&mut self, mode: Mode, finding: Finding) -> Result<(), FormatError> {
        match mode {
            Mode::Strict => Err(FormatError::Invalid(finding)),
            Mode::Lenient => {
                self.count += 1;
                if self.first.len() < Self::NAMED {
                    self.first.push(finding);
                }
                Ok(())
            }
        }
    }

    /// As [`Skipped::note`]; `other_form` for a box that may have been written in another form.
    pub(crate) fn note_entry(
        &mut self,
        mode: Mode,
        finding: Finding,
        other_form: bool,
    ) -> Result<(), FormatError> {
        if mode == Mode::Lenient && other_form {
            self.add_other_form(1, finding.clone());
        }
        self.note(mode, finding)
    }

    fn add_other_form(&mut self, more: usize, first: Finding) {
        match &mut self.other_form {
            Some((count, _)) => *count += more,
            None => self.other_form = Some((more, first)),
        }
    }
}

/// One line for each named finding, and how many there are beyond.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return f.write_str("nothing skipped");
        }
        write!(f, "{} entries skipped", self.count)?;
        for finding in &self.first {
            write!(f, "\n{finding}")?;
        }
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// What a reader returns: the value, and what was left out of it.
#[derive(Debug)]
pub struct Loaded<T> {
    /// What was read.
    pub value: T,
    /// What was not.
    pub skipped: Skipped,
}

/// What a writer could not put into its format, by kind, with the number of times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losses(BTreeMap<&'static str, usize>);

impl Losses {
    /// Counts `times` losses of a kind, such as `mask of an object`; none leave no trace.
    pub(crate) fn add(&mut self, kind: &'static str, times: usize) {
        if times > 0 {
            *self.0.entry(kind).or_default() += times;
        }
    }

    /// Adds what another writer lost.
    pub(crate) fn append(&mut self, other: &Self) {
        for (kind, times) in other.iter() {
            self.add(kind, times);
        }
    }

    /// How often something of this kind was lost.
    pub fn count(&self, kind: &str) -> usize {
        self.0.get(kind).copied().unwrap_or_default()
    }

    /// Whether everything was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Kinds with their counts, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.0.iter().map(|(&kind, &count)| (kind, count))
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing lost");
        }
        for (index, (kind, count)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{count} × {kind}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_skipped_is_told_up_to_a_limit() {
        let mut skipped = Skipped::default();
        assert_eq!(skipped.to_string(), "nothing skipped");
        let finding = |line| Finding {
            path: "list.txt".into(),
            place: Place::Line(line),
            problem: "is blank".into(),
            remedy: "remove it".into(),
        };
        skipped.note(Mode::Lenient, finding(3)).unwrap();
        assert_eq!(
            skipped.to_string(),
            "1 entries skipped\nlist.txt, line 3: is blank; remove it"
        );
        let mut others = Skipped::default();
        for line in 0..Skipped::NAMED {
            others.note(Mode::Lenient, finding(line)).unwrap();
        }
        others
            .note_entry(Mode::Lenient, finding(200), true)
            .unwrap();
        others
            .note_entry(Mode::Lenient, finding(300), true)
            .unwrap();
        assert_eq!(skipped.boxes_of_other_form(), None);
        // The first stays the first; of 103 three are beyond the limit.
        skipped.append(others);
        // Also of findings that are themselves beyond it.
        assert_eq!(skipped.boxes_of_other_form(), Some((2, &finding(200))));
        let told = skipped.to_string();
        assert!(told.starts_with("103 entries skipped\nlist.txt, line 3: "));
        assert!(told.ends_with("list.txt, line 98: is blank; remove it\nand 3 more"));
        assert_eq!(told.lines().count(), 1 + Skipped::NAMED + 1);
    }
}
