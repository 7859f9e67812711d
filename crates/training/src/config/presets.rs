//! Recipes of paper A as configurations.
//!
//! The paper gives 16-bit floats, which are left to the device here, the rate, its steps, warm-up and linear scaling (its section on tricks); what it
//! leaves open is torchvision's (`references/detection` at 0.24): batch 16 for the rate 0.02, weight
//! decay 1e-4, momentum 0.9, warm-up over 1,000 iterations from 0.001.

use super::{OptimiserConfig, PhaseConfig, ScheduleConfig, SgdConfig, ShapeConfig, Span};
use super::{TrainingConfig, WarmUpConfig};

/// Initial rate of paper A.
const RATE: f64 = 0.02;
/// The batch the rate is for: torchvision's 8 GPUs of 2 pictures.
const BATCH: usize = 16;
/// Iterations between two steps of the rate (paper A).
const STEP: u64 = 5_000;
/// What the rate is multiplied with at a step (paper A).
const FACTOR: f64 = 0.1;
/// Iterations of the warm-up: torchvision's `min(1000, len(data_loader) - 1)`; the paper says "some
/// epochs".
const WARM_UP: u64 = 1_000;
/// Steps of the rate and a stretch at the lowest: 0.02, 0.002, 0.0002.
const ITERATIONS: u64 = 3 * STEP;

impl PhaseConfig {
    /// Paper A's detector training on one data set: SGD at 0.02 for 16 pictures, a tenth every 5,000
    /// iterations, linear warm-up, 15,000 iterations.
    ///
    /// ```
    /// let phase = wardrobe_training::PhaseConfig::paper_a("all", "deepfashionMask");
    /// assert_eq!(phase.scaled_rate(16), 0.02);
    /// ```
    pub fn paper_a(name: impl Into<String>, data: impl Into<String>) -> Self {
        Self {
            rate_for_batch: Some(BATCH),
            optimiser: OptimiserConfig::Sgd(SgdConfig {
                weight_decay: 1e-4,
                ..SgdConfig::default()
            }),
            schedule: ScheduleConfig {
                shape: ShapeConfig::Step {
                    every: Span::Iterations(STEP),
                    factor: FACTOR,
                },
                warm_up: Some(WarmUpConfig {
                    span: Span::Iterations(WARM_UP),
                    from: 0.001,
                }),
            },
            ..Self::new(name, data, Span::Iterations(ITERATIONS), RATE)
        }
    }
}

impl TrainingConfig {
    /// Paper A's training on one data set.
    pub fn paper_a(data: impl Into<String>) -> Self {
        Self::new(vec![PhaseConfig::paper_a("all", data)])
    }

    /// Paper A's grafting: the whole recipe on part 1, then again, from that model, on part 2.
    ///
    /// ```
    /// let config = wardrobe_training::TrainingConfig::grafting("part1", "part2");
    /// let data: Vec<_> = config.phases.iter().map(|phase| phase.data.as_str()).collect();
    /// assert_eq!(data, ["part1", "part2"]);
    /// config.validate()?;
    /// # Ok::<(), wardrobe_training::TrainingError>(())
    /// ```
    pub fn grafting(first: impl Into<String>, second: impl Into<String>) -> Self {
        Self::new(vec![
            PhaseConfig::paper_a("first part", first),
            PhaseConfig::paper_a("second part", second),
        ])
    }
}
