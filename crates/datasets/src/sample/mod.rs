//! What every format is read into and written from.
//!
//! A [`DataSet`] is vocabularies (categories, attributes, landmark schemas) and [`Record`]s: one a
//! picture, annotations only, small enough to keep hundreds of thousands in memory. A record whose
//! picture has been decoded is a [`Sample`]; transforms work on samples.
//!
//! # Conventions
//! - Coordinates are continuous pixels from the top left corner: pixel `(column, row)` covers
//!   `[column, column + 1) × [row, row + 1)`. A [`BBox`] is two corners `(x1, y1, x2, y2)`; its width is
//!   `x2 − x1`. Formats that count pixels differently (Pascal VOC: from 1, both ends included)
//!   convert at their door.
//! - A category is an index into [`DataSet::categories`], from 0. A detector's label is that index
//!   plus one: label 0 is the background.
//! - An attribute is an index into the flat list of all values of [`DataSet::attributes`].

mod attributes;
mod bbox;
mod data_set;
mod label_map;
mod landmarks;
mod mask;
mod object;
mod outline;
mod raster;
mod rle;

pub use attributes::{AttributeGroup, AttributeLabels, AttributeVocabulary, Judgement};
pub use bbox::BBox;
pub(crate) use data_set::parts_told;
pub use data_set::{Category, DataSet, ImageFile, Record, Sample, Split};
pub use label_map::LabelMap;
pub use landmarks::{Landmark, LandmarkSchema, Landmarks, Visibility};
pub use mask::{Mask, Polygon};
pub use object::{Extra, Object};
pub use outline::Outlines;
pub use rle::MaskError;
