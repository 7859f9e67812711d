//! Random numbers that depend on the seed, the sample and the step, and on nothing else.
//!
//! A [`Stream`] is an address, not a generator: seed, sample, batch, and the path of the step in its
//! pipeline. Each step opens its own generator ([`Stream::dice`]) at its address, so neither the
//! thread that works on a sample nor what the steps before it drew can change what it draws. The
//! generator is ChaCha with 8 rounds; logarithms and roots are those of the `libm` crate, so that all
//! machines draw the same bytes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::range::Range;

/// The address of a step's random numbers.
///
/// ```
/// use wardrobe_datasets::transforms::Stream;
/// let (first, second) = (Stream::new(7, 0), Stream::new(7, 1));
/// assert_eq!(first.dice().unit(), Stream::new(7, 0).dice().unit());
/// assert_ne!(first.dice().unit(), second.dice().unit());
/// // Two samples of one batch agree where a step asks for the batch's numbers.
/// let batch = |sample| Stream::new(7, sample).in_batch(3).of_batch();
/// assert_eq!(batch(0).dice().unit(), batch(1).dice().unit());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    seed: u64,
    sample: u64,
    batch: u64,
    path: u64,
    of_batch: bool,
}

impl Stream {
    /// The numbers of one sample. `sample` is its place in the data set, not in the shuffled order;
    /// a loader adds `epoch × length` so that every epoch differs. The batch is `sample` until
    /// [`Stream::in_batch`] says otherwise.
    pub const fn new(seed: u64, sample: u64) -> Self {
        Self {
            seed,
            sample,
            batch: sample,
            path: 0,
            of_batch: false,
        }
    }

    /// The sample belongs to this batch.
    pub const fn in_batch(self, batch: u64) -> Self {
        Self { batch, ..self }
    }

    /// The numbers all samples of the batch share.
    pub const fn of_batch(self) -> Self {
        Self {
            of_batch: true,
            ..self
        }
    }

    /// The numbers of the step at place `index` within the current one.
    pub const fn child(self, index: usize) -> Self {
        Self {
            path: mix(self.path ^ mix(index as u64 + 1)),
            ..self
        }
    }

    /// A generator at this address; the same one each time.
    pub fn dice(&self) -> Dice {
        let item = if self.of_batch {
            self.batch
        } else {
            self.sample
        };
        let words = [self.seed, item, self.path, u64::from(self.of_batch)];
        let mut key = [0; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Dice(ChaCha8Rng::from_seed(key))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// Draws of the kinds transforms need.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Evenly from [0, 1), in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly from a range. A fixed range draws too, so that fixing one parameter moves no other.
    pub fn within(&mut self, range: Range) -> f64 {
        let (min, max) = (f64::from(range.min), f64::from(range.max));
        min + (max - min) * self.unit()
    }

    /// One of `0..count`; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        // The bias of a 64-bit multiply is below 2⁻⁴⁰ for every count that fits in memory.
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }

    /// `true` with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < f64::from(probability)
    }

    /// From the normal distribution of mean 0 and deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// From the gamma distribution of this shape (> 0) and scale 1 (Marsaglia and Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::pow(1.0 - self.unit(), 1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if libm::log(1.0 - self.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// From the symmetric beta distribution of `shape` (> 0), in [0, 1].
    pub fn beta(&mut self, shape: f64) -> f64 {
        let (a, b) = (self.gamma(shape), self.gamma(shape));
        // Shapes near 0 put all weight on the ends; both draws can underflow to 0 there.
        if a + b > 0.0 {
            a / (a + b)
        } else {
            f64::from(u8::from(self.unit() < 0.5))
        }
    }

    /// Fills with even bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// The first `count` places of a shuffled `0..of`.
    pub fn choose(&mut self, count: usize, of: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..of).collect();
        for index in 0..count.min(of) {
            let other = index + self.below(of - index);
            places.swap(index, other);
        }
        places.truncate(count);
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 40_000;

    fn moments(mut draw: impl FnMut(&mut Dice) -> f64) -> (f64, f64) {
        let mut dice = Stream::new(11, 4).dice();
        let values: Vec<f64> = (0..DRAWS).map(|_| draw(&mut dice)).collect();
        let mean = values.iter().sum::<f64>() / DRAWS as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        (mean, variance)
    }

    #[test]
    fn addresses_do_not_collide() {
        let base = Stream::new(1, 2);
        let mut first: Vec<u64> = Vec::new();
        for stream in [
            base,
            base.child(0),
            base.child(1),
            base.child(0).child(1),
            base.child(1).child(0),
            base.of_batch(),
            Stream::new(2, 1),
            Stream::new(1, 3),
        ] {
            first.push(stream.dice().0.next_u64());
        }
        let mut unique = first.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), first.len());
    }

    #[test]
    fn draws_have_their_distributions_moments() {
        // Tolerances are five standard errors of 40,000 draws.
        let (mean, variance) = moments(Dice::unit);
        assert!((mean - 0.5).abs() < 0.0073 && (variance - 1.0 / 12.0).abs() < 0.002);
        let (mean, variance) = moments(Dice::normal);
        assert!(mean.abs() < 0.025 && (variance - 1.0).abs() < 0.036);
        // Gamma(k): mean k, variance k.
        for shape in [0.4, 1.0, 3.0] {
            let (mean, variance) = moments(|dice| dice.gamma(shape));
            assert!(
                (mean - shape).abs() < 0.045 * shape.max(1.0),
                "{shape}: {mean}"
            );
            assert!((variance / shape - 1.0).abs() < 0.1, "{shape}: {variance}");
        }
        // Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)).
        for shape in [0.2, 1.0, 2.0] {
            let (mean, variance) = moments(|dice| dice.beta(shape));
            assert!((mean - 0.5).abs() < 0.0125, "{shape}: {mean}");
            let expected = 1.0 / (4.0 * (2.0 * shape + 1.0));
            assert!((variance - expected).abs() < 0.004, "{shape}: {variance}");
        }
    }

    #[test]
    fn choices_are_distinct_and_even() {
        let mut dice = Stream::new(3, 0).dice();
        let mut counts = [0; 5];
        for _ in 0..10_000 {
            let chosen = dice.choose(2, 5);
            assert_ne!(chosen[0], chosen[1]);
            for place in chosen {
                counts[place] += 1;
            }
        }
        // Each is chosen in 2/5 of the rounds: 4,000 ± 5 · √(10,000 · 0.4 · 0.6) = 245.
        assert!(
            counts.iter().all(|count| (3755..=4245).contains(count)),
            "{counts:?}"
        );
        assert!(dice.choose(7, 3).len() == 3 && dice.choose(1, 0).is_empty());
    }

    /// Fixed for ever: a change here changes every seeded run.
    #[test]
    fn the_first_draws_are_pinned() {
        let mut bytes = [0; 8];
        Stream::new(42, 7).child(2).dice().fill(&mut bytes);
        assert_eq!(bytes, PINNED, "{bytes:?}");
    }
    const PINNED: [u8; 8] = [192, 244, 193, 139, 108, 50, 166, 215];
}
