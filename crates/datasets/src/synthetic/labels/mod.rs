//! The words of the synthetic wardrobe: categories, FashionAI's eight dimensions, attribute flags.
//!
//! The dimensions are the table of the FashionAI attribute challenge, values in its order; a value
//! is "Invisible" when the part it speaks of cannot be seen or the garment has none.

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

mod category;
mod dimension;
mod flag;
mod vocabulary;

pub use category::{DEEPFASHION, GarmentKind, Region, deepfashion_categories};
pub use dimension::{
    CoatLength, CollarDesign, Dimension, LapelDesign, NeckDesign, NecklineDesign, PantLength,
    SkirtLength, SleeveLength,
};
pub use flag::Flag;
pub use vocabulary::{
    FIRST_FLAG, PERSON_SCHEMA, categories, dimension_groups, first_value, flag_groups,
    landmark_schemas, vocabulary,
};

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
        assert_eq!(
            (Flag::Solid.name(), Flag::Boho.name(), Flag::Denim.name()),
            ("solid", "boho", "denim")
        );
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
