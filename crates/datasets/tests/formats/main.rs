//! Formats of boxes and masks: COCO, Fashionpedia, Pascal VOC, labelme, DeepFashion2.
#![allow(clippy::unwrap_used, missing_docs)]

mod bad;
mod conversions;
mod masks;
mod mutated;
mod table;
