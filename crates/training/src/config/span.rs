//! Stretches of training.

use serde::{Deserialize, Serialize};

/// A stretch of training: `{"iterations": 5000}` or `{"epochs": 3}`.
///
/// An iteration is one step of the optimiser, however many batches it accumulates; an epoch is one
/// pass over the phase's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Span {
    /// Steps of the optimiser.
    Iterations(u64),
    /// Passes over the data.
    Epochs(u64),
}

impl Span {
    /// Its length in iterations where an epoch has `per_epoch`.
    ///
    /// ```
    /// use wardrobe_training::Span;
    /// assert_eq!(Span::Iterations(7).iterations(100), 7);
    /// assert_eq!(Span::Epochs(7).iterations(100), 700);
    /// ```
    pub const fn iterations(self, per_epoch: u64) -> u64 {
        match self {
            Self::Iterations(count) => count,
            Self::Epochs(count) => count.saturating_mul(per_epoch),
        }
    }

    /// Its number, whatever the unit.
    pub const fn count(self) -> u64 {
        match self {
            Self::Iterations(count) | Self::Epochs(count) => count,
        }
    }
}
