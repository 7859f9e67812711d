//! The document under construction, and its entries as they are written.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::atomic_file::AtomicFile;
use crate::coco_results::CompressedRle;
use crate::error::OutputError;
use crate::formats::FormatError;
use crate::formats::number::Number;
use crate::sample::Extra;

pub(super) struct Output<'a> {
    pub file: AtomicFile,
    pub path: &'a Path,
}

impl Output<'_> {
    pub fn text(&mut self, text: &str) -> Result<(), FormatError> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| unwritable(self.path, source))
    }

    pub fn json(&mut self, value: &impl Serialize) -> Result<(), FormatError> {
        let written = serde_json::to_writer(&mut self.file, value);
        written.map_err(|error| unwritable(self.path, error.into()))
    }

    /// `"name": [` one entry a line `]`.
    pub fn list<T: Serialize>(
        &mut self,
        name: &str,
        entries: impl Iterator<Item = Result<T, FormatError>>,
    ) -> Result<(), FormatError> {
        self.text(&format!("\"{name}\": ["))?;
        for (index, entry) in entries.enumerate() {
            self.text(if index == 0 { "\n" } else { ",\n" })?;
            self.json(&entry?)?;
        }
        self.text("\n]")
    }
}

fn unwritable(path: &Path, source: std::io::Error) -> FormatError {
    OutputError::Unwritable {
        path: path.to_path_buf(),
        source,
    }
    .into()
}

#[derive(Serialize)]
pub(super) struct ImageOut<'a> {
    pub id: u64,
    pub file_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    #[serde(flatten)]
    pub extra: Option<&'a Extra>,
}

#[derive(Serialize)]
pub(super) struct AnnotationOut<'a> {
    pub id: u64,
    pub image_id: u64,
    pub category_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bbox: Option<[Number; 4]>,
    pub segmentation: SegmentationOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Number>,
    pub iscrowd: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keypoints: Option<Vec<Number>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_keypoints: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_ids: Option<Vec<u32>>,
    #[serde(flatten)]
    pub extra: Option<&'a Extra>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum SegmentationOut {
    Polygons(Vec<Vec<Number>>),
    Rle(CompressedRle),
}

#[derive(Serialize)]
pub(super) struct CategoryOut<'a> {
    pub id: u32,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supercategory: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keypoints: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skeleton: Option<Vec<[u16; 2]>>,
    #[serde(flatten)]
    pub extra: Option<&'a Extra>,
}

#[derive(Serialize)]
pub(super) struct AttributeOut<'a> {
    pub id: u32,
    pub name: &'a str,
    pub supercategory: &'a str,
    #[serde(flatten)]
    pub extra: Extra,
}
