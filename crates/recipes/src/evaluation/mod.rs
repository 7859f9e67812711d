//! Checkpoints on any data: a run's folder, or a detector that was loaded otherwise, scored by COCO's
//! and paper A's metrics.
//!
//! ```no_run
//! use burn::tensor::Device;
//! use wardrobe_recipes::data::{DataConfig, FolderConfig};
//! use wardrobe_recipes::evaluation::DetectorCheckpoint;
//! use wardrobe_training::Flow;
//!
//! let checkpoint = DetectorCheckpoint::of_run("runs/mask-rcnn", &Device::flex())?;
//! let folder = FolderConfig { path: "wardrobe".into(), ..FolderConfig::default() };
//! let pictures = checkpoint.open(&DataConfig::Folder(folder), false)?;
//! let tally = checkpoint.evaluate(&pictures, &mut |_| Ok(Flow::Continue))?;
//! println!("{:?}", tally.scores().get("mask_AP50"));
//! # Ok::<(), wardrobe_recipes::RecipeError>(())
//! ```

mod classifier;
mod detector;
mod errors;
mod page;
mod pairs;
mod run;
mod summary;

pub use classifier::{ClassifierCheckpoint, LabelledPictures};
pub use detector::{DetectorCheckpoint, Judged, Pictures, TrainedDetector};
pub use errors::{Mistake, WorstErrors, Wrong, worst_errors};
pub use page::{with_classes, with_pictures};
pub use pairs::pair;
pub use run::RunKind;
pub use summary::{ClassAccuracy, ClassifierSummary, DetectorSummary};
