//! Upper edges without collar, and the straps and flounces that go with them.

use super::super::figure::Side;
use super::super::geometry::{Outline, P2, p, spline};
use super::super::labels::NecklineDesign;
use super::tailor::Tailor;

impl Tailor<'_> {
    /// The band or seam along the edge, straps, and the flounce of an off-shoulder edge.
    pub(super) fn neckline_edge(&mut self, design: NecklineDesign) {
        let Some(bodice) = self.garment.bodice else {
            return;
        };
        let edge = self.cut.neck_edge(&bodice);
        // Bands lie below the edge: the garment's own pixels are marked, so half of the line shows.
        let ribbed = self.garment.trim.colours != self.garment.cloth.colours;
        if ribbed {
            self.stroke(&edge, 0.17, self.garment.trim.ground(), 1.0);
        }
        let inset = inner_line(&edge, 0.085);
        self.seam(&inset, 0.7);
        let ink = self.ink();
        self.stroke(&edge, 0.05, ink, 0.75);
        if design == NecklineDesign::OffShoulder && self.garment.details.ruffle {
            self.flounce(&edge);
        }
        if design == NecklineDesign::Strapless {
            // Seams of the cups.
            for side in Side::BOTH {
                let top = p(self.cut.body.front(2.0) + side.sign() * 0.34, edge[0].y);
                let line = spline(&[
                    top,
                    top + p(-side.sign() * 0.03, 0.4),
                    top + p(-side.sign() * 0.08, 0.9),
                ]);
                self.seam(&line, 0.5);
            }
        }
        if design == NecklineDesign::SweetHeart {
            let throat = self.cut.throat(&bodice);
            self.seam(&[throat, throat + p(0.0, 0.28)], 0.6);
        }
    }

    /// A gathered strip that hangs from the edge over the bodice and the arms.
    fn flounce(&mut self, edge: &[P2]) {
        let (right, left) = (edge[0], edge[edge.len() - 1]);
        let out = 0.14;
        let upper: Vec<P2> = edge.to_vec();
        let lower = Self::hem_line(right + p(out, 0.42), left + p(-out, 0.42), 0.10, 0.035);
        let outline = Outline(
            upper
                .iter()
                .copied()
                .chain(lower.iter().rev().copied())
                .collect(),
        );
        let surface = self.plain_surface(self.garment.cloth, 1.0);
        self.piece(&outline, 0.8, surface);
        let ink = self.ink();
        self.ribs(&upper, &lower, 14, 0.35, ink);
    }
}

/// A line moved towards the garment: down and away from the opening's middle.
pub(super) fn inner_line(edge: &[P2], distance: f32) -> Vec<P2> {
    let (right, left) = (edge[0], edge[edge.len() - 1]);
    let last = edge.len() - 1;
    let middle = right.lerp(left, 0.5);
    edge.iter()
        .enumerate()
        .map(|(index, &point)| {
            let along = (edge[(index + 1).min(last)] - edge[index.saturating_sub(1)]).unit();
            let mut away = along.normal();
            if away.dot(point - middle + p(0.0, 0.4)) < 0.0 {
                away = -away;
            }
            point + away * distance
        })
        .collect()
}
