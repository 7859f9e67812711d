//! A run's folder: configuration, log and checkpoints.
//!
//! ```text
//! config.json                   what is trained: a run is resumed only with the same
//! metrics.jsonl                 one line a step and a validation; no times in it, so that runs compare
//! checkpoints/step-00000500.safetensors
//! checkpoints/best.safetensors  the weights with the best score (averaged ones where there are)
//! run.lock                      held while a process trains here
//! ```

mod atomic;
mod folder;
mod log;
mod records;
mod state;

pub use folder::{RunFolder, StoredCheckpoint};
pub use log::read_log;
pub use records::{EpochRecord, Named, Record, StepRecord};
pub use state::load_weights;

pub(crate) use atomic::write as write_file;
pub(crate) use log::Log;
pub(crate) use state::{AVERAGE, Ended, LossScaleState, MODEL, OPTIMISER, Position, State, Stored};
