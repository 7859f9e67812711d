//! clothNet: a classifier of garments whose body becomes a detector's backbone.

mod balance;
mod config;
mod model;
mod task;
mod train;

pub use config::{ClassifierModel, ClassifierRecipe, Subject};
pub use model::Classifier;
pub(crate) use task::of_classes;
pub use task::{ClassifierTask, settle};
