//! Confidence intervals by the percentile bootstrap (Efron 1979).
//!
//! The units, usually pictures, are drawn with replacement as many times as there are units, the
//! metric is computed on the draw, and this is repeated; the interval runs between percentiles of
//! the results. Draw what is independent: pictures, not the boxes or pixels in them.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::MetricError;
use crate::numbers::pairwise_sum;

/// How to resample.
///
/// ```
/// use wardrobe_metrics::Bootstrap;
/// let right = [true, true, false, true, true, false, true, true];
/// let accuracy = |draw: &[usize]| {
///     let hits = draw.iter().filter(|&&i| right[i]).count();
///     Some(hits as f64 / draw.len() as f64)
/// };
/// let interval = Bootstrap::default().interval(right.len(), accuracy)?;
/// assert_eq!(interval.estimate, 0.75);
/// assert!(interval.lower < 0.75 && interval.upper > 0.75);
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Draws; 1,000 by default.
    pub resamples: usize,
    /// The share of the results inside the interval, between 0 and 1; 0.95 by default.
    pub confidence: f64,
    /// The same seed gives the same interval, on any number of threads.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 1000,
            confidence: 0.95,
            seed: 0,
        }
    }
}

/// A metric with its interval, in units of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The metric on the units themselves.
    pub estimate: f64,
    /// Lower percentile of the resamples.
    pub lower: f64,
    /// Upper percentile of the resamples.
    pub upper: f64,
    /// Standard deviation of the resamples.
    pub standard_error: f64,
    /// Resamples the metric was undefined on; they are left out.
    pub undefined: usize,
}

impl Bootstrap {
    /// The interval of `statistic`, which gets indices below `units` (a unit drawn twice stands
    /// there twice) and returns a finite number, or `None` where the metric is undefined on the
    /// draw. For the difference of two models, compute it inside: both then see the same draws.
    ///
    /// # Errors
    /// [`MetricError::BadSetting`] for no units, no resamples, a confidence outside 0–1, or a
    /// statistic that is undefined on the units themselves or on every draw.
    pub fn interval<F>(&self, units: usize, statistic: F) -> Result<Interval, MetricError>
    where
        F: Fn(&[usize]) -> Option<f64> + Sync,
    {
        let [interval] = self.intervals(units, |draw| [statistic(draw)])?;
        interval.ok_or_else(|| MetricError::BadSetting {
            name: "statistic",
            value: "undefined".to_owned(),
            expected: "a metric that is defined on the units given",
        })
    }

    /// The intervals of several statistics from the same draws; `None` for one that is undefined on
    /// the units themselves or on every draw.
    ///
    /// # Errors
    /// [`MetricError::BadSetting`] for no units, no resamples, or a confidence outside 0–1.
    pub fn intervals<F, const N: usize>(
        &self,
        units: usize,
        statistics: F,
    ) -> Result<[Option<Interval>; N], MetricError>
    where
        F: Fn(&[usize]) -> [Option<f64>; N] + Sync,
    {
        self.check(units)?;
        let whole: Vec<usize> = (0..units).collect();
        let estimates = statistics(&whole);
        let draws: Vec<[Option<f64>; N]> = (0..self.resamples)
            .into_par_iter()
            .map_init(
                || vec![0; units],
                |draw, resample| {
                    // One stream a resample: the draws do not depend on the threads.
                    let mut random = ChaCha8Rng::seed_from_u64(self.seed);
                    random.set_stream(resample as u64);
                    draw.fill_with(|| random.random_range(0..units));
                    statistics(draw)
                },
            )
            .collect();
        Ok(std::array::from_fn(|n| {
            let results: Vec<f64> = draws.iter().filter_map(|draw| draw[n]).collect();
            self.summary(estimates[n]?, results)
        }))
    }

    fn check(&self, units: usize) -> Result<(), MetricError> {
        let bad = |name, value, expected| {
            Err(MetricError::BadSetting {
                name,
                value,
                expected,
            })
        };
        if units == 0 {
            return bad("units", units.to_string(), "at least one unit to draw");
        }
        if self.resamples == 0 {
            return bad(
                "resamples",
                self.resamples.to_string(),
                "at least 1, such as 1000",
            );
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            let value = self.confidence.to_string();
            return bad("confidence", value, "a share between 0 and 1, such as 0.95");
        }
        Ok(())
    }

    fn summary(&self, estimate: f64, mut results: Vec<f64>) -> Option<Interval> {
        results.retain(|result| result.is_finite());
        if results.is_empty() {
            return None;
        }
        results.sort_by(f64::total_cmp);
        let count = results.len() as f64;
        let mean = pairwise_sum(&results) / count;
        let squares: Vec<f64> = results
            .iter()
            .map(|result| (result - mean).powi(2))
            .collect();
        let tail = (1.0 - self.confidence) / 2.0;
        Some(Interval {
            estimate,
            lower: quantile(&results, tail),
            upper: quantile(&results, 1.0 - tail),
            standard_error: (pairwise_sum(&squares) / (count - 1.0).max(1.0)).sqrt(),
            undefined: self.resamples - results.len(),
        })
    }
}

/// `numpy.quantile(sorted, q)`: linear between the two nearest ranks.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = q * (sorted.len() - 1) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let share = rank - rank.floor();
    sorted[below] + (sorted[above] - sorted[below]) * share
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn mean_of(values: &[f64]) -> impl Fn(&[usize]) -> Option<f64> + Sync + '_ {
        |draw| Some(draw.iter().map(|&i| values[i]).sum::<f64>() / draw.len() as f64)
    }

    /// Ranks 0 to 4: q = .25 is rank 1, q = .9 is rank 3.6 = 4 + .6 · (8 − 4).
    #[test]
    fn quantiles_by_hand() {
        let sorted = [0.0, 1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.25), 1.0);
        assert!((quantile(&sorted, 0.9) - 6.4).abs() < 1e-12);
        assert_eq!(quantile(&sorted, 1.0), 8.0);
        assert_eq!(quantile(&[3.0], 0.5), 3.0);
    }

    /// The mean of 400 fair coins has standard error √(.25 / 400) = .025; 95 % is ± 1.96 of it.
    #[test]
    fn the_interval_of_a_mean_is_the_normal_one() {
        let coins: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let bootstrap = Bootstrap {
            resamples: 4000,
            ..Bootstrap::default()
        };
        let interval = bootstrap.interval(coins.len(), mean_of(&coins)).unwrap();
        assert_eq!(interval.estimate, 0.5);
        assert!(
            (interval.standard_error - 0.025).abs() < 0.001,
            "{interval:?}"
        );
        assert!((interval.lower - 0.451).abs() < 0.004, "{interval:?}");
        assert!((interval.upper - 0.549).abs() < 0.004, "{interval:?}");
    }

    #[test]
    fn the_seed_decides_and_the_threads_do_not() {
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let of = |seed, threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let bootstrap = Bootstrap {
                resamples: 200,
                seed,
                ..Bootstrap::default()
            };
            pool.install(|| bootstrap.interval(values.len(), mean_of(&values)).unwrap())
        };
        assert_eq!(of(7, 1), of(7, 3));
        assert_ne!(of(7, 1), of(8, 1));
    }

    #[test]
    fn equal_units_have_an_interval_of_no_width() {
        let interval = Bootstrap::default()
            .interval(5, mean_of(&[2.0; 5]))
            .unwrap();
        assert_eq!(
            (interval.lower, interval.upper, interval.standard_error),
            (2.0, 2.0, 0.0)
        );
    }

    #[test]
    fn undefined_draws_are_left_out_and_counted() {
        let bootstrap = Bootstrap {
            resamples: 100,
            ..Bootstrap::default()
        };
        // Defined where unit 0 was drawn: about 1 − (3/4)⁴ = 68 % of the draws.
        let interval = bootstrap
            .interval(4, |draw| draw.contains(&0).then_some(1.0))
            .unwrap();
        assert!(
            interval.undefined > 10 && interval.undefined < 60,
            "{interval:?}"
        );
        let message = bootstrap.interval(4, |_| None).unwrap_err().to_string();
        assert!(message.contains("statistic is undefined"), "{message}");
        let nan = bootstrap.interval(4, |draw| {
            Some(if draw == [0, 1, 2, 3] { 1.0 } else { f64::NAN })
        });
        assert!(nan.is_err() || nan.unwrap().undefined > 90);
    }

    #[test]
    fn settings_without_meaning_are_named() {
        let of = |bootstrap: Bootstrap, units| {
            bootstrap
                .interval(units, |_| Some(1.0))
                .unwrap_err()
                .to_string()
        };
        let usual = Bootstrap::default();
        assert!(of(usual, 0).contains("units is 0; expected at least one"));
        assert!(
            of(
                Bootstrap {
                    resamples: 0,
                    ..usual
                },
                3
            )
            .contains("resamples is 0")
        );
        assert!(
            of(
                Bootstrap {
                    confidence: 95.0,
                    ..usual
                },
                3
            )
            .contains("confidence is 95; expected a share")
        );
        assert!(
            of(
                Bootstrap {
                    confidence: f64::NAN,
                    ..usual
                },
                3
            )
            .contains("confidence is NaN")
        );
    }
}
