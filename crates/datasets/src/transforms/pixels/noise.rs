//! Normal noise.
//!
//! What is added is a whole number of levels: a normal number of the given deviation, rounded. Its
//! distribution is therefore a table: of 65,536 equally likely places, level v takes those between
//! Φ((v − ½) / σ) and Φ((v + ½) / σ). A picture draws 16 bits a value and looks them up, by their
//! upper 12 bits first: nearly all such blocks of 16 places hold one level, and 8 KB stay in the
//! nearest cache where 128 KB do not. The error function is `libm`'s, so the table is the same on
//! every machine.
//!
//! Looking up and adding are two loops: the first is all loads, the second, which cuts to 0–255, is
//! compiled to vectors. In one loop the cut became a branch that a white background takes at random.

use serde::{Deserialize, Serialize};

use crate::transforms::range::check_probability;
use crate::transforms::{Dice, Range, Stream, Transform, TransformError, Work};

/// Adds normal noise (imgaug's `AdditiveGaussianNoise`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianNoise {
    /// Standard deviation in levels (0 to 255).
    pub sigma: Range,
    /// Probability (0–1) that each channel has its own noise; otherwise a pixel's three channels
    /// move together. Always its own when left out.
    #[serde(default = "always")]
    pub per_channel: f32,
}

fn always() -> f32 {
    1.0
}

/// Places of the table.
const PLACES: usize = 1 << 16;
/// Values drawn at a time.
const BLOCK: usize = 1024;
/// Deviations beyond which no place lies: Φ(−4.5) = 3.4 · 10⁻⁶ is less than half of 1 / 65,536.
const FARTHEST: f64 = 4.5;

/// Rounded normal levels (−255 to 255) at equally likely places, in rising order.
fn table(sigma: f64) -> Vec<i16> {
    let scale = 1.0 / (sigma * std::f64::consts::SQRT_2);
    let farthest = (FARTHEST * sigma + 1.0).min(255.0) as i16;
    let mut levels = vec![farthest; PLACES];
    let mut start = 0;
    for level in -farthest..=farthest {
        // Φ(z) = erfc(−z / √2) / 2.
        let below = libm::erfc(-(f64::from(level) + 0.5) * scale) / 2.0;
        let end = libm::floor(below * PLACES as f64 + 0.5) as usize;
        let end = end.clamp(start, PLACES);
        levels[start..end].fill(level);
        start = end;
    }
    levels
}

/// Places of a block.
const BLOCK_PLACES: usize = 16;
/// Stands for a block of several levels.
const MIXED: i16 = i16::MIN;

/// The table and its blocks.
struct Levels {
    blocks: [i16; PLACES / BLOCK_PLACES],
    places: Vec<i16>,
}

impl Levels {
    fn new(sigma: f64) -> Self {
        let places = table(sigma);
        let mut blocks = [MIXED; PLACES / BLOCK_PLACES];
        for (block, places) in blocks.iter_mut().zip(places.chunks_exact(BLOCK_PLACES)) {
            // The places are sorted: equal ends, one level.
            if places[0] == places[BLOCK_PLACES - 1] {
                *block = places[0];
            }
        }
        Self { blocks, places }
    }

    #[inline(always)]
    fn at(&self, drawn: [u8; 2]) -> i16 {
        let place = usize::from(u16::from_le_bytes(drawn));
        match self.blocks[place / BLOCK_PLACES] {
            MIXED => self.places[place],
            level => level,
        }
    }

    /// Draws one level for each of `levels`, at most [`BLOCK`].
    fn draw(&self, dice: &mut Dice, levels: &mut [i16]) {
        let mut bytes = [0; 2 * BLOCK];
        let bytes = &mut bytes[..2 * levels.len()];
        dice.fill(bytes);
        for (level, &drawn) in levels.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *level = self.at(drawn);
        }
    }
}

/// Adds a level to each value, cut to 0–255.
fn add(values: &mut [u8], levels: &[i16]) {
    for (value, &level) in values.iter_mut().zip(levels) {
        *value = (i16::from(*value) + level).clamp(0, 255) as u8;
    }
}

impl Transform for GaussianNoise {
    fn check(&self) -> Result<(), TransformError> {
        let expected = "a deviation is 0 to 255 levels";
        self.sigma.check("sigma", 0.0..=255.0, expected)?;
        check_probability("per_channel", self.per_channel)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let each = dice.chance(self.per_channel);
        let sigma = dice.within(self.sigma);
        if sigma == 0.0 {
            return Ok(());
        }
        let table = Levels::new(sigma);
        let values = work.picture_mut().data_mut();
        let mut levels = [0; BLOCK];
        if each {
            for block in values.chunks_mut(BLOCK) {
                let levels = &mut levels[..block.len()];
                table.draw(&mut dice, levels);
                add(block, levels);
            }
        } else {
            let mut of_pixels = [[0; 3]; BLOCK];
            for block in values.chunks_mut(3 * BLOCK) {
                let levels = &mut levels[..block.len() / 3];
                table.draw(&mut dice, levels);
                for (all, &mut level) in of_pixels.iter_mut().zip(levels) {
                    *all = [level; 3];
                }
                add(block, of_pixels.as_flattened());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_the_normal_distribution() {
        for sigma in [0.3, 1.0, 12.0, 51.0] {
            let levels = table(sigma);
            let of = |power: i32| -> f64 {
                let terms = levels.iter().map(|&level| f64::from(level).powi(power));
                terms.sum::<f64>() / PLACES as f64
            };
            // Φ(½ / σ) rounds to the nearest place, so the halves differ by a place or two.
            assert!(of(1).abs() < 0.01, "{sigma}: mean {}", of(1));
            // Rounding adds 1/12 to the variance (Sheppard), for σ that spans several levels.
            if sigma >= 1.0 {
                let expected = sigma * sigma + 1.0 / 12.0;
                assert!((of(2) / expected - 1.0).abs() < 0.003, "{sigma}: {}", of(2));
                // A normal's fourth moment is 3 variances squared.
                assert!(
                    (of(4) / of(2).powi(2) - 3.0).abs() < 0.06,
                    "{sigma}: {}",
                    of(4)
                );
            }
        }
        // σ = 0.3: Φ(−5/3) = 0.04779 of the places are −1: 3132 of 65536.
        let minus = table(0.3).iter().filter(|&&level| level == -1).count();
        assert_eq!(minus, 3132);
    }

    #[test]
    fn blocks_hold_what_the_table_holds() {
        for sigma in [0.3, 12.0, 200.0] {
            let levels = Levels::new(sigma);
            for place in 0..PLACES {
                let drawn = (place as u16).to_le_bytes();
                assert_eq!(levels.at(drawn), levels.places[place], "{sigma}: {place}");
            }
        }
    }

    #[test]
    fn a_vanishing_deviation_is_no_noise() {
        assert!(table(1e-3).iter().all(|&level| level == 0));
    }
}
