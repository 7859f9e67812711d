//! A synthetic wardrobe: drawn pictures of garments with exact annotations.
//!
//! Every picture follows from a seed and its number alone, in arithmetic that is the same on every
//! machine: the same wardrobe has the same bytes anywhere, and any picture of it can be drawn on its
//! own. A picture is first sampled as plain data ([`Scene`]: who wears what, where, in which light)
//! and then drawn in painter's order on a canvas that keeps, beside the colours, whose each pixel
//! is; boxes, masks, outlines, parsing maps and visibility are read from there.
//!
//! # What annotations mean
//! - Masks and boxes are of what can be seen. A garment of which fewer than 20 pixels or 6 % can be
//!   seen has no object.
//! - Outlines follow the mask within half a pixel; holes are joined to the outline by a cut of no width.
//! - Landmarks are DeepFashion's; left is the picture's left. They lie a little inside the garment's
//!   edge. One behind something is occluded, with the place where it would be; one outside the
//!   picture, or that the garment does not have (the sleeve of a strapless dress), is absent.
//! - Every dimension of every garment has one value: Invisible (0) when the garment has no such part,
//!   or when the picture does not show it: an edge of which most is covered or cut off, a length
//!   whose both ends are. A design is one of neckline, collar, neck and lapel; the other three are
//!   Invisible.
//! - Parsing maps have LIP's classes, in which left is the person's left; bare neck, chest and belly
//!   count as face, for LIP has no class for them. Garments that lie flat have their classes too.
//! - A person is always dressed, and everything worn is annotated;
//!   [`SceneFacts::subject`] says which object the picture is about.
//!
//! ```
//! use wardrobe_datasets::synthetic::{SyntheticWardrobe, WardrobeConfig};
//! let wardrobe = SyntheticWardrobe::new(WardrobeConfig {
//!     long_side: [96, 96],
//!     empty_share: 0.0,
//!     ..WardrobeConfig::default()
//! })?;
//! let drawn = wardrobe.sample(7);
//! assert_eq!(drawn.sample.picture.width(), 96);
//! assert_eq!(drawn.sample.objects.len(), drawn.facts.garments.len());
//! # Ok::<(), wardrobe_datasets::synthetic::WardrobeError>(())
//! ```

mod annotate;
mod background;
mod canvas;
mod config;
mod contour;
mod fabric;
mod figure;
mod garment;
mod geometry;
mod label_noise;
pub mod labels;
mod layout;
mod random;
mod render;
mod scene;

pub use annotate::GarmentFacts;
pub use config::{LabelNoise, WardrobeConfig, WardrobeError};
pub use labels::{Dimension, GarmentKind};
pub use layout::{Layout, SynthesisError, synthesise, write_annotations};
pub use scene::{Frame, Scene, Wish};

use crate::sample::{Landmarks, Sample};
use random::Dice;

/// The plain data that scenes are made of.
pub mod data {
    pub use super::background::{Background, Setting, Thing, ThingKind};
    pub use super::canvas::Rgb;
    pub use super::fabric::{Cloth, Light, Pattern, Weave};
    pub use super::figure::{Build, Footwear, HairStyle, Looks, Pose, Side};
    pub use super::garment::{
        Bodice, Details, Front, Garment, LegCut, LegEnd, Lower, SkirtCut, SkirtStyle, SleeveStyle,
        Sleeves, TopEdge,
    };
    pub use super::geometry::{Affine, P2};
    pub use super::scene::{Figure, Finish};
}

/// A wardrobe: an endless list of pictures.
#[derive(Debug, Clone)]
pub struct SyntheticWardrobe {
    config: WardrobeConfig,
}

/// What is known of a picture beyond its [`Sample`].
#[derive(Debug, Clone, PartialEq)]
pub struct SceneFacts {
    /// All that was drawn.
    pub scene: Scene,
    /// Of each object of the sample, in the same order.
    pub garments: Vec<GarmentFacts>,
    /// The object the picture is about; `None` in an empty picture or when it is hidden.
    pub subject: Option<usize>,
    /// Joints of the wearers (schema [`labels::PERSON_SCHEMA`]).
    pub people: Vec<Landmarks>,
}

/// A drawn picture.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticSample {
    /// Picture, objects and parsing map, as a loader would return them. Categories, attributes and
    /// landmark schemas are those of [`labels`].
    pub sample: Sample,
    /// What else is known.
    pub facts: SceneFacts,
}

impl SyntheticWardrobe {
    /// # Errors
    /// [`WardrobeError`] for settings that cannot be drawn.
    pub fn new(config: WardrobeConfig) -> Result<Self, WardrobeError> {
        config.validate()?;
        Ok(Self { config })
    }

    /// The settings.
    pub fn config(&self) -> &WardrobeConfig {
        &self.config
    }

    /// Picture number `index`.
    pub fn sample(&self, index: u64) -> SyntheticSample {
        self.sample_of(index, Wish::default())
    }

    /// Picture number `index`, showing what is wished for.
    pub fn sample_of(&self, index: u64, wish: Wish) -> SyntheticSample {
        let mut dice = Dice::new(self.config.seed, index);
        let scene = Scene::draw(&self.config, wish, &mut dice);
        let canvas = render::draw(&scene);
        let picture = render::develop(&canvas, &scene.light, &scene.finish);
        let mut found = annotate::annotate(&scene, &canvas);
        label_noise::spoil(&mut found.objects, &self.config.noise, &mut dice);
        SyntheticSample {
            sample: Sample {
                picture,
                objects: found.objects,
                parsing: Some(found.parsing),
            },
            facts: SceneFacts {
                scene,
                garments: found.facts,
                subject: found.subject,
                people: found.people,
            },
        }
    }
}
