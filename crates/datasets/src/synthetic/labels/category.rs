//! The twenty categories, and DeepFashion's fifty.

use serde::{Deserialize, Serialize};

use crate::sample::Category;

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

/// DeepFashion's fifty categories in the order of its list, each with its kind: 1–20 upper, 21–36
/// lower, the rest full.
pub const DEEPFASHION: [&str; 50] = [
    "Anorak",
    "Blazer",
    "Blouse",
    "Bomber",
    "Button-Down",
    "Cardigan",
    "Flannel",
    "Halter",
    "Henley",
    "Hoodie",
    "Jacket",
    "Jersey",
    "Parka",
    "Peacoat",
    "Poncho",
    "Sweater",
    "Tank",
    "Tee",
    "Top",
    "Turtleneck",
    "Capris",
    "Chinos",
    "Culottes",
    "Cutoffs",
    "Gauchos",
    "Jeans",
    "Jeggings",
    "Jodhpurs",
    "Joggers",
    "Leggings",
    "Sarong",
    "Shorts",
    "Skirt",
    "Sweatpants",
    "Sweatshorts",
    "Trunks",
    "Caftan",
    "Cape",
    "Coat",
    "Coverup",
    "Dress",
    "Jumpsuit",
    "Kaftan",
    "Kimono",
    "Nightdress",
    "Onesie",
    "Robe",
    "Romper",
    "Shirtdress",
    "Sundress",
];

/// The fifty categories as a data set has them; `id` is the row.
pub fn deepfashion_categories() -> Vec<Category> {
    let category = |(row, &name): (usize, &&str)| Category {
        name: name.to_owned(),
        group: Some(
            ["upper", "lower", "full"][usize::from(row >= 20) + usize::from(row >= 36)].to_owned(),
        ),
        id: row as u32 + 1,
    };
    DEEPFASHION.iter().enumerate().map(category).collect()
}
