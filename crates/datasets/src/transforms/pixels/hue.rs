//! Turning the colour circle.

use serde::{Deserialize, Serialize};

use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// Turns every colour on the hue circle, keeping HSV's value and saturation (torchvision's
/// `adjust_hue`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hue {
    /// Part of a full turn (−0.5 to 0.5): red goes to green for 1/3.
    pub turn: Range,
}

/// One colour turned by `sixths` of a circle (0–6).
///
/// Hue in sixths follows the HSV hexagon (Smith 1978): with V the largest channel and C the distance
/// to the smallest, h = (g − b) / C, 2 + (b − r) / C or 4 + (r − g) / C where r, g or b is V. Back:
/// each channel is V − C · max(0, min(k, 4 − k, 1)) with k = (n + h) mod 6, n = 5, 3, 1.
#[inline(always)]
fn turn([red, green, blue]: [u8; 3], sixths: f32) -> [u8; 3] {
    let [r, g, b] = [red, green, blue].map(f32::from);
    let value = r.max(g).max(b);
    let chroma = value - r.min(g).min(b);
    // Grey has no hue; whatever is computed for it is multiplied by its chroma of 0.
    let scale = 1.0 / if chroma > 0.0 { chroma } else { 1.0 };
    let of_red = (g - b) * scale;
    let of_green = 2.0 + (b - r) * scale;
    let of_blue = 4.0 + (r - g) * scale;
    let hue = if r == value {
        of_red
    } else if g == value {
        of_green
    } else {
        of_blue
    };
    // −1 to 5, plus up to 6, plus up to 5.
    let base = hue + sixths;
    let channel = |n: f32| {
        let k = base + n;
        let k = if k >= 6.0 { k - 6.0 } else { k };
        let k = if k >= 6.0 { k - 6.0 } else { k };
        let k = if k < 0.0 { k + 6.0 } else { k };
        let part = k.min(4.0 - k).clamp(0.0, 1.0);
        (value - chroma * part + 0.5) as u8
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

impl Transform for Hue {
    fn check(&self) -> Result<(), TransformError> {
        self.turn
            .check("turn", -0.5..=0.5, "a turn is −0.5 to 0.5 of the circle")
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let sixths = (6.0 * stream.dice().within(self.turn)).rem_euclid(6.0) as f32;
        if sixths == 0.0 {
            return Ok(());
        }
        for pixel in work.picture_mut().data_mut().as_chunks_mut::<3>().0 {
            *pixel = turn(*pixel, sixths);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_of_a_turn_rotate_the_channels() {
        for colour in [
            [200, 40, 90],
            [10, 250, 30],
            [0, 0, 255],
            [77, 77, 77],
            [9, 8, 8],
        ] {
            let [r, g, b] = colour;
            assert_eq!(turn(colour, 2.0), [b, r, g], "{colour:?}");
            assert_eq!(turn(colour, 4.0), [g, b, r], "{colour:?}");
            assert_eq!(turn(colour, 6.0), colour, "{colour:?}");
        }
    }

    #[test]
    fn red_becomes_yellow_after_a_sixth() {
        assert_eq!(turn([255, 0, 0], 1.0), [255, 255, 0]);
        // A twelfth: halfway, 127.5 rounded up.
        assert_eq!(turn([255, 0, 0], 0.5), [255, 128, 0]);
        // Against the circle: 6 − 0.5.
        assert_eq!(turn([255, 0, 0], 5.5), [255, 0, 128]);
    }
}
