//! Steps that move pixels, and annotations with them.

mod affine;
mod copy;
mod crop;
mod flip;
mod map;
mod pad;
mod resize;
mod span;
mod warp;

pub use affine::{Affine, Rotate};
pub use crop::{CentreCrop, Crop, CropResized};
pub use flip::HorizontalFlip;
pub use map::AffineMap;
pub use pad::{PadPlace, SquarePad};
pub use resize::{Filter, Resize, ResizeTo};

pub(crate) use copy::copy;
pub(crate) use map::WholePixels;
pub(crate) use resize::resample;
pub(crate) use span::Window;
pub(crate) use warp::{bilinear, nearest};
