//! A picture as plain data: who wears what where, in which light. Sampling it needs no canvas, and
//! drawing it needs no dice.

mod framing;
mod outfit;

use serde::{Deserialize, Serialize};

use super::background::{Background, Setting, Thing, ThingKind};
use super::canvas::Rgb;
use super::config::WardrobeConfig;
use super::fabric::Light;
use super::figure::{Build, Looks, Pose};
use super::garment::Garment;
use super::geometry::{Affine, P2, p};
use super::labels::{Dimension, GarmentKind};
use super::random::Dice;

pub use framing::Frame;

/// What a picture must show; everything left open is drawn from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wish {
    /// The category of the garment it is about.
    pub kind: Option<GarmentKind>,
    /// A value (by its place in the table, from 1) of a dimension of that garment.
    pub value: Option<(Dimension, u8)>,
    /// Worn or flat.
    pub worn: Option<bool>,
    /// How much of a figure is in the frame.
    pub frame: Option<Frame>,
    /// Not an empty picture.
    pub garments: bool,
}

/// A dressed person, or one garment laid on a surface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The wearer's looks; `None` for a garment that lies flat.
    pub looks: Option<Looks>,
    /// Proportions of the wearer or of the dress form.
    pub build: Build,
    /// The pose of either.
    pub pose: Pose,
    /// Lower garment first, then from the skin outwards.
    pub garments: Vec<Garment>,
    /// The inner upper garment ends inside the lower one.
    pub tucked: bool,
    /// A bag hangs from the shoulder.
    pub bag: Option<Rgb>,
    /// From head heights to pixels.
    pub view: Affine,
}

/// What the camera does to the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// Standard deviation of the noise, 1 being the range from black to white.
    pub noise: f32,
    /// Radius of the blur in pixels; below 0.5 there is none.
    pub blur: f32,
    /// How much darker the corners are.
    pub vignette: f32,
    /// Seed of the noise.
    pub seed: u32,
}

/// A whole picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What is behind everything.
    pub background: Background,
    /// Things behind the figures.
    pub behind: Vec<Thing>,
    /// The figures, the farthest first. The last one is what the picture is about.
    pub figures: Vec<Figure>,
    /// Which garment of the last figure the picture is about; `None` in an empty picture.
    pub subject: Option<usize>,
    /// Things in front of the figures.
    pub before: Vec<Thing>,
    /// The light.
    pub light: Light,
    /// The camera.
    pub finish: Finish,
}

impl Scene {
    /// Samples a picture.
    pub fn draw(config: &WardrobeConfig, wish: Wish, dice: &mut Dice) -> Self {
        let d = config.difficulty;
        let (width, height) = picture_size(config, dice);
        let unit = width.min(height) as f32;
        let size = p(width as f32 / unit, height as f32 / unit);
        let worn = wish.worn.unwrap_or_else(|| dice.chance(config.worn_share));
        let empty = !wish.garments && dice.chance(config.empty_share);
        let background = Background::draw(dice, !worn, d, size.y);
        let light = draw_light(dice, d);
        let (figures, subject) = if empty {
            (Vec::new(), None)
        } else {
            let (figures, subject) =
                outfit::figures(config, wish, worn, &background, [width, height], dice);
            (figures, Some(subject))
        };
        let (behind, before) = things(&background, worn, empty, d, size, dice);
        Self {
            width,
            height,
            background,
            behind,
            figures,
            subject,
            before,
            light,
            finish: Finish {
                noise: 0.004 + 0.03 * d * dice.unit(),
                blur: if dice.chance(0.4 * d) {
                    dice.range(0.3, 1.3) * unit / 256.0
                } else {
                    0.0
                },
                vignette: 0.35 * d * dice.unit(),
                seed: dice.seed(),
            },
        }
    }
}

fn picture_size(config: &WardrobeConfig, dice: &mut Dice) -> (usize, usize) {
    let [low, high] = config.long_side.map(|side| side as usize);
    let long = low + dice.below(high - low + 1);
    let aspect = dice.weigh(&[(0.667, 3.0), (0.75, 2.5), (1.0, 2.0), (1.333, 0.8)]);
    if config.square {
        return (long, long);
    }
    let short = |ratio: f32| ((long as f32 * ratio + 0.5) as usize).max(16);
    if aspect <= 1.0 {
        (short(aspect), long)
    } else {
        (long, short(1.0 / aspect))
    }
}

fn draw_light(dice: &mut Dice, d: f32) -> Light {
    let angle = dice.around(80.0);
    let from = P2::hanging(180.0 + angle) * dice.range(0.5, 1.0);
    let exposure = 1.0 + dice.around(0.04 + 0.2 * d);
    let warmth = dice.around(0.02 + 0.11 * d);
    let green = dice.around(0.01 + 0.03 * d);
    Light {
        from,
        contrast: dice.range(0.28, 0.42 + 0.25 * d),
        shadows: dice.range(0.55, 1.0),
        tint: [
            exposure * (1.0 + warmth),
            exposure * (1.0 + green),
            exposure * (1.0 - warmth),
        ],
        folds: dice.range(0.7, 1.15 + 0.2 * d),
    }
}

/// Things behind and in front of the figures.
fn things(
    background: &Background,
    worn: bool,
    empty: bool,
    d: f32,
    size: P2,
    dice: &mut Dice,
) -> (Vec<Thing>, Vec<Thing>) {
    use ThingKind::{
        Bag, Ball, Book, Chair, Frame, Lamp, Leaf, Mug, Phone, Plant, Post, Shoe, Towel,
    };
    let outdoors = matches!(background.setting, Setting::Street | Setting::Garden);
    let count =
        ((if empty { 1.5 } else { 0.0 } + 4.2 * d * dice.unit()) + dice.unit() * d) as usize;
    let mut behind = Vec::new();
    for _ in 0..count {
        let at = p(size.x * dice.unit(), size.y * dice.unit());
        let scale = dice.range(0.06, 0.24);
        let thing = if !worn {
            Thing::draw(
                dice,
                &[Book, Mug, Shoe, Phone, Bag, Leaf, Ball, Towel],
                at,
                scale * 0.8,
            )
        } else if outdoors {
            let at = p(at.x, background.horizon + 0.05 - scale * 0.6);
            Thing::draw(dice, &[Plant, Lamp, Post, Ball, Bag], at, scale * 1.2)
        } else if dice.chance(0.5) {
            Thing::draw(dice, &[Frame, Frame, Towel], p(at.x, at.y * 0.5), scale)
        } else {
            let at = p(at.x, background.horizon + 0.06 - scale * 0.7);
            Thing::draw(dice, &[Plant, Lamp, Chair, Bag, Ball], at, scale * 1.4)
        };
        behind.push(thing);
    }
    let mut before = Vec::new();
    let count = (d * (0.25 + 2.1 * dice.unit())) as usize;
    for _ in 0..if empty { 0 } else { count } {
        // Around the middle, where garments are, but seldom right on it.
        let turn = P2::hanging(360.0 * dice.unit());
        let at = p(size.x / 2.0, size.y / 2.0)
            + p(turn.x * size.x, turn.y * size.y) * dice.range(0.16, 0.45);
        let scale = dice.range(0.06, 0.12 + 0.08 * d);
        let thing = if worn {
            let kinds = if outdoors {
                [Leaf, Leaf, Post, Plant]
            } else {
                [Leaf, Plant, Chair, Bag]
            };
            Thing::draw(dice, &kinds, p(at.x, at.y.max(size.y * 0.45)), scale * 1.3)
        } else {
            Thing::draw(dice, &[Book, Mug, Shoe, Phone, Bag, Leaf], at, scale)
        };
        before.push(thing);
    }
    (behind, before)
}
