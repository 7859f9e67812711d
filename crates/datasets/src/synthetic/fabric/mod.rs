//! Cloth: what is printed or woven, how it folds, and how light falls on it.

mod palette;
mod pattern;

pub use palette::{Palette, darker, lighter, mixed};
pub use pattern::Pattern;

use serde::{Deserialize, Serialize};

use super::canvas::Rgb;
use super::geometry::{P2, p};
use super::random::{Dice, mix, noise};

/// What the cloth is made of; decides its grain and its folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weave {
    /// Shirting, silk, viscose: thin, many soft folds.
    Light,
    /// Cotton jersey: few folds.
    Jersey,
    /// Diagonal grain, faded over the thighs.
    Denim,
    /// Vertical ribs or cables; thick.
    Knit,
    /// Suiting, coating: smooth and heavy.
    Wool,
    /// Fleece: soft and thick.
    Fleece,
    /// Bright lights on dark folds.
    Leather,
}

/// A cloth: weave, pattern, colours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cloth {
    /// What it is made of.
    pub weave: Weave,
    /// What is on it.
    pub pattern: Pattern,
    /// Ground, first and second colour of the pattern.
    pub colours: [Rgb; 3],
    /// Size of the pattern's repeat in head heights.
    pub repeat: f32,
    /// What its folds and its pattern's accidents follow from.
    pub seed: u32,
}

impl Cloth {
    /// A plain cloth of one colour.
    pub fn plain(weave: Weave, colour: Rgb, dice: &mut Dice) -> Self {
        Self {
            weave,
            pattern: Pattern::Solid,
            colours: [colour; 3],
            repeat: 0.3,
            seed: dice.seed(),
        }
    }

    /// The same cloth in another colour without pattern: ribs, collars, waistbands.
    pub fn trim(&self, colour: Rgb) -> Self {
        Self {
            pattern: Pattern::Solid,
            colours: [colour; 3],
            ..*self
        }
    }

    /// Its ground colour.
    pub fn ground(&self) -> Rgb {
        self.colours[0]
    }

    /// The colour of seams and edges on it.
    pub fn seam(&self) -> Rgb {
        let ground = self.ground();
        let light = ground.iter().sum::<f32>() / 3.0;
        if light < 0.16 {
            lighter(ground, 0.2)
        } else {
            darker(ground, 0.42)
        }
    }

    /// Colour at `u` across and `v` along the piece, in head heights, without light.
    pub fn colour(&self, u: f32, v: f32) -> Rgb {
        let colour = self.pattern.colour(self, u, v);
        let grain = match self.weave {
            Weave::Denim => {
                let twill = noise(self.seed ^ 0x51, (u + v) * 42.0, (u - v) * 9.0) - 0.5;
                1.0 + 0.16 * twill
            }
            Weave::Knit => {
                let rib = triangle(u * 13.0);
                let stitch = triangle(v * 22.0 + rib);
                0.93 + 0.10 * rib + 0.05 * stitch
            }
            Weave::Wool => 0.97 + 0.07 * noise(self.seed ^ 0x52, u * 30.0, v * 30.0),
            Weave::Fleece => 0.96 + 0.07 * noise(self.seed ^ 0x53, u * 22.0, v * 22.0),
            Weave::Light | Weave::Jersey | Weave::Leather => 1.0,
        };
        colour.map(|channel| channel * grain)
    }

    /// How much lighter (positive) or darker a fold makes the cloth at a place. `along` is the
    /// direction folds run in, of length 1; `amount` scales them.
    pub fn fold(&self, place: P2, along: P2, amount: f32) -> f32 {
        let (long, across, depth) = match self.weave {
            Weave::Light => (0.8, 4.2, 0.13),
            Weave::Jersey => (0.7, 2.6, 0.09),
            Weave::Denim => (0.9, 3.0, 0.09),
            Weave::Knit => (0.6, 1.8, 0.06),
            Weave::Wool => (0.5, 1.6, 0.07),
            Weave::Fleece => (0.7, 2.0, 0.10),
            Weave::Leather => (1.0, 3.2, 0.22),
        };
        let (l, a) = (place.dot(along), place.dot(p(-along.y, along.x)));
        let bend = noise(self.seed ^ 0x61, l * 0.7, a * 0.7) * 1.2;
        let soft = noise(self.seed ^ 0x62, a * across + bend, l * long) - 0.5;
        // A crease: bright on one side, dark on the other, at the zero crossings of slow noise.
        let slow = noise(
            self.seed ^ 0x63,
            a * across * 0.5 - bend,
            l * long * 0.8 + 7.0,
        ) - 0.5;
        let crease = (slow * 9.0).clamp(-1.0, 1.0) * (1.0 - (slow * 4.0).abs()).max(0.0);
        amount * depth * (1.5 * soft + 0.8 * crease)
    }
}

/// 0 … 1 … 0 with period 1.
pub fn triangle(x: f32) -> f32 {
    1.0 - (2.0 * (x - x.floor()) - 1.0).abs()
}

/// The one light of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Light {
    /// Where it comes from, in picture directions; length at most 1.
    pub from: P2,
    /// How much darker than full a face turned away is.
    pub contrast: f32,
    /// Depth of shadows under layers.
    pub shadows: f32,
    /// What each channel is multiplied by in the end.
    pub tint: Rgb,
    /// Depth of fabric folds, 1 being usual.
    pub folds: f32,
}

impl Light {
    /// The factor on a round form's colour where its normal points at `(x, y)`, both −1…1 in
    /// picture directions (0, 0 faces the viewer).
    pub fn on(&self, x: f32, y: f32) -> f32 {
        let facing = (1.0 - x * x - y * y).max(0.0).sqrt();
        1.0 - self.contrast * (0.55 * (1.0 - facing))
            + 0.6 * self.contrast * (x * self.from.x + y * self.from.y)
    }
}

/// A colour times a factor.
pub fn lit(colour: Rgb, factor: f32) -> Rgb {
    colour.map(|channel| channel * factor)
}

/// A seed for a part of the cloth.
pub fn seed_of(cloth: &Cloth, part: u32) -> u32 {
    mix(cloth.seed ^ part.wrapping_mul(0x9E37_79B1))
}
