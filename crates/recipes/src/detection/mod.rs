//! Detectors under training: what they learn from, how they are scored, the task the engine runs.

mod config;
mod label_maps;
mod model;
mod pictures;
mod scores;
mod tally;
mod task;
mod train;
mod truth;

pub use config::{Architecture, DetectorModel, DetectorRecipe};
pub use model::{Found, TrainableDetector};
pub(crate) use pictures::{DRAWN_FROM, annotations, embedded};
pub use scores::{Scorer, ScoringConfig};
pub use tally::{ClassScores, Kind, KindTally, Tally};
pub use task::DetectorTask;
pub(crate) use task::{rgb, torchvision_names};
pub use truth::{instance_truth, settle};
pub(crate) use truth::{settle_for_scores, targets};
