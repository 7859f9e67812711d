//! Lapels: notched, shawl, plus-size shawl, and the bare edge of a collarless front.

use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, spline};
use super::super::labels::LapelDesign;
use super::tailor::Tailor;
use super::{Bodice, Front};

impl Tailor<'_> {
    /// The lapels along the opening.
    pub(super) fn lapel(&mut self, design: LapelDesign) {
        let Some(bodice) = self.garment.bodice else {
            return;
        };
        if self.flat {
            let (l, r) = (
                self.cut.neck_point(&bodice, Side::Left),
                self.cut.neck_point(&bodice, Side::Right),
            );
            let rise = match design {
                LapelDesign::Collarless | LapelDesign::Invisible => 0.0,
                LapelDesign::PlusSizeShawl => 0.3,
                _ => 0.16,
            };
            if rise > 0.0 {
                let back = Outline::from(l + p(-0.1, 0.0))
                    .curve(&[p(f32::midpoint(l.x, r.x), l.y - rise), r + p(0.1, 0.0)])
                    .curve(&[p(f32::midpoint(l.x, r.x), l.y + 0.04), l]);
                let surface = self.plain_surface(self.garment.trim, 0.78);
                self.piece(&back, 0.4, surface);
            }
        }
        for side in Side::BOTH {
            match design {
                LapelDesign::Invisible => {}
                LapelDesign::Collarless => self.bare_edge(&bodice, side),
                LapelDesign::Notched => self.notched(&bodice, side),
                LapelDesign::Shawl => self.shawl(&bodice, side, 0.30, 0.0),
                LapelDesign::PlusSizeShawl => self.shawl(&bodice, side, 0.60, 0.16),
            }
        }
    }

    /// The opening's edge from the neck to where the lapel ends, and that end.
    fn roll_line(&self, bodice: &Bodice, side: Side, end: f32) -> (Vec<P2>, P2) {
        let neck = self.cut.neck_point(bodice, side);
        if matches!(self.garment.front, Front::Open(_)) {
            let mut line = self.opening_line(bodice, side);
            line.reverse();
            line.retain(|point| point.y <= end);
            let last = line.last().copied().unwrap_or(neck);
            return (line, last);
        }
        let throat = self.cut.throat(bodice);
        (vec![neck, neck.lerp(throat, 0.5), throat], throat)
    }

    fn notched(&mut self, bodice: &Bodice, side: Side) {
        let s = side.sign();
        let neck = self.cut.neck_point(bodice, side);
        let end_y = (self.cut.throat(bodice).y).max(2.5).min(bodice.hem - 0.3);
        let (line, end) = self.roll_line(bodice, side, end_y);
        let gorge = neck.lerp(end, 0.42);
        let peak = p(gorge.x + s * 0.46, gorge.y - 0.02);
        let notch = p(gorge.x + s * 0.24, gorge.y - 0.07);
        let lapel = Outline::from(neck.lerp(end, 0.2))
            .line(notch + p(0.0, 0.02))
            .line(peak + p(0.0, 0.02))
            .curve(&[
                peak.lerp(end, 0.5) + p(s * 0.09, 0.03),
                end + p(s * 0.01, 0.03),
            ])
            .lines(
                line.iter()
                    .rev()
                    .filter(|point| point.y > neck.lerp(end, 0.2).y)
                    .copied(),
            );
        let surface = self.plain_surface(self.garment.cloth, 1.06);
        self.piece(&lapel, 0.9, surface);
        let collar = Outline::from(neck + p(-s * 0.06, -0.12))
            .curve(&[neck + p(s * 0.12, -0.02), neck + p(s * 0.25, 0.16)])
            .line(notch + p(s * 0.06, -0.14))
            .line(notch)
            .line(neck.lerp(end, 0.22))
            .line(neck + p(-s * 0.03, 0.02));
        let surface = self.plain_surface(self.garment.trim, 1.0);
        self.piece(&collar, 0.7, surface);
    }

    /// One smooth strip from the nape to the end of the opening.
    fn shawl(&mut self, bodice: &Bodice, side: Side, width: f32, rise: f32) {
        let s = side.sign();
        let neck = self.cut.neck_point(bodice, side);
        let open = matches!(self.garment.front, Front::Open(_));
        let end_y = if open {
            (bodice.hem - 0.25).min(3.3)
        } else {
            self.cut.throat(bodice).y
        };
        let (line, end) = self.roll_line(bodice, side, end_y);
        let middle = neck.lerp(end, 0.38);
        let outer = [
            neck + p(s * (0.10 + 0.45 * width), 0.06 - rise * 0.6),
            neck.lerp(middle, 0.55) + p(s * (width + 0.10), -rise * 0.3),
            middle + p(s * (width + 0.02), 0.10),
            neck.lerp(end, 0.72) + p(s * width * 0.62, 0.06),
            end + p(s * 0.02, 0.04),
        ];
        let outline = Outline::from(neck + p(-s * 0.08, -0.12 - rise))
            .curve(&outer)
            .lines(line.iter().rev().copied());
        let surface = self.plain_surface(self.garment.trim, 1.05);
        self.piece(&outline, 0.6 + width, surface);
        // The fold's highlight follows the roll.
        let fold: Vec<P2> = spline(&[
            neck + p(s * 0.1, -0.02),
            middle + p(s * width * 0.5, 0.05),
            end,
        ]);
        self.seam(&fold, 0.2);
    }

    /// A facing along the edge.
    fn bare_edge(&mut self, bodice: &Bodice, side: Side) {
        let neck = self.cut.neck_point(bodice, side);
        let line = if matches!(self.garment.front, Front::Open(_)) {
            self.opening_line(bodice, side)
        } else {
            let throat = self.cut.throat(bodice);
            vec![throat, neck.lerp(throat, 0.5), neck]
        };
        let colour = self.garment.trim.ground();
        let differs = self.garment.trim.colours != self.garment.cloth.colours;
        if differs {
            // Marked pixels are the garment's: the inner half of the line is the facing.
            self.stroke(&line, 0.26, colour, 1.0);
        }
        let s = side.sign();
        let inset: Vec<P2> = line.iter().map(|&point| point + p(s * 0.13, 0.0)).collect();
        self.seam(&inset, 0.7);
        let ink = self.ink();
        self.stroke(&line, 0.04, ink, 0.6);
    }
}
