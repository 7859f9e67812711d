//! Balanced subsets of a data set: so many pictures of each of these categories.
//!
//! Three steps, so that a caller can put its own between them: [`select`] draws records,
//! [`place`] puts their pictures into a new folder (where the caller then writes annotations with
//! any format's writer), [`Placed::finish`] adds the manifest and gives the folder its name.
//!
//! Paper A's three subsets are [`SubsetSpec::deepfashionkid`], [`SubsetSpec::deepfashion_voc`] and
//! [`SubsetSpec::deepfashion_mask`]; the latter two are drawn from the first.
//!
//! # How pictures are drawn
//! A category's pictures are ordered by SHA-256 of seed, category and path, and the first are taken.
//! So the draw is the same on every machine and whatever the order of the lists, and a smaller draw
//! with the same seed is a part of a larger one.

mod categories;
mod error;
mod manifest;
mod place;
mod select;
mod spec;

pub use categories::{PAPER_A_CATEGORIES, match_category};
pub use error::{Shortage, SubsetError};
pub use manifest::{Manifest, ManifestCategory, ManifestPicture};
pub use place::{Arrangement, Placed, Placement, place};
pub use select::{PictureCheck, SelectOptions, Selection, select};
pub use spec::{SplitRule, SubsetSpec};
