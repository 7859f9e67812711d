//! The distributions torchvision draws fresh parameters from.
//!
//! Values are drawn with Burn's generator (seed it through `device.seed`), so the distributions equal
//! torchvision's and the draws do not. Biases start at 0 and batch norm at the identity.

use burn::module::Initializer;

/// Convolutions of ResNet, VGG and the RoI heads: normal with σ = `√(2 / fan_out)`
/// (`kaiming_normal_(mode="fan_out", nonlinearity="relu")`; He et al. 2015, eq. 14).
pub fn kaiming_normal() -> Initializer {
    Initializer::KaimingNormal {
        gain: std::f64::consts::SQRT_2,
        fan_out_only: true,
    }
}

/// Convolutions of the pyramid: uniform within `±√(3 / fan_in)` (`kaiming_uniform_(a=1)`: the gain for
/// a leaky ReLU of slope 1 is √(2 / (1 + 1²)) = 1).
pub fn pyramid_uniform() -> Initializer {
    Initializer::KaimingUniform {
        gain: 1.0,
        fan_out_only: false,
    }
}

/// Normal with mean 0: σ = 0.01 for VGG's classifier and the RPN head.
pub fn normal(std: f64) -> Initializer {
    Initializer::Normal { mean: 0.0, std }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wardrobe_kernels::device::test_device;
    use wardrobe_kernels::generator::Generator;

    use super::*;
    use crate::conv_norm::Conv2dConfig;

    /// 64 · 128 · 9 = 73,728 draws of a layer that reads 64 · 9 = 576 and feeds 128 · 9 = 1152 values.
    fn draws(initializer: Initializer) -> Vec<f32> {
        let device = test_device();
        let _generator = Generator::seeded(&device, 11);
        let conv = Conv2dConfig::new(64, 128, 3)
            .with_initializer(initializer)
            .init(&device);
        conv.weight.val().into_data().try_to_vec().unwrap()
    }

    fn deviation(values: &[f32]) -> f32 {
        let squares: f32 = values.iter().map(|value| value * value).sum();
        (squares / values.len() as f32).sqrt()
    }

    #[test]
    fn convolutions_are_normal_by_fan_out() {
        // √(2 / 1152) = 0.041667; the sample's deviation is within 1/√(2 · 73,728) = 0.26 % of it, so
        // 2 % is more than seven of its own deviations.
        let found = deviation(&draws(kaiming_normal()));
        assert!((found / 0.041_667 - 1.0).abs() < 0.02, "{found}");
    }

    #[test]
    fn the_pyramid_is_uniform_by_fan_in() {
        // ±√(3 / 576) = ±0.072169.
        let values = draws(pyramid_uniform());
        let largest = values
            .iter()
            .fold(0.0_f32, |largest, value| largest.max(value.abs()));
        assert!(largest <= 0.072_17 && largest > 0.072, "{largest}");
    }

    #[test]
    fn a_normal_has_the_deviation_it_says() {
        let found = deviation(&draws(normal(0.01)));
        assert!((found / 0.01 - 1.0).abs() < 0.02, "{found}");
    }
}
