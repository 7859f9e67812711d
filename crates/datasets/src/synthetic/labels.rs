//! The words of the synthetic wardrobe: categories, FashionAI's eight dimensions, attribute flags.
//!
//! The dimensions are the table of the FashionAI attribute challenge, values in its order; a value
//! is "Invisible" when the part it speaks of cannot be seen or the garment has none.

use serde::{Deserialize, Serialize};

use crate::sample::{AttributeGroup, AttributeVocabulary, Category, LandmarkSchema};

/// An enum whose variants are a dimension's values, in the table's order.
macro_rules! dimension {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_doc])* #[doc = concat!("`", $text, "`.")] $variant,)+
        }

        impl $name {
            /// All values, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Their names, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The value's name.
            pub fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }
        }
    };
}

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

/// DeepFashion's three kinds of garments; each has its own landmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Region {
    /// Worn above the waist.
    Upper,
    /// Worn below the waist.
    Lower,
    /// Both.
    Full,
}

impl Region {
    /// DeepFashion's word.
    pub fn name(self) -> &'static str {
        ["upper", "lower", "full"][self as usize]
    }
}

dimension! {
    /// The twenty categories, in the paper's order.
    GarmentKind {
        Blouse = "Blouse", Blazer = "Blazer", Cardigan = "Cardigan", Coat = "Coat", Dress = "Dress", Hoodie = "Hoodie",
        Jacket = "Jacket", Jeans = "Jeans", Joggers = "Joggers", Jumpsuit = "Jumpsuit", Kimono = "Kimono",
        Leggings = "Leggings", Romper = "Romper", Shorts = "Shorts", Skirt = "Skirt", Sweater = "Sweater",
        Sweatpants = "Sweatpants", Tank = "Tank", Tee = "Tee", Top = "Top",
    }
}

impl GarmentKind {
    /// Which of DeepFashion's kinds it is. DeepFashion counts coats and kimonos as full body.
    pub fn region(self) -> Region {
        match self {
            Self::Jeans
            | Self::Joggers
            | Self::Leggings
            | Self::Shorts
            | Self::Skirt
            | Self::Sweatpants => Region::Lower,
            Self::Coat | Self::Dress | Self::Jumpsuit | Self::Kimono | Self::Romper => Region::Full,
            _ => Region::Upper,
        }
    }

    /// Whether it has a bodice (everything but trousers and skirts).
    pub fn has_bodice(self) -> bool {
        self.region() != Region::Lower
    }

    /// Whether it is worn over another upper garment.
    pub fn is_outer(self) -> bool {
        matches!(
            self,
            Self::Blazer | Self::Cardigan | Self::Coat | Self::Jacket | Self::Kimono
        )
    }

    /// Its row in DeepFashion's `list_category_cloth.txt`, from 1.
    pub fn deepfashion_label(self) -> u32 {
        match self {
            Self::Blazer => 2,
            Self::Blouse => 3,
            Self::Cardigan => 6,
            Self::Hoodie => 10,
            Self::Jacket => 11,
            Self::Sweater => 16,
            Self::Tank => 17,
            Self::Tee => 18,
            Self::Top => 19,
            Self::Jeans => 26,
            Self::Joggers => 29,
            Self::Leggings => 30,
            Self::Shorts => 32,
            Self::Skirt => 33,
            Self::Sweatpants => 34,
            Self::Coat => 39,
            Self::Dress => 41,
            Self::Jumpsuit => 42,
            Self::Kimono => 44,
            Self::Romper => 48,
        }
    }
}

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
            &["solid", "striped", "checked", "dotted", "floral", "abstract print", "graphic"],
        ),
        ("fabric", &["denim", "knit", "woven"]),
        (
            "shape",
            &["fitted", "loose", "cropped", "maxi", "a-line", "pencil", "pleated", "skinny", "wide-leg"],
        ),
        (
            "part",
            &[
                "buttoned", "zip", "pocket", "belted", "hooded", "drawstring", "ruffle", "rib trim", "puff sleeve",
                "bell sleeve", "open front",
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

/// The index of the first flag in [`vocabulary`]: after the 54 values of the dimensions.
pub const FIRST_FLAG: usize = 54;

/// The index of a dimension's first value in [`vocabulary`].
pub fn first_value(dimension: Dimension) -> usize {
    Dimension::ALL[..dimension as usize]
        .iter()
        .map(|dimension| dimension.values().len())
        .sum()
}

/// FashionAI's eight dimensions (54 values), each a group of which one value holds.
pub fn dimension_groups() -> Vec<AttributeGroup> {
    let group = |dimension: Dimension| AttributeGroup {
        name: dimension.key().to_owned(),
        values: dimension.values().iter().map(|&name| name.to_owned()).collect(),
        exclusive: true,
    };
    Dimension::ALL.into_iter().map(group).collect()
}

/// The flags, in DeepFashion's five types.
pub fn flag_groups() -> Vec<AttributeGroup> {
    let group = |&(name, values): &(&str, &[&str])| AttributeGroup {
        name: name.to_owned(),
        values: values.iter().map(|&name| name.to_owned()).collect(),
        exclusive: false,
    };
    Flag::GROUPS.iter().map(group).collect()
}

/// All attributes of a sample: the eight dimensions, then the flags.
pub fn vocabulary() -> AttributeVocabulary {
    let mut groups = dimension_groups();
    groups.extend(flag_groups());
    AttributeVocabulary::new(groups)
}

/// The twenty categories; `id` is DeepFashion's row.
pub fn categories() -> Vec<Category> {
    let category = |&kind: &GarmentKind| Category {
        name: kind.name().to_owned(),
        group: Some(kind.region().name().to_owned()),
        id: kind.deepfashion_label(),
    };
    GarmentKind::ALL.iter().map(category).collect()
}

/// DeepFashion's landmarks of upper, lower and full garments, then LIP's sixteen joints of a person.
///
/// DeepFashion's left is the picture's left; LIP's is the person's.
pub fn landmark_schemas() -> Vec<LandmarkSchema> {
    let schema = |name: &str, points: &[&str], mirrored: &[[u16; 2]], skeleton: &[[u16; 2]]| LandmarkSchema {
        name: name.to_owned(),
        points: points.iter().map(|&point| point.to_owned()).collect(),
        mirrored: mirrored.to_vec(),
        skeleton: skeleton.to_vec(),
    };
    let pairs = [[0, 1], [2, 3], [4, 5], [6, 7]];
    vec![
        schema(
            "upper",
            &["left_collar", "right_collar", "left_sleeve", "right_sleeve", "left_hem", "right_hem"],
            &pairs[..3],
            &[[0, 1], [0, 2], [1, 3], [0, 4], [1, 5], [4, 5]],
        ),
        schema(
            "lower",
            &["left_waistline", "right_waistline", "left_hem", "right_hem"],
            &pairs[..2],
            &[[0, 1], [0, 2], [1, 3]],
        ),
        schema(
            "full",
            &[
                "left_collar", "right_collar", "left_sleeve", "right_sleeve", "left_waistline", "right_waistline", "left_hem",
                "right_hem",
            ],
            &pairs,
            &[[0, 1], [0, 2], [1, 3], [0, 4], [1, 5], [4, 5], [4, 6], [5, 7]],
        ),
        schema(
            "person",
            &[
                "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "spine", "neck", "head",
                "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
            ],
            &[[0, 5], [1, 4], [2, 3], [10, 15], [11, 14], [12, 13]],
            &[
                [0, 1], [1, 2], [2, 6], [3, 6], [3, 4], [4, 5], [6, 7], [7, 8], [8, 9], [10, 11], [11, 12], [12, 8], [13, 8],
                [13, 14], [14, 15],
            ],
        ),
    ]
}

/// The index of the schema of a person's joints in [`landmark_schemas`].
pub const PERSON_SCHEMA: u16 = 3;

/// DeepFashion's fifty categories in the order of its list, each with its kind: 1–20 upper, 21–36
/// lower, the rest full.
pub const DEEPFASHION: [&str; 50] = [
    "Anorak", "Blazer", "Blouse", "Bomber", "Button-Down", "Cardigan", "Flannel", "Halter", "Henley", "Hoodie", "Jacket", "Jersey",
    "Parka", "Peacoat", "Poncho", "Sweater", "Tank", "Tee", "Top", "Turtleneck", "Capris", "Chinos", "Culottes", "Cutoffs", "Gauchos",
    "Jeans", "Jeggings", "Jodhpurs", "Joggers", "Leggings", "Sarong", "Shorts", "Skirt", "Sweatpants", "Sweatshorts", "Trunks", "Caftan",
    "Cape", "Coat", "Coverup", "Dress", "Jumpsuit", "Kaftan", "Kimono", "Nightdress", "Onesie", "Robe", "Romper", "Shirtdress",
    "Sundress",
];

/// The fifty categories as a data set has them; `id` is the row.
pub fn deepfashion_categories() -> Vec<Category> {
    let category = |(row, &name): (usize, &&str)| Category {
        name: name.to_owned(),
        group: Some(["upper", "lower", "full"][usize::from(row >= 20) + usize::from(row >= 36)].to_owned()),
        id: row as u32 + 1,
    };
    DEEPFASHION.iter().enumerate().map(category).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_its_54_values() {
        let counts = Dimension::ALL.map(|dimension| dimension.values().len());
        // Skirt, coat, collar, lapel, neck, neckline, pant, sleeve, as in the challenge's table.
        assert_eq!(counts, [6, 8, 5, 5, 5, 10, 6, 9]);
        assert_eq!(counts.iter().sum::<usize>(), FIRST_FLAG);
        assert_eq!(first_value(Dimension::Sleeve), 54 - 9);
        assert_eq!(vocabulary().len(), FIRST_FLAG + Flag::COUNT);
        assert_eq!((Flag::Solid.name(), Flag::Boho.name(), Flag::Denim.name()), ("solid", "boho", "denim"));
    }

    #[test]
    fn categories_are_deepfashion_s() {
        let list = deepfashion_categories();
        for kind in GarmentKind::ALL {
            let row = &list[kind.deepfashion_label() as usize - 1];
            assert_eq!(row.name, kind.name());
            assert_eq!(row.group.as_deref(), Some(kind.region().name()));
        }
    }
}
