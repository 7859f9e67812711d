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
        let mut brush = Brush {
            thing: self,
            canvas,
            light,
            shadow,
        };
        match self.kind {
            ThingKind::Frame | ThingKind::Book | ThingKind::Phone => brush.flat_things(),
            ThingKind::Plant => brush.plant(),
            ThingKind::Leaf => brush.leaves(),
            ThingKind::Lamp | ThingKind::Chair | ThingKind::Post => brush.furniture(),
            ThingKind::Bag => brush.bag(),
            ThingKind::Shoe => brush.shoe(),
            ThingKind::Mug | ThingKind::Ball => brush.round_things(),
            ThingKind::Towel => brush.towel(),
        }
    }
}

/// A thing being drawn.
struct Brush<'a> {
    thing: &'a Thing,
    canvas: &'a mut Canvas,
    light: &'a Light,
    shadow: bool,
}

impl Brush<'_> {
    /// A point of the thing: its height reaches from −1 to 1.
    fn at(&self, x: f32, y: f32) -> P2 {
        let down = P2::hanging(-self.thing.turn) * self.thing.size;
        self.thing.at + p(down.y, -down.x) * x + down * y
    }

    fn cast(&mut self, outline: &Outline) {
        if self.shadow {
            let away = p(-0.012 * self.light.from.x, 0.012);
            self.canvas
                .shadow(outline, away, 0.015, 0.5 * self.light.shadows, |_| true);
        }
    }

    fn part(&mut self, outline: &Outline, colour: Rgb) {
        self.cast(outline);
        let (middle, size, light) = (self.thing.at, self.thing.size, *self.light);
        self.canvas.fill(outline, Owner::default(), |point| {
            lit(
                colour,
                light.on(((point.x - middle.x) / size * 0.7).clamp(-0.8, 0.8), 0.0),
            )
        });
    }

    /// A shape with straight edges.
    fn board<const N: usize>(&mut self, corners: [[f32; 2]; N], colour: Rgb) {
        let outline = Outline(corners.map(|[x, y]| self.at(x, y)).to_vec());
        self.part(&outline, colour);
    }

    /// An upright rectangle of the thing.
    fn panel(&mut self, [x0, y0]: [f32; 2], [x1, y1]: [f32; 2], colour: Rgb) {
        self.board([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], colour);
    }

    /// A shape with a smooth edge.
    fn blob<const N: usize>(&mut self, knots: [[f32; 2]; N], colour: Rgb) {
        let outline = Outline::blob(&knots.map(|[x, y]| self.at(x, y)));
        self.part(&outline, colour);
    }

    fn disc(&mut self, [x, y]: [f32; 2], rx: f32, ry: f32, colour: Rgb) {
        let size = self.thing.size;
        let outline = Outline::ellipse(self.at(x, y), rx * size, ry * size);
        self.part(&outline, colour);
    }

    fn flat_things(&mut self) {
        let [a, b, c] = self.thing.colours;
        match self.thing.kind {
            ThingKind::Frame => {
                self.panel([-0.8, -1.0], [0.8, 1.0], darker(a, 0.4));
                self.panel([-0.68, -0.88], [0.68, 0.88], lighter(b, 0.5));
                self.blob([[-0.4, 0.4], [0.0, -0.5], [0.45, 0.35], [0.0, 0.6]], c);
            }
            ThingKind::Book => {
                self.panel([-0.7, -0.9], [0.7, 0.9], a);
                self.panel([-0.5, -0.7], [0.5, -0.35], b);
                self.panel([-0.5, -0.1], [0.3, 0.0], c);
            }
            _ => {
                self.panel([-0.45, -0.9], [0.45, 0.9], [0.07; 3]);
                self.panel([-0.38, -0.74], [0.38, 0.74], mixed([0.15; 3], b, 0.4));
            }
        }
    }

    fn own(&self, index: i32, salt: i32) -> f32 {
        at_cell(self.thing.seed, index, salt)
    }

    fn plant(&mut self) {
        for index in 0..9 {
            let root = self.at(0.0, 0.3);
            let tip = self.at(
                -0.9 + 1.8 * self.own(index, 1),
                -1.0 + 0.9 * self.own(index, 2),
            );
            let middle = root.lerp(tip, 0.55);
            let across = (tip - root).normal() * 0.16;
            let leaf = Outline::blob(&[self.at(0.0, 0.4), middle + across, tip, middle - across]);
            let green = mixed([0.13, 0.32, 0.12], [0.4, 0.6, 0.25], self.own(index, 3));
            self.part(&leaf, green);
        }
        let pot = self.thing.colours[0];
        self.board(
            [[-0.32, 0.35], [0.32, 0.35], [0.24, 1.0], [-0.24, 1.0]],
            pot,
        );
    }

    fn leaves(&mut self) {
        for index in 0..5 {
            let root = self.at(self.own(index, 1) - 0.5, 1.0);
            let tip = self.at(
                2.2 * self.own(index, 2) - 1.1,
                -1.0 + 0.8 * self.own(index, 3),
            );
            let across = (tip - root).normal() * 0.17;
            let middle = root.lerp(tip, 0.6);
            let leaf = Outline::blob(&[root, middle + across, tip, middle - across]);
            let green = mixed([0.08, 0.2, 0.08], [0.3, 0.48, 0.2], self.own(index, 4));
            self.part(&leaf, green);
        }
    }

    fn furniture(&mut self) {
        let [a, b, _] = self.thing.colours;
        match self.thing.kind {
            ThingKind::Lamp => {
                self.panel([-0.04, -0.5], [0.04, 1.0], [0.2; 3]);
                self.board(
                    [[-0.22, -1.0], [0.22, -1.0], [0.4, -0.45], [-0.4, -0.45]],
                    lighter(a, 0.6),
                );
            }
            ThingKind::Chair => {
                let wood = darker(mixed(a, [0.5, 0.33, 0.2], 0.6), 0.1);
                for x in [-0.5, 0.42] {
                    self.panel([x, -1.0], [x + 0.1, 1.0], wood);
                }
                self.panel([-0.5, -1.0], [0.52, -0.35], lighter(wood, 0.1));
                self.panel([-0.6, 0.05], [0.62, 0.25], b);
            }
            _ => self.panel(
                [-0.12, -4.0],
                [0.12, 4.0],
                darker(mixed(a, [0.4; 3], 0.6), 0.2),
            ),
        }
    }

    fn bag(&mut self) {
        let a = self.thing.colours[0];
        let size = self.thing.size;
        let handle = [[-0.35, -0.2], [-0.25, -0.95], [0.25, -0.95], [0.35, -0.2]]
            .map(|[x, y]| self.at(x, y));
        self.part(
            &Outline::ribbon(&spline(&handle), |_| 0.12 * size),
            darker(a, 0.3),
        );
        self.board(
            [[-0.6, -0.25], [0.6, -0.25], [0.75, 0.75], [-0.75, 0.75]],
            a,
        );
        self.board(
            [[-0.6, -0.25], [0.6, -0.25], [0.45, 0.2], [-0.45, 0.2]],
            darker(a, 0.15),
        );
        self.disc([0.0, 0.2], 0.08, 0.08, [0.8, 0.7, 0.4]);
    }

    fn shoe(&mut self) {
        let a = self.thing.colours[0];
        self.blob(
            [
                [-0.9, 0.2],
                [-0.8, -0.4],
                [-0.4, -0.35],
                [0.1, 0.0],
                [0.8, 0.1],
                [0.95, 0.4],
                [0.0, 0.42],
            ],
            a,
        );
        self.board(
            [[-0.9, 0.36], [0.95, 0.36], [0.9, 0.52], [-0.88, 0.52]],
            [0.92, 0.92, 0.9],
        );
    }

    fn round_things(&mut self) {
        let a = self.thing.colours[0];
        if self.thing.kind == ThingKind::Mug {
            self.disc([0.7, 0.0], 0.3, 0.16, lighter(a, 0.2));
            self.disc([0.0, 0.0], 0.6, 0.6, lighter(a, 0.4));
            self.disc([0.0, 0.0], 0.47, 0.47, [0.25, 0.15, 0.09]);
        } else {
            self.disc([0.0, 0.0], 0.7, 0.7, a);
            self.disc([-0.2, -0.25], 0.2, 0.16, lighter(a, 0.4));
        }
    }

    fn towel(&mut self) {
        let thing = *self.thing;
        let cloth = Cloth {
            weave: Weave::Light,
            pattern: thing.pattern,
            colours: thing.colours,
            repeat: 0.3 * thing.size,
            seed: thing.seed,
        };
        let hem = [[0.6, 1.0], [0.2, 1.04], [-0.2, 0.96], [-0.6, 1.0]].map(|[x, y]| self.at(x, y));
        let outline = Outline::from(self.at(-0.6, -1.0))
            .line(self.at(0.6, -1.0))
            .lines(spline(&hem));
        self.cast(&outline);
        let light = *self.light;
        self.canvas.fill(&outline, Owner::default(), |point| {
            let place = (point - thing.at) * (1.0 / thing.size);
            lit(
                cloth.colour(point.x, point.y),
                0.92 + 1.4 * cloth.fold(place, p(0.05, 1.0), light.folds),
            )
        });
    }
}
