//! Pockets, belts, prints on the chest.

use super::super::fabric::{darker, lighter};
use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, spline};
use super::super::random::at_cell;
use super::tailor::Tailor;
use super::{Bodice, Garment, Lower};

impl Garment {
    /// Whether the bodice ends in a seam at the waist instead of a hem.
    pub(super) fn waist_is_seam(&self) -> bool {
        !matches!(self.lower, Lower::None)
    }
}

impl Tailor<'_> {
    /// The belly pocket of a hoodie: slanted openings at both sides.
    pub(super) fn kangaroo_pocket(&mut self) {
        let y = 3.02;
        let middle = self.cut.body.front(y);
        let at = |x: f32, dy: f32| p(middle + x, y + dy);
        let outline = [
            at(-0.28, 0.0),
            at(0.28, 0.0),
            at(0.48, 0.32),
            at(0.48, 0.56),
            at(-0.48, 0.56),
            at(-0.48, 0.32),
        ];
        let mut edge = outline.to_vec();
        edge.push(outline[0]);
        self.canvas
            .mark(&Outline(outline.to_vec()), self.owner, 0.10, |_| [0.0; 3]);
        self.seam(&edge, 0.9);
        for sign in [-1.0, 1.0] {
            let opening = [at(sign * 0.28, 0.0), at(sign * 0.48, 0.32)];
            self.stroke(
                &opening,
                0.05,
                darker(self.garment.cloth.ground(), 0.6),
                0.7,
            );
        }
    }

    /// Chest, flap and patch pockets.
    pub(super) fn pockets(&mut self, bodice: &Bodice) {
        let d = self.garment.details;
        let front = self.cut.body.front(2.3);
        for index in 0..d.chest_pockets {
            let x = front + if index == 0 { 0.38 } else { -0.38 };
            let at = |dx: f32, dy: f32| p(x + dx, 2.12 + dy);
            let outline = vec![
                at(-0.17, 0.0),
                at(0.17, 0.0),
                at(0.17, 0.26),
                at(0.0, 0.34),
                at(-0.17, 0.26),
                at(-0.17, 0.0),
            ];
            self.canvas
                .mark(&Outline(outline.clone()), self.owner, 0.06, |_| [0.0; 3]);
            self.seam(&outline, 0.8);
            if d.chest_pockets == 2 {
                self.seam(&[at(-0.17, 0.08), at(0.0, 0.13), at(0.17, 0.08)], 0.8);
                self.button(at(0.0, 0.10), 0.028);
            }
        }
        if bodice.hem < 3.3 {
            return;
        }
        let y = (bodice.hem - 0.5).clamp(3.05, 3.5);
        for side in Side::BOTH {
            let x = self.cut.body.front(y) + side.sign() * 0.48;
            let at = |dx: f32, dy: f32| p(x + side.sign() * dx, y + dy);
            if d.flap_pockets {
                let flap = Outline(vec![
                    at(-0.2, 0.0),
                    at(0.22, 0.04),
                    at(0.22, 0.17),
                    at(-0.2, 0.13),
                ]);
                let surface = self.plain_surface(self.garment.cloth, 0.96);
                self.canvas.shadow(
                    &flap,
                    p(0.0, 0.04),
                    0.04,
                    0.35 * self.light.shadows,
                    |owner| owner.instance > 0,
                );
                self.canvas.mark(&flap, self.owner, 1.0, surface);
                let mut edge = flap.0.clone();
                edge.push(flap.0[0]);
                self.seam(&edge, 0.8);
            } else if d.patch_pockets {
                let edge = [
                    at(-0.2, 0.0),
                    at(0.24, 0.0),
                    at(0.24, 0.45),
                    at(-0.2, 0.45),
                    at(-0.2, 0.0),
                ];
                self.canvas
                    .mark(&Outline(edge.to_vec()), self.owner, 0.07, |_| [0.0; 3]);
                self.seam(&edge, 0.8);
                self.seam(&[at(-0.2, 0.07), at(0.24, 0.07)], 0.6);
            }
        }
    }

    /// A belt around the waist with a buckle or a knot.
    pub(super) fn belt(&mut self, bodice: &Bodice) {
        let y = 2.92;
        let at = |side: Side, y: f32| self.cut.side(bodice, side, y) + p(side.sign() * 0.02, 0.0);
        let (l, r) = (at(Side::Left, y), at(Side::Right, y));
        self.belt_between(l, r);
    }

    pub(super) fn belt_between(&mut self, l: P2, r: P2) {
        let middle = l.lerp(r, 0.5) + p(0.0, 0.04);
        let line = spline(&[l, middle, r]);
        let trim = self.garment.trim;
        let outline = Outline::ribbon(&line, |_| 0.15);
        let surface = self.plain_surface(trim, 0.95);
        self.piece(&outline, 0.3, surface);
        let buckle = middle + p(0.3 * (self.cut.body.front(2.9) - middle.x), 0.0);
        if self.garment.cloth.seed & 2 == 0 {
            let frame = [
                buckle + p(-0.09, -0.09),
                buckle + p(0.09, -0.09),
                buckle + p(0.09, 0.09),
                buckle + p(-0.09, 0.09),
                buckle + p(-0.09, -0.09),
            ];
            self.stroke(&frame, 0.03, [0.8, 0.72, 0.45], 1.0);
        } else {
            for end in [p(-0.12, 0.5), p(0.14, 0.55)] {
                let tail = Outline::ribbon(&[buckle, buckle + end], |t| 0.09 + 0.04 * t);
                let surface = self.plain_surface(trim, 0.9);
                self.piece(&tail, 0.3, surface);
            }
            let surface = self.plain_surface(trim, 1.0);
            self.piece(&Outline::ellipse(buckle, 0.09, 0.09), 0.2, surface);
        }
    }

    /// A picture on the chest: a disc, bars, or a star.
    pub(super) fn graphic(&mut self) {
        let [_, first, second] = self.garment.cloth.colours;
        let seed = self.garment.cloth.seed;
        let own = |salt: i32| at_cell(seed, salt, 5);
        let y = 2.3 + 0.1 * own(0);
        let middle = p(self.cut.body.front(y), y);
        let size = 0.24 + 0.12 * own(1);
        match (own(2) * 4.0) as u8 {
            0 => {
                self.canvas.mark(
                    &Outline::ellipse(middle, size, size),
                    self.owner,
                    1.0,
                    |_| first,
                );
                self.canvas.mark(
                    &Outline::ellipse(middle + p(0.1 * size, 0.2 * size), size * 0.6, size * 0.5),
                    self.owner,
                    1.0,
                    |_| second,
                );
            }
            1 => {
                for (index, width) in [1.0, 0.7, 0.9].into_iter().enumerate() {
                    let row = middle + p(0.0, (index as f32 - 1.0) * size * 0.75);
                    self.stroke(
                        &[row - p(size * width, 0.0), row + p(size * width, 0.0)],
                        size * 0.4,
                        first,
                        1.0,
                    );
                }
            }
            2 => {
                let star: Vec<P2> = (0..10)
                    .map(|index| {
                        let radius = if index % 2 == 0 { size } else { size * 0.42 };
                        middle + P2::hanging(180.0 + 36.0 * index as f32) * radius
                    })
                    .collect();
                self.canvas.mark(&Outline(star), self.owner, 1.0, |_| first);
            }
            _ => {
                // A line of letters, too small to read.
                for index in 0..5 {
                    let x = (index as f32 - 2.0) * size * 0.55;
                    let at = |dx: f32, dy: f32| middle + p(x + dx * size, dy * size);
                    self.stroke(&[at(-0.15, 0.3), at(-0.15, -0.3)], size * 0.12, first, 1.0);
                    let to = if own(10 + index) < 0.5 {
                        at(0.15, -0.3)
                    } else {
                        at(0.15, 0.3)
                    };
                    self.stroke(
                        &[at(-0.15, -0.3 * own(20 + index)), to],
                        size * 0.12,
                        first,
                        1.0,
                    );
                }
            }
        }
    }

    /// Two ends of a cord hanging from a point.
    pub(super) fn cord(&mut self, at: P2, spread: f32, length: f32) {
        let ground = self.garment.cloth.ground();
        let colour = if ground.iter().sum::<f32>() < 1.6 {
            lighter(ground, 0.75)
        } else {
            darker(ground, 0.6)
        };
        for sign in [-1.0, 1.0] {
            let line = spline(&[
                at + p(sign * 0.04, 0.0),
                at + p(sign * spread, length * 0.55),
                at + p(sign * spread * 0.9, length),
            ]);
            self.stroke(&line, 0.036, colour, 1.0);
            let end = line[line.len() - 1];
            self.stroke(&[end, end + p(0.0, 0.07)], 0.055, colour, 1.0);
        }
    }
}
