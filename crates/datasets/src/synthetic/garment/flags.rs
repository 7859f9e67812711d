//! DeepFashion-like attribute flags, read off a garment's data.

use super::super::fabric::{Pattern, Weave};
use super::super::labels::{CoatLength, Flag, PantLength, SkirtLength};
use super::{Front, Garment, Lower, SkirtStyle, SleeveStyle};

impl Garment {
    /// The flags that hold.
    pub fn flags(&self) -> Vec<Flag> {
        let mut flags = vec![match self.cloth.pattern {
            Pattern::Solid => Flag::Solid,
            Pattern::Hoops | Pattern::Pinstripes | Pattern::Stripes | Pattern::Chevron => {
                Flag::Striped
            }
            Pattern::Gingham | Pattern::Tartan => Flag::Checked,
            Pattern::Dots => Flag::Dotted,
            Pattern::Floral => Flag::Floral,
            Pattern::Leopard | Pattern::Marble | Pattern::Blocks => Flag::Abstract,
            Pattern::Graphic => Flag::Graphic,
        }];
        flags.push(match self.cloth.weave {
            Weave::Denim => Flag::Denim,
            Weave::Knit | Weave::Jersey | Weave::Fleece => Flag::Knit,
            Weave::Light | Weave::Wool | Weave::Leather => Flag::Woven,
        });
        let mut when = |holds: bool, flag: Flag| {
            if holds {
                flags.push(flag);
            }
        };
        let d = &self.details;
        let bodice = self.bodice;
        when(
            bodice.is_some_and(|bodice| bodice.ease[1] < 0.06),
            Flag::Fitted,
        );
        when(
            bodice.is_some_and(|bodice| bodice.ease[1] > 0.16),
            Flag::Loose,
        );
        when(
            bodice.is_some_and(|bodice| bodice.length == CoatLength::HighWaist),
            Flag::Cropped,
        );
        match self.lower {
            Lower::None => {}
            Lower::Skirt(cut) => {
                when(cut.length >= SkirtLength::Ankle, Flag::Maxi);
                when(cut.style == SkirtStyle::ALine, Flag::ALine);
                when(cut.style == SkirtStyle::Pencil, Flag::Pencil);
                when(cut.style == SkirtStyle::Pleated, Flag::Pleated);
            }
            Lower::Legs(cut) => {
                when(cut.length == PantLength::Cropped, Flag::Cropped);
                when(cut.ease[2] < 0.045, Flag::Skinny);
                when(cut.ease[3] > 0.17, Flag::WideLeg);
            }
        }
        when(
            matches!(self.front, Front::Buttons | Front::DoubleBreasted),
            Flag::Buttoned,
        );
        when(self.front == Front::Zip, Flag::Zip);
        let pocket =
            d.kangaroo || d.chest_pockets > 0 || d.flap_pockets || d.patch_pockets || d.five_pocket;
        when(pocket, Flag::Pocket);
        when(d.belt, Flag::Belted);
        when(d.hood, Flag::Hooded);
        when(d.drawstring || d.hood, Flag::Drawstring);
        when(
            d.ruffle || bodice.is_some_and(|bodice| bodice.peplum),
            Flag::Ruffle,
        );
        when(bodice.is_some_and(|bodice| bodice.rib > 0.0), Flag::RibTrim);
        let style = self
            .sleeves
            .filter(|sleeves| sleeves.part > 0.05)
            .map(|sleeves| sleeves.style);
        when(style == Some(SleeveStyle::Puff), Flag::PuffSleeve);
        when(style == Some(SleeveStyle::Bell), Flag::BellSleeve);
        when(matches!(self.front, Front::Open(_)), Flag::Open);
        when(true, self.style);
        flags.sort_unstable();
        flags.dedup();
        flags
    }
}
