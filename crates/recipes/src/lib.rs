#![doc = include_str!("../README.md")]

pub mod classification;
pub mod data;
pub mod detection;
mod error;
pub mod evaluation;
pub mod experiments;
mod json;
mod not_finite;
pub mod presets;
pub mod quickstart;
mod run;
mod table;
mod weights;

pub use error::{ObjectError, RecipeError, SubjectError};
pub use run::{Begin, Listener, Notice, Outcome};
pub use table::Table;
pub use weights::{FileWeights, MODEL_FILE, StartWeights};
