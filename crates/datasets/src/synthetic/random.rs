//! Seeded choices that are the same on every machine.
//!
//! Reals are made of 24 random bits by one multiplication, so no library's idea of a range and no
//! system's mathematics library can change a picture.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// 2⁻²⁴: 24 bits are what an `f32` holds without rounding.
const STEP: f32 = 1.0 / 16_777_216.0;

/// A stream of choices.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Stream number `stream` of a seed; streams are independent of each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// In `[0, 1)`.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * STEP
    }

    /// In `[low, high)`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// In `[-extent, extent)`.
    pub fn around(&mut self, extent: f32) -> f32 {
        self.range(-extent, extent)
    }

    /// In `0..count`; 0 when `count` is.
    pub fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.0.next_u32()) * count as u64) >> 32) as usize
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of the items, all equally likely.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// One of the items, by weight.
    pub fn weigh<T: Copy>(&mut self, items: &[(T, f32)]) -> T {
        let mut rest = self.unit() * items.iter().map(|item| item.1).sum::<f32>();
        for &(item, weight) in items {
            if rest < weight {
                return item;
            }
            rest -= weight;
        }
        items[items.len() - 1].0
    }

    /// A seed for something that must not share this stream.
    pub fn seed(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// A number's bits well mixed (the finaliser of `MurmurHash3`).
pub fn mix(mut bits: u32) -> u32 {
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x85EB_CA6B);
    bits ^= bits >> 13;
    bits = bits.wrapping_mul(0xC2B2_AE35);
    bits ^ bits >> 16
}

/// A number in `[0, 1)` that belongs to a cell of a grid.
pub fn at_cell(seed: u32, x: i32, y: i32) -> f32 {
    let cell = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77);
    (mix(seed ^ cell) >> 8) as f32 * STEP
}

/// Smooth noise in `[0, 1)` with features of size 1: the grid's numbers, joined smoothly.
pub fn noise(seed: u32, x: f32, y: f32) -> f32 {
    let (cx, cy) = (x.floor(), y.floor());
    let (fx, fy) = (x - cx, y - cy);
    let (sx, sy) = (fx * fx * (3.0 - 2.0 * fx), fy * fy * (3.0 - 2.0 * fy));
    let (cx, cy) = (cx as i32, cy as i32);
    let top = at_cell(seed, cx, cy) * (1.0 - sx) + at_cell(seed, cx + 1, cy) * sx;
    let bottom = at_cell(seed, cx, cy + 1) * (1.0 - sx) + at_cell(seed, cx + 1, cy + 1) * sx;
    top * (1.0 - sy) + bottom * sy
}
