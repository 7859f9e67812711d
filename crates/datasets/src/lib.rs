#![doc = include_str!("../README.md")]

pub mod atomic_file;
pub mod categories;
pub mod coco_results;
pub mod collate;
pub mod draw;
pub mod error;
pub mod formats;
pub mod image_file;
pub mod loader;
pub mod mask_region;
pub mod open;
mod picture_finder;
pub mod picture_size;
pub mod sample;
pub mod statistics;
pub mod subsets;
pub mod synthetic;
pub mod transforms;

pub use categories::CategoryNames;
pub use coco_results::{CocoResult, CompressedRle, ResultsWriter};
pub use draw::{Annotation, draw, save_picture};
pub use error::{CategoryError, OutputError, PictureError};
pub use image_file::{DecodeLimits, Picture, read_picture};
pub use mask_region::MaskRegion;
pub use open::{OpenError, OpenOptions, Opened};
pub use picture_size::picture_size;
pub use sample::{DataSet, Object, Record, Sample, Split};
