//! Which boxes of an image make the loss: a random draw with a bounded share of positives.
//!
//! Pure: labels and a seeded generator in, indices out. *Fast R-CNN*, section 2.3, and *Faster R-CNN*, section 3.1.3.

use rand::Rng;
use rand::seq::index;

use crate::config::SamplerConfig;

/// The boxes drawn from one image, each list ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// Indices of positives.
    pub positives: Vec<usize>,
    /// Indices of background.
    pub negatives: Vec<usize>,
}

/// Draws from `labels`: above 0 a positive, 0 background, below 0 left out.
///
/// At most `⌊per_image · positive_fraction⌋` positives; background fills up to `per_image` as far as there is any. Each list
/// is drawn without repetition, every subset equally likely.
///
/// ```
/// use rand::SeedableRng;
/// use rand_chacha::ChaCha8Rng;
/// use wardrobe_rpn_roi::config::SamplerConfig;
/// use wardrobe_rpn_roi::sampler::sample;
///
/// let config = SamplerConfig { per_image: 4, positive_fraction: 0.5 };
/// let drawn = sample(&[1, 0, -1, 0, 0, 0], &config, &mut ChaCha8Rng::seed_from_u64(1));
/// assert_eq!(drawn.positives, [0]);
/// assert_eq!(drawn.negatives.len(), 3);
/// ```
pub fn sample(labels: &[i64], config: &SamplerConfig, rng: &mut impl Rng) -> Sample {
    let indices = |wanted: fn(i64) -> bool| -> Vec<usize> {
        labels
            .iter()
            .enumerate()
            .filter(|(_, label)| wanted(**label))
            .map(|(index, _)| index)
            .collect()
    };
    let positives = indices(|label| label > 0);
    let negatives = indices(|label| label == 0);
    let most_positives = (config.per_image as f64 * config.positive_fraction) as usize;
    let positives = draw(&positives, most_positives, rng);
    let negatives = draw(&negatives, config.per_image - positives.len(), rng);
    Sample {
        positives,
        negatives,
    }
}

/// `most` of `from`, or all of it if there are fewer.
fn draw(from: &[usize], most: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut drawn: Vec<usize> = index::sample(rng, from.len(), most.min(from.len()))
        .into_iter()
        .map(|position| from[position])
        .collect();
    drawn.sort_unstable();
    drawn
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const CONFIG: SamplerConfig = SamplerConfig {
        per_image: 8,
        positive_fraction: 0.25,
    };

    fn drawn(labels: &[i64], seed: u64) -> Sample {
        sample(labels, &CONFIG, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn positives_are_bounded_and_background_fills() {
        // 8 · ¼ = 2 positives, 6 background.
        let labels: Vec<i64> = (0..40).map(|i| if i < 10 { 3 } else { 0 }).collect();
        let sample = drawn(&labels, 5);
        assert_eq!((sample.positives.len(), sample.negatives.len()), (2, 6));
        assert!(
            sample.positives.iter().all(|i| *i < 10) && sample.negatives.iter().all(|i| *i >= 10)
        );
        assert!(sample.negatives.windows(2).all(|pair| pair[0] < pair[1]));
    }

    /// 0.7 as a 32-bit float is a little less, which would leave room for 6.
    #[test]
    fn the_share_is_exact() {
        let config = SamplerConfig {
            per_image: 10,
            positive_fraction: 0.7,
        };
        let drawn = sample(&[1; 20], &config, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(drawn.positives.len(), 7);
    }

    #[test]
    fn scarcity_is_not_an_error() {
        // One positive leaves room for 7, of which there are 3; −1 is never drawn.
        let sample = drawn(&[-1, 1, 0, -1, 0, 0], 0);
        assert_eq!(
            sample,
            Sample {
                positives: vec![1],
                negatives: vec![2, 4, 5]
            }
        );
        assert_eq!(drawn(&[], 0), Sample::default());
        assert_eq!(drawn(&[-1, -1], 0), Sample::default());
    }

    #[test]
    fn the_seed_decides() {
        let labels: Vec<i64> = (0..200).map(|i| i % 2).collect();
        assert_eq!(drawn(&labels, 9), drawn(&labels, 9));
        assert_ne!(drawn(&labels, 9), drawn(&labels, 10));
    }

    #[test]
    fn every_box_has_its_chance() {
        // 2 of 4 positives in 400 draws: each is expected 200 times, σ = 10.
        let mut counts = [0_usize; 4];
        for seed in 0..400 {
            for index in drawn(&[1, 1, 1, 1], seed).positives {
                counts[index] += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (150..=250).contains(count)),
            "{counts:?}"
        );
    }
}
