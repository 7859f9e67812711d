//! From pictures with annotations to batches: which classes there are, where samples come from, how
//! they reach the engine.

mod adapter;
mod chosen;
mod classes;
mod opened;
mod synthetic;

pub use adapter::{LoaderData, LoaderSettings, Named};
pub(crate) use chosen::Chosen;
pub use classes::{ClassChoice, Classes};
pub(crate) use opened::OpenedSets;
pub use opened::{DataConfig, FolderConfig, OpenedData};
pub use synthetic::{SyntheticConfig, SyntheticSource};
