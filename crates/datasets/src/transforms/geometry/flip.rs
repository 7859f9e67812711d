//! Mirroring left to right.

use serde::{Deserialize, Serialize};

use crate::transforms::range::check_probability;
use crate::transforms::{AffineMap, Canvas, Stream, Transform, TransformError, Work};

/// Mirrors the picture left to right; left and right landmarks and parsing classes change places.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HorizontalFlip {
    /// How likely it is (0–1); always when left out.
    #[serde(default = "always")]
    pub probability: f32,
}

fn always() -> f32 {
    1.0
}

impl Default for HorizontalFlip {
    fn default() -> Self {
        Self { probability: 1.0 }
    }
}

impl Transform for HorizontalFlip {
    fn check(&self) -> Result<(), TransformError> {
        check_probability("probability", self.probability)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        if !stream.dice().chance(self.probability) {
            return Ok(());
        }
        let size = work.size();
        let canvas = Canvas {
            size,
            fill: [0; 3],
            min_visible: 0.0,
        };
        work.transform(&AffineMap::mirror(size[0] as f64), &canvas)
    }
}
