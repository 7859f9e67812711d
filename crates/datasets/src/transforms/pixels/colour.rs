//! Colour steps that are tables: brightness, contrast, lighting, channel permutation.

use serde::{Deserialize, Serialize};

use super::grey::mean_grey;
use super::tables::ChannelTables;
use crate::transforms::range::check_probability;
use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// `value · multiply + add`, cut to 0–255, the fraction dropped.
///
/// `multiply` alone is Pillow's `ImageEnhance.Brightness` and imgaug's `Multiply`; whole numbers to
/// `add` alone are imgaug's `Add`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brightness {
    /// Factor (0 to 100).
    pub multiply: Range,
    /// Levels to add (−255 to 255).
    pub add: Range,
    /// Probability (0–1) that each channel has numbers of its own.
    pub per_channel: f32,
}

impl Default for Brightness {
    /// Changes nothing.
    fn default() -> Self {
        Self {
            multiply: Range::fixed(1.0),
            add: Range::fixed(0.0),
            per_channel: 0.0,
        }
    }
}

impl Transform for Brightness {
    fn check(&self) -> Result<(), TransformError> {
        self.multiply
            .check("multiply", 0.0..=100.0, "a factor is 0 to 100")?;
        self.add
            .check("add", -255.0..=255.0, "levels are −255 to 255")?;
        check_probability("per_channel", self.per_channel)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let each = dice.chance(self.per_channel);
        let drawn: [[f32; 2]; 3] = std::array::from_fn(|_| {
            [self.multiply, self.add].map(|range| dice.within(range) as f32)
        });
        work.map_channels(&ChannelTables::of_channels(|channel, value| {
            let [multiply, add] = drawn[if each { channel } else { 0 }];
            value * multiply + add
        }));
        Ok(())
    }
}

/// The value that contrast leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pivot {
    /// 127, as in imgaug's `LinearContrast`.
    #[default]
    Middle,
    /// The picture's mean grey, rounded, as in Pillow's `ImageEnhance.Contrast`. (torchvision does
    /// not round it.)
    MeanGrey,
}

/// `pivot + factor · (value − pivot)`, cut to 0–255, the fraction dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// Factor (0 to 100); 1 changes nothing.
    pub factor: Range,
    /// The value that stays.
    #[serde(default)]
    pub about: Pivot,
    /// Probability (0–1) that each channel has a factor of its own.
    #[serde(default)]
    pub per_channel: f32,
}

impl Transform for Contrast {
    fn check(&self) -> Result<(), TransformError> {
        self.factor
            .check("factor", 0.0..=100.0, "a factor is 0 to 100")?;
        check_probability("per_channel", self.per_channel)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let each = dice.chance(self.per_channel);
        let factors: [f32; 3] = std::array::from_fn(|_| dice.within(self.factor) as f32);
        let pivot = match self.about {
            Pivot::Middle => 127.0,
            Pivot::MeanGrey => f32::from(mean_grey(work.picture_mut().data())),
        };
        work.map_channels(&ChannelTables::of_channels(|channel, value| {
            pivot + factors[if each { channel } else { 0 }] * (value - pivot)
        }));
        Ok(())
    }
}

/// Adds a random mixture of the principal components of ImageNet's colours (Krizhevsky et al. 2012,
/// section 4.1; the bag-of-tricks paper, section 2.1, step 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lighting {
    /// Standard deviation of each component's coefficient (0 to 10); the papers use 0.1.
    pub deviation: f32,
}

/// Standard deviations of ImageNet's colours along their principal components, for values of 0–1
/// (Krizhevsky et al. 2012, as published with fb.resnet.torch).
const COMPONENT_SIZES: [f64; 3] = [0.2175, 0.0188, 0.0045];
/// The components: column k belongs to size k, rows are red, green, blue (same source).
const COMPONENTS: [[f64; 3]; 3] = [
    [-0.5675, 0.7192, 0.4009],
    [-0.5808, -0.0045, -0.8140],
    [-0.5836, -0.6948, 0.4203],
];

/// What is added to red, green and blue (0–255) for three coefficients.
fn lighting(coefficients: [f64; 3]) -> [f64; 3] {
    COMPONENTS.map(|row| {
        let terms = (0..3).map(|k| row[k] * coefficients[k] * COMPONENT_SIZES[k]);
        255.0 * terms.sum::<f64>()
    })
}

impl Transform for Lighting {
    fn check(&self) -> Result<(), TransformError> {
        let expected = "a deviation is 0 to 10";
        Range::fixed(self.deviation).check("deviation", 0.0..=10.0, expected)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let coefficients = std::array::from_fn(|_| dice.normal() * f64::from(self.deviation));
        let add = lighting(coefficients);
        // Rounded, not truncated: noise must not darken on average.
        work.map_channels(&ChannelTables::of_channels(|channel, value| {
            value + add[channel] as f32 + 0.5
        }));
        Ok(())
    }
}

/// Exchanges the colour channels: paper B's measure against learning colours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelPermutation {
    /// How likely a permutation is drawn (0–1), each of the six equally likely.
    pub probability: f32,
    /// Always this one: channel k of the result is channel `order[k]`.
    pub order: Option<[usize; 3]>,
}

impl Default for ChannelPermutation {
    /// Always a random one.
    fn default() -> Self {
        Self {
            probability: 1.0,
            order: None,
        }
    }
}

impl Transform for ChannelPermutation {
    fn check(&self) -> Result<(), TransformError> {
        check_probability("probability", self.probability)?;
        if let Some(order) = self.order {
            let mut sorted = order;
            sorted.sort_unstable();
            if sorted != [0, 1, 2] {
                let expected = "an order names 0, 1 and 2 once each";
                return Err(TransformError::setting("order", order, expected));
            }
        }
        Ok(())
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        if !dice.chance(self.probability) {
            return Ok(());
        }
        let drawn = dice.choose(3, 3);
        let order = self.order.unwrap_or([drawn[0], drawn[1], drawn[2]]);
        work.map_channels(&ChannelTables::permutation(order));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lighting_follows_the_components() {
        // The first component alone: 255 · −0.5675 · 0.2175 · 0.1 = −3.1475 for red, and so on.
        let [r, g, b] = lighting([0.1, 0.0, 0.0]);
        assert!((r + 3.147_496).abs() < 1e-5, "{r}");
        assert!((g + 3.221_262).abs() < 1e-5, "{g}");
        assert!((b + 3.236_791).abs() < 1e-5, "{b}");
        // Components are perpendicular, to the four digits they are printed with.
        for j in 0..3 {
            for k in 0..j {
                let product: f64 = COMPONENTS.iter().map(|row| row[j] * row[k]).sum();
                assert!(product.abs() < 2e-4, "{j} {k}: {product}");
            }
        }
    }

    #[test]
    fn an_order_is_a_permutation() {
        let of = |order| ChannelPermutation {
            probability: 1.0,
            order: Some(order),
        };
        assert!(of([2, 0, 1]).check().is_ok());
        for order in [[0, 0, 1], [1, 2, 3]] {
            assert!(of(order).check().is_err(), "{order:?}");
        }
    }
}
