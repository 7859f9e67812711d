//! Proportions and pose.

use serde::{Deserialize, Serialize};

use super::super::random::Dice;

/// A side of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The picture's left, a facing person's right.
    Left,
    /// The picture's right, a facing person's left.
    Right,
}

impl Side {
    /// Both, left first.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// −1 or 1: the sign of `x` on this side.
    pub fn sign(self) -> f32 {
        [-1.0, 1.0][self as usize]
    }

    /// Which of a pair of LIP classes `[person's left, person's right]` a facing person has here.
    pub fn lip(self, classes: [u8; 2]) -> u8 {
        classes[1 - self as usize]
    }
}

/// Proportions, 1 being usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Width of the shoulders.
    pub shoulders: f32,
    /// Width of the waist.
    pub waist: f32,
    /// Width of the hips.
    pub hips: f32,
    /// Thickness of arms and legs.
    pub limbs: f32,
    /// Length of the legs.
    pub legs: f32,
}

impl Build {
    /// A build to dress on a surface.
    pub const FORM: Self = Self {
        shoulders: 1.0,
        waist: 1.0,
        hips: 1.0,
        limbs: 1.0,
        legs: 1.0,
    };

    /// Any build, slender to broad.
    pub fn draw(dice: &mut Dice) -> Self {
        let breadth = dice.range(0.94, 1.16);
        Self {
            shoulders: breadth * dice.range(0.94, 1.1),
            waist: breadth * dice.range(0.9, 1.2),
            hips: breadth * dice.range(0.92, 1.1),
            limbs: breadth * dice.range(0.9, 1.08),
            legs: dice.range(0.95, 1.05),
        }
    }
}

/// Angles in degrees, from hanging straight down; outwards is positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Upper arms, left and right.
    pub upper_arm: [f32; 2],
    /// Fore arms.
    pub fore_arm: [f32; 2],
    /// Thighs.
    pub thigh: [f32; 2],
    /// Shanks.
    pub shank: [f32; 2],
    /// Sideways shift of the hips in head heights.
    pub sway: f32,
    /// How far the front's middle is turned from the middle, as a part of the half width.
    pub turn: f32,
    /// Tilt of the head in degrees.
    pub nod: f32,
}

impl Pose {
    /// Lying flat: arms and legs spread alike; `wide` for sleeves that are cut straight across.
    pub fn flat(dice: &mut Dice, liveliness: f32, wide: bool) -> Self {
        let arm = if wide {
            dice.range(58.0, 84.0)
        } else {
            dice.range(14.0, 62.0)
        };
        let elbow = arm + dice.range(-12.0, 6.0);
        let leg = dice.range(1.5, 7.0);
        let skew = |dice: &mut Dice| dice.around(7.0 * liveliness);
        Self {
            upper_arm: [arm + skew(dice), arm + skew(dice)],
            fore_arm: [elbow + 2.0 * skew(dice), elbow + 2.0 * skew(dice)],
            thigh: [leg + 0.4 * skew(dice), leg + 0.4 * skew(dice)],
            shank: [leg * 0.7, leg * 0.7],
            sway: 0.0,
            turn: 0.0,
            nod: 0.0,
        }
    }

    /// Standing; `liveliness` from 0 (arms at the sides) to 1.
    pub fn standing(dice: &mut Dice, liveliness: f32) -> Self {
        let arm = |dice: &mut Dice| -> (f32, f32) {
            let style = dice.weigh(&[
                (0_u8, 1.0),
                (1, 0.55 * liveliness),
                (2, 0.3 * liveliness),
                (3, 0.22 * liveliness),
                (4, 0.2 * liveliness),
            ]);
            match style {
                // On the hip.
                1 => (dice.range(38.0, 52.0), dice.range(-48.0, -34.0)),
                // Held away.
                2 => (dice.range(25.0, 60.0), dice.range(5.0, 60.0)),
                // Raised to the head.
                3 => (dice.range(45.0, 80.0), dice.range(170.0, 200.0)),
                // Across the belly.
                4 => (dice.range(8.0, 14.0), dice.range(-80.0, -60.0)),
                _ => {
                    let upper = dice.range(7.0, 17.0);
                    (upper, upper - dice.range(0.0, 14.0))
                }
            }
        };
        let (left, right) = (arm(dice), arm(dice));
        let lean = dice.around(1.0) * liveliness;
        let stance = dice.range(2.0, 4.0) + 4.0 * liveliness * dice.unit();
        let bend = dice.range(0.0, 10.0) * liveliness;
        Self {
            upper_arm: [left.0, right.0],
            fore_arm: [left.1, right.1],
            thigh: [stance + bend.min(7.0) * dice.unit(), stance],
            shank: [stance * 0.4 - bend * 0.6, stance * 0.4],
            sway: 0.14 * lean,
            turn: dice.around(0.22) * liveliness,
            nod: dice.around(9.0) * liveliness,
        }
    }
}
