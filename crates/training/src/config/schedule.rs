//! How the learning rate moves through a phase.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::span::Span;

/// The rate's shape and its warm-up. See [`crate::schedule`] for the formulas.
///
/// ```
/// use wardrobe_training::ScheduleConfig;
/// let schedule: ScheduleConfig = serde_json::from_str(r#"{
///     "shape": {"step": {"every": {"iterations": 5000}, "factor": 0.1}},
///     "warm_up": {"span": {"iterations": 500}}
/// }"#)?;
/// assert_eq!(schedule.warm_up.unwrap().from, 0.001);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// The course of the rate.
    pub shape: ShapeConfig,
    /// A linear rise at the phase's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpConfig>,
}

/// The course of the rate over the iterations of a phase.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ShapeConfig {
    /// The same all through.
    #[default]
    Constant,
    /// Multiplied by `factor` after every stretch of this length.
    Step {
        /// The stretch.
        every: Span,
        /// The factor; 0.1 by default.
        #[serde(default = "tenth")]
        factor: f64,
    },
    /// Multiplied by `factor` at every milestone.
    MultiStep {
        /// Distances from the phase's start, ascending.
        milestones: Vec<Span>,
        /// The factor; 0.1 by default.
        #[serde(default = "tenth")]
        factor: f64,
    },
    /// Half a cosine from the rate down to `final_factor` of it, from the warm-up's end to the
    /// phase's.
    Cosine {
        /// The share of the rate that is left at the end; 0 by default.
        #[serde(default)]
        final_factor: f64,
    },
}

const fn tenth() -> f64 {
    0.1
}

/// A linear rise of the rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUpConfig {
    /// How long it takes.
    pub span: Span,
    /// The share of the rate it starts at; 0.001 by default (torchvision's
    /// `references/detection/engine.py`, `warmup_factor`).
    #[serde(default = "thousandth")]
    pub from: f64,
}

const fn thousandth() -> f64 {
    0.001
}

impl ScheduleConfig {
    pub(super) fn validate(&self, check: &Check) -> Result<(), crate::TrainingError> {
        if let Some(warm_up) = &self.warm_up {
            let check = check.at("warm_up");
            check.positive("span", warm_up.span.count())?;
            let holds = warm_up.from > 0.0 && warm_up.from <= 1.0;
            check.that(
                "from",
                &warm_up.from,
                holds,
                "give a share above 0, up to 1",
            )?;
        }
        let shape = check.at("shape");
        match &self.shape {
            ShapeConfig::Constant => Ok(()),
            ShapeConfig::Step { every, factor } => {
                let check = shape.at("step");
                check.positive("every", every.count())?;
                check.above("factor", *factor, 0.0)
            }
            ShapeConfig::MultiStep { milestones, factor } => {
                let check = shape.at("multi_step");
                check.above("factor", *factor, 0.0)?;
                check.that(
                    "milestones",
                    milestones,
                    !milestones.is_empty() && ascending(milestones),
                    "give at least one, all in one unit, each later than the one before",
                )
            }
            ShapeConfig::Cosine { final_factor } => {
                shape.at("cosine").share("final_factor", *final_factor)
            }
        }
    }
}

fn ascending(milestones: &[Span]) -> bool {
    let epochs = |span: &Span| matches!(span, Span::Epochs(_));
    milestones
        .windows(2)
        .all(|pair| pair[0].count() < pair[1].count() && epochs(&pair[0]) == epochs(&pair[1]))
}
