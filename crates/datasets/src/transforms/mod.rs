//! Geometry and pixel transforms, their combinations, and batches.
//!
//! A [`Step`] is plain data (JSON in, JSON out). A [`Pipeline`] has checked it and turns a
//! [`Sample`](crate::sample::Sample) into another: pixels, boxes, polygons, masks, landmarks and the
//! parsing map move together. Random numbers come from a [`Stream`], an address made of the seed, the
//! sample's place in the data set and the step's place in the pipeline: neither thread count nor
//! order changes a byte.
//!
//! Geometric steps that follow each other become one affine map and one resample, tables of
//! consecutive colour steps become one table; see [`Work`]. [`Resize`] with an antialiasing filter
//! looks at more pixels than a map can say, so it ends such a run.
//!
//! | step | of the picture | reference |
//! |---|---|---|
//! | [`Resize`] | short, long or both sides | Pillow, torchvision |
//! | [`SquarePad`], [`HorizontalFlip`], [`Crop`], [`CentreCrop`] | rows copied, nothing resampled | imgaug |
//! | [`CropResized`] | random area and proportions | torchvision `RandomResizedCrop` |
//! | [`Rotate`], [`Affine`] | about the centre | torchvision `affine`, imgaug `Affine` |
//! | [`GaussianNoise`] | added | imgaug `AdditiveGaussianNoise` |
//! | [`ChannelPermutation`] | exchanged | imgaug `ChannelShuffle` |
//! | [`Brightness`], [`Contrast`] | tables | Pillow `ImageEnhance`, imgaug `Multiply`, `Add`, `LinearContrast` |
//! | [`Saturation`], [`Grayscale`] | blended with grey | Pillow `ImageEnhance.Color` |
//! | [`Hue`] | turned | torchvision `adjust_hue` |
//! | [`Lighting`] | colour noise | the bag-of-tricks paper, section 2.1 |
//! | [`Blur`], [`Sharpen`] | neighbourhoods | torchvision `gaussian_blur`, Pillow `ImageEnhance.Sharpness` |
//! | [`CoarseDropout`] | cells blanked | imgaug `CoarseDropout` |
//! | [`JpegQuality`] | stored and read back | Pillow |
//!
//! [`presets`] has the papers' pipelines, [`Loader::with_transforms`](crate::loader::Loader::with_transforms)
//! applies one in the loader's threads. What follows on whole batches is in
//! [`collate`](crate::collate): standardised numbers,
//! [mixup](crate::collate::ClassificationBatch::mixup) and
//! [label smoothing](crate::collate::LabelWeights::smooth).

mod annotations;
mod combine;
mod error;
mod geometry;
mod mirrors;
mod pipeline;
mod pixels;
pub mod presets;
mod range;
mod step;
mod stream;
mod transform;
mod work;

pub use combine::{OneOf, PerBatch, Sequential, SomeOf, Sometimes};
pub use error::TransformError;
pub use geometry::{
    Affine, AffineMap, CentreCrop, Crop, CropResized, Filter, HorizontalFlip, PadPlace, Resize,
    ResizeTo, Rotate, SquarePad,
};
pub use mirrors::Mirrors;
pub use pipeline::Pipeline;
pub use pixels::{
    Blur, Brightness, ChannelPermutation, ChannelTables, CoarseDropout, Contrast, GaussianNoise,
    Grayscale, Hue, JpegQuality, Lighting, Pivot, Saturation, Sharpen,
};
pub use range::Range;
pub use step::Step;
pub use stream::{Dice, Stream};
pub use transform::Transform;
pub use work::{Canvas, Work};
