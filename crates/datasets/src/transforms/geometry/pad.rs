//! Padding to a square.

use serde::{Deserialize, Serialize};

use crate::transforms::{AffineMap, Canvas, Stream, Transform, TransformError, Work};

/// Where the picture stands in the square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PadPlace {
    /// In the middle; an odd pixel goes to the right or below.
    #[default]
    Centre,
    /// In the top left corner: coordinates stay.
    TopLeft,
}

/// Makes the picture as wide as high by adding a border to its shorter side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SquarePad {
    /// The border's colour; black when left out.
    #[serde(default)]
    pub fill: [u8; 3],
    /// Where the picture stands.
    #[serde(default)]
    pub place: PadPlace,
}

impl Transform for SquarePad {
    fn check(&self) -> Result<(), TransformError> {
        Ok(())
    }

    fn apply(&self, work: &mut Work, _stream: &Stream) -> Result<(), TransformError> {
        let [width, height] = work.size();
        let side = width.max(height);
        let [dx, dy] = match self.place {
            PadPlace::Centre => [(side - width) / 2, (side - height) / 2],
            PadPlace::TopLeft => [0, 0],
        };
        let canvas = Canvas {
            size: [side, side],
            fill: self.fill,
            min_visible: 0.0,
        };
        work.transform(&AffineMap::shift(dx as f64, dy as f64), &canvas)
    }
}
