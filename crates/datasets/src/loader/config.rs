//! The settings of a loader.

use serde::{Deserialize, Serialize};

use super::{LoaderError, Sampling};

/// What happens when a picture cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadFile {
    /// The run ends with an error that names the file, at the file's place in the order.
    #[default]
    Fail,
    /// The sample is left out and counted in [`SkippedFiles`](super::SkippedFiles). Nothing takes
    /// its place, so its batch is smaller and all other batches stay what they are; a batch with no
    /// sample left is not handed out. A sample over which the source panics, or which the map
    /// refuses, counts as a bad file.
    Skip,
}

/// How samples become batches.
///
/// ```
/// use wardrobe_datasets::loader::Batching;
/// let batching = Batching { drop_last: true, ..Batching::of(8).by_aspect() };
/// assert_eq!(batching.size, 8);
/// assert_eq!(batching.aspect_edges.len(), 7);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batching {
    /// Samples in a batch, at least 1.
    pub size: usize,
    /// Leave out the last batch of an epoch when it is not full.
    #[serde(default)]
    pub drop_last: bool,
    /// Bounds between groups of width divided by height, ascending; only samples of one group share
    /// a batch. An aspect that is a bound belongs to the group above it. Empty: one group.
    #[serde(default)]
    pub aspect_edges: Vec<f32>,
}

impl Batching {
    /// The bounds of torchvision's detection training (`references/detection`, option
    /// `--aspect-ratio-group-factor 3`): 2^(i/3) for i = −3 … 3.
    pub const TORCHVISION_EDGES: [f32; 7] = [
        0.5,
        0.629_960_5,
        0.793_700_5,
        1.0,
        1.259_921,
        1.587_401,
        2.0,
    ];

    /// Batches of `size` in the sampler's order, the last one perhaps smaller.
    pub const fn of(size: usize) -> Self {
        Self {
            size,
            drop_last: false,
            aspect_edges: Vec::new(),
        }
    }

    /// The same, grouped by [`Batching::TORCHVISION_EDGES`].
    pub fn by_aspect(self) -> Self {
        Self {
            aspect_edges: Self::TORCHVISION_EDGES.to_vec(),
            ..self
        }
    }

    pub(super) fn validate(&self) -> Result<(), LoaderError> {
        if self.size == 0 {
            return Err(LoaderError::Setting {
                field: "batching.size",
                found: "0".into(),
                expected: "at least 1",
            });
        }
        let proper = |edge: &f32| edge.is_finite() && *edge > 0.0;
        if !self.aspect_edges.iter().all(proper)
            || !self.aspect_edges.windows(2).all(|pair| pair[0] < pair[1])
        {
            return Err(LoaderError::Setting {
                field: "batching.aspect_edges",
                found: format!("{:?}", self.aspect_edges),
                expected: "finite bounds above 0, each larger than the one before",
            });
        }
        Ok(())
    }
}

/// Everything that decides which batches come, and with what means.
///
/// Only `seed`, `sampling` and `batching` decide what comes; `workers` and `max_bytes` decide how
/// fast.
///
/// ```
/// use wardrobe_datasets::loader::{LoaderConfig, OnBadFile, Sampling};
/// let config: LoaderConfig = serde_json::from_str(
///     r#"{"batching": {"size": 4}, "seed": 7, "on_bad_file": "skip"}"#,
/// )?;
/// assert_eq!(config.sampling, Sampling::Shuffled);
/// assert_eq!(config.on_bad_file, OnBadFile::Skip);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderConfig {
    /// How samples become batches.
    pub batching: Batching,
    /// In what order samples come.
    #[serde(default)]
    pub sampling: Sampling,
    /// What order and transforms are drawn from.
    #[serde(default)]
    pub seed: u64,
    /// Threads that decode; 0 for as many as the machine has cores.
    #[serde(default)]
    pub workers: usize,
    /// Bytes of decoded samples that may wait for the consumer; 256 MiB by default, at least one
    /// sample whatever its size. See [`loader`](super) for what is counted.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: usize,
    /// What happens when a picture cannot be used.
    #[serde(default)]
    pub on_bad_file: OnBadFile,
}

/// 186 pictures of 600 × 800 pixels: seconds of work for a training step, little beside its memory.
const fn default_max_bytes() -> usize {
    256 << 20
}

impl LoaderConfig {
    /// Shuffled batches of `size` from seed 0, every core at work, bad files an error.
    pub fn new(size: usize) -> Self {
        Self {
            batching: Batching::of(size),
            sampling: Sampling::default(),
            seed: 0,
            workers: 0,
            max_bytes: default_max_bytes(),
            on_bad_file: OnBadFile::default(),
        }
    }
}
