//! Trousers: two legs from one waistband, and the legs of jumpsuits and rompers.

use super::super::fabric::{Weave, darker, lighter};
use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, spline};
use super::tailor::{Tailor, limb_surface};
use super::{LegCut, LegEnd};

/// Height of a waistband.
const BAND: f32 = 0.16;

impl Tailor<'_> {
    /// Both legs with everything on them.
    pub(super) fn trousers(&mut self, cut: &LegCut) {
        for side in Side::BOTH {
            self.leg(cut, side);
        }
        let crotch = self.cut.crotch(cut);
        let top = p(self.cut.body.front(cut.waist), cut.waist);
        self.seam(&spline(&[top, top.lerp(crotch, 0.6), crotch]), 0.8);
        for side in Side::BOTH {
            let s = side.sign();
            self.seam(
                &spline(&[
                    crotch,
                    crotch + p(s * 0.2, -0.1),
                    crotch + p(s * 0.36, -0.14),
                ]),
                0.35,
            );
        }
        if !self.garment.kind.has_bodice() {
            self.waistband(cut);
        }
        let d = self.garment.details;
        if d.five_pocket {
            self.five_pockets(cut);
        } else if d.patch_pockets || d.flap_pockets {
            self.slanted_pockets(cut);
        }
        for side in Side::BOTH {
            self.leg_details(cut, side);
        }
        if d.belt {
            let (l, r) = (
                self.cut.trouser_side(cut, Side::Left, cut.waist + 0.05),
                self.cut.trouser_side(cut, Side::Right, cut.waist + 0.05),
            );
            self.belt_between(l, r);
        } else if d.drawstring {
            self.cord(
                p(self.cut.body.front(cut.waist), cut.waist + 0.1),
                0.09,
                0.5,
            );
        }
    }

    fn leg(&mut self, cut: &LegCut, side: Side) {
        const PIECES: usize = 12;
        let waist_side = self.cut.trouser_side(cut, side, cut.waist);
        let waist_middle = p(
            self.cut.body.front(cut.waist) + 0.0 * side.sign(),
            cut.waist + 0.03,
        );
        let first = 0.12_f32;
        let at = |index: usize| first + (cut.part - first).max(0.02) * index as f32 / PIECES as f32;
        let mut outer = vec![waist_side];
        for y in [3.2, 3.5, 3.8] {
            if y > cut.waist + 0.12 {
                outer.push(self.cut.trouser_side(cut, side, y));
            }
        }
        let crotch = self.cut.crotch(cut);
        let mut inner = vec![crotch];
        for index in 0..=PIECES {
            outer.push(self.cut.leg_edge(cut, side, at(index), true));
            let edge = self.cut.leg_edge(cut, side, at(index), false);
            if edge.y > crotch.y + 0.08 {
                inner.push(edge);
            }
        }
        if inner.len() == 1 {
            inner.push(self.cut.leg_edge(cut, side, cut.part.max(0.12), false));
        }
        let outline = Outline(
            spline(&outer)
                .into_iter()
                .chain(spline(&inner).into_iter().rev())
                .chain([waist_middle])
                .collect(),
        );
        let mut line = vec![p(self.cut.body.hip[side as usize].x, cut.waist - 0.2)];
        line.extend((1..=10).map(|index| {
            self.cut
                .body
                .on_leg(side, cut.part.max(0.3) * index as f32 / 10.0)
        }));
        let surface = limb_surface(
            self.garment.cloth,
            self.flat_light(),
            line,
            0.42 + cut.ease[1],
            side as u32 + 11,
        );
        self.piece(
            &outline,
            if side == Side::Left { 0.7 } else { 0.4 },
            surface,
        );
    }

    fn waistband(&mut self, cut: &LegCut) {
        let at = |side: Side, y: f32| self.cut.trouser_side(cut, side, y);
        let (y0, y1) = (cut.waist, cut.waist + BAND);
        let upper = Self::hem_line(at(Side::Left, y0), at(Side::Right, y0), 0.05, 0.0);
        let lower = Self::hem_line(at(Side::Left, y1), at(Side::Right, y1), 0.06, 0.0);
        let trim = self.garment.trim;
        let outline = Outline(upper.iter().chain(lower.iter().rev()).copied().collect());
        let surface = self.plain_surface(trim, 0.96);
        self.piece(&outline, 0.0, surface);
        self.seam(&lower, 0.8);
        let d = self.garment.details;
        if d.drawstring {
            let ink = trim.seam();
            self.ribs(&upper, &lower, 22, 0.5, ink);
        }
        if d.five_pocket {
            for part in [0.14, 0.32, 0.68, 0.86] {
                let index = (part * (upper.len() - 1) as f32) as usize;
                self.stroke(
                    &[upper[index], lower[index] + p(0.0, 0.03)],
                    0.05,
                    trim.seam(),
                    0.8,
                );
            }
            let top = p(self.cut.body.front(y0), f32::midpoint(y0, y1) + 0.04);
            self.button(top, 0.04);
        }
        if self.flat {
            let back = Outline(upper.clone()).curve(&[
                p(
                    f32::midpoint(upper[0].x, upper[upper.len() - 1].x),
                    y0 - 0.03,
                ),
                upper[0],
            ]);
            let surface = self.plain_surface(trim, 0.6);
            self.piece(&back, 0.0, surface);
        }
    }

    /// Thread on denim is another colour than the cloth.
    fn thread(&self) -> super::super::canvas::Rgb {
        let ground = self.garment.cloth.ground();
        if self.garment.cloth.weave == Weave::Denim {
            if ground.iter().sum::<f32>() > 2.0 {
                darker(ground, 0.4)
            } else {
                [0.78, 0.56, 0.28]
            }
        } else {
            self.ink()
        }
    }

    fn five_pockets(&mut self, cut: &LegCut) {
        let thread = self.thread();
        let y = cut.waist + BAND;
        for side in Side::BOTH {
            let s = side.sign();
            let edge = self.cut.trouser_side(cut, side, y + 0.4);
            let from = self.cut.trouser_side(cut, side, y) - p(s * 0.24, 0.0);
            let curve = spline(&[from, from + p(s * 0.03, 0.24), edge]);
            self.stroke(&curve, 0.035, thread, 0.95);
            let inner: Vec<P2> = curve
                .iter()
                .map(|&point| point + p(s * 0.02, -0.05))
                .collect();
            self.stroke(&inner, 0.03, darker(self.garment.cloth.ground(), 0.4), 0.7);
        }
        // The fly.
        let x = self.cut.body.front(y);
        let fly = spline(&[p(x + 0.13, y), p(x + 0.13, y + 0.5), p(x + 0.02, y + 0.72)]);
        self.stroke(&fly, 0.03, thread, 0.95);
    }

    fn slanted_pockets(&mut self, cut: &LegCut) {
        let y = cut.waist + BAND;
        for side in Side::BOTH {
            let s = side.sign();
            let from = self.cut.trouser_side(cut, side, y) - p(s * 0.16, 0.0);
            let to = self.cut.trouser_side(cut, side, y + 0.6) - p(s * 0.02, 0.0);
            self.stroke(
                &[from, to],
                0.04,
                darker(self.garment.cloth.ground(), 0.5),
                0.8,
            );
        }
    }

    fn leg_details(&mut self, cut: &LegCut, side: Side) {
        let d = self.garment.details;
        let tailored = self.cut;
        let edge = |t: f32, outer: bool| tailored.leg_edge(cut, side, t, outer);
        let part = cut.part;
        let trim = self.garment.trim;
        let ink = trim.seam();
        let height = match cut.end {
            LegEnd::Rib => 0.065,
            LegEnd::Elastic => 0.035,
            LegEnd::TurnUp => 0.055,
            LegEnd::Plain => 0.022,
        };
        let (o0, i0, o1, i1) = (
            edge(part - height, true),
            edge(part - height, false),
            edge(part, true),
            edge(part, false),
        );
        match cut.end {
            LegEnd::Plain => {
                if self.garment.cloth.weave == Weave::Denim {
                    let thread = self.thread();
                    self.stroke(&[o0, i0], 0.028, thread, 0.9);
                } else {
                    self.seam(&[o0, i0], 0.5);
                }
            }
            LegEnd::Rib => {
                let cuff = Outline(vec![o0, o1, i1, i0]);
                self.band(&cuff, trim, 0.92);
                self.ribs(&[o0, i0], &[o1, i1], 8, 0.55, ink);
                self.seam(&[o0, i0], 0.9);
            }
            LegEnd::Elastic => {
                self.seam(&[o0, i0], 0.7);
                let higher = self.cut.body.on_leg(side, part - 0.12);
                for t in [0.15, 0.38, 0.62, 0.85] {
                    let foot = o0.lerp(i0, t);
                    self.seam(&[foot, foot.lerp(higher, 0.5)], 0.4);
                }
            }
            LegEnd::TurnUp => {
                let out = p(side.sign() * 0.025, 0.0);
                let cuff = Outline(vec![o0 + out, o1 + out, i1 - out, i0 - out]);
                let surface = self.plain_surface(trim.trim(lighter(trim.ground(), 0.12)), 1.0);
                self.piece(&cuff, 0.4, surface);
            }
        }
        if d.side_stripe {
            let line: Vec<P2> = (0..=10)
                .map(|index| {
                    let t = 0.02 + (part - height - 0.02) * index as f32 / 10.0;
                    edge(t, true).lerp(self.cut.body.on_leg(side, t), 0.22)
                })
                .collect();
            self.stroke(&line, 0.10, lighter(trim.ground(), 0.7), 0.95);
        }
        if d.crease {
            let line: Vec<P2> = (1..=8)
                .map(|index| self.cut.body.on_leg(side, part * index as f32 / 8.0))
                .collect();
            self.seam(&line, 0.45);
        }
        if d.torn && part > 0.6 {
            let knee = self.cut.body.on_leg(side, 0.5);
            for (dy, width) in [(-0.08, 0.16), (0.02, 0.2), (0.11, 0.14)] {
                let line = [knee + p(-width, dy), knee + p(width, dy + 0.01)];
                self.stroke(&line, 0.05, lighter(self.garment.cloth.ground(), 0.75), 0.9);
            }
        }
        if part > 0.55 {
            // Folds behind the knee.
            for (t, reach) in [(0.49, 0.55), (0.545, 0.4)] {
                let from = edge(t, false);
                self.seam(&[from, from.lerp(edge(t + 0.01, true), reach)], 0.28);
            }
        }
    }
}
