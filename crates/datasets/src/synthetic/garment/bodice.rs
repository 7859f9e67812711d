//! The part between shoulders and hem: back, front or two front panels, hem.

use super::super::fabric::darker;
use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p};
use super::super::labels::{LapelDesign, SleeveLength};
use super::cut::ARMPIT;
use super::tailor::{Profile, Tailor};
use super::{Bodice, Front, SleeveStyle, TopEdge};

/// Heights between the armpit and the hem at which side seams are sampled.
const STEP: f32 = 0.42;

impl Tailor<'_> {
    /// The back, seen through the neck opening of a flat garment or below an open one.
    pub(super) fn back(&mut self) {
        let Some(bodice) = self.garment.bodice else {
            return;
        };
        let below_hips = bodice.hem > 4.0 && matches!(self.garment.front, Front::Open(_));
        if !(self.flat || below_hips) {
            return;
        }
        let (left, right) = (
            self.side_line(&bodice, Side::Left),
            self.side_line(&bodice, Side::Right),
        );
        let (n0, n1) = (
            self.cut.edge_end(&bodice, Side::Left),
            self.cut.edge_end(&bodice, Side::Right),
        );
        let dip = p(
            f32::midpoint(n0.x, n1.x),
            n0.y.max(n1.y) + (0.2 * bodice.neck).min(0.1),
        );
        let outline = Outline::from(n0)
            .lines(left)
            .lines(right.into_iter().rev())
            .line(n1)
            .curve(&[dip, n0]);
        let inside = self
            .garment
            .cloth
            .trim(darker(self.garment.cloth.ground(), 0.38));
        let surface = self.plain_surface(inside, 0.92);
        self.piece(&outline, if self.flat { 0.8 } else { 0.0 }, surface);
        if self.flat
            && bodice.neck < 0.55
            && self.cut.has_shoulder(Side::Left)
            && self.cut.has_shoulder(Side::Right)
        {
            // The label at the back of the neck.
            let at = dip + p(-0.07, 0.03);
            self.canvas.mark(
                &Outline::rectangle(at, at + p(0.14, 0.09)),
                self.owner,
                0.9,
                |_| [0.88, 0.87, 0.84],
            );
        }
    }

    /// From the end of the upper edge over shoulder and armhole down the side to the hem.
    pub(super) fn side_line(&self, bodice: &Bodice, side: Side) -> Vec<P2> {
        let mut line = Vec::with_capacity(24);
        let armpit = self.cut.armpit(bodice, side);
        if self.cut.has_shoulder(side) {
            let tip = self.cut.shoulder_tip(bodice, side);
            line.push(tip);
            let inset = if bodice.shoulder < 0.0 { 0.10 } else { 0.03 };
            let middle = tip.lerp(armpit, 0.55) - p(side.sign() * inset, 0.0);
            line.extend(
                super::super::geometry::spline(&[tip, middle, armpit])
                    .into_iter()
                    .skip(1),
            );
        } else {
            line.push(armpit);
        }
        let mut knots = vec![armpit];
        let mut y = armpit.y + STEP;
        while y < bodice.hem - 0.2 {
            knots.push(self.cut.side(bodice, side, y));
            y += STEP;
        }
        knots.push(self.cut.hem_corner(bodice, side));
        line.extend(super::super::geometry::spline(&knots).into_iter().skip(1));
        line
    }

    /// The hem between two points: hanging lower in the middle, waved where it is wide.
    pub(super) fn hem_line(from: P2, to: P2, sag: f32, waves: f32) -> Vec<P2> {
        let width = (to.x - from.x).abs();
        let count = ((width / 0.32) as usize).max(2) | 1;
        let knots: Vec<P2> = (0..=count)
            .map(|index| {
                let t = index as f32 / count as f32;
                let bow = 4.0 * t * (1.0 - t) * sag;
                let wave = if index % 2 == 0 { -waves } else { waves };
                let ends = if index == 0 || index == count {
                    0.0
                } else {
                    1.0
                };
                from.lerp(to, t) + p(0.0, bow + wave * ends)
            })
            .collect();
        super::super::geometry::spline(&knots)
    }

    fn torso_profile(&self, bodice: &Bodice) -> Profile {
        Profile::new(1.2, bodice.hem + 0.2, |y| {
            let y = y.max(ARMPIT);
            (
                self.cut.side(bodice, Side::Left, y).x,
                self.cut.side(bodice, Side::Right, y).x,
            )
        })
    }

    /// The front with everything on it below the collar.
    pub(super) fn bodice(&mut self) {
        let Some(bodice) = self.garment.bodice else {
            return;
        };
        if bodice.peplum {
            self.peplum(&bodice);
        }
        match self.garment.front {
            Front::Open(_) => self.open_front(&bodice),
            _ => self.closed_front(&bodice),
        }
        self.bodice_details(&bodice);
    }

    fn closed_front(&mut self, bodice: &Bodice) {
        let (left, right) = (
            self.side_line(bodice, Side::Left),
            self.side_line(bodice, Side::Right),
        );
        let (hl, hr) = (left[left.len() - 1], right[right.len() - 1]);
        let edge = self.cut.neck_edge(bodice);
        let start = edge[edge.len() - 1];
        let waves = if bodice.rib > 0.0 {
            0.0
        } else {
            0.03 * bodice.flare
        };
        let outline = Outline::from(start)
            .lines(left)
            .lines(
                Self::hem_line(hl, hr, bodice.sag, waves)
                    .into_iter()
                    .skip(1),
            )
            .lines(right.into_iter().rev().skip(1))
            .lines(edge);
        let surface = self.torso_surface(self.garment.cloth, self.torso_profile(bodice));
        let depth = if self.garment.waist_is_seam() {
            0.25
        } else {
            0.8
        };
        self.piece(&outline, depth, surface);
    }

    fn open_front(&mut self, bodice: &Bodice) {
        for side in Side::BOTH {
            let line = self.side_line(bodice, side);
            let corner = line[line.len() - 1];
            let inner = self.opening_line(bodice, side);
            let hem_end = inner[0];
            let (from, to) = (corner, hem_end);
            let outline = Outline::from(self.cut.edge_end(bodice, side))
                .lines(line)
                .lines(
                    Self::hem_line(from, to, bodice.sag * 0.5, 0.02 * bodice.flare)
                        .into_iter()
                        .skip(1),
                )
                .lines(inner.into_iter().skip(1));
            let surface = self.torso_surface(self.garment.cloth, self.torso_profile(bodice));
            self.piece(&outline, 1.0, surface);
        }
    }

    /// The edge of an open front from the hem up to the neck.
    pub(super) fn opening_line(&self, bodice: &Bodice, side: Side) -> Vec<P2> {
        let top = self.cut.edge_end(bodice, side);
        let low = bodice.hem + bodice.sag * 0.6;
        let at = |part: f32| {
            let y = low + (top.y - low) * part;
            let x = self.cut.body.front(y) + side.sign() * self.cut.gap(bodice, y);
            p(x, y)
        };
        let mut knots: Vec<P2> = [0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.88].map(at).to_vec();
        knots.push(top);
        super::super::geometry::spline(&knots)
    }

    fn peplum(&mut self, bodice: &Bodice) {
        let (y0, y1) = (bodice.hem - 0.08, bodice.hem + 0.62);
        let at = |side: Side, y: f32, out: f32| {
            self.cut.side(bodice, side, y) + p(side.sign() * out, 0.0)
        };
        let (l0, r0) = (at(Side::Left, y0, 0.0), at(Side::Right, y0, 0.0));
        let (l1, r1) = (at(Side::Left, y1, 0.3), at(Side::Right, y1, 0.3));
        let hem = Self::hem_line(l1, r1, 0.06, 0.05);
        let outline = Outline::from(l0)
            .curve(&[at(Side::Left, y0 + 0.25, 0.1), l1])
            .lines(hem.clone())
            .curve(&[at(Side::Right, y0 + 0.25, 0.1), r0]);
        let surface = self.torso_surface(self.garment.cloth, self.torso_profile(bodice));
        self.piece(&outline, 0.7, surface);
        let ink = self.ink();
        self.ribs(&[l0, r0], &hem, 9, 0.4, ink);
    }

    /// Ribs of the hem, closure, pockets and the rest.
    fn bodice_details(&mut self, bodice: &Bodice) {
        let d = self.garment.details;
        if bodice.rib > 0.0 {
            self.hem_ribs(bodice);
        } else {
            let (l, r) = (
                self.cut.hem_corner(bodice, Side::Left),
                self.cut.hem_corner(bodice, Side::Right),
            );
            if matches!(self.garment.front, Front::Plain) && !self.garment.waist_is_seam() {
                let line = Self::hem_line(l - p(0.0, 0.08), r - p(0.0, 0.08), bodice.sag, 0.0);
                self.seam(&line, 0.45);
            }
        }
        // Armholes: the seam that tells a set-in sleeve or a sleeveless edge.
        let sleeveless = self
            .garment
            .sleeves
            .is_none_or(|sleeves| sleeves.length == SleeveLength::Sleeveless);
        let kimono = self
            .garment
            .sleeves
            .is_some_and(|sleeves| sleeves.style == SleeveStyle::Kimono);
        for side in Side::BOTH {
            if sleeveless && self.cut.has_shoulder(side) && !kimono {
                let tip = self.cut.shoulder_tip(bodice, side);
                let armpit = self.cut.armpit(bodice, side);
                let inset = if bodice.shoulder < 0.0 { 0.16 } else { 0.09 };
                let middle = tip.lerp(armpit, 0.55) - p(side.sign() * inset, 0.0);
                let line = super::super::geometry::spline(&[
                    tip - p(side.sign() * 0.06, 0.0),
                    middle,
                    armpit + p(0.0, 0.05),
                ]);
                self.seam(&line, 0.6);
            }
        }
        if d.cables {
            self.cables(bodice);
        }
        if d.kangaroo {
            self.kangaroo_pocket();
        }
        self.closure(bodice);
        self.pockets(bodice);
        if self.garment.cloth.pattern == super::super::fabric::Pattern::Graphic {
            self.graphic();
        }
        if d.belt && bodice.hem > 3.3 {
            self.belt(bodice);
        }
    }

    fn hem_ribs(&mut self, bodice: &Bodice) {
        let trim = self.garment.trim;
        let ink = trim.seam();
        let half_open = matches!(self.garment.front, Front::Open(_));
        let strip = |tailor: &mut Self, l: [P2; 2], r: [P2; 2], sag: f32| {
            let upper = Self::hem_line(l[0], r[0], sag, 0.0);
            let lower = Self::hem_line(l[1], r[1], sag, 0.0);
            let outline = Outline(upper.iter().chain(lower.iter().rev()).copied().collect());
            tailor.band(&outline, trim, 0.9);
            let count = ((r[0].x - l[0].x).abs() / 0.075) as usize;
            tailor.ribs(&upper, &lower, count, 0.4, ink);
            tailor.seam(&upper, 0.6);
        };
        let at = |side: Side, y: f32| self.cut.side(bodice, side, y);
        let (y0, y1) = (bodice.hem - bodice.rib, bodice.hem);
        let corners = Side::BOTH.map(|side| [at(side, y0), at(side, y1)]);
        if half_open {
            for side in Side::BOTH {
                let inner = |y: f32| {
                    p(
                        self.cut.body.front(y) + side.sign() * self.cut.gap(bodice, y),
                        y,
                    )
                };
                let inner = [inner(y0), inner(y1)];
                let corner = corners[side as usize];
                strip(self, corner, inner, bodice.sag * 0.3);
            }
        } else {
            strip(self, corners[0], corners[1], bodice.sag);
        }
    }

    fn cables(&mut self, bodice: &Bodice) {
        let ink = self.ink();
        for x in [-0.36, -0.12, 0.12, 0.36] {
            for (phase, opacity) in [(0.0, 0.5), (0.5, 0.35)] {
                let count = ((bodice.hem - 1.9) / 0.14) as usize;
                let line: Vec<P2> = (0..count)
                    .map(|index| {
                        let y = 1.9 + 0.14 * index as f32;
                        let swing =
                            2.0 * super::super::fabric::triangle(index as f32 * 0.25 + phase) - 1.0;
                        p(self.cut.body.front(y) + x + 0.05 * swing, y)
                    })
                    .collect();
                if line.len() > 2 {
                    self.stroke(&super::super::geometry::spline(&line), 0.03, ink, opacity);
                }
            }
        }
    }

    /// Buttons, placket or zip down the front.
    fn closure(&mut self, bodice: &Bodice) {
        let top = self.cut.throat(bodice);
        let bottom = bodice.hem + bodice.sag * 0.9;
        let line: Vec<P2> = (0..=8)
            .map(|index| {
                let y = top.y + (bottom - top.y) * index as f32 / 8.0;
                p(self.cut.body.front(y), y)
            })
            .collect();
        let at = |y: f32| p(self.cut.body.front(y), y);
        let lapels = matches!(
            self.garment.top,
            Some(TopEdge::Lapel(
                LapelDesign::Notched | LapelDesign::Shawl | LapelDesign::PlusSizeShawl
            ))
        );
        match self.garment.front {
            Front::Plain | Front::Open(_) => {}
            Front::Zip => {
                let ink = self.ink();
                self.stroke(&line, 0.11, ink, 0.35);
                self.stroke(&line, 0.045, [0.62, 0.62, 0.6], 1.0);
                self.stroke(&line, 0.014, [0.2, 0.2, 0.2], 0.9);
                self.stroke(
                    &[top + p(0.0, 0.02), top + p(0.0, 0.16)],
                    0.05,
                    [0.75, 0.75, 0.72],
                    1.0,
                );
            }
            Front::Buttons => {
                self.seam(&line, 0.75);
                if !lapels {
                    let shifted: Vec<P2> =
                        line.iter().map(|&point| point + p(-0.13, 0.0)).collect();
                    self.seam(&shifted, 0.4);
                }
                let (gap, size) = if lapels { (0.42, 0.05) } else { (0.36, 0.034) };
                let last = if lapels {
                    (top.y + 1.0).min(bottom - 0.3)
                } else {
                    bottom - 0.12
                };
                let mut y = top.y + 0.12;
                while y < last {
                    let button = at(y) + p(if lapels { 0.02 } else { -0.065 }, 0.0);
                    self.button(button, size);
                    y += gap;
                }
            }
            Front::DoubleBreasted => {
                let shifted: Vec<P2> = line.iter().map(|&point| point + p(-0.27, 0.0)).collect();
                self.seam(&shifted, 0.8);
                let mut y = top.y + 0.1;
                while y < (top.y + 1.3).min(bottom - 0.3) {
                    self.button(at(y) + p(-0.2, 0.0), 0.055);
                    self.button(at(y) + p(0.2, 0.0), 0.055);
                    y += 0.42;
                }
            }
        }
    }
}
