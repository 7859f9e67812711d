//! The learning rate at an iteration: a pure function, so a resumed run needs no state of it.
//!
//! With i the iteration of the phase from 0, n the iterations of the warm-up, N those of the phase,
//! and w(i) = from + (1 − from) · min(i, n)/n the warm-up (PyTorch's `LinearLR`), the rate is
//! multiplied with
//!
//! | shape | factor |
//! |---|---|
//! | constant | w(i) |
//! | step | w(i) · factor^⌊i / every⌋ |
//! | multi-step | w(i) · factor^(number of milestones ≤ i) |
//! | cosine | w(i) for i < n, then f + (1 − f) · (1 + cos(π (i − n)/(N − n)))/2 |
//!
//! Steps are counted from the phase's start, warm-up included, as in torchvision's
//! `references/detection`; the cosine starts at the warm-up's end, as in `references/classification`.

use crate::config::{ScheduleConfig, ShapeConfig};

/// A schedule laid out over the iterations of a phase.
///
/// ```
/// use wardrobe_training::{ScheduleConfig, schedule::Schedule};
/// let config: ScheduleConfig = serde_json::from_str(r#"{
///     "shape": {"step": {"every": {"epochs": 2}}}, "warm_up": {"span": {"iterations": 2}, "from": 0.5}
/// }"#)?;
/// let schedule = Schedule::new(&config, 3, 12);
/// let factors: Vec<f64> = [0, 1, 2, 5, 6].map(|i| schedule.factor(i)).into();
/// assert_eq!(factors, [0.5, 0.75, 1.0, 1.0, 0.1]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    shape: Shape,
    warm_up: u64,
    from: f64,
    iterations: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Constant,
    Step { every: u64, factor: f64 },
    MultiStep { milestones: Vec<u64>, factor: f64 },
    Cosine { final_factor: f64 },
}

impl Schedule {
    /// For a phase of `iterations`, with `per_epoch` iterations in a pass over the data.
    pub fn new(config: &ScheduleConfig, per_epoch: u64, iterations: u64) -> Self {
        let shape = match &config.shape {
            ShapeConfig::Constant => Shape::Constant,
            ShapeConfig::Step { every, factor } => Shape::Step {
                every: every.iterations(per_epoch).max(1),
                factor: *factor,
            },
            ShapeConfig::MultiStep { milestones, factor } => Shape::MultiStep {
                milestones: milestones
                    .iter()
                    .map(|span| span.iterations(per_epoch))
                    .collect(),
                factor: *factor,
            },
            ShapeConfig::Cosine { final_factor } => Shape::Cosine {
                final_factor: *final_factor,
            },
        };
        let warm_up = config.warm_up.as_ref();
        Self {
            shape,
            warm_up: warm_up.map_or(0, |warm_up| warm_up.span.iterations(per_epoch)),
            from: warm_up.map_or(1.0, |warm_up| warm_up.from),
            iterations,
        }
    }

    /// What the rate is multiplied with at iteration `iteration` of the phase, from 0.
    pub fn factor(&self, iteration: u64) -> f64 {
        let warm_up = if iteration < self.warm_up {
            self.from + (1.0 - self.from) * iteration as f64 / self.warm_up as f64
        } else {
            1.0
        };
        match &self.shape {
            Shape::Constant => warm_up,
            Shape::Step { every, factor } => warm_up * power(*factor, iteration / every),
            Shape::MultiStep { milestones, factor } => {
                let passed = milestones.iter().filter(|&&at| at <= iteration).count();
                warm_up * power(*factor, passed as u64)
            }
            Shape::Cosine { .. } if iteration < self.warm_up => warm_up,
            Shape::Cosine { final_factor } => {
                let length = self.iterations.saturating_sub(self.warm_up).max(1);
                let share = ((iteration - self.warm_up) as f64 / length as f64).min(1.0);
                // The same bits on every machine, which the system's own cosine does not promise.
                let cosine = libm::cos(std::f64::consts::PI * share);
                final_factor + (1.0 - final_factor) * (1.0 + cosine) / 2.0
            }
        }
    }
}

/// By multiplication: the same bits on every machine.
fn power(factor: f64, times: u64) -> f64 {
    // 0.1^400 is 0 already; a schedule of more steps has long ended.
    (0..times.min(1_000)).fold(1.0, |product, _| product * factor)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn schedule(json: &str, per_epoch: u64, iterations: u64) -> Schedule {
        Schedule::new(&serde_json::from_str(json).unwrap(), per_epoch, iterations)
    }

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }

    #[test]
    fn constant_after_its_warm_up() {
        // from 0.2 over 4: 0.2, 0.4, 0.6, 0.8, 1.
        let schedule = schedule(
            r#"{"warm_up": {"span": {"iterations": 4}, "from": 0.2}}"#,
            9,
            20,
        );
        for (iteration, expected) in [0.2, 0.4, 0.6, 0.8, 1.0, 1.0].into_iter().enumerate() {
            assert_close(schedule.factor(iteration as u64), expected);
        }
    }

    #[test]
    fn paper_a_steps_every_5000() {
        let phase = crate::PhaseConfig::paper_a("all", "train");
        let schedule = Schedule::new(&phase.schedule, 250, 15_000);
        // Rate 0.02: first warm-up step 0.02 · 0.001; middle 0.001 + 0.999/2 = 0.5005.
        for (iteration, rate) in [
            (0, 0.000_02),
            (500, 0.010_01),
            (1_000, 0.02),
            (4_999, 0.02),
            (5_000, 0.002),
            (9_999, 0.002),
            (10_000, 0.000_2),
        ] {
            assert_close(0.02 * schedule.factor(iteration), rate);
        }
    }

    #[test]
    fn a_milestone_counts_from_its_own_iteration_on() {
        // Epochs of 10: milestones 20 and 30; warm-up not yet over at 20 multiplies too.
        let schedule = schedule(
            r#"{"shape": {"multi_step": {"milestones": [{"epochs": 2}, {"epochs": 3}], "factor": 0.5}},
                "warm_up": {"span": {"epochs": 4}, "from": 0.2}}"#,
            10,
            50,
        );
        // w(19) = 0.2 + 0.8 · 19/40 = 0.58, w(20) = 0.6, w(30) = 0.8.
        assert_close(schedule.factor(19), 0.58);
        assert_close(schedule.factor(20), 0.6 * 0.5);
        assert_close(schedule.factor(30), 0.8 * 0.25);
        assert_close(schedule.factor(40), 0.25);
    }

    #[test]
    fn a_cosine_falls_from_the_warm_up_to_the_end() {
        // n = 2, N = 10: 8 iterations of fall to 0.2. Quarter (i = 4): cos 45° = √½, so
        // 0.2 + 0.8 · (1 + √½)/2; middle (i = 6): 0.6; end: 0.2.
        let schedule = schedule(
            r#"{"shape": {"cosine": {"final_factor": 0.2}}, "warm_up": {"span": {"iterations": 2}, "from": 0.5}}"#,
            1,
            10,
        );
        assert_close(schedule.factor(0), 0.5);
        assert_close(schedule.factor(2), 1.0);
        assert_close(schedule.factor(4), 0.2 + 0.4 * (1.0 + 0.5_f64.sqrt()));
        assert_close(schedule.factor(6), 0.6);
        assert_close(schedule.factor(10), 0.2);
        assert_close(schedule.factor(11), 0.2);
    }
}
