//! FashionAI's eight dimensions and their 54 values.

use serde::{Deserialize, Serialize};

dimension! {
    /// How long a skirt or the skirt of a dress is.
    SkirtLength {
        Invisible = "Invisible", Short = "Short", Knee = "Knee", Midi = "Midi", Ankle = "Ankle", Floor = "Floor",
    }
}
dimension! {
    /// How far an upper garment reaches down.
    CoatLength {
        Invisible = "Invisible", HighWaist = "High Waist", Regular = "Regular", Long = "Long", Micro = "Micro",
        Knee = "Knee", Midi = "Midi", AnkleFloor = "Ankle&Floor",
    }
}
dimension! {
    /// The kind of a turned-down or knitted collar.
    CollarDesign {
        Invisible = "Invisible", Shirt = "Shirt Collar", PeterPan = "Peter Pan", Puritan = "Puritan Collar", Rib = "Rib Collar",
    }
}
dimension! {
    /// The kind of lapel of an open front.
    LapelDesign {
        Invisible = "Invisible", Notched = "Notched", Collarless = "Collarless", Shawl = "Shawl Collar",
        PlusSizeShawl = "Plus Size Shawl",
    }
}
dimension! {
    /// The kind of a neck that covers the wearer's neck or drapes below it.
    NeckDesign {
        Invisible = "Invisible", Turtle = "Turtle Neck", RuffleSemiHigh = "Ruffle Semi-High", LowTurtle = "Low Turtle Neck",
        Draped = "Draped",
    }
}
dimension! {
    /// The shape of a neckline without collar.
    NecklineDesign {
        Invisible = "Invisible", Strapless = "Strapless", DeepV = "Deep V", Straight = "Straight", V = "V", Square = "Square",
        OffShoulder = "Off Shoulder", Round = "Round", SweetHeart = "Sweat Heart", OneShoulder = "One Shoulder",
    }
}
dimension! {
    /// How long trouser legs are.
    PantLength {
        Invisible = "Invisible", Short = "Short", Mid = "Mid", ThreeQuarter = "3/4", Cropped = "Cropped", Full = "Full",
    }
}
dimension! {
    /// How long sleeves are.
    SleeveLength {
        Invisible = "Invisible", Sleeveless = "Sleeveless", Cup = "Cup", Short = "Short", Elbow = "Elbow",
        ThreeQuarter = "3/4", Wrist = "Wrist", Long = "Long", ExtraLong = "Extra Long",
    }
}

/// One of FashionAI's eight dimensions, in the table's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Dimension {
    /// `skirt_length_labels`.
    Skirt,
    /// `coat_length_labels`.
    Coat,
    /// `collar_design_labels`.
    Collar,
    /// `lapel_design_labels`.
    Lapel,
    /// `neck_design_labels`.
    Neck,
    /// `neckline_design_labels`.
    Neckline,
    /// `pant_length_labels`.
    Pant,
    /// `sleeve_length_labels`.
    Sleeve,
}

impl Dimension {
    /// All eight, in the table's order.
    pub const ALL: [Self; 8] = [
        Self::Skirt,
        Self::Coat,
        Self::Collar,
        Self::Lapel,
        Self::Neck,
        Self::Neckline,
        Self::Pant,
        Self::Sleeve,
    ];

    /// FashionAI's key.
    pub fn key(self) -> &'static str {
        [
            "skirt_length_labels",
            "coat_length_labels",
            "collar_design_labels",
            "lapel_design_labels",
            "neck_design_labels",
            "neckline_design_labels",
            "pant_length_labels",
            "sleeve_length_labels",
        ][self as usize]
    }

    /// The names of its values, `Invisible` first.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::Skirt => SkirtLength::NAMES,
            Self::Coat => CoatLength::NAMES,
            Self::Collar => CollarDesign::NAMES,
            Self::Lapel => LapelDesign::NAMES,
            Self::Neck => NeckDesign::NAMES,
            Self::Neckline => NecklineDesign::NAMES,
            Self::Pant => PantLength::NAMES,
            Self::Sleeve => SleeveLength::NAMES,
        }
    }

    /// Whether its values are steps on a scale, so that neighbours are easily confused.
    pub fn is_length(self) -> bool {
        matches!(self, Self::Skirt | Self::Coat | Self::Pant | Self::Sleeve)
    }
}
