//! Steps that change values and move nothing.

mod blur;
mod colour;
mod dropout;
mod grey;
mod hue;
mod jpeg;
mod noise;
mod sharpen;
mod tables;

pub use blur::Blur;
pub use colour::{Brightness, ChannelPermutation, Contrast, Lighting, Pivot};
pub use dropout::CoarseDropout;
pub use grey::{Grayscale, Saturation};
pub use hue::Hue;
pub use jpeg::JpegQuality;
pub use noise::GaussianNoise;
pub use sharpen::Sharpen;
pub use tables::ChannelTables;
