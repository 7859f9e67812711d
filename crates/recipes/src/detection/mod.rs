//! Detectors under training: what they learn from, how they are scored, the task the engine runs.

mod label_maps;
mod model;
mod scores;
mod task;
mod truth;

pub use model::{Found, TrainableDetector};
pub use scores::{Scorer, ScoringConfig};
pub use task::{DetectorTask, HeldOut};
pub(crate) use task::{rgb, torchvision_names};
pub use truth::{instance_truth, settle};
