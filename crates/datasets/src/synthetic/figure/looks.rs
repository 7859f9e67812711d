//! Skin, hair, shoes and what else tells one person from another.

use serde::{Deserialize, Serialize};

use super::super::canvas::Rgb;
use super::super::fabric::{Palette, lighter, mixed};
use super::super::random::Dice;

/// How hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HairStyle {
    /// None.
    Bald,
    /// Close to the head.
    Short,
    /// To the chin.
    Bob,
    /// Behind the shoulders.
    Long,
    /// Over the shoulders, in front of the garment.
    Flowing,
    /// A knot on the crown.
    Bun,
    /// Round and wide.
    Curly,
}

/// What is on the feet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Footwear {
    /// Nothing.
    Bare,
    /// Low shoes, perhaps with socks.
    Sneakers,
    /// Pumps with heels.
    Heels,
    /// Up to the calf.
    Boots,
}

/// One person's looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// Colour of the skin in full light.
    pub skin: Rgb,
    /// Colour of the hair.
    pub hair: Rgb,
    /// Its style.
    pub style: HairStyle,
    /// Parting: −1 left to 1 right.
    pub parting: f32,
    /// Colour of the lips.
    pub lips: Rgb,
    /// A beard's density, 0 for none.
    pub beard: f32,
    /// Wears a hat of this colour.
    pub hat: Option<Rgb>,
    /// Wears sunglasses.
    pub sunglasses: bool,
    /// Wears a scarf of this colour around the neck.
    pub scarf: Option<Rgb>,
    /// What is on the feet.
    pub footwear: Footwear,
    /// Colour of the shoes.
    pub shoes: Rgb,
    /// Socks or stockings of this colour, up to this part of the leg from the ankle.
    pub socks: Option<(Rgb, f32)>,
    /// Gloves of this colour.
    pub gloves: Option<Rgb>,
}

/// Skin from very light to very dark, after the Fitzpatrick scale's six types.
const SKIN: [Rgb; 6] = [
    [0.97, 0.85, 0.78],
    [0.93, 0.77, 0.66],
    [0.85, 0.66, 0.52],
    [0.72, 0.52, 0.38],
    [0.52, 0.35, 0.25],
    [0.32, 0.21, 0.16],
];

const HAIR: [Rgb; 7] = [
    [0.07, 0.06, 0.06],
    [0.16, 0.10, 0.07],
    [0.30, 0.19, 0.11],
    [0.52, 0.35, 0.19],
    [0.80, 0.65, 0.40],
    [0.55, 0.22, 0.11],
    [0.66, 0.65, 0.64],
];

impl Looks {
    /// Anyone; `variety` from 0 (no hats, glasses, scarves) to 1.
    pub fn draw(dice: &mut Dice, variety: f32) -> Self {
        let tone = dice.below(5);
        let skin = mixed(SKIN[tone], SKIN[tone + 1], dice.unit());
        let hair = mixed(dice.pick(&HAIR), dice.pick(&HAIR), 0.25 * dice.unit());
        let style = dice.weigh(&[
            (HairStyle::Bald, 0.05),
            (HairStyle::Short, 0.25),
            (HairStyle::Bob, 0.2),
            (HairStyle::Long, 0.2),
            (HairStyle::Flowing, 0.16 * variety),
            (HairStyle::Bun, 0.1),
            (HairStyle::Curly, 0.1),
        ]);
        let coloured = |dice: &mut Dice, chance: f32| {
            let colour = Palette::draw(dice, &[], 0.0).0[0];
            dice.chance(chance).then_some(colour)
        };
        let footwear = dice.weigh(&[
            (Footwear::Bare, 0.06),
            (Footwear::Sneakers, 0.5),
            (Footwear::Heels, 0.28),
            (Footwear::Boots, 0.16),
        ]);
        let (hat, scarf, gloves, sock) = (
            coloured(dice, 0.12 * variety),
            coloured(dice, 0.05 * variety),
            coloured(dice, 0.03 * variety),
            coloured(dice, 0.15),
        );
        let short = matches!(style, HairStyle::Short | HairStyle::Bald);
        Self {
            skin,
            hair,
            style,
            parting: dice.around(0.8),
            lips: mixed(skin, [0.72, 0.18, 0.2], dice.range(0.25, 0.8)),
            beard: if short && dice.chance(0.35) {
                dice.range(0.3, 0.85)
            } else {
                0.0
            },
            hat,
            sunglasses: dice.chance(0.12 * variety),
            scarf,
            footwear,
            shoes: lighter(Palette::draw(dice, &[], 0.0).0[0], 0.05),
            socks: sock.map(|colour| (colour, dice.range(0.06, 0.3))),
            gloves,
        }
    }
}
