//! Draws with replacement, by weight.

use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;

use crate::loader::LoaderError;
use crate::loader::seed::order_rng;

use super::Sampler;

/// Each draw takes sample `i` with probability `wᵢ / Σw`, whatever was drawn before.
#[derive(Debug, Clone)]
pub struct Weighted {
    table: WeightedIndex<f64>,
    draws: usize,
}

impl Weighted {
    /// `draws` an epoch; a sample of weight 0 never comes.
    ///
    /// # Errors
    /// [`LoaderError::Setting`] unless the weights are finite, not negative, and one is above 0.
    pub fn new(weights: &[f64], draws: usize) -> Result<Self, LoaderError> {
        let refused = |found: String| LoaderError::Setting {
            field: "sampling.weights",
            found,
            expected: "finite weights of at least 0, one of them above 0, with a finite sum",
        };
        if let Some(index) = weights
            .iter()
            .position(|weight| !weight.is_finite() || *weight < 0.0)
        {
            return Err(refused(format!("{} for sample {index}", weights[index])));
        }
        let sum: f64 = weights.iter().sum();
        if !sum.is_finite() {
            return Err(refused("an infinite sum".into()));
        }
        let table = WeightedIndex::new(weights).map_err(|error| refused(error.to_string()))?;
        Ok(Self { table, draws })
    }
}

impl Sampler for Weighted {
    fn order(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut rng = order_rng(seed, epoch);
        (0..self.draws)
            .map(|_| self.table.sample(&mut rng))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn draws_follow_the_weights() {
        // 100,000 draws with p = ¼, 0, ¾: the count of the first has mean 25,000 and standard
        // deviation √(100,000 · ¼ · ¾) = 136.9; five of them are 685.
        let order = Weighted::new(&[1.0, 0.0, 3.0], 100_000)
            .unwrap()
            .order(1, 0);
        let count = |wanted: usize| order.iter().filter(|&&index| index == wanted).count();
        assert_eq!(count(1), 0);
        assert!(count(0).abs_diff(25_000) < 685, "{}", count(0));
        assert_eq!(count(0) + count(2), 100_000);
    }

    #[test]
    fn a_sample_that_holds_all_the_weight_is_every_draw() {
        let order = Weighted::new(&[0.0, 0.0, 2.5, 0.0], 50)
            .unwrap()
            .order(9, 9);
        assert_eq!(order, [2; 50]);
    }

    #[test]
    fn weights_out_of_range_are_refused() {
        for (weights, part) in [
            (vec![1.0, f64::NAN], "NaN for sample 1"),
            (vec![-1.0, 2.0], "-1 for sample 0"),
            (vec![1.0, f64::INFINITY], "inf for sample 1"),
            (vec![f64::MAX, f64::MAX], "an infinite sum"),
            (vec![0.0, 0.0], "expected finite weights"),
            (vec![], "expected finite weights"),
        ] {
            let message = Weighted::new(&weights, 4).unwrap_err().to_string();
            assert!(message.contains(part), "{weights:?}: {message}");
        }
    }
}
