//! The COCO results list: one JSON object a detected instance, as `pycocotools.COCO.loadRes` reads
//! it, plus two names for people.
//!
//! ```json
//! [{"image_id":1,"category_id":27,"bbox":[10.5,20.0,30.0,40.0],"score":0.98,
//!   "segmentation":{"size":[480,640],"counts":"ab3…"},"file_name":"street.jpg","category_name":"backpack"}]
//! ```

use std::io::Write;
use std::path::PathBuf;

use hotcoco::mask::rle_to_string;
use hotcoco::types::Rle;
use serde::{Deserialize, Serialize};

use crate::atomic_file::AtomicFile;
use crate::error::OutputError;
use crate::mask_region::MaskRegion;

/// A mask as compressed run lengths: column by column, background first, in pycocotools' 6-bit text
/// code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompressedRle {
    /// Height and width of the picture, in this order.
    pub size: [u32; 2],
    /// The run lengths.
    pub counts: String,
}

impl CompressedRle {
    /// Encodes the part of `mask` that lies in a picture of `width` × `height`; the full mask is
    /// never built.
    ///
    /// ```
    /// use wardrobe_datasets::{CompressedRle, MaskRegion};
    /// // Rows 1 and 2 of column 1 in a picture 2 wide, 4 high: 5 zeros, 2 ones, 1 zero.
    /// let mask = MaskRegion::new(1, 1, 1, vec![true, true]);
    /// assert_eq!(CompressedRle::encode(&mask, 2, 4).counts, "521");
    /// ```
    ///
    /// # Panics
    /// When the picture has more than `u32::MAX` pixels, which the format cannot count.
    pub fn encode(mask: &MaskRegion, width: usize, height: usize) -> Self {
        let pixels = u32::try_from(width * height).unwrap_or_else(|_| {
            panic!("a mask of {width}x{height} pixels has no COCO run lengths")
        });
        // Runs of ones as [start, end) in column-major order; runs that touch across a column end
        // are one run.
        let mut counts = Vec::new();
        let (mut start, mut end) = (0_u32, 0_u32);
        let mut last_end = 0_u32;
        let columns = mask.left().min(width)..(mask.left() + mask.width()).min(width);
        let rows = mask.top().min(height)..(mask.top() + mask.height()).min(height);
        for column in columns {
            for row in rows.clone() {
                if !mask.bits()[(row - mask.top()) * mask.width() + column - mask.left()] {
                    continue;
                }
                let index = (column * height + row) as u32;
                if start == end || index != end {
                    if start != end {
                        counts.extend([start - last_end, end - start]);
                        last_end = end;
                    }
                    start = index;
                }
                end = index + 1;
            }
        }
        if start != end {
            counts.extend([start - last_end, end - start]);
            last_end = end;
        }
        if last_end < pixels || counts.is_empty() {
            counts.push(pixels - last_end);
        }
        let (h, w) = (height as u32, width as u32);
        Self {
            size: [h, w],
            counts: rle_to_string(&Rle { h, w, counts }),
        }
    }
}

/// One instance of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CocoResult {
    /// The picture; `detect` counts from 1 in the order of its arguments.
    pub image_id: u64,
    /// The label, from 1.
    pub category_id: u64,
    /// Left, top, width, height in pixels.
    pub bbox: [f32; 4],
    /// 0–1.
    pub score: f32,
    /// The mask, where the model has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segmentation: Option<CompressedRle>,
    /// The picture's file as the caller named it.
    pub file_name: String,
    /// The label's name.
    pub category_name: String,
}

impl CocoResult {
    /// `[x1, y1, x2, y2]` to COCO's `[x, y, width, height]`.
    ///
    /// ```
    /// use wardrobe_datasets::CocoResult;
    /// assert_eq!(CocoResult::bbox_of_corners([10.5, 20.0, 40.5, 60.0]), [10.5, 20.0, 30.0, 40.0]);
    /// ```
    pub fn bbox_of_corners([x1, y1, x2, y2]: [f32; 4]) -> [f32; 4] {
        [x1, y1, x2 - x1, y2 - y1]
    }
}

/// Writes the list instance by instance, so that a long run holds none of it in memory and a
/// stopped one keeps what it has.
///
/// ```
/// use wardrobe_datasets::{CocoResult, ResultsWriter};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("results.json");
/// let mut writer = ResultsWriter::create(&path)?;
/// writer.push(&CocoResult {
///     image_id: 1, category_id: 27, bbox: [10.5, 20.0, 30.0, 40.0], score: 0.98,
///     segmentation: None, file_name: "street.jpg".into(), category_name: "backpack".into(),
/// })?;
/// assert_eq!(writer.finish()?, 1);
/// let list: Vec<CocoResult> = serde_json::from_slice(&std::fs::read(&path)?)?;
/// assert_eq!(list[0].category_id, 27);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ResultsWriter {
    file: AtomicFile,
    written: usize,
}

impl ResultsWriter {
    /// Opens the temporary file beside `path`; `path` itself appears with
    /// [`ResultsWriter::finish`].
    ///
    /// # Errors
    /// [`OutputError`] when the folder cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, OutputError> {
        Ok(Self {
            file: AtomicFile::create(path)?,
            written: 0,
        })
    }

    /// Appends one instance.
    ///
    /// # Errors
    /// [`OutputError`] when the disk is full, or box or score are not finite: JSON has no form for
    /// them.
    pub fn push(&mut self, result: &CocoResult) -> Result<(), OutputError> {
        if !result
            .bbox
            .iter()
            .chain([&result.score])
            .all(|value| value.is_finite())
        {
            let what = format!(
                "an instance of `{}` has box {:?} and score {}, which JSON cannot hold",
                result.category_name, result.bbox, result.score
            );
            return Err(OutputError::Unrepresentable {
                path: self.file.path().to_path_buf(),
                what,
            });
        }
        let separator: &[u8] = if self.written == 0 { b"[\n" } else { b",\n" };
        self.file
            .write_all(separator)
            .and_then(|()| {
                serde_json::to_writer(&mut self.file, result).map_err(std::io::Error::from)
            })
            .map_err(|source| OutputError::Unwritable {
                path: self.file.path().to_path_buf(),
                source,
            })?;
        self.written += 1;
        Ok(())
    }

    /// Closes the list and gives the file its name. Returns the count of instances.
    ///
    /// # Errors
    /// [`OutputError::Unwritable`]; then no file of that name was made or changed.
    pub fn finish(mut self) -> Result<usize, OutputError> {
        let end: &[u8] = if self.written == 0 { b"[]\n" } else { b"\n]\n" };
        if let Err(source) = self.file.write_all(end) {
            return Err(OutputError::Unwritable {
                path: self.file.path().to_path_buf(),
                source,
            });
        }
        self.file.finish()?;
        Ok(self.written)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The same mask through hotcoco's encoder of a full column-major picture, itself a port of
    /// pycocotools' `maskApi.c`.
    fn encode_in_full(mask: &MaskRegion, width: usize, height: usize) -> String {
        let mut full = vec![0_u8; width * height];
        for column in 0..width {
            for row in 0..height {
                full[column * height + row] = u8::from(mask.contains(column, row));
            }
        }
        rle_to_string(&hotcoco::mask::encode(&full, height as u32, width as u32).unwrap())
    }

    #[test]
    fn regions_encode_as_full_masks() {
        let (width, height) = (7, 5);
        let all = MaskRegion::new(0, 0, width, vec![true; width * height]);
        let none = MaskRegion::new(2, 2, 3, vec![false; 6]);
        let empty = MaskRegion::new(0, 0, 0, Vec::new());
        let outside = MaskRegion::new(5, 3, 4, vec![true; 12]);
        let first_pixel = MaskRegion::new(0, 0, 1, vec![true]);
        let last_pixel = MaskRegion::new(6, 4, 1, vec![true]);
        // Two full columns are one run of 2 · 5.
        let columns = MaskRegion::new(3, 0, 2, vec![true; 10]);
        let checker = MaskRegion::new(1, 1, 4, (0..12).map(|i| (i / 4 + i % 4) % 2 == 0).collect());
        for mask in [
            all,
            none,
            empty,
            outside,
            first_pixel,
            last_pixel,
            columns,
            checker,
        ] {
            assert_eq!(
                CompressedRle::encode(&mask, width, height).counts,
                encode_in_full(&mask, width, height),
                "{mask:?}"
            );
        }
    }

    #[test]
    fn pseudo_random_regions_encode_as_full_masks() {
        let mut state = 1_u64;
        let mut next = move |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for _ in 0..300 {
            let (width, height) = (1 + next(40) as usize, 1 + next(40) as usize);
            let (left, top) = (next(width as u64) as usize, next(height as u64) as usize);
            let (columns, rows) = (1 + next(45) as usize, 1 + next(45) as usize);
            let mask = MaskRegion::new(
                left,
                top,
                columns,
                (0..columns * rows).map(|_| next(4) != 0).collect(),
            );
            assert_eq!(
                CompressedRle::encode(&mask, width, height).counts,
                encode_in_full(&mask, width, height)
            );
        }
    }

    /// Expected text from pycocotools 2.0: `encode(np.asfortranarray(m))["counts"]` with `m =
    /// np.zeros((4, 6), np.uint8); m[1:3, 2:5] = 1`.
    #[test]
    fn counts_are_the_text_of_pycocotools() {
        let mask = MaskRegion::new(2, 1, 3, vec![true; 6]);
        let encoded = CompressedRle::encode(&mask, 6, 4);
        assert_eq!(encoded.size, [4, 6]);
        assert_eq!(encoded.counts, "9220003");
    }

    #[test]
    fn a_list_without_instances_is_an_empty_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        assert_eq!(ResultsWriter::create(&path).unwrap().finish().unwrap(), 0);
        let list: Vec<CocoResult> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert!(list.is_empty());
    }

    #[test]
    fn a_score_that_is_not_finite_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ResultsWriter::create(folder.path().join("r.json")).unwrap();
        let result = CocoResult {
            image_id: 1,
            category_id: 1,
            bbox: [0.0, 0.0, 1.0, 1.0],
            score: f32::NAN,
            segmentation: None,
            file_name: "a.png".into(),
            category_name: "coat".into(),
        };
        let message = writer.push(&result).unwrap_err().to_string();
        assert!(
            message.contains("coat") && message.contains("NaN"),
            "{message}"
        );
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
