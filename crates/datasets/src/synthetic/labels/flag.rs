//! Attribute flags in DeepFashion's five types.

use serde::{Deserialize, Serialize};

/// A flag in the manner of DeepFashion's attributes: any number of them hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Flag {
    Solid,
    Striped,
    Checked,
    Dotted,
    Floral,
    Abstract,
    Graphic,
    Denim,
    Knit,
    Woven,
    Fitted,
    Loose,
    Cropped,
    Maxi,
    ALine,
    Pencil,
    Pleated,
    Skinny,
    WideLeg,
    Buttoned,
    Zip,
    Pocket,
    Belted,
    Hooded,
    Drawstring,
    Ruffle,
    RibTrim,
    PuffSleeve,
    BellSleeve,
    Open,
    Casual,
    Sporty,
    Formal,
    Boho,
}

impl Flag {
    /// DeepFashion's five types with the flags of each, in the order of [`Flag`].
    pub const GROUPS: [(&'static str, &'static [&'static str]); 5] = [
        (
            "texture",
            &[
                "solid",
                "striped",
                "checked",
                "dotted",
                "floral",
                "abstract print",
                "graphic",
            ],
        ),
        ("fabric", &["denim", "knit", "woven"]),
        (
            "shape",
            &[
                "fitted", "loose", "cropped", "maxi", "a-line", "pencil", "pleated", "skinny",
                "wide-leg",
            ],
        ),
        (
            "part",
            &[
                "buttoned",
                "zip",
                "pocket",
                "belted",
                "hooded",
                "drawstring",
                "ruffle",
                "rib trim",
                "puff sleeve",
                "bell sleeve",
                "open front",
            ],
        ),
        ("style", &["casual", "sporty", "formal", "boho"]),
    ];

    /// Count of flags.
    pub const COUNT: usize = Self::Boho as usize + 1;

    /// The flag's name.
    pub fn name(self) -> &'static str {
        Self::GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter())
            .nth(self as usize)
            .copied()
            .unwrap_or_default()
    }
}
