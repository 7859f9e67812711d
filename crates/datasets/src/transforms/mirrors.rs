//! What changes places when a picture is mirrored.

use crate::formats::lip;
use crate::sample::DataSet;

/// Pairs of landmarks and parsing classes that are each other's mirror image: a mirrored left sleeve
/// is a right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrors {
    /// For each landmark schema of the data set, its pairs.
    pub landmarks: Vec<Vec<[u16; 2]>>,
    /// Pairs of classes of the parsing map.
    pub parsing: Vec<[u8; 2]>,
}

impl Default for Mirrors {
    /// No landmark schema; the arms, legs and shoes of LIP.
    fn default() -> Self {
        Self {
            landmarks: Vec::new(),
            parsing: lip::MIRRORED.to_vec(),
        }
    }
}

impl Mirrors {
    /// The pairs of the data set's landmark schemas, and LIP's classes.
    pub fn of(set: &DataSet) -> Self {
        let schemas = set.landmark_schemas.iter();
        Self {
            landmarks: schemas.map(|schema| schema.mirrored.clone()).collect(),
            ..Self::default()
        }
    }

    /// The class each class becomes.
    pub(crate) fn parsing_table(&self) -> [u8; 256] {
        let mut table = std::array::from_fn(|class| class as u8);
        for &[left, right] in &self.parsing {
            table.swap(left.into(), right.into());
        }
        table
    }
}
