//! Tools every part of a garment is drawn with: cloth under light, pieces with edges, seams, buttons.

use super::super::canvas::{Canvas, Owner, Rgb};
use super::super::fabric::{Cloth, Light, darker, lighter, lit};
use super::super::figure::Body;
use super::super::geometry::{Outline, P2, p};
use super::Garment;
use super::cut::Cut;

/// One garment being drawn.
pub struct Tailor<'a> {
    pub(super) canvas: &'a mut Canvas,
    pub(super) light: &'a Light,
    pub(super) garment: &'a Garment,
    pub(super) cut: Cut<'a>,
    pub(super) owner: Owner,
    /// Lies on a surface, without a body inside.
    pub(super) flat: bool,
}

/// Middle and half widths of a part by height, for light and pattern.
pub(super) struct Profile {
    top: f32,
    step: f32,
    /// Middle and half width.
    rows: Vec<(f32, f32)>,
}

impl Profile {
    /// Samples `edges(y)` (left and right `x`) from `top` to `bottom`.
    pub(super) fn new(top: f32, bottom: f32, edges: impl Fn(f32) -> (f32, f32)) -> Self {
        const ROWS: usize = 32;
        let step = (bottom - top).max(0.01) / (ROWS - 1) as f32;
        let row = |index: usize| {
            let (left, right) = edges(top + index as f32 * step);
            (f32::midpoint(left, right), ((right - left) / 2.0).max(0.05))
        };
        Self {
            top,
            step,
            rows: (0..ROWS).map(row).collect(),
        }
    }

    /// Middle and half width at a height.
    pub(super) fn at(&self, y: f32) -> (f32, f32) {
        let last = self.rows.len() - 1;
        let place = ((y - self.top) / self.step).clamp(0.0, last as f32 - 0.001);
        let index = place as usize;
        let t = place - index as f32;
        let (a, b) = (self.rows[index], self.rows[index + 1]);
        (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
    }
}

/// Cloth around a limb: `v` runs along the line, `u` across it.
pub(super) fn limb_surface(
    cloth: Cloth,
    light: Light,
    line: Vec<P2>,
    half: f32,
    part: u32,
) -> impl Fn(P2) -> Rgb {
    let mut lengths = vec![0.0];
    for piece in line.windows(2) {
        lengths.push(lengths[lengths.len() - 1] + (piece[1] - piece[0]).len());
    }
    let fold_cloth = Cloth {
        seed: super::super::fabric::seed_of(&cloth, part),
        ..cloth
    };
    move |at| {
        let mut nearest = (f32::INFINITY, 0.0, 0.0, p(1.0, 0.0));
        for (index, piece) in line.windows(2).enumerate() {
            let along = piece[1] - piece[0];
            let length = lengths[index + 1] - lengths[index];
            let part = (at - piece[0]).dot(along) / (length * length).max(1e-6);
            let held = part.clamp(0.0, 1.0);
            let away = at - piece[0].lerp(piece[1], held);
            let distance = away.dot(away);
            if distance < nearest.0 {
                let across = along.unit().normal();
                nearest = (
                    distance,
                    (at - piece[0]).dot(across),
                    lengths[index] + held * length,
                    across,
                );
            }
        }
        let (_, u, v, across) = nearest;
        let t = (u / half).clamp(-1.0, 1.0);
        let along = p(-across.y, across.x);
        // Folds of a limb run round it at a slant.
        let slanted = (along * 0.5 + across * 0.8).unit();
        let folds = 1.0 + fold_cloth.fold(at, slanted, light.folds);
        lit(
            cloth.colour(u, v),
            light.on(0.92 * across.x * t, 0.92 * across.y * t) * folds,
        )
    }
}

impl<'a> Tailor<'a> {
    /// Ready to draw `garment` on `body`.
    pub fn new(
        canvas: &'a mut Canvas,
        body: &'a Body,
        light: &'a Light,
        garment: &'a Garment,
        owner: Owner,
        flat: bool,
    ) -> Self {
        Self {
            canvas,
            light,
            garment,
            cut: Cut { body, garment },
            owner,
            flat,
        }
    }

    /// How round a part looks: flat things hardly.
    pub(super) fn roundness(&self) -> f32 {
        if self.flat { 0.35 } else { 0.9 }
    }

    /// Width of a drawn line: at least most of a pixel.
    pub(super) fn hair(&self, width: f32) -> f32 {
        width.max(0.8 / self.canvas.unit())
    }

    /// Cloth over the torso: `u` from the middle, `v` from above, folds hanging.
    pub(super) fn torso_surface(
        &self,
        cloth: Cloth,
        profile: Profile,
    ) -> impl Fn(P2) -> Rgb + use<> {
        let (light, roundness) = (*self.light, self.roundness());
        move |at| {
            let (middle, half) = profile.at(at.y);
            let t = ((at.x - middle) / half).clamp(-1.0, 1.0);
            // Folds fan out from the chest to the hem.
            let along = p(0.28 * t, 1.0).unit();
            let folds = 1.0 + cloth.fold(at, along, light.folds);
            lit(
                cloth.colour(at.x - middle, at.y),
                light.on(roundness * t, 0.0) * folds,
            )
        }
    }

    /// Cloth of small parts: collars, pockets, bands.
    pub(super) fn plain_surface(
        &self,
        cloth: Cloth,
        brightness: f32,
    ) -> impl Fn(P2) -> Rgb + use<> {
        let light = *self.light;
        move |at| {
            let folds = 1.0 + cloth.fold(at, p(0.3, 0.95), 0.6 * light.folds);
            lit(cloth.colour(at.x, at.y), brightness * folds)
        }
    }

    /// A piece of the garment: its shadow on what lies below, the piece, a dark edge.
    pub(super) fn piece(&mut self, outline: &Outline, depth: f32, surface: impl Fn(P2) -> Rgb) {
        self.piece_owned(outline, depth, self.owner, surface);
    }

    fn piece_owned(
        &mut self,
        outline: &Outline,
        depth: f32,
        owner: Owner,
        surface: impl Fn(P2) -> Rgb,
    ) {
        if depth > 0.0 {
            let flat = self.flat;
            let offset = p(-self.light.from.x, 0.7) * (0.06 * depth + 0.02);
            self.canvas.shadow(
                outline,
                offset,
                0.05 + 0.06 * depth,
                (0.28 + 0.2 * depth) * self.light.shadows,
                |owner| flat || owner.class != 0,
            );
        }
        self.canvas.fill(outline, owner, surface);
        let mut edge = outline.0.clone();
        edge.extend(outline.0.first().copied());
        let width = self.hair(0.028);
        let ink = self.ink();
        self.canvas
            .mark(&Outline::ribbon(&edge, |_| width), owner, 0.5, |_| ink);
    }

    /// Colour of seams and edges.
    pub(super) fn ink(&self) -> Rgb {
        self.garment.cloth.seam()
    }

    /// A seam along a line.
    pub(super) fn seam(&mut self, line: &[P2], opacity: f32) {
        let width = self.hair(0.022);
        let ink = self.ink();
        self.canvas.mark(
            &Outline::ribbon(line, |_| width),
            self.owner,
            opacity,
            |_| ink,
        );
    }

    /// A line of any colour and width on the garment.
    pub(super) fn stroke(&mut self, line: &[P2], width: f32, colour: Rgb, opacity: f32) {
        let width = self.hair(width);
        self.canvas.mark(
            &Outline::ribbon(line, |_| width),
            self.owner,
            opacity,
            |_| colour,
        );
    }

    /// A band of another cloth on the garment, such as ribs or a facing.
    pub(super) fn band(&mut self, outline: &Outline, cloth: Cloth, brightness: f32) {
        let surface = self.plain_surface(cloth, brightness);
        self.canvas.mark(outline, self.owner, 1.0, surface);
    }

    /// Fine lines between pairs of points on two edges: ribs, gathers, pleats.
    pub(super) fn ribs(&mut self, from: &[P2], to: &[P2], count: usize, opacity: f32, colour: Rgb) {
        let on = |edge: &[P2], part: f32| {
            let place = part * (edge.len() - 1) as f32;
            let index = (place as usize).min(edge.len() - 2);
            edge[index].lerp(edge[index + 1], place - index as f32)
        };
        // Ribs finer than two pixels would only turn the band grey.
        let length = from
            .windows(2)
            .map(|piece| (piece[1] - piece[0]).len())
            .sum::<f32>()
            * self.canvas.unit();
        let count = count.min((length / 2.6) as usize);
        for index in 1..count {
            let part = index as f32 / count as f32;
            self.stroke(&[on(from, part), on(to, part)], 0.016, colour, opacity);
        }
    }

    /// A button.
    pub(super) fn button(&mut self, at: P2, size: f32) {
        let ground = self.garment.cloth.ground();
        let dark = ground.iter().sum::<f32>() < 1.4;
        let colour = if dark {
            lighter(ground, 0.72)
        } else {
            darker(ground, 0.68)
        };
        let radius = size.max(1.0 / self.canvas.unit());
        self.canvas.mark(
            &Outline::ellipse(at + p(0.012, 0.018), radius * 1.15, radius * 1.15),
            self.owner,
            0.35,
            |_| [0.0; 3],
        );
        self.canvas.mark(
            &Outline::ellipse(at, radius, radius),
            self.owner,
            1.0,
            |_| colour,
        );
    }
}
