//! The entries of the lists, as they stand in the file.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::formats::json::{Flag, json_entry};

json_entry! {
    /// One of `images`.
    pub(super) struct Image {
        id: u64 = "id",
        file_name: String = "file_name",
        width: u64 = "width",
        height: u64 = "height",
    }
}

json_entry! {
    /// One of `categories`.
    pub(super) struct CategoryEntry {
        id: u32 = "id",
        name: String = "name",
        supercategory: String = "supercategory",
        keypoints: Vec<String> = "keypoints",
        skeleton: Vec<[u16; 2]> = "skeleton",
    }
}

json_entry! {
    /// One of Fashionpedia's `attributes`.
    pub(super) struct AttributeEntry {
        id: u32 = "id",
        name: String = "name",
        supercategory: String = "supercategory",
    }
}

json_entry! {
    /// One of `annotations`.
    pub(super) struct Annotation {
        id: u64 = "id",
        image_id: u64 = "image_id",
        category_id: u32 = "category_id",
        bbox: Vec<f64> = "bbox",
        segmentation: Segmentation = "segmentation",
        area: f32 = "area",
        iscrowd: Flag = "iscrowd",
        keypoints: Vec<f32> = "keypoints",
        num_keypoints: u64 = "num_keypoints",
        // Typed by Fashionpedia only; elsewhere one of the fields that are kept.
        attribute_ids: Value = "attribute_ids",
    }
}

json_entry! {
    pub(super) struct Runs {
        size: [u32; 2] = "size",
        counts: Counts = "counts",
    }
}

/// A mask in one of its three spellings.
#[derive(Debug)]
pub(super) enum Segmentation {
    Polygons(Vec<Vec<f32>>),
    Runs(Runs),
}

impl<'de> Deserialize<'de> for Segmentation {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Spellings;

        impl<'de> Visitor<'de> for Spellings {
            type Value = Segmentation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of polygons or run lengths")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Segmentation, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Segmentation::Polygons)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Segmentation, A::Error> {
                Runs::deserialize(MapAccessDeserializer::new(map)).map(Segmentation::Runs)
            }
        }

        json.deserialize_any(Spellings)
    }
}

/// Run lengths as numbers or as pycocotools' text.
#[derive(Debug)]
pub(super) enum Counts {
    Numbers(Vec<u32>),
    Text(String),
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Spellings;

        impl<'de> Visitor<'de> for Spellings {
            type Value = Counts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of run lengths or their text")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Counts, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Counts::Numbers)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Counts, E> {
                Ok(Counts::Text(text.to_owned()))
            }
        }

        json.deserialize_any(Spellings)
    }
}
