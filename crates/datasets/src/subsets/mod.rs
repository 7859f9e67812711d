//! Balanced subsets of a data set: so many pictures of each of these categories.
//!
//! Three steps, so that a caller can put its own between them: [`select`] draws records,
//! [`place`] puts their pictures into a new folder (where the caller then writes annotations with
//! any format's writer), [`Placed::finish`] adds the manifest and gives the folder its name.
//!
//! Paper A's three subsets are [`SubsetSpec::deepfashionkid`], [`SubsetSpec::deepfashion_voc`] and
//! [`SubsetSpec::deepfashion_mask`]; the latter two are drawn from the first.
//!
//! ```no_run
//! use wardrobe_datasets::formats::voc;
//! use wardrobe_datasets::subsets::{Arrangement, Placement, SelectOptions, SubsetSpec, place, select};
//! use wardrobe_datasets::{DataSet, DecodeLimits};
//!
//! let data = DataSet::open("DeepFashion")?;
//! let spec = SubsetSpec::deepfashionkid(7);
//! let kid = select(&data, &spec, &SelectOptions::default())?;
//! // A part of that one with boxes, as a Pascal VOC tree.
//! let spec = SubsetSpec::deepfashion_voc(7);
//! let drawn = select(&kid.data, &spec, &SelectOptions::default())?;
//! let pictures = Arrangement::Together("JPEGImages".into());
//! let folder = "deepfashionVoc".as_ref();
//! let placed = place(&drawn, &spec, folder, Placement::Copy, &pictures, &DecodeLimits::default())?;
//! voc::write(&placed.data, &placed.data.root)?;
//! let (subset, manifest) = placed.finish()?;
//! assert_eq!((subset.records.len(), manifest.pictures.len()), (4_000, 4_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
