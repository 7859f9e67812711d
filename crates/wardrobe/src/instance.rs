//! What goes in and what comes out: pictures and instances, on the host.

use rayon::prelude::*;
use wardrobe_datasets::{MaskRegion, Picture};
use wardrobe_kernels::boxes::host::paste_mask;
use wardrobe_mask_head::InstanceDetections;
use wardrobe_rpn_roi::{Detection, Detections, RgbPicture};

/// A pixel belongs to the mask above this probability (`>`), as where torchvision's masks are
/// turned into COCO results.
const MASK_THRESHOLD: f32 = 0.5;

/// One thing found in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// `[x1, y1, x2, y2]` in pixels of the picture, continuous.
    pub corners: [f32; 4],
    /// Class, from 1; 0 is the background and never appears.
    pub label: usize,
    /// Probability of the class.
    pub score: f32,
    /// Its pixels, where the detector has a mask branch.
    pub mask: Option<MaskRegion>,
}

/// Anything that can be looked at as 8-bit RGB pixels.
pub trait AsRgb {
    /// The pixels, borrowed.
    fn as_rgb(&self) -> RgbPicture<'_>;
}

impl AsRgb for Picture {
    fn as_rgb(&self) -> RgbPicture<'_> {
        RgbPicture {
            data: self.data(),
            width: self.width(),
            height: self.height(),
        }
    }
}

impl AsRgb for RgbPicture<'_> {
    fn as_rgb(&self) -> RgbPicture<'_> {
        *self
    }
}

impl<T: AsRgb + ?Sized> AsRgb for &T {
    fn as_rgb(&self) -> RgbPicture<'_> {
        (**self).as_rgb()
    }
}

/// Detections without masks.
pub(crate) fn from_boxes(found: &Detections) -> Vec<Instance> {
    found
        .to_vec()
        .into_iter()
        .map(|one| instance(one, None))
        .collect()
}

/// Detections with masks, each laid over its box in the picture.
pub(crate) fn from_masks(found: InstanceDetections) -> Vec<Instance> {
    let InstanceDetections { detections, masks } = found;
    if detections.is_empty() {
        return Vec::new();
    }
    let [_, side, _] = masks.dims();
    let size = [detections.size.height, detections.size.width];
    let masks: Vec<f32> = masks.into_data().iter::<f32>().collect();
    let boxes = detections.to_vec();
    boxes
        .into_par_iter()
        .zip(masks.par_chunks_exact(side * side))
        .map(|(one, mask)| {
            let pasted = paste_mask(mask, side, one.bbox, size);
            let region = MaskRegion::from_values(
                pasted.x0,
                pasted.y0,
                pasted.width,
                &pasted.values,
                MASK_THRESHOLD,
            );
            instance(one, Some(region))
        })
        .collect()
}

fn instance(one: Detection, mask: Option<MaskRegion>) -> Instance {
    Instance {
        corners: one.bbox,
        label: one.label,
        score: one.score,
        mask,
    }
}
