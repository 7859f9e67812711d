//! What was left out of a run, and why.

use std::collections::BTreeSet;
use std::fmt;

/// A picture that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFile {
    /// Its index in the source.
    pub index: usize,
    /// What the source calls it.
    pub name: String,
    /// What is wrong with it, and the remedy.
    pub problem: String,
}

/// The pictures a run left out under [`OnBadFile::Skip`](super::OnBadFile::Skip), in the order in
/// which the consumer would have met them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkippedFiles {
    draws: usize,
    distinct: BTreeSet<usize>,
    first: Vec<BadFile>,
}

impl SkippedFiles {
    /// Files described in full; a data set with a wrong root must not fill the memory.
    pub const NAMED: usize = 100;

    /// How many samples were left out; a file met in three epochs counts three times.
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// How many different files were left out.
    pub fn files(&self) -> usize {
        self.distinct.len()
    }

    /// The indices in the source of all of them, ascending.
    pub fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        self.distinct.iter().copied()
    }

    /// The first [`SkippedFiles::NAMED`] of them.
    pub fn first(&self) -> &[BadFile] {
        &self.first
    }

    /// Adds what another run over the same source left out.
    pub fn append(&mut self, other: &Self) {
        self.draws += other.draws;
        let room = Self::NAMED.saturating_sub(self.first.len());
        let known = &self.distinct;
        let new = other
            .first
            .iter()
            .filter(|file| !known.contains(&file.index));
        let new: Vec<BadFile> = new.take(room).cloned().collect();
        self.first.extend(new);
        self.distinct.extend(&other.distinct);
    }

    /// Counts one; `describe` is asked only for files that are new and among the first.
    pub(super) fn note(&mut self, index: usize, describe: impl FnOnce() -> BadFile) {
        self.draws += 1;
        if self.distinct.insert(index) && self.first.len() < Self::NAMED {
            self.first.push(describe());
        }
    }
}

/// One line for each named file, and how many there are beyond.
impl fmt::Display for SkippedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.draws == 0 {
            return f.write_str("nothing skipped");
        }
        write!(f, "{} files skipped", self.files())?;
        for file in &self.first {
            write!(f, "\n{}", file.problem)?;
        }
        match self.files() - self.first.len() {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(index: usize) -> BadFile {
        BadFile {
            index,
            name: format!("{index}.jpg"),
            problem: format!("{index}.jpg: is empty"),
        }
    }

    #[test]
    fn a_file_met_twice_is_one_file_and_two_draws() {
        let mut skipped = SkippedFiles::default();
        assert_eq!(skipped.to_string(), "nothing skipped");
        for index in [5, 3, 5] {
            skipped.note(index, || bad(index));
        }
        assert_eq!((skipped.draws(), skipped.files()), (3, 2));
        assert_eq!(
            skipped.to_string(),
            "2 files skipped\n5.jpg: is empty\n3.jpg: is empty"
        );
        assert_eq!(skipped.indices().collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn two_runs_over_one_source_are_counted_together() {
        let of = |indices: &[usize]| {
            let mut skipped = SkippedFiles::default();
            for &index in indices {
                skipped.note(index, || bad(index));
            }
            skipped
        };
        let mut both = of(&[5, 3]);
        both.append(&of(&[3, 8, 3]));
        assert_eq!((both.draws(), both.files()), (5, 3));
        let names: Vec<&str> = both.first().iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["5.jpg", "3.jpg", "8.jpg"]);
    }

    #[test]
    fn only_the_first_are_described() {
        let mut skipped = SkippedFiles::default();
        for index in 0..250 {
            skipped.note(index, || bad(index));
        }
        assert_eq!(skipped.first().len(), 100);
        assert!(
            skipped
                .to_string()
                .ends_with("99.jpg: is empty\nand 150 more")
        );
    }
}
