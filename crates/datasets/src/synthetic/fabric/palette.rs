//! Colours of cloth, the same for every category: no colour gives a category away.

use serde::{Deserialize, Serialize};

use super::super::canvas::Rgb;
use super::super::random::Dice;

/// A ground colour with two that go with it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Palette(pub [Rgb; 3]);

/// Hue in sixths of the circle, saturation and value, each 0–1.
pub fn hsv(hue: f32, saturation: f32, value: f32) -> Rgb {
    let channel = |shift: f32| {
        let k = hue * 6.0 + shift;
        let k = k - (k / 6.0).floor() * 6.0;
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

/// A step towards black; 0 leaves the colour, 1 makes it black.
pub fn darker(colour: Rgb, by: f32) -> Rgb {
    colour.map(|channel| channel * (1.0 - by))
}

/// A step towards white.
pub fn lighter(colour: Rgb, by: f32) -> Rgb {
    colour.map(|channel| channel + (1.0 - channel) * by)
}

/// Part `t` of the way from one colour to another.
pub fn mixed(a: Rgb, b: Rgb, t: f32) -> Rgb {
    [0, 1, 2].map(|index| a[index] + (b[index] - a[index]) * t)
}

fn brightness(colour: Rgb) -> f32 {
    0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2]
}

/// How different two colours look, 0 (same) to about 1.
pub fn difference(a: Rgb, b: Rgb) -> f32 {
    let squared: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (squared / 3.0).sqrt()
}

impl Palette {
    /// Colours of clothes: a third neutral, the rest over the whole circle, seldom garish. The first
    /// differs from every colour of `unlike` by `gap` where that can be had in a few tries.
    pub fn draw(dice: &mut Dice, unlike: &[Rgb], gap: f32) -> Self {
        let nearest = |colour: Rgb| {
            unlike
                .iter()
                .map(|&other| difference(colour, other))
                .fold(f32::INFINITY, f32::min)
        };
        let mut ground = one(dice);
        for _ in 0..8 {
            if nearest(ground) >= gap {
                break;
            }
            let other = one(dice);
            if nearest(other) > nearest(ground) {
                ground = other;
            }
        }
        let mut far = one(dice);
        for _ in 0..6 {
            if (brightness(far) - brightness(ground)).abs() > 0.28 {
                break;
            }
            far = one(dice);
        }
        if (brightness(far) - brightness(ground)).abs() < 0.2 {
            far = if brightness(ground) > 0.5 {
                darker(ground, 0.7)
            } else {
                lighter(ground, 0.8)
            };
        }
        let third = mixed(one(dice), far, dice.range(0.0, 0.5));
        Self([ground, far, third])
    }
}

fn one(dice: &mut Dice) -> Rgb {
    match dice.below(9) {
        0 => {
            let grey = dice.range(0.06, 0.2);
            [grey * 1.02, grey, grey * 1.05]
        }
        1 => {
            let grey = dice.range(0.86, 0.97);
            [grey, grey, grey * 0.98]
        }
        2 => {
            let grey = dice.range(0.3, 0.8);
            let warm = dice.around(0.04);
            [grey + warm, grey, grey - warm]
        }
        // Beige, camel, brown.
        3 => hsv(
            dice.range(0.05, 0.11),
            dice.range(0.2, 0.55),
            dice.range(0.35, 0.9),
        ),
        // Navy and other dark tones.
        4 => hsv(
            dice.range(0.55, 0.72),
            dice.range(0.4, 0.8),
            dice.range(0.2, 0.45),
        ),
        // Pastels.
        5 => hsv(dice.unit(), dice.range(0.12, 0.35), dice.range(0.8, 0.96)),
        // Strong but not pure colours.
        _ => hsv(dice.unit(), dice.range(0.3, 0.75), dice.range(0.35, 0.85)),
    }
}
