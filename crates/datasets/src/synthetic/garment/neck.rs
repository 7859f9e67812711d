//! Necks: turtle neck, low turtle neck, ruffled stand, draped cowl.

use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, spline};
use super::super::labels::NeckDesign;
use super::Bodice;
use super::tailor::Tailor;

impl Tailor<'_> {
    /// What covers the neck or drapes below it.
    pub(super) fn neck(&mut self, design: NeckDesign) {
        let Some(bodice) = self.garment.bodice else {
            return;
        };
        match design {
            NeckDesign::Invisible => {}
            NeckDesign::Turtle => self.tube(&bodice, 0.97, true),
            NeckDesign::LowTurtle => self.tube(&bodice, 1.2, false),
            NeckDesign::RuffleSemiHigh => self.ruffled(&bodice),
            NeckDesign::Draped => self.cowl(&bodice),
        }
    }

    /// A tube around the neck up to `top`, folded over or not.
    fn tube(&mut self, bodice: &Bodice, top: f32, folded: bool) {
        let throat = self.cut.throat(bodice);
        let (l, r) = (
            self.cut.neck_point(bodice, Side::Left),
            self.cut.neck_point(bodice, Side::Right),
        );
        let trim = self.garment.trim;
        let ink = trim.seam();
        let x = throat.x * 0.5;
        let half = 0.235;
        let upper = spline(&[p(x - half, top), p(x, top + 0.05), p(x + half, top)]);
        let lower = spline(&[l + p(-0.04, 0.06), throat + p(0.0, 0.08), r + p(0.04, 0.06)]);
        let outline = Outline(
            upper
                .iter()
                .copied()
                .chain(lower.iter().rev().copied())
                .collect(),
        );
        let surface = self.plain_surface(trim, 0.97);
        self.piece(&outline, 0.6, surface);
        self.ribs(&upper, &lower, 16, 0.5, ink);
        if folded {
            let wide = half + 0.05;
            let fold_top = spline(&[
                p(x - half - 0.01, top - 0.01),
                p(x, top + 0.045),
                p(x + half + 0.01, top - 0.01),
            ]);
            let y = top + 0.26;
            let fold_low = spline(&[p(x - wide, y), p(x, y + 0.07), p(x + wide, y)]);
            let outline = Outline(
                fold_top
                    .iter()
                    .copied()
                    .chain(fold_low.iter().rev().copied())
                    .collect(),
            );
            let surface = self.plain_surface(trim, 1.04);
            self.piece(&outline, 0.8, surface);
            self.ribs(&fold_top, &fold_low, 16, 0.5, ink);
        }
        self.opening(&upper, x, top, half);
    }

    /// The dark inside of a tube whose wearer is missing.
    fn opening(&mut self, upper: &[P2], x: f32, top: f32, half: f32) {
        if self.flat {
            let back = Outline(upper.to_vec()).curve(&[p(x, top - 0.06), upper[0]]);
            let surface = self.plain_surface(self.garment.trim, 0.55);
            self.piece(&back, 0.0, surface);
            let _ = half;
        }
    }

    /// A stand whose upper edge is gathered into waves.
    fn ruffled(&mut self, bodice: &Bodice) {
        let throat = self.cut.throat(bodice);
        let (l, r) = (
            self.cut.neck_point(bodice, Side::Left),
            self.cut.neck_point(bodice, Side::Right),
        );
        let trim = self.garment.trim;
        let ink = trim.seam();
        let x = throat.x * 0.5;
        let (top, half) = (1.10, 0.30);
        let count = 11;
        let waves: Vec<P2> = (0..=count)
            .map(|index| {
                let t = index as f32 / count as f32;
                let wave = if index % 2 == 0 { -0.06 } else { 0.04 };
                p(
                    x + half * 1.25 * (2.0 * t - 1.0),
                    top + wave + 0.07 * 4.0 * t * (1.0 - t),
                )
            })
            .collect();
        let upper = spline(&waves);
        let waist = spline(&[p(x - 0.24, 1.3), p(x, 1.38), p(x + 0.24, 1.3)]);
        let lower = spline(&[l + p(-0.03, 0.05), throat + p(0.0, 0.06), r + p(0.03, 0.05)]);
        let stand = Outline(
            waist
                .iter()
                .copied()
                .chain(lower.iter().rev().copied())
                .collect(),
        );
        let surface = self.plain_surface(trim, 0.98);
        self.piece(&stand, 0.5, surface);
        let frill = Outline(
            upper
                .iter()
                .copied()
                .chain(waist.iter().rev().copied())
                .collect(),
        );
        let surface = self.plain_surface(trim, 1.05);
        self.piece(&frill, 0.7, surface);
        self.ribs(&upper, &waist, count, 0.6, ink);
        self.ribs(&waist, &lower, 9, 0.3, ink);
        self.front_ruffle(bodice);
    }

    /// Folds that hang between the shoulders in front of the chest.
    fn cowl(&mut self, bodice: &Bodice) {
        let (l, r) = (
            self.cut.neck_point(bodice, Side::Left),
            self.cut.neck_point(bodice, Side::Right),
        );
        let edge = self.cut.throat(bodice);
        // The lowest fold first; each next one lies on it, higher and narrower.
        for (step, (out, low)) in [(0.20, 0.62), (0.13, 0.42), (0.07, 0.22), (0.0, 0.04)]
            .into_iter()
            .enumerate()
        {
            let (a, b) = (l + p(-out, out * 0.35), r + p(out, out * 0.35));
            let bottom = p(
                edge.x + if step % 2 == 0 { 0.03 } else { -0.03 },
                edge.y + low,
            );
            let hang = |from: P2, to: P2, low: P2| {
                let pull = |end: P2| end.lerp(low, 0.62) + p((end.x - low.x) * 0.12, 0.07);
                spline(&[from, pull(from), low, pull(to), to])
            };
            let lower = hang(a, b, bottom + p(0.0, 0.16));
            let upper = hang(l, r, p(edge.x, edge.y));
            let outline = Outline(
                upper
                    .iter()
                    .copied()
                    .chain(lower.iter().rev().copied())
                    .collect(),
            );
            let brightness = 0.9 + 0.05 * step as f32;
            let surface = self.plain_surface(self.garment.cloth, brightness);
            self.piece(&outline, 0.75, surface);
        }
    }
}
