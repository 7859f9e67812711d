//! In what order, and how often, an epoch takes the samples of a source.
//!
//! A sampler is a pure function of seed and epoch: a resumed run asks again and gets the same list.
//! Legend: n samples in the source; C categories that occur in it; f(c) the share of samples with
//! category c.

mod class_balanced;
mod repeat_factor;
mod uniform;
mod weighted;

pub use class_balanced::ClassBalanced;
pub use repeat_factor::RepeatFactor;
pub use uniform::{Sequential, Shuffled};
pub use weighted::Weighted;

use serde::{Deserialize, Serialize};

use super::{LoaderError, Source};

/// Draws that an epoch may have: its order is a list in memory.
const MOST_DRAWS: usize = 1_000_000_000;

/// The order of an epoch.
pub trait Sampler: Send + Sync {
    /// Indices into the source, in the order of epoch `epoch`; the same for the same arguments.
    fn order(&self, seed: u64, epoch: u64) -> Vec<usize>;
}

/// The samplers of this module as a setting.
///
/// ```
/// use wardrobe_datasets::loader::Sampling;
/// let sampling: Sampling = serde_json::from_str(r#"{"kind": "repeat_factor", "threshold": 0.001}"#)?;
/// assert_eq!(sampling, Sampling::RepeatFactor { threshold: 0.001 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sampling {
    /// Every sample once, in the source's order: [`Sequential`].
    Sequential,
    /// Every sample once, in a new order each epoch: [`Shuffled`].
    #[default]
    Shuffled,
    /// Drawn with replacement by weight: [`Weighted`].
    Weighted {
        /// One for each sample, not negative; they need not sum to 1.
        weights: Vec<f64>,
        /// Draws in an epoch, at most a billion; as many as samples when not given.
        #[serde(default)]
        draws: Option<usize>,
    },
    /// Every category equally often: [`ClassBalanced`].
    ClassBalanced {
        /// Draws in an epoch, at most a billion; as many as samples when not given.
        #[serde(default)]
        draws: Option<usize>,
    },
    /// Samples of rare categories repeated: [`RepeatFactor`].
    RepeatFactor {
        /// The share of samples below which a category counts as rare, 0–1; LVIS trains with 0.001
        /// (arXiv:1908.03195v2, appendix B.2).
        threshold: f64,
    },
}

impl Sampling {
    /// The sampler over this source.
    ///
    /// # Errors
    /// [`LoaderError::Setting`] for weights, draws or thresholds out of range.
    pub fn build(&self, source: &dyn Source) -> Result<Box<dyn Sampler>, LoaderError> {
        let len = source.len();
        if let Self::Weighted { draws, .. } | Self::ClassBalanced { draws } = self
            && let Some(draws) = draws
            && *draws > MOST_DRAWS
        {
            return Err(LoaderError::Setting {
                field: "sampling.draws",
                found: draws.to_string(),
                expected: "at most 1,000,000,000 draws in an epoch",
            });
        }
        let categories = || (0..len).map(|index| source.categories(index));
        Ok(match self {
            Self::Sequential => Box::new(Sequential::new(len)),
            Self::Shuffled => Box::new(Shuffled::new(len)),
            Self::Weighted { weights, draws } => {
                if weights.len() != len {
                    return Err(LoaderError::Setting {
                        field: "sampling.weights",
                        found: format!("{} weights for {len} samples", weights.len()),
                        expected: "one weight for each sample",
                    });
                }
                Box::new(Weighted::new(weights, draws.unwrap_or(len))?)
            }
            Self::ClassBalanced { draws } => {
                Box::new(ClassBalanced::new(categories(), draws.unwrap_or(len)))
            }
            Self::RepeatFactor { threshold } => {
                Box::new(RepeatFactor::new(categories(), *threshold)?)
            }
        })
    }
}

/// Distinct categories of a sample, ascending: two coats in one picture are one picture with coats.
fn distinct(mut categories: Vec<u32>) -> Vec<u32> {
    categories.sort_unstable();
    categories.dedup();
    categories
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::FnSource;
    use crate::{Picture, Sample};

    #[test]
    fn draws_that_no_memory_holds_are_refused() {
        let source = FnSource::new(1, |_| {
            Ok(Sample {
                picture: Picture::new(vec![0; 3], 1, 1),
                objects: Vec::new(),
                parsing: None,
            })
        });
        let sampling = |draws| Sampling::ClassBalanced { draws: Some(draws) };
        assert!(sampling(3).build(&source).is_ok());
        let message = match sampling(usize::MAX).build(&source) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(message.contains("sampling.draws"), "{message}");
    }
}
