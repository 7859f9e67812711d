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
