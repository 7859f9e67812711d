//! The optimiser of a phase, and the parameters it treats differently.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// Which rule moves the weights. Defaults are PyTorch's 2.9, not Burn's.
///
/// ```
/// use wardrobe_training::OptimiserConfig;
/// let optimiser: OptimiserConfig = serde_json::from_str(r#"{"sgd": {"weight_decay": 1e-4}}"#)?;
/// let OptimiserConfig::Sgd(sgd) = optimiser else { panic!() };
/// assert_eq!((sgd.momentum, sgd.dampening), (0.9, 0.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimiserConfig {
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Adam; weight decay is added to the gradient.
    Adam(AdamConfig),
    /// Adam with decoupled weight decay.
    #[serde(rename = "adamw")]
    AdamW(AdamConfig),
}

impl Default for OptimiserConfig {
    fn default() -> Self {
        Self::Sgd(SgdConfig::default())
    }
}

impl OptimiserConfig {
    /// The weight decay of parameters that no group gives another one.
    pub const fn weight_decay(&self) -> f64 {
        match self {
            Self::Sgd(sgd) => sgd.weight_decay,
            Self::Adam(adam) | Self::AdamW(adam) => adam.weight_decay,
        }
    }

    /// Whether it is one of the Adams, whose steps do not grow with the gradient.
    pub const fn is_adaptive(&self) -> bool {
        !matches!(self, Self::Sgd(_))
    }

    pub(super) fn validate(&self, check: &Check) -> Result<(), crate::TrainingError> {
        let kind = match self {
            Self::Sgd(_) => "sgd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
        };
        let check = check.at(kind);
        check.at_least("weight_decay", self.weight_decay(), 0.0)?;
        match self {
            Self::Sgd(sgd) => {
                check.share("momentum", sgd.momentum)?;
                check.share("dampening", sgd.dampening)?;
                check.that(
                    "nesterov",
                    &sgd.nesterov,
                    !sgd.nesterov || (sgd.momentum > 0.0 && sgd.dampening == 0.0),
                    "Nesterov needs a momentum above 0 and a dampening of 0",
                )
            }
            Self::Adam(adam) | Self::AdamW(adam) => {
                check.share("beta_1", adam.beta_1)?;
                check.share("beta_2", adam.beta_2)?;
                check.above("epsilon", adam.epsilon, 0.0)
            }
        }
    }
}

/// Settings of SGD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdConfig {
    /// Share of the last step that is kept; 0.9, as in torchvision's `references/detection`.
    pub momentum: f64,
    /// What is taken off a new gradient in the momentum; 0, as in PyTorch (Burn: 0.1).
    pub dampening: f64,
    /// Whether the momentum is looked ahead along.
    pub nesterov: bool,
    /// λ of λ·w, added to the gradient; 0. torchvision's detectors and paper-like recipes: 1e-4.
    pub weight_decay: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

/// Settings of Adam and AdamW.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    /// Decay of the mean of gradients; 0.9.
    pub beta_1: f64,
    /// Decay of the mean of squares; 0.999.
    pub beta_2: f64,
    /// Added to the root of the mean of squares; 1e-8, as in PyTorch (Burn: 1e-5).
    pub epsilon: f64,
    /// Adam: λ of λ·w, added to the gradient; AdamW: weights shrink by rate · λ. 0 by default
    /// (PyTorch's AdamW: 0.01).
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

/// Parameters that are treated differently. The first group with a matching pattern counts.
///
/// ```
/// use wardrobe_training::GroupConfig;
/// let body: GroupConfig =
///     serde_json::from_str(r#"{"parameters": ["backbone.*"], "rate_multiplier": 0.1}"#)?;
/// assert_eq!(body.weight_decay, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupConfig {
    /// Patterns of names; `*` is any run of characters.
    pub parameters: Vec<String>,
    /// What the rate is multiplied with; 1.
    #[serde(default = "one")]
    pub rate_multiplier: f64,
    /// A weight decay of its own, then also for norms and biases; none: the optimiser's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
}

const fn one() -> f64 {
    1.0
}

impl GroupConfig {
    pub(super) fn validate(&self, check: &Check) -> Result<(), crate::TrainingError> {
        check.that(
            "parameters",
            &self.parameters,
            !self.parameters.is_empty(),
            "name at least one pattern",
        )?;
        check.above("rate_multiplier", self.rate_multiplier, 0.0)?;
        self.weight_decay
            .map_or(Ok(()), |decay| check.at_least("weight_decay", decay, 0.0))
    }
}
