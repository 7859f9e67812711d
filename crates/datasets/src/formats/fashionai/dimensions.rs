//! The eight attribute dimensions and their 54 values.

use std::fmt;

use crate::sample::{AttributeGroup, AttributeVocabulary};

/// How a dimension is judged: the two models of the system that predicts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// How long a part is; depends on whether the garment is worn.
    Length,
    /// How a part is cut.
    Design,
}

/// One question about a garment, with exactly one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// `skirt_length_labels`
    SkirtLength,
    /// `coat_length_labels`
    CoatLength,
    /// `collar_design_labels`
    CollarDesign,
    /// `lapel_design_labels`
    LapelDesign,
    /// `neck_design_labels`
    NeckDesign,
    /// `neckline_design_labels`
    NecklineDesign,
    /// `pant_length_labels`
    PantLength,
    /// `sleeve_length_labels`
    SleeveLength,
}

impl Dimension {
    /// In the order of the vocabulary.
    pub const ALL: [Self; 8] = [
        Self::SkirtLength,
        Self::CoatLength,
        Self::CollarDesign,
        Self::LapelDesign,
        Self::NeckDesign,
        Self::NecklineDesign,
        Self::PantLength,
        Self::SleeveLength,
    ];

    /// The key the files use.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SkirtLength => "skirt_length_labels",
            Self::CoatLength => "coat_length_labels",
            Self::CollarDesign => "collar_design_labels",
            Self::LapelDesign => "lapel_design_labels",
            Self::NeckDesign => "neck_design_labels",
            Self::NecklineDesign => "neckline_design_labels",
            Self::PantLength => "pant_length_labels",
            Self::SleeveLength => "sleeve_length_labels",
        }
    }

    /// The dimension by its key.
    ///
    /// ```
    /// use wardrobe_datasets::formats::fashionai::Dimension;
    /// let pant = Dimension::from_key("pant_length_labels").unwrap();
    /// assert_eq!(pant.values()[3], "3/4");
    /// assert_eq!(Dimension::from_key("pant length"), None);
    /// ```
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.key() == key)
    }

    /// Its values, in the order of a label's letters and of a prediction's probabilities. The names
    /// are the organisers' own, spelling included.
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::SkirtLength => &["Invisible", "Short", "Knee", "Midi", "Ankle", "Floor"],
            Self::CoatLength => &[
                "Invisible",
                "High Waist",
                "Regular",
                "Long",
                "Micro",
                "Knee",
                "Midi",
                "Ankle&Floor",
            ],
            Self::CollarDesign => &[
                "Invisible",
                "Shirt Collar",
                "Peter Pan",
                "Puritan Collar",
                "Rib Collar",
            ],
            Self::LapelDesign => &[
                "Invisible",
                "Notched",
                "Collarless",
                "Shawl Collar",
                "Plus Size Shawl",
            ],
            Self::NeckDesign => &[
                "Invisible",
                "Turtle Neck",
                "Ruffle Semi-High",
                "Low Turtle Neck",
                "Draped",
            ],
            Self::NecklineDesign => &[
                "Invisible",
                "Strapless",
                "Deep V",
                "Straight",
                "V",
                "Square",
                "Off Shoulder",
                "Round",
                "Sweat Heart",
                "One Shoulder",
            ],
            Self::PantLength => &["Invisible", "Short", "Mid", "3/4", "Cropped", "Full"],
            Self::SleeveLength => &[
                "Invisible",
                "Sleeveless",
                "Cup",
                "Short",
                "Elbow",
                "3/4",
                "Wrist",
                "Long",
                "Extra Long",
            ],
        }
    }

    /// Length or design.
    pub const fn level(self) -> Level {
        match self {
            Self::SkirtLength | Self::CoatLength | Self::PantLength | Self::SleeveLength => {
                Level::Length
            }
            Self::CollarDesign | Self::LapelDesign | Self::NeckDesign | Self::NecklineDesign => {
                Level::Design
            }
        }
    }

    /// Pictures labelled in the competition's training set; 79,573 in all.
    pub const fn training_pictures(self) -> u32 {
        match self {
            Self::SkirtLength => 9_223,
            Self::CoatLength => 11_320,
            Self::CollarDesign => 8_393,
            Self::LapelDesign => 7_034,
            Self::NeckDesign => 5_696,
            Self::NecklineDesign => 17_148,
            Self::PantLength => 7_460,
            Self::SleeveLength => 13_299,
        }
    }

    /// Its place in [`Dimension::ALL`], which is its group in [`vocabulary`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its values' places among all 54.
    pub fn range(self) -> std::ops::Range<usize> {
        let start = Self::ALL[..self.index()]
            .iter()
            .map(|earlier| earlier.values().len())
            .sum();
        start..start + self.values().len()
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// All dimensions as a vocabulary: eight exclusive groups named by their keys.
///
/// ```
/// use wardrobe_datasets::formats::fashionai::{Dimension, vocabulary};
/// let vocabulary = vocabulary();
/// assert_eq!(vocabulary.len(), 54);
/// let pant = Dimension::PantLength;
/// assert_eq!(vocabulary.range(pant.index()), pant.range());
/// ```
pub fn vocabulary() -> AttributeVocabulary {
    let group = |dimension: Dimension| AttributeGroup {
        name: dimension.key().into(),
        values: dimension.values().iter().map(ToString::to_string).collect(),
        exclusive: true,
    };
    AttributeVocabulary::new(Dimension::ALL.into_iter().map(group).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_competition_s_counts() {
        let counts = Dimension::ALL.map(|dimension| dimension.values().len());
        assert_eq!(counts, [6, 8, 5, 5, 5, 10, 6, 9]);
        let values: usize = counts.into_iter().sum();
        assert_eq!(values, 54);
        let pictures: u32 = Dimension::ALL
            .into_iter()
            .map(Dimension::training_pictures)
            .sum();
        assert_eq!(pictures, 79_573);
        for (place, dimension) in Dimension::ALL.into_iter().enumerate() {
            assert_eq!(dimension.index(), place);
            assert_eq!(dimension.values()[0], "Invisible");
            assert_eq!(Dimension::from_key(dimension.key()), Some(dimension));
            assert_eq!(
                dimension.key().contains("length"),
                dimension.level() == Level::Length
            );
        }
    }
}
