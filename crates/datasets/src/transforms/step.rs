//! Every step as plain data.

use serde::{Deserialize, Serialize};

use super::combine::{OneOf, PerBatch, Sequential, SomeOf, Sometimes, depth};
use super::error::TransformError;
use super::geometry::{
    Affine, CentreCrop, Crop, CropResized, HorizontalFlip, Resize, Rotate, SquarePad,
};
use super::pixels::{
    Blur, Brightness, ChannelPermutation, CoarseDropout, Contrast, GaussianNoise, Grayscale, Hue,
    JpegQuality, Lighting, Saturation, Sharpen,
};
use super::stream::Stream;
use super::transform::Transform;
use super::work::Work;

/// The steps and, in `Step`, a variant, a name and a conversion for each.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $tag:literal,)*) => {
        /// Any step of this module as plain data: what a JSON config holds.
        ///
        /// ```
        /// use wardrobe_datasets::transforms::{HorizontalFlip, Step};
        /// let step: Step = serde_json::from_str(r#"{"op": "horizontal_flip", "probability": 0.5}"#)?;
        /// assert_eq!(step, HorizontalFlip { probability: 0.5 }.into());
        /// # Ok::<(), serde_json::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "op", rename_all = "snake_case")]
        pub enum Step {
            $($(#[$doc])* $name($name),)*
        }

        impl Step {
            /// The step's name in JSON.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $tag,)*
                }
            }

            fn inner(&self) -> &dyn Transform {
                match self {
                    $(Self::$name(step) => step,)*
                }
            }
        }

        $(impl From<$name> for Step {
            fn from(step: $name) -> Self {
                Self::$name(step)
            }
        })*

        #[cfg(test)]
        const NAMES: &[&str] = &[$($tag),*];
    };
}

steps! {
    /// Resizing.
    Resize = "resize",
    /// Padding to a square.
    SquarePad = "square_pad",
    /// Mirroring left to right.
    HorizontalFlip = "horizontal_flip",
    /// Turning about the centre.
    Rotate = "rotate",
    /// Scaling, shearing, turning and shifting.
    Affine = "affine",
    /// Cutting strips off the sides.
    Crop = "crop",
    /// Cutting the middle out.
    CentreCrop = "centre_crop",
    /// Cutting a random rectangle out and resizing it.
    CropResized = "crop_resized",
    /// Additive normal noise.
    GaussianNoise = "gaussian_noise",
    /// Exchanging the colour channels.
    ChannelPermutation = "channel_permutation",
    /// Multiplying and adding.
    Brightness = "brightness",
    /// Stretching values about a middle.
    Contrast = "contrast",
    /// Turning the colour circle.
    Hue = "hue",
    /// More or less colour.
    Saturation = "saturation",
    /// Blending with grey.
    Grayscale = "grayscale",
    /// Noise along the principal components of natural colours.
    Lighting = "lighting",
    /// Gaussian blur.
    Blur = "blur",
    /// Sharpening, or softening.
    Sharpen = "sharpen",
    /// Blanking a coarse grid's cells.
    CoarseDropout = "coarse_dropout",
    /// JPEG artefacts.
    JpegQuality = "jpeg_quality",
    /// All steps.
    Sequential = "sequential",
    /// Some of the steps.
    SomeOf = "some_of",
    /// One of the steps.
    OneOf = "one_of",
    /// Steps with a probability.
    Sometimes = "sometimes",
    /// Steps that draw alike for a whole batch.
    PerBatch = "per_batch",
}

impl Step {
    /// Steps within steps: 0 for a plain one.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Sequential(inner) => depth(&inner.steps),
            Self::SomeOf(inner) => depth(&inner.steps),
            Self::OneOf(inner) => depth(&inner.steps),
            Self::Sometimes(inner) => depth(&inner.steps).max(depth(&inner.otherwise)),
            Self::PerBatch(inner) => depth(&inner.steps),
            _ => 0,
        }
    }
}

impl Transform for Step {
    fn check(&self) -> Result<(), TransformError> {
        self.inner().check()
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        self.inner().apply(work, stream)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::transforms::presets;

    #[test]
    fn names_are_the_tags() {
        for step in presets::one_of_each() {
            let json = serde_json::to_value(&step).unwrap();
            assert_eq!(json["op"], step.name());
            assert_eq!(serde_json::from_value::<Step>(json).unwrap(), step);
        }
        assert_eq!(presets::one_of_each().len() + 5, NAMES.len());
    }

    #[test]
    fn unknown_fields_and_steps_are_refused() {
        for json in [
            r#"{"op": "rotate", "degrees": 5, "angle": 3}"#,
            r#"{"op": "twirl"}"#,
            r#"{"op": "resize"}"#,
            r#"{"degrees": 5}"#,
        ] {
            assert!(serde_json::from_str::<Step>(json).is_err(), "{json}");
        }
    }
}
