//! One seed a batch, from the run's seed and the batch's place in the run alone.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The first number of ChaCha8 under the key (seed, phase, iteration, micro-batch), little-endian.
pub(crate) fn of_batch(seed: u64, phase: usize, iteration: u64, micro_batch: usize) -> u64 {
    let mut key = [0; 32];
    let words = [seed, phase as u64, iteration, micro_batch as u64];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key).next_u64()
}

#[cfg(test)]
mod tests {
    use super::of_batch;

    #[test]
    fn the_seed_is_chacha8_under_the_stated_key() {
        // First 8 bytes of the ChaCha8 keystream for an all-zero 256-bit key and nonce
        // (draft-strombergson-chacha-test-vectors-01, TC1): 3e 00 ef 2f 89 5f 40 d6.
        assert_eq!(
            of_batch(0, 0, 0, 0),
            u64::from_le_bytes([0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6])
        );
    }

    #[test]
    fn every_part_of_the_place_changes_the_seed() {
        let mut seeds = [
            of_batch(0, 0, 0, 0),
            of_batch(1, 0, 0, 0),
            of_batch(0, 1, 0, 0),
            of_batch(0, 0, 1, 0),
            of_batch(0, 0, 0, 1),
        ];
        seeds.sort_unstable();
        assert!(seeds.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
