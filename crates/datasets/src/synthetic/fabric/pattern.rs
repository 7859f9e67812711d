//! Prints and weaves in colour: stripes, checks, dots, flowers and the rest.

use serde::{Deserialize, Serialize};

use super::super::canvas::Rgb;
use super::super::random::{at_cell, noise};
use super::palette::mixed;
use super::{Cloth, triangle};

/// What is on a cloth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// One colour.
    Solid,
    /// Stripes across the piece, broad.
    Hoops,
    /// Stripes along the piece, narrow.
    Pinstripes,
    /// Stripes along the piece, broad.
    Stripes,
    /// Two transparent bands crossing.
    Gingham,
    /// Bands of three colours crossing.
    Tartan,
    /// Spots on a grid.
    Dots,
    /// Flowers with five petals, strewn.
    Floral,
    /// Spots with rims, irregular.
    Leopard,
    /// Flowing areas.
    Marble,
    /// The piece changes colour from top to bottom.
    Blocks,
    /// Zigzags.
    Chevron,
    /// One colour with a picture on the chest, drawn by the bodice.
    Graphic,
}

/// Soft edge of a printed band, as a part of the repeat.
const SOFT: f32 = 0.04;

/// 1 inside `|x| < half`, 0 outside, with a soft edge.
fn band(x: f32, half: f32) -> f32 {
    ((half - x.abs()) / SOFT * 0.5 + 0.5).clamp(0.0, 1.0)
}

/// −0.5…0.5 within a repeat.
fn within(x: f32) -> f32 {
    x - x.floor() - 0.5
}

impl Pattern {
    /// The colour at a place of the cloth.
    pub fn colour(self, cloth: &Cloth, u: f32, v: f32) -> Rgb {
        let [ground, first, second] = cloth.colours;
        let (x, y) = (u / cloth.repeat, v / cloth.repeat);
        match self {
            Self::Solid | Self::Graphic => ground,
            Self::Hoops => mixed(ground, first, band(within(y), 0.22)),
            Self::Pinstripes => mixed(ground, first, 0.7 * band(within(x * 2.2), 0.1)),
            Self::Stripes => {
                let colour = mixed(ground, first, band(within(x), 0.2));
                mixed(colour, second, band(within(x + 0.5), 0.06))
            }
            Self::Gingham => {
                let both = band(within(x), 0.25) + band(within(y), 0.25);
                mixed(ground, first, 0.5 * both)
            }
            Self::Tartan => {
                let cross = |x: f32| (band(within(x), 0.24), band(within(x + 0.5), 0.04));
                let ((ax, bx), (ay, by)) = (cross(x * 0.7), cross(y * 0.7));
                let colour = mixed(ground, first, 0.45 * (ax + ay));
                mixed(colour, second, (0.8 * (bx + by)).min(1.0))
            }
            Self::Dots => {
                let shift = if (y.floor() as i32) & 1 == 0 {
                    0.0
                } else {
                    0.5
                };
                let (dx, dy) = (within(x + shift), within(y));
                mixed(ground, first, band((dx * dx + dy * dy).sqrt(), 0.24))
            }
            Self::Floral => floral(cloth, x, y),
            Self::Leopard => {
                let wobble = noise(cloth.seed ^ 0x71, x * 2.3, y * 2.3);
                let rim = band(wobble - 0.66, 0.07);
                let core = ((wobble - 0.7) * 12.0).clamp(0.0, 1.0);
                mixed(mixed(ground, second, core), first, rim)
            }
            Self::Marble => {
                let flow = noise(cloth.seed ^ 0x72, x * 0.6, y * 0.6) * 4.0;
                let warped = noise(cloth.seed ^ 0x73, x * 0.5 + flow, y * 0.5 - flow);
                let colour = mixed(ground, first, ((warped - 0.35) * 5.0).clamp(0.0, 1.0));
                mixed(colour, second, ((warped - 0.66) * 8.0).clamp(0.0, 1.0))
            }
            Self::Blocks => {
                let part = (v * 0.55 + at_cell(cloth.seed, 1, 1)).floor() as i32;
                [ground, first, second][part.rem_euclid(3) as usize]
            }
            Self::Chevron => {
                let zig = triangle(x) * 0.6;
                mixed(ground, first, band(within(y + zig), 0.2))
            }
        }
    }
}

/// One flower in most cells of a grid, at a place, of a size and with a turn of the cell's own.
fn floral(cloth: &Cloth, x: f32, y: f32) -> Rgb {
    let [ground, first, second] = cloth.colours;
    let mut colour = ground;
    // Flowers reach at most 0.75 cells from the middle of their own, so these four can touch us.
    let (cx, cy) = ((x - 0.5).floor() as i32, (y - 0.5).floor() as i32);
    for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let (i, j) = (cx + i, cy + j);
        let own = |salt: u32| at_cell(cloth.seed ^ salt, i, j);
        if own(1) < 0.15 {
            continue;
        }
        let (dx, dy) = (
            x - i as f32 - 0.3 - 0.4 * own(2),
            y - j as f32 - 0.3 - 0.4 * own(3),
        );
        let size = 0.28 + 0.16 * own(4);
        let (dx, dy) = (dx / size, dy / size);
        let distance = (dx * dx + dy * dy).sqrt();
        if distance > 1.1 {
            continue;
        }
        let tint = if own(5) < 0.6 {
            first
        } else {
            mixed(first, second, 0.7)
        };
        let (turn_x, turn_y) = (own(6) - 0.5, own(7) - 0.5);
        for [px, py] in PETALS {
            let (px, py) = (px + 0.3 * turn_x * py, py - 0.3 * turn_y * px);
            let petal = ((dx - px) * (dx - px) + (dy - py) * (dy - py)).sqrt();
            colour = mixed(colour, tint, band(petal, 0.36));
        }
        colour = mixed(colour, second, band(distance, 0.2));
    }
    colour
}

/// Middles of five petals on a circle of radius 0.55.
const PETALS: [[f32; 2]; 5] = [
    [0.0, -0.55],
    [0.523, -0.17],
    [0.323, 0.445],
    [-0.323, 0.445],
    [-0.523, -0.17],
];
