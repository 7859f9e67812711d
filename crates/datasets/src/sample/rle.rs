//! Run lengths: what they cover, and back to pixels.

use hotcoco::mask::{rle_from_string, rle_to_string, to_bbox};
use hotcoco::types::Rle;
use thiserror::Error;

use crate::coco_results::CompressedRle;
use crate::mask_region::MaskRegion;

use super::BBox;

/// A mask that cannot be turned into pixels.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MaskError {
    /// The text is no run lengths.
    #[error("the run lengths cannot be decoded: {reason}")]
    Undecodable {
        /// What the decoder found.
        reason: String,
    },
    /// The runs end before or behind the picture.
    #[error("the run lengths cover {covered} pixels of a picture of {width}x{height} = {pixels}", pixels = u64::from(*width) * u64::from(*height))]
    WrongTotal {
        /// The sum of all runs.
        covered: u64,
        /// The picture's width in pixels.
        width: u32,
        /// The picture's height in pixels.
        height: u32,
    },
    /// The mask is of another picture.
    #[error("the run lengths are for {}x{} pixels, the picture has {}x{}", stated[0], stated[1], picture[0], picture[1])]
    WrongSize {
        /// Width and height the run lengths were made for.
        stated: [u32; 2],
        /// Width and height of the picture.
        picture: [u32; 2],
    },
    /// Run lengths count pixels in 32 bits.
    #[error("a picture of {width}x{height} pixels has more than run lengths can count (2^32 − 1)")]
    TooLarge {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
}

impl CompressedRle {
    /// From plain run lengths, background first, column by column.
    ///
    /// ```
    /// use wardrobe_datasets::CompressedRle;
    /// let rle = CompressedRle::from_counts([4, 2], &[5, 2, 1]);
    /// assert_eq!(rle.counts, "521");
    /// assert_eq!(rle.to_counts()?, [5, 2, 1]);
    /// # Ok::<(), wardrobe_datasets::sample::MaskError>(())
    /// ```
    pub fn from_counts([h, w]: [u32; 2], counts: &[u32]) -> Self {
        let counts = counts.to_vec();
        Self {
            size: [h, w],
            counts: rle_to_string(&Rle { h, w, counts }),
        }
    }

    /// The plain run lengths, background first; they add up to the picture.
    ///
    /// # Errors
    /// [`MaskError::Undecodable`] and [`MaskError::WrongTotal`].
    pub fn to_counts(&self) -> Result<Vec<u32>, MaskError> {
        self.runs().map(|rle| rle.counts)
    }

    /// Whether the text is run lengths that add up to the picture.
    ///
    /// # Errors
    /// As [`CompressedRle::to_counts`].
    pub fn check(&self) -> Result<(), MaskError> {
        self.runs().map(drop)
    }

    /// Count of pixels in the mask.
    ///
    /// # Errors
    /// As [`CompressedRle::to_counts`].
    pub fn area(&self) -> Result<u64, MaskError> {
        self.runs().map(|rle| hotcoco::mask::area(&rle))
    }

    /// The smallest box around the mask's pixels, as pycocotools' `toBbox`; `None` for an empty
    /// mask.
    ///
    /// # Errors
    /// As [`CompressedRle::to_counts`].
    pub fn bbox(&self) -> Result<Option<BBox>, MaskError> {
        self.runs().map(|rle| bounds(&rle))
    }

    /// The pixels inside the mask's bounds.
    ///
    /// ```
    /// use wardrobe_datasets::{CompressedRle, MaskRegion};
    /// let mask = MaskRegion::new(1, 1, 1, vec![true, true]);
    /// assert_eq!(CompressedRle::encode(&mask, 2, 4).decode()?, mask);
    /// # Ok::<(), wardrobe_datasets::sample::MaskError>(())
    /// ```
    ///
    /// # Errors
    /// As [`CompressedRle::to_counts`].
    pub fn decode(&self) -> Result<MaskRegion, MaskError> {
        self.runs().map(|rle| region(&rle))
    }

    fn runs(&self) -> Result<Rle, MaskError> {
        let [height, width] = self.size;
        let rle = rle_from_string(&self.counts, height, width).map_err(|error| {
            MaskError::Undecodable {
                reason: error.to_string(),
            }
        })?;
        let covered: u64 = rle.counts.iter().map(|&run| u64::from(run)).sum();
        if covered == u64::from(width) * u64::from(height) {
            Ok(rle)
        } else {
            Err(MaskError::WrongTotal {
                covered,
                width,
                height,
            })
        }
    }
}

fn bounds(rle: &Rle) -> Option<BBox> {
    let [x, y, width, height] = to_bbox(rle).map(|value| value as f32);
    (width > 0.0).then(|| BBox::from_xywh(x, y, width, height))
}

/// The pixels of run lengths that have been checked; only their bounds are allocated.
pub(super) fn region(rle: &Rle) -> MaskRegion {
    let [left, top, width, height] = to_bbox(rle).map(|value| value as usize);
    let mut bits = vec![false; width * height];
    let rows = rle.h as usize;
    let mut at = 0;
    for (index, &run) in rle.counts.iter().enumerate() {
        let end = at + run as usize;
        if index % 2 == 1 {
            while at < end {
                // A run goes down one column and on at the top of the next.
                let (column, row) = (at / rows, at % rows);
                let stop = end.min((column + 1) * rows) - column * rows;
                for row in row..stop {
                    bits[(row - top) * width + column - left] = true;
                }
                at = column * rows + stop;
            }
        }
        at = end;
    }
    MaskRegion::new(left, top, width, bits)
}
