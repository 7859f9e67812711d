//! Batches of samples as the numbers a network takes: host memory, no tensor library.
//!
//! Legend: N pictures; H×W the size of the batch, rows first wherever two sizes stand together.
//! Pixels are `[N, 3, H, W]` in row-major order: planes of red, green, blue. A value is
//! `(byte / 255 − mean) / std` of its channel ([`Standardisation`](crate::statistics::Standardisation));
//! where a batch is larger than a picture, at the right and below, it is 0 after that, as in
//! torchvision's `GeneralizedRCNNTransform`.
//!
//! - [`DetectionCollate`]: pictures of different sizes, with boxes, labels and masks.
//! - [`ClassificationCollate`]: pictures of one size, with weights for categories and attributes;
//!   [mixup](ClassificationBatch::mixup) and [label smoothing](LabelWeights::smooth).

mod classification;
mod detection;
mod error;
mod labels;
mod mixup;
mod pixels;

pub use classification::{ClassificationBatch, ClassificationCollate, ClassificationCollateConfig};
pub use detection::{DetectionBatch, DetectionCollate, DetectionCollateConfig, DetectionTargets};
pub use error::CollateError;
pub use labels::{LabelWeights, Smoothing};
pub use mixup::Mixed;
pub use pixels::{ImageSize, PixelBatch};
