//! Samples of rare categories repeated, as LVIS does.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::SliceRandom;

use crate::loader::LoaderError;
use crate::loader::seed::order_rng;

use super::{Sampler, distinct};

/// Repeat factor sampling (Gupta, Dollár, Girshick: *LVIS*, arXiv:1908.03195v2, appendix B.2).
///
/// With f(c) the share of samples that show category c, and threshold t, a category has the factor
/// `r(c) = max(1, √(t / f(c)))` and a sample the largest factor of its categories, 1 if it has none.
/// An epoch has a sample `⌊r⌋` times, and once more with probability `r − ⌊r⌋` (as Detectron2's
/// `RepeatFactorTrainingSampler` rounds), all shuffled. Nothing is left out: a negative comes once.
#[derive(Debug, Clone)]
pub struct RepeatFactor {
    factors: Vec<f64>,
}

impl RepeatFactor {
    /// Over samples with these categories (in the source's order).
    ///
    /// ```
    /// use wardrobe_datasets::loader::sampler::RepeatFactor;
    ///
    /// // Category 1 in one of four samples: √(1 / ¼) = 2. Category 0 in all: √(1 / 1) = 1.
    /// let sampler = RepeatFactor::new([vec![0], vec![0, 1], vec![0], vec![0]], 1.0)?;
    /// assert_eq!(sampler.factors(), [1.0, 2.0, 1.0, 1.0]);
    /// # Ok::<(), wardrobe_datasets::loader::LoaderError>(())
    /// ```
    ///
    /// # Errors
    /// [`LoaderError::Setting`] when the threshold is not within 0–1.
    pub fn new(
        categories: impl IntoIterator<Item = Vec<u32>>,
        threshold: f64,
    ) -> Result<Self, LoaderError> {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(LoaderError::Setting {
                field: "sampling.threshold",
                found: threshold.to_string(),
                expected: "a share of the samples, 0 to 1",
            });
        }
        let categories: Vec<Vec<u32>> = categories.into_iter().map(distinct).collect();
        let mut samples: BTreeMap<u32, usize> = BTreeMap::new();
        for &category in categories.iter().flatten() {
            *samples.entry(category).or_default() += 1;
        }
        let factor = |category: &u32| {
            let share = samples[category] as f64 / categories.len() as f64;
            (threshold / share).sqrt().max(1.0)
        };
        let factors = categories
            .iter()
            .map(|categories| categories.iter().map(factor).fold(1.0, f64::max))
            .collect();
        Ok(Self { factors })
    }

    /// The factor of each sample, at least 1.
    pub fn factors(&self) -> &[f64] {
        &self.factors
    }
}

impl Sampler for RepeatFactor {
    fn order(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut rng = order_rng(seed, epoch);
        let mut order = Vec::with_capacity(self.factors.len());
        for (index, factor) in self.factors.iter().enumerate() {
            let once_more = rng.random::<f64>() < factor.fract();
            let times = factor.trunc() as usize + usize::from(once_more);
            order.extend(std::iter::repeat_n(index, times));
        }
        order.shuffle(&mut rng);
        order
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 16 samples: category 0 in all but the last, category 1 in sample 3, category 2 in samples 3
    /// to 6; the last is a negative.
    fn categories() -> Vec<Vec<u32>> {
        (0..16)
            .map(|index| match index {
                3 => vec![0, 1, 2],
                4..=6 => vec![2, 0, 0],
                15 => vec![],
                _ => vec![0],
            })
            .collect()
    }

    #[test]
    fn factors_are_those_of_the_rarest_category() {
        // t = ½. f(0) = 15/16 → √(8/15) < 1 → 1. f(1) = 1/16 → √8. f(2) = 4/16 → √2.
        let factors = RepeatFactor::new(categories(), 0.5).unwrap().factors;
        for (index, factor) in factors.iter().enumerate() {
            let expected = match index {
                3 => 8.0_f64.sqrt(),
                4..=6 => std::f64::consts::SQRT_2,
                _ => 1.0,
            };
            assert!((factor - expected).abs() < 1e-15, "{index}: {factor}");
        }
    }

    #[test]
    fn whole_factors_give_exact_counts() {
        // t = ¼: f(1) = 1/16 → √4 = 2; f(2) = ¼ → 1. So sample 3 twice and all others once.
        let sampler = RepeatFactor::new(categories(), 0.25).unwrap();
        for epoch in 0..10 {
            let mut order = sampler.order(5, epoch);
            order.sort_unstable();
            let expected: Vec<usize> = [0, 1, 2, 3, 3].into_iter().chain(4..16).collect();
            assert_eq!(order, expected, "epoch {epoch}");
        }
    }

    #[test]
    fn broken_factors_are_met_over_many_epochs() {
        // Sample 3 has factor 2.8284: 2 or 3 times. Over 4,000 epochs the count of threes has mean
        // 3,313.7 and standard deviation √(4,000 · 0.8284 · 0.1716) = 23.8; five of them are 119.
        let sampler = RepeatFactor::new(categories(), 0.5).unwrap();
        let mut threes = 0_usize;
        for epoch in 0..4000 {
            let times = sampler.order(0, epoch).iter().filter(|&&i| i == 3).count();
            assert!(matches!(times, 2 | 3), "{times}");
            threes += usize::from(times == 3);
        }
        assert!(threes.abs_diff(3314) < 119, "{threes}");
    }

    #[test]
    fn a_threshold_of_zero_repeats_nothing() {
        let mut order = RepeatFactor::new(categories(), 0.0).unwrap().order(1, 1);
        order.sort_unstable();
        assert_eq!(order, (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn thresholds_that_are_no_share_are_refused() {
        for threshold in [-0.1, 1.5, f64::NAN] {
            let message = RepeatFactor::new(categories(), threshold)
                .unwrap_err()
                .to_string();
            assert!(message.contains(&threshold.to_string()), "{message}");
        }
    }
}
