//! A run as data: what a JSON file says, with every number in it.
//!
//! A run is a list of phases over one model. Grafting (train on part 1, go on from that model on
//! part 2), Adam and then SGD, or a frozen body that is freed later are lists of phases:
//!
//! ```
//! use wardrobe_training::TrainingConfig;
//! let config = TrainingConfig::from_json(r#"{
//!     "seed": 7,
//!     "phases": [
//!         {"name": "head", "data": "part1", "duration": {"epochs": 1}, "rate": 1e-3,
//!          "optimiser": {"adam": {}}, "frozen": ["body.*"]},
//!         {"name": "all", "data": "part2", "duration": {"iterations": 9000},
//!          "rate": 0.02, "rate_for_batch": 16,
//!          "optimiser": {"sgd": {"weight_decay": 1e-4}},
//!          "schedule": {"shape": {"step": {"every": {"iterations": 5000}}},
//!                       "warm_up": {"span": {"iterations": 500}}}}
//!     ],
//!     "keep_best": {"metric": "AP50"}
//! }"#)?;
//! assert_eq!(config.phases[1].batches_per_step, 1);
//!
//! let error = TrainingConfig::from_json(r#"{"phases": []}"#).unwrap_err();
//! assert_eq!(error.to_string(), "phases: found []; give at least one phase");
//! # Ok::<(), wardrobe_training::TrainingError>(())
//! ```

pub(crate) mod check;
mod optimiser;
mod phase;
mod presets;
mod schedule;
mod span;

pub use optimiser::{AdamConfig, GroupConfig, OptimiserConfig, SgdConfig};
pub use phase::{AverageConfig, PhaseConfig};
pub use schedule::{ScheduleConfig, ShapeConfig, WarmUpConfig};
pub use span::Span;

use std::path::Path;

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use self::check::Check;
use crate::error::TrainingError;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// What all randomness of the run is drawn from.
    #[serde(default)]
    pub seed: u64,
    /// What is trained one after the other.
    pub phases: Vec<PhaseConfig>,
    /// How often the model is scored; every epoch by default. The end of a phase is always scored.
    #[serde(default = "every_epoch")]
    pub validate_every: Span,
    /// How often the run is saved; every epoch by default. The end of a phase is always saved.
    #[serde(default = "every_epoch")]
    pub checkpoint_every: Span,
    /// How many checkpoints are kept, the newest; 2 by default.
    #[serde(default = "two")]
    pub keep_last: usize,
    /// Which score decides that a model is kept besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_best: Option<KeepBestConfig>,
    /// The numbers forward and backward passes compute with; weights and their updates are f32.
    #[serde(default)]
    pub precision: Precision,
    /// Whether activations are computed again in the backward pass instead of kept: Burn's balanced strategy. Of the blocks
    /// of `wardrobe-kernels` those that add a residual, pools and pooled RoIs are kept, as are Burn's own layers; what lies
    /// between them is computed again, to the same bits.
    #[serde(default)]
    pub gradient_checkpointing: bool,
}

const fn every_epoch() -> Span {
    Span::Epochs(1)
}

const fn two() -> usize {
    2
}

/// Which model is the best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepBestConfig {
    /// The name of a score of the task.
    pub metric: String,
    /// Whether a smaller score is better.
    #[serde(default)]
    pub smaller_is_better: bool,
}

/// The numbers of forward and backward passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// 16-bit floats with the range of f32 and 8 bits of mantissa.
    Bf16,
    /// IEEE half floats; the loss is scaled, as gradients below 6e-8 vanish.
    F16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::F16];

    /// Its name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// Burn's name of the type.
    pub const fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
            Self::F16 => FloatDType::F16,
        }
    }
}

/// A text without the byte order mark that some editors begin it with.
pub(crate) fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

impl TrainingConfig {
    /// These phases, all else by default.
    pub fn new(phases: Vec<PhaseConfig>) -> Self {
        Self {
            seed: 0,
            phases,
            validate_every: every_epoch(),
            checkpoint_every: every_epoch(),
            keep_last: two(),
            keep_best: None,
            precision: Precision::default(),
            gradient_checkpointing: false,
        }
    }

    /// Reads and validates a JSON text.
    ///
    /// # Errors
    /// [`TrainingError::Json`] with the path of what does not fit; as
    /// [`validate`](Self::validate).
    pub fn from_json(text: &str) -> Result<Self, TrainingError> {
        Self::parse(text, "configuration")
    }

    /// Reads and validates a JSON file.
    ///
    /// # Errors
    /// [`TrainingError::Io`]; as [`from_json`](Self::from_json).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TrainingError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| TrainingError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, file: &str) -> Result<Self, TrainingError> {
        let text = unmarked(text);
        let fail = |field: String, source: serde_json::Error| TrainingError::Json {
            file: file.to_owned(),
            field,
            source,
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let config: Self = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| fail(error.path().to_string(), error.into_inner()))?;
        json.end()
            .map_err(|source| fail(format!("line {}", source.line()), source))?;
        config.validate()?;
        Ok(config)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] with the first field that does not fit, and what to write instead.
    pub fn validate(&self) -> Result<(), TrainingError> {
        let check = Check::root();
        check.that(
            "phases",
            &self.phases,
            !self.phases.is_empty(),
            "give at least one phase",
        )?;
        for (index, phase) in self.phases.iter().enumerate() {
            let check = check.item("phases", index);
            phase.validate(&check)?;
            let earlier = self.phases[..index].iter();
            check.that(
                "name",
                &phase.name,
                earlier.clone().all(|other| other.name != phase.name),
                "give every phase a name of its own",
            )?;
        }
        check.positive("validate_every", self.validate_every.count())?;
        check.positive("checkpoint_every", self.checkpoint_every.count())?;
        check.positive("keep_last", self.keep_last as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let text = r#"{"phases": [{"name": "a", "data": "train", "duration": {"epochs": 1}, "rate": 0.1}]}"#;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, format!("\u{feff}{text}")).unwrap();
        assert_eq!(
            TrainingConfig::from_file(&path).unwrap(),
            TrainingConfig::from_json(text).unwrap()
        );
    }
}
