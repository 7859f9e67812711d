//! Where a garment's edges lie on a body. Drawing and annotation both ask here.

use super::super::figure::{Body, Side};
use super::super::geometry::{P2, p, smooth_step, table};
use super::super::labels::{LapelDesign, NecklineDesign};
use super::{
    Bodice, Front, Garment, LegCut, Lower, SkirtCut, SkirtStyle, SleeveStyle, Sleeves, TopEdge,
};

/// Height of the armpits, waist and hips of the dress form.
pub const ARMPIT: f32 = 2.08;
const WAIST: f32 = 2.9;
const HIPS: f32 = 3.75;
const CROTCH: f32 = 4.12;

/// A garment on a body.
#[derive(Debug, Clone, Copy)]
pub struct Cut<'a> {
    /// The body.
    pub body: &'a Body,
    /// The garment.
    pub garment: &'a Garment,
}

impl Cut<'_> {
    /// Half width of the bodice at a height.
    pub fn half(&self, bodice: &Bodice, side: Side, y: f32) -> f32 {
        let [chest, waist, hips] = bodice.ease;
        let ease = table(&[(1.9, chest), (WAIST, waist), (HIPS, hips)], y);
        if y <= HIPS {
            return self.body.half(y.max(1.95)) + ease;
        }
        let hip = self.body.half(HIPS) + ease + bodice.flare * (y - HIPS);
        hip.max(self.body.leg_reach(side, y) * 0.96 + 0.03)
    }

    /// The side seam of the bodice at a height.
    pub fn side(&self, bodice: &Bodice, side: Side, y: f32) -> P2 {
        p(
            self.body.centre(y) + side.sign() * self.half(bodice, side, y),
            y,
        )
    }

    /// Where the neck opening meets the shoulder.
    pub fn neck_point(&self, bodice: &Bodice, side: Side) -> P2 {
        let x = bodice.neck;
        p(
            side.sign() * x + 0.3 * self.body.front(1.5),
            self.body.shoulder_line(x) - 0.02,
        )
    }

    /// Where the shoulder seam ends.
    pub fn shoulder_tip(&self, bodice: &Bodice, side: Side) -> P2 {
        let tip = self.body.shoulder_tip(side);
        if bodice.shoulder >= 0.0 {
            return tip + p(side.sign() * bodice.shoulder, 0.25 * bodice.shoulder);
        }
        let x = (tip.x.abs() + bodice.shoulder).max(bodice.neck + 0.09);
        p(side.sign() * x, self.body.shoulder_line(x) - 0.01)
    }

    /// Where sleeve and side seam meet.
    pub fn armpit(&self, bodice: &Bodice, side: Side) -> P2 {
        let drop = 0.35 * bodice.ease[0].max(0.0) + 0.4 * bodice.shoulder.max(0.0);
        self.side(bodice, side, ARMPIT + drop)
    }

    /// Which sides the bodice hangs from the shoulder on.
    pub fn has_shoulder(&self, side: Side) -> bool {
        match self.garment.top {
            Some(TopEdge::Neckline(NecklineDesign::Strapless | NecklineDesign::OffShoulder)) => {
                false
            }
            Some(TopEdge::Neckline(NecklineDesign::OneShoulder)) => {
                (side == Side::Left) == (self.garment.cloth.seed & 1 == 0)
            }
            _ => true,
        }
    }

    /// The upper edge in front, from the right end to the left.
    pub fn neck_edge(&self, bodice: &Bodice) -> Vec<P2> {
        let front = |y: f32| self.body.front(y);
        let (right, left) = (
            self.edge_end(bodice, Side::Right),
            self.edge_end(bodice, Side::Left),
        );
        let top = right.y.min(left.y);
        let low = top + bodice.depth;
        let n = bodice.neck;
        let design = match self.garment.top {
            Some(TopEdge::Neckline(design)) => design,
            Some(TopEdge::Lapel(_)) => NecklineDesign::V,
            Some(TopEdge::Collar(_)) if bodice.depth > 0.36 => NecklineDesign::V,
            _ => NecklineDesign::Round,
        };
        let smooth = |knots: &[P2]| super::super::geometry::spline(knots);
        let bottom = p(front(low), low);
        match design {
            NecklineDesign::V | NecklineDesign::DeepV => {
                let bow = |end: P2| end.lerp(bottom, 0.5) + p((end.x - bottom.x) * 0.04, 0.0);
                vec![right, bow(right), bottom, bow(left), left]
            }
            NecklineDesign::Square => {
                let corner =
                    |end: P2, sign: f32| p(front(low) + sign * n * 0.94, low - 0.01 * end.y);
                vec![right, corner(right, 1.0), corner(left, -1.0), left]
            }
            NecklineDesign::SweetHeart => {
                let mut edge = vec![right];
                let outer = |sign: f32| p(front(low) + sign * (n + 0.02), low - 0.22);
                let crown = |sign: f32| p(front(low) + sign * n * 0.55, low - 0.36);
                edge.extend(smooth(&[
                    outer(1.0),
                    crown(1.0),
                    p(bottom.x + 0.1, low - 0.16),
                    bottom,
                ]));
                edge.extend(smooth(&[
                    bottom,
                    p(bottom.x - 0.1, low - 0.16),
                    crown(-1.0),
                    outer(-1.0),
                ]));
                edge.push(left);
                edge
            }
            NecklineDesign::Strapless => smooth(&[
                right,
                p(front(low) + 0.3, right.y - 0.05),
                bottom,
                p(front(low) - 0.3, left.y - 0.05),
                left,
            ]),
            NecklineDesign::OffShoulder
            | NecklineDesign::Straight
            | NecklineDesign::OneShoulder => {
                let sag = if design == NecklineDesign::OneShoulder {
                    0.10
                } else {
                    bodice.depth
                };
                let middle = right.lerp(left, 0.5) + p(0.0, sag);
                smooth(&[
                    right,
                    right.lerp(middle, 0.5) + p(0.0, sag * 0.25),
                    middle,
                    left.lerp(middle, 0.5) + p(0.0, sag * 0.25),
                    left,
                ])
            }
            NecklineDesign::Round | NecklineDesign::Invisible => smooth(&[
                right,
                p(bottom.x + n * 0.86, top + bodice.depth * 0.55),
                p(bottom.x + n * 0.48, top + bodice.depth * 0.9),
                bottom,
                p(bottom.x - n * 0.48, top + bodice.depth * 0.9),
                p(bottom.x - n * 0.86, top + bodice.depth * 0.55),
                left,
            ]),
        }
    }

    /// An end of the upper edge: on the shoulder, or where the edge meets the side or the arm.
    pub fn edge_end(&self, bodice: &Bodice, side: Side) -> P2 {
        if self.has_shoulder(side) {
            return self.neck_point(bodice, side);
        }
        match self.garment.top {
            Some(TopEdge::Neckline(NecklineDesign::OffShoulder)) => {
                let x = self.body.half(1.75) + 0.05;
                p(side.sign() * x, 1.76)
            }
            _ => self.side(bodice, side, ARMPIT - 0.12),
        }
    }

    /// The lowest point of the neck opening or the lapels' crossing.
    pub fn throat(&self, bodice: &Bodice) -> P2 {
        let top = self
            .edge_end(bodice, Side::Left)
            .y
            .min(self.edge_end(bodice, Side::Right).y);
        let y = top + bodice.depth;
        p(self.body.front(y), y)
    }

    /// A lower corner of the bodice.
    pub fn hem_corner(&self, bodice: &Bodice, side: Side) -> P2 {
        self.side(bodice, side, bodice.hem)
    }

    /// Half the gap of an open front at a height.
    pub fn gap(&self, bodice: &Bodice, y: f32) -> f32 {
        let Front::Open(gap) = self.garment.front else {
            return 0.0;
        };
        let wide = matches!(
            self.garment.top,
            Some(TopEdge::Lapel(
                LapelDesign::PlusSizeShawl | LapelDesign::Shawl
            ))
        );
        let upper = if wide {
            bodice.neck + 0.04
        } else {
            bodice.neck
        };
        let part = smooth_step(1.5, 2.7, y);
        upper + (gap - upper) * part + gap * 0.15 * smooth_step(2.7, 5.0, y)
    }

    /// Half width of a sleeve at a part of the arm.
    pub fn sleeve_half(&self, sleeves: &Sleeves, t: f32) -> f32 {
        let along = (t / sleeves.part.max(0.05)).clamp(0.0, 1.0);
        let ease = match sleeves.style {
            SleeveStyle::Bell => sleeves.upper + sleeves.cuff * smooth_step(0.3, 1.0, along),
            SleeveStyle::Puff => {
                let bulge = 4.0 * along * (1.0 - along);
                sleeves.upper * 0.6 + sleeves.cuff * bulge * (0.7 + 0.6 * along)
            }
            SleeveStyle::Kimono => sleeves.upper,
            SleeveStyle::Ribbed | SleeveStyle::Cuffed => {
                sleeves.upper
                    + (sleeves.cuff - sleeves.upper) * along
                    + 0.05 * smooth_step(0.5, 0.8, along) * (1.0 - smooth_step(0.88, 0.95, along))
            }
            SleeveStyle::Plain => sleeves.upper + (sleeves.cuff - sleeves.upper) * along,
        };
        self.body.arm_half(t.min(1.0)) + ease
    }

    /// How far below the arm's middle a sleeve reaches.
    pub fn sleeve_below(&self, sleeves: &Sleeves, t: f32) -> f32 {
        let half = self.sleeve_half(sleeves, t);
        if sleeves.style == SleeveStyle::Kimono {
            half + sleeves.cuff * smooth_step(0.05, 0.35, t)
        } else {
            half
        }
    }

    /// Half width of a skirt at a height.
    pub fn skirt_half(&self, cut: &SkirtCut, side: Side, y: f32) -> f32 {
        let gather = if matches!(cut.style, SkirtStyle::Gathered | SkirtStyle::Tiered) {
            0.12
        } else {
            0.0
        };
        let ease = table(
            &[
                (cut.waist, 0.02),
                (cut.waist + 0.35, 0.02 + 0.6 * cut.ease + gather),
                (HIPS, cut.ease + gather),
            ],
            y,
        );
        if y <= HIPS {
            return self.body.half(y) + ease;
        }
        let hip = self.body.half(HIPS) + ease + cut.flare * (y - HIPS);
        hip.max(self.body.leg_reach(side, y) * 0.97 + 0.02)
    }

    /// The side of a skirt at a height.
    pub fn skirt_side(&self, cut: &SkirtCut, side: Side, y: f32) -> P2 {
        p(
            self.body.centre(y) + side.sign() * self.skirt_half(cut, side, y),
            y,
        )
    }

    /// Room of a trouser leg at a part of its length.
    fn leg_ease(cut: &LegCut, t: f32) -> f32 {
        let [hip, thigh, knee, ankle] = cut.ease;
        table(&[(0.0, hip), (0.2, thigh), (0.5, knee), (1.0, ankle)], t)
    }

    /// The outer or inner edge of a trouser leg at a part of its length.
    pub fn leg_edge(&self, cut: &LegCut, side: Side, t: f32, outer: bool) -> P2 {
        let here = self.body.on_leg(side, t);
        let along = (self.body.on_leg(side, t + 0.03) - self.body.on_leg(side, t - 0.03)).unit();
        let outwards = p(along.y, -along.x) * side.sign();
        let half = self.body.leg_half(t.min(1.0));
        let ease = Self::leg_ease(cut, t);
        if outer {
            here + outwards * (half + ease)
        } else {
            here - outwards * (half + 0.75 * ease)
        }
    }

    /// The side of trousers at a height above the legs.
    pub fn trouser_side(&self, cut: &LegCut, side: Side, y: f32) -> P2 {
        let ease = table(&[(cut.waist, 0.015), (HIPS, cut.ease[0])], y);
        p(
            self.body.centre(y) + side.sign() * (self.body.half(y) + ease),
            y,
        )
    }

    /// Where trouser legs part.
    pub fn crotch(&self, cut: &LegCut) -> P2 {
        let y = CROTCH + 0.5 * cut.ease[1];
        p(
            self.body.centre(y) + 0.4 * (self.body.front(3.7) - self.body.centre(3.7)),
            y,
        )
    }
}

impl Cut<'_> {
    /// The corners of a box around the garment's edges, hood and all.
    pub fn bounds(&self) -> [P2; 2] {
        let mut points = Vec::with_capacity(32);
        if let Some(bodice) = self.garment.bodice {
            for side in Side::BOTH {
                points.extend([
                    self.edge_end(&bodice, side),
                    self.armpit(&bodice, side),
                    self.hem_corner(&bodice, side),
                ]);
                if self.has_shoulder(side) {
                    points.push(self.shoulder_tip(&bodice, side));
                }
                if bodice.peplum {
                    points.push(self.hem_corner(&bodice, side) + p(side.sign() * 0.35, 0.7));
                }
            }
            if self.garment.details.hood {
                points.push(p(0.0, 0.3));
            }
            if let Some(sleeves) = self.garment.sleeves.filter(|sleeves| sleeves.part > 0.05) {
                for side in Side::BOTH {
                    for t in [0.3, 0.6, 1.0] {
                        let t = t * sleeves.part;
                        let reach = self
                            .sleeve_below(&sleeves, t)
                            .max(self.sleeve_half(&sleeves, t));
                        let at = self.body.on_arm(side, t);
                        points.extend([at - p(reach, reach), at + p(reach, reach)]);
                    }
                }
            }
        }
        for side in Side::BOTH {
            match self.garment.lower {
                Lower::None => {}
                Lower::Skirt(cut) => {
                    points.extend([
                        self.skirt_side(&cut, side, cut.waist),
                        self.skirt_side(&cut, side, cut.hem) + p(0.0, 0.1),
                    ]);
                }
                Lower::Legs(cut) => {
                    points.push(self.trouser_side(&cut, side, cut.waist));
                    points.push(self.trouser_side(&cut, side, HIPS));
                    for t in [0.3, 0.6, 1.0] {
                        let t = t * cut.part;
                        points.extend([
                            self.leg_edge(&cut, side, t, true),
                            self.leg_edge(&cut, side, t, false),
                        ]);
                    }
                }
            }
        }
        let least = |of: fn(&P2) -> f32| points.iter().map(of).fold(f32::INFINITY, f32::min);
        let most = |of: fn(&P2) -> f32| points.iter().map(of).fold(f32::NEG_INFINITY, f32::max);
        [
            p(least(|q| q.x), least(|q| q.y)),
            p(most(|q| q.x), most(|q| q.y)),
        ]
    }
}
