//! How a box moves: the code `(dx, dy, dw, dh)` of a target relative to a reference.
//!
//! With centre `(x, y)` and sides `(w, h)`, reference subscripted `a` and weights `(wx, wy, ww, wh)`:
//!
//! ```text
//! dx = wx (x − xa) / wa     dw = ww ln(w / wa)
//! dy = wy (y − ya) / ha     dh = wh ln(h / ha)
//! ```
//!
//! *Rich feature hierarchies* (R-CNN), appendix C; the weights are Fast R-CNN's standardisation of the targets.

use burn::tensor::Tensor;

use crate::config::BoxCoderConfig;

/// Largest `dw`, `dh` before weights: a side grows at most from 16 px to 1000 px in one step, `ln(1000/16) ≈ 4.135`
/// (Detectron; keeps `exp` finite while the predictor is still random).
pub const LOG_SCALE_LIMIT: f32 = 4.135_166_6;

/// Encodes boxes against references and decodes codes against them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxCoder {
    weights: [f32; 4],
}

impl BoxCoder {
    /// A coder of these weights.
    pub const fn new(config: &BoxCoderConfig) -> Self {
        Self {
            weights: config.weights,
        }
    }

    /// The codes `[K, 4]` that move `references` `[K, 4]` onto `targets` `[K, 4]`.
    ///
    /// Sides must be positive; a side of zero gives an infinite code.
    ///
    /// # Panics
    ///
    /// If the two are not of one shape `[K, 4]`.
    pub fn encode(&self, targets: Tensor<2>, references: Tensor<2>) -> Tensor<2> {
        assert_eq!(
            targets.dims(),
            references.dims(),
            "targets and references must be of one shape [K, 4]"
        );
        let device = targets.device();
        let (centre, sides) = centre_and_sides(targets);
        let (from_centre, from_sides) = centre_and_sides(references);
        let shift = (centre - from_centre) / from_sides.clone();
        let growth = (sides / from_sides).log();
        Tensor::cat(vec![shift, growth], 1) * Tensor::<2>::from_floats([self.weights], &device)
    }

    /// The boxes `[K, 4]` that `codes` `[K, 4]` make of `references` `[K, 4]`; growth is limited by [`LOG_SCALE_LIMIT`].
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use wardrobe_rpn_roi::{box_coder::BoxCoder, config::BoxCoderConfig};
    ///
    /// let coder = BoxCoder::new(&BoxCoderConfig::new([10.0, 10.0, 5.0, 5.0]));
    /// let reference = Tensor::from_floats([[0.0, 0.0, 20.0, 10.0]], &Device::flex());
    /// // dx = 5 / 10 of a width of 20: ten pixels to the right.
    /// let moved = coder.decode(Tensor::from_floats([[5.0, 0.0, 0.0, 0.0]], &Device::flex()), reference);
    /// assert_eq!(moved.into_data().try_to_vec::<f32>().unwrap(), [10.0, 0.0, 30.0, 10.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the two are not of one shape `[K, 4]`.
    pub fn decode(&self, codes: Tensor<2>, references: Tensor<2>) -> Tensor<2> {
        assert_eq!(
            codes.dims(),
            references.dims(),
            "codes and references must be of one shape [K, 4]"
        );
        let codes = codes / Tensor::<2>::from_floats([self.weights], &references.device());
        let shift = codes.clone().narrow(1, 0, 2);
        let growth = codes.narrow(1, 2, 2).clamp_max(LOG_SCALE_LIMIT);
        let (centre, sides) = centre_and_sides(references);
        let centre = shift * sides.clone() + centre;
        let half = growth.exp() * sides * 0.5;
        Tensor::cat(vec![centre.clone() - half.clone(), centre + half], 1)
    }
}

/// Centres `[K, 2]` and sides `[K, 2]` of boxes `[K, 4]`.
fn centre_and_sides(boxes: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let low = boxes.clone().narrow(1, 0, 2);
    let sides = boxes.narrow(1, 2, 2) - low.clone();
    (low + sides.clone() * 0.5, sides)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    fn coder(weights: [f32; 4]) -> BoxCoder {
        BoxCoder::new(&BoxCoderConfig::new(weights))
    }

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn encodes_by_hand() {
        let device = test_device();
        // Reference: centre (10, 20), sides (20, 40). Target: centre (15, 10), sides (10, 80).
        let reference = Tensor::from_floats([[0.0, 0.0, 20.0, 40.0]], &device);
        let target = Tensor::from_floats([[10.0, -30.0, 20.0, 50.0]], &device);
        let code = values(coder([10.0, 10.0, 5.0, 5.0]).encode(target, reference));
        // dx = 10 · 5/20 = 2.5, dy = 10 · (−10)/40 = −2.5, dw = 5 ln ½, dh = 5 ln 2.
        let ln2 = std::f32::consts::LN_2;
        for (found, expected) in code.iter().zip([2.5, -2.5, -5.0 * ln2, 5.0 * ln2]) {
            assert!((found - expected).abs() < 1e-5, "{code:?}");
        }
    }

    #[test]
    fn decoding_undoes_encoding() {
        let device = test_device();
        let references =
            Tensor::from_floats([[0.0, 0.0, 20.0, 40.0], [-7.5, 3.0, 100.25, 9.0]], &device);
        let targets = Tensor::from_floats(
            [[3.0, -30.0, 20.5, 50.0], [0.0, 0.0, 640.0, 300.0]],
            &device,
        );
        let coder = coder([10.0, 10.0, 5.0, 5.0]);
        let back = coder.decode(
            coder.encode(targets.clone(), references.clone()),
            references,
        );
        for (found, expected) in values(back).iter().zip(values(targets)) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn growth_is_limited() {
        let device = test_device();
        let reference = Tensor::from_floats([[0.0, 0.0, 16.0, 16.0]], &device);
        let grown = values(coder([1.0; 4]).decode(
            Tensor::from_floats([[0.0, 0.0, 50.0, -50.0]], &device),
            reference,
        ));
        // 16 px grow to 16 · 1000/16 = 1000 px and no further: centre 8 ∓ 500. Shrinking has no limit: e⁻⁵⁰ ≈ 0.
        assert!(
            (grown[0] + 492.0).abs() < 1e-2 && (grown[2] - 508.0).abs() < 1e-2,
            "{grown:?}"
        );
        assert!(
            (grown[1] - 8.0).abs() < 1e-4 && (grown[3] - 8.0).abs() < 1e-4,
            "{grown:?}"
        );
    }

    #[test]
    fn no_box_gives_no_box() {
        let device = test_device();
        let none = Tensor::<2>::zeros([0, 4], &device);
        assert_eq!(coder([1.0; 4]).decode(none.clone(), none).dims(), [0, 4]);
    }
}
