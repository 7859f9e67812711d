//! Finds a record by its picture's path.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::fields::{Problem, shown};
use crate::sample::Record;

/// Records by path, paths told apart by ASCII case only where both spellings exist.
#[derive(Default)]
pub(super) struct PictureIndex {
    /// Indices of records, by the hash of the path in lower case.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// A record that a row is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) record: usize,
    /// The row's path and the record's differ in upper and lower case.
    pub(super) by_case: bool,
}

impl PictureIndex {
    /// Adds the record about to be pushed to `records`.
    pub(super) fn insert(&mut self, records: &[Record], path: &str) -> Result<(), Problem> {
        let hash = self.hash(path.as_bytes());
        let same = self
            .table
            .find(hash, |&index| records[index as usize].image.path == path);
        if same.is_some() {
            return Err(Problem::new(
                format!("the picture `{path}` is already on a line above"),
                "remove one of the lines",
            ));
        }
        let hasher = &self.hasher;
        self.table
            .insert_unique(hash, records.len() as u32, |&index| {
                hash_of(hasher, records[index as usize].image.path.as_bytes())
            });
        Ok(())
    }

    /// The record of a path. `hint`, the row's own number, is tried first: the lists of one data
    /// set usually name the pictures in the same order.
    pub(super) fn find(
        &self,
        records: &[Record],
        hint: usize,
        path: &[u8],
    ) -> Result<Found, Problem> {
        let is = |index: usize| {
            records
                .get(index)
                .is_some_and(|record| record.image.path.as_bytes() == path)
        };
        if is(hint) {
            return Ok(Found {
                record: hint,
                by_case: false,
            });
        }
        let hash = self.hash(path);
        if let Some(&index) = self.table.find(hash, |&index| is(index as usize)) {
            return Ok(Found {
                record: index as usize,
                by_case: false,
            });
        }
        let mut alike = self.table.iter_hash(hash).filter(|&&index| {
            records[index as usize]
                .image
                .path
                .as_bytes()
                .eq_ignore_ascii_case(path)
        });
        match (alike.next(), alike.next()) {
            (Some(&index), None) => Ok(Found {
                record: index as usize,
                by_case: true,
            }),
            (None, _) => Err(Problem::new(
                format!("the picture `{}` is not in the category list", shown(path)),
                "remove the line, or add the picture to list_category_img.txt",
            )),
            (Some(_), Some(_)) => Err(Problem::new(
                format!(
                    "the picture `{}` differs only in case from two of the category list",
                    shown(path)
                ),
                "write the path as the category list has it",
            )),
        }
    }

    fn hash(&self, path: &[u8]) -> u64 {
        hash_of(&self.hasher, path)
    }
}

fn hash_of(hasher: &DefaultHashBuilder, path: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    for byte in path {
        hasher.write_u8(byte.to_ascii_lowercase());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn index(paths: &[&str]) -> (PictureIndex, Vec<Record>) {
        let (mut index, mut records) = (PictureIndex::default(), Vec::new());
        for path in paths {
            index.insert(&records, path).unwrap();
            let mut record = Record::default();
            record.image.path = (*path).into();
            records.push(record);
        }
        (index, records)
    }

    #[test]
    fn paths_match_exactly_then_by_case_and_never_by_chance() {
        let (index, records) = index(&["img/Tee/1.jpg", "img/tee/1.jpg", "img/Coat/1.jpg"]);
        let find = |path: &str| index.find(&records, 9, path.as_bytes());
        assert_eq!(
            find("img/tee/1.jpg").unwrap(),
            Found {
                record: 1,
                by_case: false
            }
        );
        assert_eq!(
            find("IMG/coat/1.JPG").unwrap(),
            Found {
                record: 2,
                by_case: true
            }
        );
        assert!(
            find("img/TEE/1.jpg")
                .unwrap_err()
                .what
                .contains("differs only in case from two")
        );
        assert!(
            find("img/Coat/2.jpg")
                .unwrap_err()
                .what
                .contains("is not in the category list")
        );
    }

    #[test]
    fn a_thousand_pictures_are_all_found_and_none_twice() {
        let paths: Vec<String> = (0..1000)
            .map(|number| format!("img/{number}.jpg"))
            .collect();
        let borrowed: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (mut index, records) = index(&borrowed);
        for (number, path) in paths.iter().enumerate() {
            let found = index.find(&records, 0, path.as_bytes()).unwrap();
            assert_eq!(
                found,
                Found {
                    record: number,
                    by_case: false
                }
            );
            assert!(index.insert(&records, path).is_err());
        }
    }
}
