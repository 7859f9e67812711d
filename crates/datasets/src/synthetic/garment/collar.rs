//! Collars: shirt, Peter Pan, Puritan and rib collar.

use super::super::figure::Side;
use super::super::geometry::{Outline, P2, arc, p};
use super::super::labels::CollarDesign;
use super::tailor::Tailor;
use super::{Bodice, Front};

impl Tailor<'_> {
    /// The collar around the neck opening.
    pub(super) fn collar(&mut self, design: CollarDesign) {
        let Some(bodice) = self.garment.bodice else {
            return;
        };
        match design {
            CollarDesign::Invisible => {}
            CollarDesign::Shirt => self.leaves(&bodice, shirt_leaf),
            CollarDesign::PeterPan => self.leaves(&bodice, peter_pan_leaf),
            CollarDesign::Puritan => self.leaves(&bodice, puritan_leaf),
            CollarDesign::Rib => self.rib_collar(&bodice),
        }
        if self.garment.details.ruffle && !matches!(design, CollarDesign::Rib) {
            self.front_ruffle(&bodice);
        }
    }

    /// Two leaves that meet at the throat, over a stand around the neck.
    fn leaves(&mut self, bodice: &Bodice, leaf: fn(Side, P2, P2) -> Outline) {
        let throat = self.cut.throat(bodice);
        let trim = self.garment.trim;
        if self.flat {
            // The stand's inside at the back of the neck.
            let (l, r) = (
                self.cut.neck_point(bodice, Side::Left),
                self.cut.neck_point(bodice, Side::Right),
            );
            let back = Outline::from(l + p(0.02, -0.02))
                .curve(&[p(throat.x, l.y - 0.14), r + p(-0.02, -0.02)])
                .curve(&[p(throat.x, l.y + 0.08), l]);
            let surface = self.plain_surface(trim, 0.7);
            self.piece(&back, 0.4, surface);
        }
        for side in Side::BOTH {
            let neck = self.cut.neck_point(bodice, side);
            let outline = leaf(side, neck, throat);
            let surface = self.plain_surface(trim, 1.03);
            self.piece(&outline, 0.75, surface);
            let stitched: Vec<P2> = outline
                .0
                .iter()
                .map(|&point| point.lerp(neck.lerp(throat, 0.4), 0.14))
                .collect();
            self.seam(&stitched, 0.25);
        }
        if matches!(self.garment.front, Front::Buttons) {
            self.button(throat + p(0.0, 0.03), 0.03);
        }
    }

    /// A knitted band that stands around the neck.
    fn rib_collar(&mut self, bodice: &Bodice) {
        let throat = self.cut.throat(bodice);
        let (l, r) = (
            self.cut.neck_point(bodice, Side::Left),
            self.cut.neck_point(bodice, Side::Right),
        );
        let trim = self.garment.trim;
        let ink = trim.seam();
        let rise = p(0.0, -0.09);
        if self.flat {
            let back = Outline::from(l + rise + p(0.03, 0.0))
                .curve(&[p(throat.x, l.y - 0.14), r + rise + p(-0.03, 0.0)])
                .curve(&[p(throat.x, l.y + 0.1), l + rise]);
            let surface = self.plain_surface(trim, 0.65);
            self.piece(&back, 0.4, surface);
        }
        let centre = p(throat.x, l.y);
        let (rx, ry) = ((r.x - l.x) / 2.0, throat.y - l.y);
        // From the right end round below the throat to the left one.
        let inner: Vec<P2> = arc(centre + rise, rx, (ry + 0.06).max(0.1), 0.0, 180.0, 16);
        let outer: Vec<P2> = arc(centre + p(0.0, 0.03), rx + 0.15, ry + 0.17, -8.0, 188.0, 16);
        let outline = Outline(
            inner
                .iter()
                .copied()
                .chain(outer.iter().rev().copied())
                .collect(),
        );
        let surface = self.plain_surface(trim, 1.0);
        self.piece(&outline, 0.6, surface);
        self.ribs(&inner, &outer, 26, 0.55, ink);
        if matches!(self.garment.front, Front::Zip | Front::Buttons) {
            let (a, b) = (inner[8], outer[8]);
            self.stroke(&[a, b], 0.05, [0.3, 0.3, 0.3], 0.9);
        }
    }

    /// A ruffle down the front from the throat.
    pub(super) fn front_ruffle(&mut self, bodice: &Bodice) {
        let throat = self.cut.throat(bodice);
        let trim = self.garment.trim;
        let low = (throat.y + 0.95).min(bodice.hem - 0.2);
        for side in Side::BOTH {
            let s = side.sign();
            let count = 7;
            let mut knots = vec![throat + p(s * 0.02, 0.05)];
            for index in 0..count {
                let y = throat.y + 0.1 + (low - throat.y - 0.1) * index as f32 / count as f32;
                let out = if index % 2 == 0 { 0.22 } else { 0.13 };
                knots.push(p(self.cut.body.front(y) + s * out, y));
            }
            let end = p(self.cut.body.front(low), low);
            let outline = Outline::from(knots[0]).curve(&knots[1..]).line(end);
            let surface = self.plain_surface(trim, 1.02);
            self.piece(&outline, 0.4, surface);
        }
    }
}

/// Pointed, with a straight outer edge.
fn shirt_leaf(side: Side, neck: P2, throat: P2) -> Outline {
    let s = side.sign();
    let inner = p(throat.x + s * 0.015, throat.y - 0.02);
    let point = p(throat.x + s * 0.36, throat.y + 0.30);
    let outer = neck + p(s * 0.22, 0.13);
    Outline::from(neck + p(-s * 0.03, -0.12))
        .curve(&[neck + p(s * 0.08, -0.04), outer])
        .line(point)
        .line(inner)
        .curve(&[
            neck.lerp(inner, 0.45) + p(-s * 0.01, 0.06),
            neck + p(-s * 0.04, -0.1),
        ])
}

/// Small, flat and round.
fn peter_pan_leaf(side: Side, neck: P2, throat: P2) -> Outline {
    let s = side.sign();
    let inner = p(throat.x + s * 0.01, throat.y);
    Outline::from(neck + p(-s * 0.02, -0.05))
        .curve(&[
            neck + p(s * 0.20, 0.06),
            neck + p(s * 0.27, 0.30),
            p(throat.x + s * 0.42, throat.y + 0.24),
            p(throat.x + s * 0.20, throat.y + 0.31),
            p(throat.x + s * 0.04, throat.y + 0.20),
            inner,
        ])
        .curve(&[
            neck.lerp(inner, 0.5) + p(s * 0.04, 0.07),
            neck + p(-s * 0.02, -0.05),
        ])
}

/// Wide and flat, to the shoulders, with corners.
fn puritan_leaf(side: Side, neck: P2, throat: P2) -> Outline {
    let s = side.sign();
    let inner = p(throat.x + s * 0.01, throat.y);
    Outline::from(neck + p(-s * 0.02, -0.05))
        .curve(&[neck + p(s * 0.30, 0.08), neck + p(s * 0.56, 0.30)])
        .curve(&[
            neck + p(s * 0.60, 0.62),
            p(throat.x + s * 0.62, throat.y + 0.62),
        ])
        .curve(&[
            p(throat.x + s * 0.34, throat.y + 0.66),
            p(throat.x + s * 0.13, throat.y + 0.60),
        ])
        .line(inner)
        .curve(&[
            neck.lerp(inner, 0.5) + p(s * 0.04, 0.07),
            neck + p(-s * 0.02, -0.05),
        ])
}
