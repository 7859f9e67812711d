//! Hoods: a roll around the neck when worn down, a pointed bag when the garment lies flat.

use super::super::fabric::darker;
use super::super::figure::Side;
use super::super::geometry::{Outline, p, spline};
use super::tailor::Tailor;

impl Tailor<'_> {
    /// The part behind the head.
    pub(super) fn hood_behind(&mut self) {
        if !self.garment.details.hood {
            return;
        }
        let outline = if self.flat {
            Outline::blob(&[
                p(-0.46, 1.55),
                p(-0.58, 1.1),
                p(-0.5, 0.55),
                p(0.0, 0.28),
                p(0.5, 0.55),
                p(0.58, 1.1),
                p(0.46, 1.55),
            ])
        } else {
            Outline::blob(&[
                p(-0.62, 1.6),
                p(-0.58, 1.12),
                p(-0.3, 0.92),
                p(0.3, 0.92),
                p(0.58, 1.12),
                p(0.62, 1.6),
            ])
        };
        let cloth = self.garment.cloth.trim(self.garment.cloth.ground());
        let surface = self.plain_surface(cloth, 0.82);
        self.piece(&outline, 0.6, surface);
        if self.flat {
            let inside = Outline::blob(&[
                p(-0.3, 1.5),
                p(-0.38, 1.05),
                p(0.0, 0.6),
                p(0.38, 1.05),
                p(0.3, 1.5),
                p(0.0, 1.72),
            ]);
            let dark = darker(self.garment.cloth.ground(), 0.5);
            self.canvas.mark(&inside, self.owner, 1.0, |_| dark);
            self.seam(&spline(&[p(0.0, 0.3), p(0.02, 0.45), p(0.0, 0.62)]), 0.6);
        }
    }

    /// The rims that cross below the throat, with the cord.
    pub(super) fn hood_front(&mut self) {
        let (true, Some(bodice)) = (self.garment.details.hood, self.garment.bodice) else {
            return;
        };
        let throat = self.cut.throat(&bodice);
        let cloth = self.garment.cloth.trim(self.garment.cloth.ground());
        for side in Side::BOTH {
            let s = side.sign();
            let neck = self.cut.neck_point(&bodice, side);
            let (inner, wide) = if self.flat {
                (p(s * 0.33, 1.0), 0.26)
            } else {
                (p(s * 0.27, 1.12), 0.36)
            };
            let outline = Outline::from(inner).curve(&[
                neck + p(s * wide, -0.18),
                neck + p(s * (wide - 0.02), 0.14),
                throat + p(s * 0.22, 0.10),
                throat + p(-s * 0.04, 0.14),
                throat + p(s * 0.02, -0.02),
                neck + p(-s * 0.01, 0.05),
                inner,
            ]);
            let surface = self.plain_surface(cloth, 1.02);
            self.piece(&outline, 0.8, surface);
        }
        self.cord(throat + p(0.0, 0.1), 0.15, 0.85);
    }
}
