//! The fine annotations: `Anno_fine/train.txt` names pictures, and the other files of the split
//! (`train_attr.txt`, `train_cate.txt`, `train_bbox.txt`, `train_landmarks.txt`) have one line for
//! each of them, in the same order and without a header.
//!
//! Attributes are 0 (no) or 1 (yes). Landmarks are `x y` pairs, padded with `0 0` to eight, without
//! visibility: a pair `0 0` is a point that is not there, any other is visible.

mod read;
mod write;

pub use read::{read, read_files};
pub use write::write;

use super::Kind;
use crate::sample::Split;

/// Columns of a landmarks file: `x y` for as many points as full-body clothes have.
const LANDMARK_COLUMNS: usize = 2 * Kind::Full.points().len();

const SPLITS: [(Split, &str); 3] = [
    (Split::Train, "train"),
    (Split::Validation, "val"),
    (Split::Test, "test"),
];

/// The row-aligned files of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Category,
    Attributes,
    Box,
    Landmarks,
}

impl Column {
    const ALL: [Self; 4] = [Self::Category, Self::Attributes, Self::Box, Self::Landmarks];

    fn file_name(self, split: &str) -> String {
        let ending = match self {
            Self::Category => "cate",
            Self::Attributes => "attr",
            Self::Box => "bbox",
            Self::Landmarks => "landmarks",
        };
        format!("{split}_{ending}.txt")
    }

    /// What is lost when the file cannot be written because some picture lacks it.
    const fn lost(self) -> &'static str {
        match self {
            Self::Category => "category of an object",
            Self::Attributes => "attributes of an object",
            Self::Box => "box of an object",
            Self::Landmarks => "landmarks of an object",
        }
    }
}
