//! A mask of any form to pixels, exactly as pycocotools rasterises it.
//!
//! Polygons go through hotcoco's port of `maskApi.c`: corners are rounded to fifths of a pixel and a
//! pixel belongs to the polygon when its centre does, the parts are united. On 64-bit ARM the port
//! interpolates with one rounding where x86-64 takes two, as the released pycocotools wheels do
//! there, so a border pixel may differ between these machines.

use hotcoco::mask::{area, fr_polys};
use hotcoco::types::Rle;

use crate::coco_results::CompressedRle;
use crate::mask_region::MaskRegion;

use super::rle::region;
use super::{BBox, Mask, MaskError, Polygon};

impl Mask {
    /// The mask's pixels in a picture of `width` × `height`; parts outside are cut off. Polygons of
    /// fewer than three corners cover nothing.
    ///
    /// ```
    /// use wardrobe_datasets::sample::{Mask, Polygon};
    /// let square = Polygon(vec![[1.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0]]);
    /// let region = Mask::Polygons(vec![square]).region(10, 10)?;
    /// assert_eq!((region.left(), region.top(), region.width(), region.area()), (1, 1, 2, 4));
    /// # Ok::<(), wardrobe_datasets::sample::MaskError>(())
    /// ```
    ///
    /// # Errors
    /// [`MaskError`]: run lengths that cannot be decoded or are of another picture, a picture of
    /// more than 2^32 − 1 pixels.
    pub fn region(&self, width: usize, height: usize) -> Result<MaskRegion, MaskError> {
        match self {
            Self::Polygons(polygons) => rasterise(polygons, width, height).map(|rle| region(&rle)),
            Self::Rle(rle) => {
                let picture = [width as u32, height as u32];
                let [h, w] = rle.size;
                if [w, h] != picture {
                    return Err(MaskError::WrongSize {
                        stated: [w, h],
                        picture,
                    });
                }
                rle.decode()
            }
            Self::Region(region) => Ok(region.clipped(width, height)),
        }
    }

    /// The mask as run lengths over a picture of `width` × `height`.
    ///
    /// # Errors
    /// As [`Mask::region`].
    pub fn run_lengths(&self, width: usize, height: usize) -> Result<CompressedRle, MaskError> {
        if let Self::Polygons(polygons) = self {
            let Rle { h, w, counts } = rasterise(polygons, width, height)?;
            return Ok(CompressedRle::from_counts([h, w], &counts));
        }
        sides(width, height)?;
        self.region(width, height)
            .map(|region| CompressedRle::encode(&region, width, height))
    }

    /// Count of pixels, as pycocotools' `area`.
    ///
    /// # Errors
    /// As [`Mask::region`].
    pub fn area(&self, width: usize, height: usize) -> Result<u64, MaskError> {
        match self {
            Self::Polygons(polygons) => rasterise(polygons, width, height).map(|rle| area(&rle)),
            Self::Rle(_) | Self::Region(_) => self
                .region(width, height)
                .map(|region| region.area() as u64),
        }
    }

    /// The smallest box around the mask as it is stored: around the corners of polygons, around the
    /// pixels otherwise. `None` when it is empty or its run lengths cannot be decoded.
    pub fn bounds(&self) -> Option<BBox> {
        match self {
            Self::Polygons(polygons) => polygons
                .iter()
                .filter_map(Polygon::bbox)
                .reduce(BBox::union),
            Self::Rle(rle) => rle.bbox().ok().flatten(),
            Self::Region(region) => region.bbox(),
        }
    }
}

fn sides(width: usize, height: usize) -> Result<[u32; 2], MaskError> {
    let pixels = width
        .checked_mul(height)
        .and_then(|n| u32::try_from(n).ok());
    match (u32::try_from(width), u32::try_from(height), pixels) {
        (Ok(width), Ok(height), Some(_)) => Ok([width, height]),
        _ => Err(MaskError::TooLarge { width, height }),
    }
}

fn rasterise(polygons: &[Polygon], width: usize, height: usize) -> Result<Rle, MaskError> {
    let [w, h] = sides(width, height)?;
    let flat: Vec<Vec<f64>> = polygons
        .iter()
        .map(|polygon| polygon.0.iter().flatten().copied().map(f64::from).collect())
        .collect();
    fr_polys(&flat, h, w).map_err(|_| MaskError::TooLarge { width, height })
}
