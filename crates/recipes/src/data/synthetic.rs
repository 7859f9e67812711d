//! Pictures of a synthetic wardrobe, drawn when asked for and kept.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use wardrobe_datasets::loader::Source;
use wardrobe_datasets::sample::BBox;
use wardrobe_datasets::synthetic::{SyntheticWardrobe, WardrobeConfig};
use wardrobe_datasets::{PictureError, Sample};

use crate::error::RecipeError;

/// Bytes of pictures up to which a wardrobe is kept once drawn; a larger one is drawn anew for every
/// pass.
const KEPT_BYTES: usize = 256 << 20;

/// Pictures that a stretch may have: more than anybody looks at, and few enough for a list of their numbers.
pub(super) const MOST_PICTURES: usize = 100_000_000;

/// A stretch of a synthetic wardrobe. Stretches of one wardrobe that do not overlap are training and
/// held-out data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticConfig {
    /// The wardrobe.
    #[serde(default)]
    pub wardrobe: WardrobeConfig,
    /// The number of the first picture.
    #[serde(default)]
    pub first: u64,
    /// How many pictures, at most 100 million.
    pub count: usize,
}

/// The pictures of a [`SyntheticConfig`].
///
/// ```
/// use wardrobe_datasets::loader::Source;
/// use wardrobe_recipes::data::{SyntheticConfig, SyntheticSource};
///
/// let config: SyntheticConfig =
///     serde_json::from_str(r#"{"wardrobe": {"long_side": [64, 64]}, "first": 5, "count": 3}"#)?;
/// let source = SyntheticSource::new(&config)?;
/// assert_eq!(source.len(), 3);
/// assert_eq!(source.name(0), "picture 5 of wardrobe 0");
/// assert_eq!(source.get(0)?.picture.width(), 64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SyntheticSource {
    wardrobe: SyntheticWardrobe,
    first: u64,
    count: usize,
    /// Empty where they are not kept.
    drawn: Vec<OnceLock<Sample>>,
}

impl SyntheticSource {
    /// Nothing is drawn yet.
    ///
    /// # Errors
    /// [`RecipeError::Wardrobe`] for settings that cannot be drawn.
    pub fn new(config: &SyntheticConfig) -> Result<Self, RecipeError> {
        let [_, side] = config.wardrobe.long_side;
        let bytes = (3 * (side as usize).pow(2)).saturating_mul(config.count);
        let kept = if bytes <= KEPT_BYTES { config.count } else { 0 };
        Ok(Self {
            wardrobe: SyntheticWardrobe::new(config.wardrobe.clone())?,
            first: config.first,
            count: config.count,
            drawn: (0..kept).map(|_| OnceLock::new()).collect(),
        })
    }

    fn draw(&self, index: usize) -> Sample {
        Sample {
            // Nothing here reads parsing maps.
            parsing: None,
            ..self.wardrobe.sample(self.first + index as u64).sample
        }
    }
}

impl Source for SyntheticSource {
    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, index: usize) -> Result<Sample, PictureError> {
        Ok(match self.drawn.get(index) {
            Some(kept) => kept.get_or_init(|| self.draw(index)).clone(),
            None => self.draw(index),
        })
    }

    fn name(&self, index: usize) -> String {
        let seed = self.wardrobe.config().seed;
        format!("picture {} of wardrobe {seed}", self.first + index as u64)
    }

    fn categories(&self, index: usize) -> Vec<u32> {
        let boxes = self.boxes(index).into_iter();
        boxes.filter_map(|(category, _)| category).collect()
    }

    /// Draws the picture: what is on it is drawn along with it.
    fn boxes(&self, index: usize) -> Vec<(Option<u32>, Option<BBox>)> {
        let of = |sample: &Sample| {
            let objects = sample.objects.iter();
            objects
                .map(|object| (object.category, object.bbox))
                .collect()
        };
        match self.drawn.get(index) {
            Some(kept) => of(kept.get_or_init(|| self.draw(index))),
            None => of(&self.draw(index)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn kept_pictures_are_those_that_would_be_drawn() {
        let config = SyntheticConfig {
            wardrobe: WardrobeConfig {
                long_side: [48, 48],
                ..WardrobeConfig::default()
            },
            first: 3,
            count: 2,
        };
        let source = SyntheticSource::new(&config).unwrap();
        let first = source.get(1).unwrap();
        let worn: Vec<u32> = first
            .objects
            .iter()
            .filter_map(|one| one.category)
            .collect();
        assert!(!worn.is_empty());
        assert_eq!(source.categories(1), worn);
        assert_eq!(source.boxes(1).len(), first.objects.len());
        assert_eq!(source.get(1).unwrap(), first);
        assert_eq!(source.draw(1), first);
        let shifted = SyntheticSource::new(&SyntheticConfig { first: 4, ..config }).unwrap();
        assert_eq!(shifted.get(0).unwrap(), first);
    }

    #[test]
    fn a_wardrobe_too_large_to_keep_is_drawn_anew() {
        let config = SyntheticConfig {
            wardrobe: WardrobeConfig::default(),
            first: 0,
            // 196,608 bytes each.
            count: 2_000,
        };
        assert!(SyntheticSource::new(&config).unwrap().drawn.is_empty());
    }
}
