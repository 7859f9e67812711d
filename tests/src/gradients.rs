//! Comparing gradients too large to store: by their norm, and by their products with vectors of ±1.
//!
//! For a difference d and signs s drawn at random, `(s·d)²` is `‖d‖²` in the mean (Johnson and Lindenstrauss): the root mean
//! square of a few products of the difference estimates its norm, whatever the direction, at a few numbers a parameter.

use rayon::prelude::*;

use crate::fixture::Fixture;
use crate::parameters::noise;

/// What a fixture knows of one parameter's gradient.
#[derive(Debug, Clone)]
pub struct ExpectedGradient {
    /// The parameter's name.
    pub name: String,
    /// Euclidean norm.
    norm: f64,
    /// Products with the parameter's sign vectors.
    products: Vec<f64>,
}

impl ExpectedGradient {
    /// Those of all trained parameters, in torchvision's order.
    ///
    /// # Panics
    /// If the fixture has none.
    pub fn all(fixture: &Fixture) -> Vec<Self> {
        let names: Vec<String> = fixture.fact("gradients");
        let norms = fixture.doubles("gradient_norms");
        let products = fixture.doubles("gradient_products");
        let each = products.len() / names.len();
        names
            .into_iter()
            .zip(norms)
            .zip(products.chunks_exact(each))
            .map(|((name, norm), products)| Self {
                name,
                norm,
                products: products.to_vec(),
            })
            .collect()
    }

    /// An estimate of `‖found − expected‖ / ‖expected‖`, and never less than how far the norms differ.
    pub fn relative_error(&self, found: &[f32]) -> f64 {
        let squares = self
            .products
            .par_iter()
            .enumerate()
            .map(|(index, product)| {
                let signs = noise(&format!("projection.{index}/{}", self.name), found.len(), 0);
                let pairs = found.iter().zip(signs);
                let sum: f64 = pairs
                    .map(|(value, sign)| {
                        let value = f64::from(*value);
                        if sign < 0.0 { -value } else { value }
                    })
                    .sum();
                (sum - product).powi(2)
            });
        let distance = (squares.sum::<f64>() / self.products.len() as f64).sqrt();
        let norm = found
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            .sqrt();
        distance.max((norm - self.norm).abs()) / self.norm.max(f64::MIN_POSITIVE)
    }

    /// The norm torchvision found.
    pub const fn norm(&self) -> f64 {
        self.norm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(values: &[f32]) -> ExpectedGradient {
        let products = (0..4).map(|index| {
            let signs = noise(&format!("projection.{index}/layer.weight"), values.len(), 0);
            let pairs = values.iter().zip(signs);
            pairs
                .map(|(v, s)| f64::from(*v) * f64::from(s.signum()))
                .sum()
        });
        ExpectedGradient {
            name: "layer.weight".to_owned(),
            norm: values
                .iter()
                .map(|v| f64::from(*v).powi(2))
                .sum::<f64>()
                .sqrt(),
            products: products.collect(),
        }
    }

    #[test]
    fn the_estimate_is_of_the_size_of_the_error() {
        let values = noise("gradient", 5000, 0);
        let expected = expected(&values);
        assert!(expected.relative_error(&values) < 1e-6);
        // Noise of a hundredth of the size, orthogonal or not; and two values swapped by place.
        let errors = noise("error", 5000, 0);
        let moved: Vec<f32> = values
            .iter()
            .zip(&errors)
            .map(|(v, e)| v + 0.01 * e)
            .collect();
        let error = expected.relative_error(&moved);
        assert!((0.002..0.03).contains(&error), "{error}");
        let mut turned = values.clone();
        turned.rotate_left(1);
        assert!(expected.relative_error(&turned) > 0.3);
    }
}
