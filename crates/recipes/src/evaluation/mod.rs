//! Checkpoints on any data: a run's folder, or a detector that was loaded otherwise, scored by COCO's
//! and paper A's metrics.
//!
//! ```no_run
//! use burn::tensor::Device;
//! use wardrobe_recipes::data::{DataConfig, FolderConfig};
//! use wardrobe_recipes::evaluation::DetectorCheckpoint;
//!
//! let checkpoint = DetectorCheckpoint::of_run("runs/mask-rcnn", &Device::flex())?;
//! let folder = FolderConfig { path: "wardrobe".into(), ..FolderConfig::default() };
//! let tally = checkpoint.evaluate(&DataConfig::Folder(folder), false, &mut |_| Ok(()))?;
//! println!("{:?}", tally.scores().get("mask_AP50"));
//! # Ok::<(), wardrobe_recipes::RecipeError>(())
//! ```

mod classifier;
mod detector;
mod run;

pub use classifier::ClassifierCheckpoint;
pub use detector::{DetectorCheckpoint, Judged, TrainedDetector};
pub use run::RunKind;
