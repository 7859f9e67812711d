//! Things that are no garments: furniture, plants, bags, shoes, cloths on a line.

use serde::{Deserialize, Serialize};

use super::super::canvas::{Canvas, Owner, Rgb};
use super::super::fabric::{Cloth, Light, Palette, Pattern, Weave, darker, lighter, lit, mixed};
use super::super::geometry::{Outline, P2, p, spline};
use super::super::random::{Dice, at_cell};

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThingKind {
    /// A framed picture.
    Frame,
    /// A pot with leaves.
    Plant,
    /// A floor lamp.
    Lamp,
    /// A handbag.
    Bag,
    /// A single shoe.
    Shoe,
    /// A mug, seen from above or the side.
    Mug,
    /// A book or magazine.
    Book,
    /// A chair.
    Chair,
    /// A towel, curtain or blanket: cloth that is no garment.
    Towel,
    /// A telephone.
    Phone,
    /// A leaf in front of the lens.
    Leaf,
    /// A post in front.
    Post,
    /// A round box or ball.
    Ball,
}

/// One thing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thing {
    /// What.
    pub kind: ThingKind,
    /// Its middle.
    pub at: P2,
    /// Half its height or so.
    pub size: f32,
    /// Turned by so many degrees.
    pub turn: f32,
    /// Its colours.
    pub colours: [Rgb; 3],
    /// Its pattern, where it is of cloth.
    pub pattern: Pattern,
    /// What else follows from chance.
    pub seed: u32,
}

impl Thing {
    /// A thing of one of the kinds.
    pub fn draw(dice: &mut Dice, kinds: &[ThingKind], at: P2, size: f32) -> Self {
        Self {
            kind: dice.pick(kinds),
            at,
            size,
            turn: dice.around(14.0),
            colours: Palette::draw(dice, &[], 0.0).0,
            pattern: dice.pick(&[
                Pattern::Solid,
                Pattern::Solid,
                Pattern::Hoops,
                Pattern::Gingham,
                Pattern::Floral,
                Pattern::Dots,
                Pattern::Stripes,
            ]),
            seed: dice.seed(),
        }
    }

    /// Draws it over what is there; the canvas looks in background coordinates.
    pub fn paint(&self, canvas: &mut Canvas, light: &Light, shadow: bool) {
        let down = P2::hanging(-self.turn) * self.size;
        let right = p(down.y, -down.x);
        let at = |x: f32, y: f32| self.at + right * x + down * y;
        let [a, b, c] = self.colours;
        let side = |colour: Rgb| {
            let (middle, size, light) = (self.at, self.size, *light);
            move |point: P2| {
                lit(
                    colour,
                    light.on(((point.x - middle.x) / size * 0.7).clamp(-0.8, 0.8), 0.0),
                )
            }
        };
        let nobody = Owner::default();
        let cast = |canvas: &mut Canvas, outline: &Outline| {
            if shadow {
                canvas.shadow(
                    outline,
                    p(-0.012 * light.from.x, 0.012),
                    0.015,
                    0.5 * light.shadows,
                    |_| true,
                );
            }
        };
        let mut part = |outline: Outline, colour: Rgb| {
            cast(canvas, &outline);
            canvas.fill(&outline, nobody, side(colour));
        };
        match self.kind {
            ThingKind::Frame => {
                part(
                    Outline(vec![
                        at(-0.8, -1.0),
                        at(0.8, -1.0),
                        at(0.8, 1.0),
                        at(-0.8, 1.0),
                    ]),
                    darker(a, 0.4),
                );
                part(
                    Outline(vec![
                        at(-0.68, -0.88),
                        at(0.68, -0.88),
                        at(0.68, 0.88),
                        at(-0.68, 0.88),
                    ]),
                    lighter(b, 0.5),
                );
                part(
                    Outline::blob(&[at(-0.4, 0.4), at(0.0, -0.5), at(0.45, 0.35), at(0.0, 0.6)]),
                    c,
                );
            }
            ThingKind::Plant => {
                for index in 0..9 {
                    let own = |salt: i32| at_cell(self.seed, index, salt);
                    let tip = at(-0.9 + 1.8 * own(1), -1.0 + 0.9 * own(2));
                    let middle = at(0.0, 0.3).lerp(tip, 0.55);
                    let across = (tip - at(0.0, 0.3)).normal() * 0.16;
                    part(
                        Outline::blob(&[at(0.0, 0.4), middle + across, tip, middle - across]),
                        mixed([0.13, 0.32, 0.12], [0.4, 0.6, 0.25], own(3)),
                    );
                }
                part(
                    Outline(vec![
                        at(-0.32, 0.35),
                        at(0.32, 0.35),
                        at(0.24, 1.0),
                        at(-0.24, 1.0),
                    ]),
                    a,
                );
            }
            ThingKind::Lamp => {
                part(Outline::rectangle(at(-0.04, -0.5), at(0.04, 1.0)), [0.2; 3]);
                part(
                    Outline(vec![
                        at(-0.22, -1.0),
                        at(0.22, -1.0),
                        at(0.4, -0.45),
                        at(-0.4, -0.45),
                    ]),
                    lighter(a, 0.6),
                );
            }
            ThingKind::Bag => {
                let handle = spline(&[
                    at(-0.35, -0.2),
                    at(-0.25, -0.95),
                    at(0.25, -0.95),
                    at(0.35, -0.2),
                ]);
                let size = self.size;
                part(Outline::ribbon(&handle, |_| 0.12 * size), darker(a, 0.3));
                part(
                    Outline(vec![
                        at(-0.6, -0.25),
                        at(0.6, -0.25),
                        at(0.75, 0.75),
                        at(-0.75, 0.75),
                    ]),
                    a,
                );
                part(
                    Outline(vec![
                        at(-0.6, -0.25),
                        at(0.6, -0.25),
                        at(0.45, 0.2),
                        at(-0.45, 0.2),
                    ]),
                    darker(a, 0.15),
                );
                part(
                    Outline::ellipse(at(0.0, 0.2), 0.08 * size, 0.08 * size),
                    [0.8, 0.7, 0.4],
                );
            }
            ThingKind::Shoe => {
                part(
                    Outline::blob(&[
                        at(-0.9, 0.2),
                        at(-0.8, -0.4),
                        at(-0.4, -0.35),
                        at(0.1, 0.0),
                        at(0.8, 0.1),
                        at(0.95, 0.4),
                        at(0.0, 0.42),
                    ]),
                    a,
                );
                part(
                    Outline(vec![
                        at(-0.9, 0.36),
                        at(0.95, 0.36),
                        at(0.9, 0.52),
                        at(-0.88, 0.52),
                    ]),
                    [0.92, 0.92, 0.9],
                );
            }
            ThingKind::Mug => {
                let size = self.size;
                part(
                    Outline::ellipse(at(0.7, 0.0), 0.3 * size, 0.16 * size),
                    lighter(a, 0.2),
                );
                part(
                    Outline::ellipse(at(0.0, 0.0), 0.6 * size, 0.6 * size),
                    lighter(a, 0.4),
                );
                part(
                    Outline::ellipse(at(0.0, 0.0), 0.47 * size, 0.47 * size),
                    [0.25, 0.15, 0.09],
                );
            }
            ThingKind::Book => {
                part(
                    Outline(vec![
                        at(-0.7, -0.9),
                        at(0.7, -0.9),
                        at(0.7, 0.9),
                        at(-0.7, 0.9),
                    ]),
                    a,
                );
                part(
                    Outline(vec![
                        at(-0.5, -0.7),
                        at(0.5, -0.7),
                        at(0.5, -0.35),
                        at(-0.5, -0.35),
                    ]),
                    b,
                );
                part(
                    Outline(vec![
                        at(-0.5, -0.1),
                        at(0.3, -0.1),
                        at(0.3, 0.0),
                        at(-0.5, 0.0),
                    ]),
                    c,
                );
            }
            ThingKind::Chair => {
                let wood = darker(mixed(a, [0.5, 0.33, 0.2], 0.6), 0.1);
                for x in [-0.5, 0.42] {
                    part(
                        Outline(vec![
                            at(x, -1.0),
                            at(x + 0.1, -1.0),
                            at(x + 0.1, 1.0),
                            at(x, 1.0),
                        ]),
                        wood,
                    );
                }
                part(
                    Outline(vec![
                        at(-0.5, -1.0),
                        at(0.52, -1.0),
                        at(0.52, -0.35),
                        at(-0.5, -0.35),
                    ]),
                    lighter(wood, 0.1),
                );
                part(
                    Outline(vec![
                        at(-0.6, 0.05),
                        at(0.62, 0.05),
                        at(0.62, 0.25),
                        at(-0.6, 0.25),
                    ]),
                    b,
                );
            }
            ThingKind::Towel => self.towel(canvas, light, shadow, &at),
            ThingKind::Phone => {
                part(
                    Outline(vec![
                        at(-0.45, -0.9),
                        at(0.45, -0.9),
                        at(0.45, 0.9),
                        at(-0.45, 0.9),
                    ]),
                    [0.07; 3],
                );
                part(
                    Outline(vec![
                        at(-0.38, -0.74),
                        at(0.38, -0.74),
                        at(0.38, 0.74),
                        at(-0.38, 0.74),
                    ]),
                    mixed([0.15; 3], b, 0.4),
                );
            }
            ThingKind::Leaf => {
                for index in 0..5 {
                    let own = |salt: i32| at_cell(self.seed, index, salt);
                    let (root, tip) = (
                        at(own(1) - 0.5, 1.0),
                        at(2.2 * own(2) - 1.1, -1.0 + 0.8 * own(3)),
                    );
                    let across = (tip - root).normal() * 0.17;
                    let middle = root.lerp(tip, 0.6);
                    part(
                        Outline::blob(&[root, middle + across, tip, middle - across]),
                        mixed([0.08, 0.2, 0.08], [0.3, 0.48, 0.2], own(4)),
                    );
                }
            }
            ThingKind::Post => part(
                Outline(vec![
                    at(-0.12, -4.0),
                    at(0.12, -4.0),
                    at(0.12, 4.0),
                    at(-0.12, 4.0),
                ]),
                darker(mixed(a, [0.4; 3], 0.6), 0.2),
            ),
            ThingKind::Ball => {
                let size = self.size;
                part(Outline::ellipse(at(0.0, 0.0), 0.7 * size, 0.7 * size), a);
                part(
                    Outline::ellipse(at(-0.2, -0.25), 0.2 * size, 0.16 * size),
                    lighter(a, 0.4),
                );
            }
        }
    }

    fn towel(
        &self,
        canvas: &mut Canvas,
        light: &Light,
        shadow: bool,
        at: &impl Fn(f32, f32) -> P2,
    ) {
        let cloth = Cloth {
            weave: Weave::Light,
            pattern: self.pattern,
            colours: self.colours,
            repeat: 0.3 * self.size,
            seed: self.seed,
        };
        let hem = spline(&[at(0.6, 1.0), at(0.2, 1.04), at(-0.2, 0.96), at(-0.6, 1.0)]);
        let outline = Outline::from(at(-0.6, -1.0)).line(at(0.6, -1.0)).lines(hem);
        if shadow {
            canvas.shadow(
                &outline,
                p(-0.012 * light.from.x, 0.012),
                0.015,
                0.5 * light.shadows,
                |_| true,
            );
        }
        let (middle, size, light) = (self.at, self.size, *light);
        canvas.fill(&outline, Owner::default(), |point| {
            let q = (point - middle) * (1.0 / size);
            lit(
                cloth.colour(point.x, point.y),
                0.92 + 1.4 * cloth.fold(q, p(0.05, 1.0), light.folds),
            )
        });
    }
}
