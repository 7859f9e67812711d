//! Skirts, and the skirts of dresses.

use super::super::fabric::{Cloth, Light, lit};
use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, smooth_step};
use super::super::random::noise;
use super::tailor::{Profile, Tailor};
use super::{Front, SkirtCut, SkirtStyle};

const BAND: f32 = 0.15;

impl Tailor<'_> {
    /// The tube below the waist, with its waistband unless a bodice follows.
    pub(super) fn skirt(&mut self, cut: &SkirtCut) {
        if cut.style == SkirtStyle::Tiered {
            // From the lowest flounce up; each lies on the next one's seam.
            for tier in (0..3).rev() {
                let step = (cut.hem - cut.waist) / 3.0;
                let top = cut.waist + step * tier as f32;
                self.tube_between(
                    cut,
                    if tier == 0 { cut.waist } else { top - 0.04 },
                    top + step + if tier < 2 { 0.08 } else { 0.0 },
                    0.06 * tier as f32,
                );
            }
        } else {
            self.tube_between(cut, cut.waist, cut.hem, 0.0);
        }
        if !self.garment.kind.has_bodice() {
            self.skirt_band(cut);
        }
        if matches!(self.garment.front, Front::Buttons) && !self.garment.kind.has_bodice() {
            self.skirt_buttons(cut);
        }
        if self.garment.details.five_pocket {
            for side in Side::BOTH {
                let s = side.sign();
                let from = self.cut.skirt_side(cut, side, cut.waist + BAND) - p(s * 0.22, 0.0);
                let to = self.cut.skirt_side(cut, side, cut.waist + BAND + 0.38);
                let line = super::super::geometry::spline(&[from, from + p(s * 0.04, 0.22), to]);
                self.seam(&line, 0.9);
            }
        }
    }

    fn tube_between(&mut self, cut: &SkirtCut, top: f32, bottom: f32, out: f32) {
        let at = |side: Side, y: f32| self.cut.skirt_side(cut, side, y) + p(side.sign() * out, 0.0);
        let edge = |side: Side| {
            let count = (((bottom - top) / 0.4) as usize).max(2);
            let knots: Vec<P2> = (0..=count)
                .map(|index| at(side, top + (bottom - top) * index as f32 / count as f32))
                .collect();
            super::super::geometry::spline(&knots)
        };
        let (left, right) = (edge(Side::Left), edge(Side::Right));
        let wide = (right[right.len() - 1].x - left[left.len() - 1].x) / 2.0;
        let (folds, waves) = match cut.style {
            SkirtStyle::Pencil => (2.0, 0.0),
            SkirtStyle::ALine => (3.0, 0.02 + 0.05 * cut.flare),
            SkirtStyle::Gathered => (7.0, 0.05),
            SkirtStyle::Tiered => (8.0, 0.045),
            SkirtStyle::Pleated => (wide / 0.11, 0.03),
        };
        let sag = 0.05 + 0.1 * cut.flare;
        let hem = Self::hem_line(left[left.len() - 1], right[right.len() - 1], sag, waves);
        let outline = Outline(
            left.iter()
                .copied()
                .chain(hem.iter().skip(1).copied())
                .chain(right.iter().rev().skip(1).copied())
                .collect(),
        );
        let profile = Profile::new(top, bottom + sag, |y| {
            (at(Side::Left, y).x, at(Side::Right, y).x)
        });
        let surface = skirt_surface(
            self.garment.cloth,
            *self.light,
            profile,
            Drape {
                top,
                bottom,
                folds,
                sharp: cut.style == SkirtStyle::Pleated,
                roundness: self.roundness(),
            },
        );
        self.piece(&outline, 0.7, surface);
        let stitched: Vec<P2> = hem.iter().map(|&point| point - p(0.0, 0.07)).collect();
        self.seam(&stitched, 0.4);
    }

    fn skirt_band(&mut self, cut: &SkirtCut) {
        let at = |side: Side, y: f32| self.cut.skirt_side(cut, side, y);
        let upper = Self::hem_line(
            at(Side::Left, cut.waist),
            at(Side::Right, cut.waist),
            0.05,
            0.0,
        );
        let lower = Self::hem_line(
            at(Side::Left, cut.waist + BAND),
            at(Side::Right, cut.waist + BAND),
            0.06,
            0.0,
        );
        let outline = Outline(upper.iter().chain(lower.iter().rev()).copied().collect());
        let trim = self.garment.trim;
        let surface = self.plain_surface(trim, 0.96);
        self.piece(&outline, 0.0, surface);
        self.seam(&lower, 0.8);
        if cut.style == SkirtStyle::Gathered {
            let ink = trim.seam();
            self.ribs(&upper, &lower, 20, 0.45, ink);
        }
        if self.garment.details.belt {
            self.belt_between(
                upper[0] + p(0.0, 0.07),
                upper[upper.len() - 1] + p(0.0, 0.07),
            );
        }
        if self.flat {
            let middle = p(
                f32::midpoint(upper[0].x, upper[upper.len() - 1].x),
                cut.waist - 0.03,
            );
            let back = Outline(upper.clone()).curve(&[middle, upper[0]]);
            let surface = self.plain_surface(trim, 0.6);
            self.piece(&back, 0.0, surface);
        }
    }

    fn skirt_buttons(&mut self, cut: &SkirtCut) {
        let at = |y: f32| p(self.cut.body.front(y.min(3.7)), y);
        let (top, bottom) = (cut.waist + 0.08, cut.hem + 0.04);
        self.seam(&[at(top) + p(-0.08, 0.0), at(bottom) + p(-0.08, 0.0)], 0.7);
        let mut y = top;
        while y < bottom - 0.1 {
            self.button(at(y), 0.036);
            y += 0.34;
        }
    }
}

/// How a skirt's cloth falls.
struct Drape {
    top: f32,
    bottom: f32,
    /// Count of folds over half the width.
    folds: f32,
    /// Pleats have edges; gathers roll.
    sharp: bool,
    roundness: f32,
}

/// Cloth in folds that start at the waist and deepen towards the hem.
fn skirt_surface(
    cloth: Cloth,
    light: Light,
    profile: Profile,
    drape: Drape,
) -> impl Fn(P2) -> super::super::canvas::Rgb {
    move |at| {
        let (middle, half) = profile.at(at.y);
        let t = ((at.x - middle) / half).clamp(-1.0, 1.0);
        let down = smooth_step(drape.top - 0.1, drape.bottom, at.y);
        let phase = t * drape.folds + 0.8 * noise(cloth.seed ^ 0x81, t * 2.0, at.y * 0.35);
        let within = phase - phase.floor();
        let fold = if drape.sharp {
            // Light rises across a pleat and drops at its edge.
            0.16 * (within - 0.5) - if within > 0.9 { 0.16 } else { 0.0 }
        } else {
            let wave = 4.0 * within * (1.0 - within) - 0.6;
            0.17 * wave * (0.25 + 0.75 * down)
        };
        let soft = 0.6 * cloth.fold(at, p(0.2 * t, 1.0).unit(), light.folds);
        // The pattern hangs with the cloth: its rows are measured where the hips are.
        let u = t * (0.6 * half + 0.4);
        lit(
            cloth.colour(u, at.y),
            light.on(drape.roundness * t, 0.0) * (1.0 + light.folds * fold + soft),
        )
    }
}
