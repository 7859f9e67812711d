//! Sleeves: a tube along the arm from the armhole, with what ends it.

use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, spline};
use super::super::labels::{NecklineDesign, SleeveLength};
use super::tailor::{Tailor, limb_surface};
use super::{Bodice, SleeveStyle, Sleeves, TopEdge};

impl Tailor<'_> {
    /// Both sleeves; with `from`, only what comes out of another garment's sleeve that ends at this
    /// part of the arm.
    pub(super) fn sleeves(&mut self, from: Option<f32>) {
        let (Some(bodice), Some(sleeves)) = (self.garment.bodice, self.garment.sleeves) else {
            return;
        };
        if matches!(
            sleeves.length,
            SleeveLength::Invisible | SleeveLength::Sleeveless
        ) {
            return;
        }
        for side in Side::BOTH {
            if self.cut.has_shoulder(side) || self.off_shoulder() {
                match from {
                    None => self.sleeve(&bodice, &sleeves, side),
                    Some(from) if sleeves.part > from => {
                        self.sleeve_below_another(&sleeves, side, from);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn off_shoulder(&self) -> bool {
        matches!(
            self.garment.top,
            Some(TopEdge::Neckline(NecklineDesign::OffShoulder))
        )
    }

    fn sleeve(&mut self, bodice: &Bodice, sleeves: &Sleeves, side: Side) {
        const PIECES: usize = 9;
        let s = side.sign();
        let armpit = self.cut.armpit(bodice, side);
        let off = self.off_shoulder();
        let start = if off {
            self.cut.edge_end(bodice, side) + p(-s * 0.06, -0.02)
        } else {
            self.cut.shoulder_tip(bodice, side) + p(-s * 0.10, -0.05)
        };
        let part = sleeves.part;
        if part < 0.24 {
            self.cap(sleeves, side, start, armpit);
            return;
        }
        let first = (0.3_f32).min(part * 0.6);
        let at = |index: usize| first + (part - first) * index as f32 / PIECES as f32;
        let (mut outer, mut inner);
        if off {
            outer = vec![start, self.arm_edge(sleeves, side, first * 0.7, true)];
            inner = vec![start, armpit + p(-s * 0.05, 0.0)];
        } else {
            // Over the shoulder's end; the armhole's seam runs inside the arm, so that the sleeve
            // covers all of it.
            let over = self.cut.shoulder_tip(bodice, side) + p(s * 0.08, 0.03);
            outer = vec![
                start,
                over,
                self.arm_edge(sleeves, side, first * 0.55, true),
            ];
            let seam = p(start.x - s * 0.03, start.y + 0.24);
            inner = vec![start, seam, self.arm_edge(sleeves, side, 0.2, false)];
        }
        for index in 0..=PIECES {
            outer.push(self.arm_edge(sleeves, side, at(index), true));
            inner.push(self.arm_edge(sleeves, side, at(index), false));
        }
        let end = (outer[outer.len() - 1], inner[inner.len() - 1]);
        let outline = Outline(
            spline(&outer)
                .into_iter()
                .chain(spline(&inner).into_iter().rev())
                .collect(),
        );
        let line: Vec<P2> = (0..=10)
            .map(|index| self.cut.body.on_arm(side, part * index as f32 / 10.0))
            .collect();
        let half = self.cut.sleeve_half(sleeves, part * 0.5).max(0.1);
        let surface = limb_surface(
            self.garment.cloth,
            self.flat_light(),
            line,
            half,
            side as u32 + 3,
        );
        self.piece(&outline, 0.7, surface);
        self.elbow_folds(sleeves, side);
        self.sleeve_end(sleeves, side, end);
        if self.garment.details.side_stripe {
            let stripe: Vec<P2> = (1..=PIECES)
                .map(|index| self.cut.body.on_arm(side, at(index)))
                .collect();
            self.stroke(&stripe, 0.06, self.garment.trim.ground(), 0.9);
        }
    }

    /// The end of a sleeve that another garment's sleeve lets out.
    fn sleeve_below_another(&mut self, sleeves: &Sleeves, side: Side, from: f32) {
        const PIECES: usize = 4;
        let from = from - 0.06;
        let at = |index: usize| from + (sleeves.part - from) * index as f32 / PIECES as f32;
        let edge = |outer: bool| {
            (0..=PIECES)
                .map(|index| self.arm_edge(sleeves, side, at(index), outer))
                .collect::<Vec<P2>>()
        };
        let (outer, inner) = (edge(true), edge(false));
        let end = (outer[PIECES], inner[PIECES]);
        let outline = Outline(
            spline(&outer)
                .into_iter()
                .chain(spline(&inner).into_iter().rev())
                .collect(),
        );
        let line: Vec<P2> = (0..=PIECES)
            .map(|index| self.cut.body.on_arm(side, at(index)))
            .collect();
        let half = self.cut.sleeve_half(sleeves, sleeves.part).max(0.1);
        let surface = limb_surface(
            self.garment.cloth,
            self.flat_light(),
            line,
            half,
            side as u32 + 3,
        );
        self.piece(&outline, 0.3, surface);
        self.sleeve_end(sleeves, side, end);
    }

    /// Light for limbs: flat ones look less round.
    pub(super) fn flat_light(&self) -> super::super::fabric::Light {
        let mut light = *self.light;
        if self.flat {
            light.contrast *= 0.45;
        }
        light
    }

    /// A sleeve that only covers the shoulder.
    fn cap(&mut self, sleeves: &Sleeves, side: Side, top: P2, armpit: P2) {
        let s = side.sign();
        let part = sleeves.part;
        let over = top + p(s * 0.18, 0.08);
        let (tip, under) = (
            self.arm_edge(sleeves, side, part, true),
            self.arm_edge(sleeves, side, part * 0.9, false),
        );
        let low = top.lerp(armpit, 0.82);
        let hem = [tip.lerp(under, 0.5) + p(0.0, 0.02), under];
        let outline = Outline::from(top)
            .curve(&[over, self.arm_edge(sleeves, side, part * 0.6, true), tip])
            .curve(&[hem[0], hem[1], low])
            .curve(&[top.lerp(low, 0.5) - p(s * 0.05, 0.0), top]);
        let surface = self.plain_surface(self.garment.cloth, 0.96);
        self.piece(&outline, 0.6, surface);
        let above = p(0.0, -0.05);
        self.seam(&[tip + above, hem[0] + above, under + above], 0.5);
    }

    /// The outer or inner (lower) edge of a sleeve.
    fn arm_edge(&self, sleeves: &Sleeves, side: Side, t: f32, outer: bool) -> P2 {
        let body = self.cut.body;
        let here = body.on_arm(side, t);
        let along = (body.on_arm(side, t + 0.04) - body.on_arm(side, t - 0.04)).unit();
        let outwards = p(along.y, -along.x) * side.sign();
        if outer {
            here + outwards * self.cut.sleeve_half(sleeves, t)
        } else {
            here - outwards * self.cut.sleeve_below(sleeves, t)
        }
    }

    fn elbow_folds(&mut self, sleeves: &Sleeves, side: Side) {
        if sleeves.part < 0.62 {
            return;
        }
        for (t, size) in [(0.5, 0.8), (0.57, 0.55)] {
            let inner = self.arm_edge(sleeves, side, t, false);
            let middle = self.cut.body.on_arm(side, t + 0.03);
            self.seam(&[inner.lerp(middle, 0.1), inner.lerp(middle, size)], 0.35);
        }
    }

    /// Hem, band or ribs.
    fn sleeve_end(&mut self, sleeves: &Sleeves, side: Side, (outer, inner): (P2, P2)) {
        let back = match sleeves.style {
            SleeveStyle::Cuffed => 0.10,
            SleeveStyle::Ribbed => 0.085,
            SleeveStyle::Puff => 0.05,
            _ => 0.035,
        };
        let from = sleeves.part - back;
        let (o, i) = (
            self.arm_edge(sleeves, side, from, true),
            self.arm_edge(sleeves, side, from, false),
        );
        let ink = self.garment.trim.seam();
        match sleeves.style {
            SleeveStyle::Cuffed | SleeveStyle::Puff => {
                let surface_light = if sleeves.style == SleeveStyle::Puff {
                    0.92
                } else {
                    1.0
                };
                self.band(
                    &Outline(vec![o, outer, inner, i]),
                    self.garment.trim,
                    surface_light,
                );
                self.seam(&[o, i], 0.9);
                if sleeves.style == SleeveStyle::Cuffed {
                    self.button(outer.lerp(inner, 0.3).lerp(o.lerp(i, 0.3), 0.5), 0.028);
                }
                let higher = self.cut.body.on_arm(side, (from - 0.1).max(0.05));
                for part in [0.2, 0.4, 0.6, 0.8] {
                    let foot = o.lerp(i, part);
                    self.seam(&[foot, foot.lerp(higher, 0.7)], 0.35);
                }
            }
            SleeveStyle::Ribbed => {
                self.band(&Outline(vec![o, outer, inner, i]), self.garment.trim, 0.92);
                self.ribs(&[o, i], &[outer, inner], 7, 0.5, ink);
                self.seam(&[o, i], 0.8);
            }
            SleeveStyle::Kimono => {
                let differs = self.garment.trim.colours != self.garment.cloth.colours;
                if differs {
                    let (o, i) = (
                        self.arm_edge(sleeves, side, from - 0.04, true),
                        self.arm_edge(sleeves, side, from - 0.04, false),
                    );
                    self.band(&Outline(vec![o, outer, inner, i]), self.garment.trim, 1.0);
                }
                self.seam(&[o, i], 0.6);
            }
            SleeveStyle::Plain | SleeveStyle::Bell => self.seam(&[o, i], 0.6),
        }
    }
}
