//! Random streams: one for each sample, one for each epoch's order.
//!
//! A stream is ChaCha with 8 rounds under a key of four little-endian 64-bit numbers, so no two
//! samples share one, no stream depends on which thread draws from it, and the bytes are the same
//! on every machine.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::transforms::Stream;

/// What the randomness of one sample is drawn from.
///
/// ```
/// use rand::Rng;
/// use wardrobe_datasets::loader::SampleSeed;
///
/// let seed = SampleSeed { seed: 7, epoch: 0, index: 12, repeat: 0, batch: 3 };
/// let flip: bool = seed.rng().random();
/// assert_eq!(flip, seed.rng().random::<bool>());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SampleSeed {
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The picture's index in the source.
    pub index: u64,
    /// How often the epoch has had this picture before; above 0 only with samplers that repeat.
    pub repeat: u64,
    /// The batch of the epoch, from 0. It does not change the sample's stream.
    pub batch: u64,
}

impl SampleSeed {
    /// The sample's own random stream, from its start.
    pub fn rng(&self) -> ChaCha8Rng {
        stream([self.seed, self.epoch, self.index, self.repeat])
    }

    /// The random stream that all samples of the batch share, from its start.
    pub fn batch_rng(&self) -> ChaCha8Rng {
        stream([self.seed, self.epoch, BATCHES, self.batch])
    }

    /// A number for this sample in this epoch, for generators that are addressed by one: the first
    /// of its stream. Two samples of a million share one in 1 of 4·10⁷ cases.
    pub fn sample_key(&self) -> u64 {
        self.rng().next_u64()
    }

    /// A number for this batch of this epoch, as [`SampleSeed::sample_key`].
    pub fn batch_key(&self) -> u64 {
        self.batch_rng().next_u64()
    }

    /// What a pipeline of transforms draws from, for this sample in this epoch and batch.
    pub fn stream(&self) -> Stream {
        Stream::new(self.seed, self.sample_key()).in_batch(self.batch_key())
    }

    /// What is drawn for the batch as a whole, such as mixup. A pipeline's steps for whole batches have
    /// their own.
    pub fn batch_stream(&self) -> Stream {
        let key = self.batch_key();
        Stream::new(self.seed, key).of_batch().child(BATCH_STEP)
    }
}

/// A step that no pipeline has so many others before.
const BATCH_STEP: usize = 1 << 24;

/// Stands where samples have their index; no source is that long.
const ORDERS: u64 = u64::MAX;
/// As [`ORDERS`].
const BATCHES: u64 = u64::MAX - 1;

/// The stream an epoch's order is drawn from.
pub(super) fn order_rng(seed: u64, epoch: u64) -> ChaCha8Rng {
    stream([seed, epoch, ORDERS, u64::MAX])
}

fn stream(words: [u64; 4]) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: SampleSeed = SampleSeed {
        seed: 0,
        epoch: 0,
        index: 0,
        repeat: 0,
        batch: 0,
    };

    #[test]
    fn the_stream_is_chacha8_under_the_stated_key() {
        // First 8 bytes of the ChaCha8 keystream for an all-zero 256-bit key and nonce
        // (draft-strombergson-chacha-test-vectors-01, TC1): 3e 00 ef 2f 89 5f 40 d6.
        assert_eq!(
            SEED.rng().next_u64(),
            u64::from_le_bytes([0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6])
        );
    }

    #[test]
    fn every_part_of_the_seed_changes_the_stream() {
        let seeds = [
            SEED,
            SampleSeed { seed: 1, ..SEED },
            SampleSeed { epoch: 1, ..SEED },
            SampleSeed { index: 1, ..SEED },
            SampleSeed { repeat: 1, ..SEED },
        ];
        let mut first: Vec<u64> = seeds.iter().map(|seed| seed.rng().next_u64()).collect();
        first.push(order_rng(0, 0).next_u64());
        first.push(SEED.batch_key());
        first.push(SampleSeed { batch: 1, ..SEED }.batch_key());
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 8);
    }

    #[test]
    fn a_batch_shares_its_stream_and_leaves_its_samples_theirs() {
        let [here, beside, elsewhere] = [(0, 4), (1, 4), (0, 5)].map(|(index, batch)| SampleSeed {
            index,
            batch,
            ..SEED
        });
        assert_eq!(here.batch_key(), beside.batch_key());
        assert_ne!(here.batch_key(), elsewhere.batch_key());
        assert_eq!(here.sample_key(), elsewhere.sample_key());
        assert_ne!(here.sample_key(), beside.sample_key());
    }
}
