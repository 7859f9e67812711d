//! Mixup of a batch for classifiers.

use super::labels::mix_rows;
use super::{ClassificationBatch, CollateError};
use crate::transforms::Stream;

/// What [`ClassificationBatch::mixup`] drew.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixed {
    /// The part each picture keeps of itself (0–1).
    pub lambda: f32,
    /// The picture each one is mixed with.
    pub partners: Vec<usize>,
}

impl ClassificationBatch {
    /// Mixes every picture and its labels with another one's (Zhang et al. 2018; the bag-of-tricks
    /// paper, section 5.3): x' = λ x + (1 − λ) x_partner, one λ from Beta(`alpha`, `alpha`) for the
    /// batch, partners by a random permutation. Landmarks stay those of the picture itself.
    ///
    /// A loader's batch has its own [`stream`](crate::loader::Batch::stream).
    ///
    /// # Errors
    /// [`CollateError::Setting`] unless `alpha` is in (0, 100].
    pub fn mixup(&mut self, alpha: f32, stream: &Stream) -> Result<Mixed, CollateError> {
        if !(alpha > 0.0 && alpha <= 100.0) {
            return Err(CollateError::Setting {
                field: "alpha",
                found: alpha.to_string(),
                expected: "above 0, at most 100",
            });
        }
        let pictures = self.images.dims[0];
        let mut dice = stream.dice();
        let lambda = dice.beta(f64::from(alpha)) as f32;
        let partners = dice.choose(pictures, pictures);
        mix_rows(&mut self.images.values, &partners, lambda);
        self.categories.mix(&partners, lambda);
        self.attributes.mix(&partners, lambda);
        Ok(Mixed { lambda, partners })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::classification::tests::{collate, object, sample};
    use super::*;
    use crate::sample::Judgement;

    #[test]
    fn mixup_is_the_weighted_sum_of_what_was_there() {
        let samples = || {
            vec![
                sample(51, vec![object(Some(2), &[])]),
                sample(255, vec![object(Some(0), &[Judgement::No, Judgement::Yes])]),
            ]
        };
        // Over several seeds, so that the two pictures do exchange.
        let mut exchanged = false;
        for seed in 0..8 {
            let before = collate().collate(samples()).unwrap();
            let mut after = before.clone();
            let Mixed { lambda, partners } = after.mixup(1.0, &Stream::new(seed, 0)).unwrap();
            assert!((0.0..=1.0).contains(&lambda));
            exchanged |= partners == [1, 0];
            let check = |before: &[f32], after: &[f32]| {
                let width = before.len() / 2;
                for (place, found) in after.iter().enumerate() {
                    let partner = before[partners[place / width] * width + place % width];
                    let expected = lambda * before[place] + (1.0 - lambda) * partner;
                    assert!((found - expected).abs() < 1e-6);
                }
            };
            check(&before.images.values, &after.images.values);
            check(before.categories.weights(), after.categories.weights());
            check(before.attributes.weights(), after.attributes.weights());
            check(before.attributes.known(), after.attributes.known());
        }
        assert!(exchanged);
        let mut batch = collate().collate(samples()).unwrap();
        for alpha in [0.0, -1.0, f32::NAN, 101.0] {
            assert!(batch.mixup(alpha, &Stream::new(0, 0)).is_err(), "{alpha}");
        }
        assert_eq!(batch, collate().collate(samples()).unwrap());
    }
}
