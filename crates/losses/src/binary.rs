//! Yes or no: one logit per question.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

/// Binary cross-entropy of logits against targets in 0 … 1, element by element.
///
/// `−t ln σ(x) − (1 − t) ln σ(−x)`, computed as `(1 − t) x − ln σ(x)`: finite for every finite logit, and its gradient is
/// `σ(x) − t` (PyTorch's `binary_cross_entropy_with_logits` with `reduction="none"`).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_losses::binary_cross_entropy;
///
/// let device = Device::flex();
/// let logits = Tensor::<1>::from_floats([0.0, 50.0], &device);
/// let targets = Tensor::<1>::from_floats([1.0, 0.0], &device);
/// let loss = binary_cross_entropy(logits, targets).into_data().try_to_vec::<f32>()?;
/// // ln 2, and 50 for being certain and wrong.
/// assert!((loss[0] - 2_f32.ln()).abs() < 1e-5 && (loss[1] - 50.0).abs() < 1e-4);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
///
/// # Panics
/// If the shapes differ.
pub fn binary_cross_entropy<const D: usize>(logits: Tensor<D>, targets: Tensor<D>) -> Tensor<D> {
    assert_eq!(
        logits.dims(),
        targets.dims(),
        "logits and targets must be of one shape"
    );
    (-targets + 1.0) * logits.clone() - log_sigmoid(logits)
}

/// Focal loss of logits against targets 0 or 1, element by element (*Focal Loss for Dense Object Detection*, equation 5).
///
/// `αₜ (1 − pₜ)^γ · BCE`, where `pₜ` is the probability given to the truth. Without `alpha` both answers weigh alike;
/// the paper's best are α = 0.25, γ = 2 (torchvision's `sigmoid_focal_loss` with `reduction="none"`).
///
/// # Panics
/// If the shapes differ.
pub fn sigmoid_focal<const D: usize>(
    logits: Tensor<D>,
    targets: Tensor<D>,
    alpha: Option<f32>,
    gamma: f32,
) -> Tensor<D> {
    let entropy = binary_cross_entropy(logits.clone(), targets.clone());
    let p = sigmoid(logits);
    let missed = p.clone() * (-targets.clone() + 1.0) + (-p + 1.0) * targets.clone();
    let focal = entropy * power(missed, gamma);
    match alpha {
        Some(alpha) => focal * (targets.clone() * alpha + (-targets + 1.0) * (1.0 - alpha)),
        None => focal,
    }
}

/// `x^γ` for `x ≥ 0`; whole small γ by multiplication, whose gradient at 0 is a number.
pub(crate) fn power<const D: usize>(x: Tensor<D>, gamma: f32) -> Tensor<D> {
    match gamma {
        0.0 => x.ones_like(),
        1.0 => x,
        2.0 => x.clone() * x,
        _ => x.clamp_min(f32::MIN_POSITIVE).powf_scalar(gamma),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use burn::tensor::Device;
    use std::f32::consts::LN_2;
    use wardrobe_kernels::device::test_device;

    fn tensor(values: [f32; 4], device: &Device) -> Tensor<1> {
        Tensor::from_floats(values, device)
    }

    fn assert_close(found: Tensor<1>, expected: [f32; 4]) {
        let found = found.into_data().try_to_vec::<f32>().unwrap();
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 1e-5 * expected.abs().max(1.0),
                "{found} is not {expected}"
            );
        }
    }

    #[test]
    fn the_entropy_and_its_gradient_by_hand() {
        let device = test_device().autodiff();
        let logits = tensor([0.0, 2.0, -2.0, 100.0], &device).require_grad();
        let targets = tensor([1.0, 0.0, 0.25, 1.0], &device);
        let loss = binary_cross_entropy(logits.clone(), targets);
        // ln 2; ln(1 + e²) = 2.126928; ¼·2.126928 + ¾·0.126928 = 0.626928; ln(1 + e⁻¹⁰⁰) = 0.
        assert_close(loss.clone(), [LN_2, 2.126_928, 0.626_928, 0.0]);
        let gradients = loss.sum().backward();
        // σ(x) − t: σ(2) = 0.880797.
        assert_close(
            logits.grad(&gradients).unwrap(),
            [-0.5, 0.880_797, 0.119_203 - 0.25, 0.0],
        );
    }

    #[test]
    fn the_focal_loss_by_hand() {
        let device = test_device();
        let logits = tensor([0.0, 2.0, 2.0, -2.0], &device);
        let targets = tensor([1.0, 1.0, 0.0, 0.0], &device);
        let focal = sigmoid_focal(logits.clone(), targets.clone(), Some(0.25), 2.0);
        // α ½² ln 2; α (1 − .880797)² ln(1 + e⁻²); (1 − α) .880797² ln(1 + e²); (1 − α) .119203² ln(1 + e⁻²).
        let expected = [0.043_321_7, 0.000_450_9, 1.237_559, 0.001_352_7];
        assert_close(focal, expected);
        // γ = 0 without α is the entropy; a γ that is no whole number lies between its neighbours.
        let plain = sigmoid_focal(logits.clone(), targets.clone(), None, 0.0);
        assert_close(plain, [LN_2, 0.126_928, 2.126_928, 0.126_928]);
        let half = sigmoid_focal(logits, targets, None, 0.5);
        // √½ ln 2, √.119203 · .126928, √.880797 · 2.126928, √.119203 · .126928.
        assert_close(half, [0.490_129, 0.043_823_2, 1.996_138, 0.043_823_2]);
    }

    #[test]
    fn certainty_has_a_gradient() {
        let device = test_device().autodiff();
        for gamma in [0.0, 0.5, 1.0, 2.0] {
            let logits = tensor([200.0, -200.0, 200.0, -200.0], &device).require_grad();
            let targets = tensor([1.0, 0.0, 0.0, 1.0], &device);
            let loss = sigmoid_focal(logits.clone(), targets, None, gamma).sum();
            let gradient = logits.grad(&loss.backward()).unwrap();
            let finite = gradient.into_data().iter::<f32>().all(f32::is_finite);
            assert!(finite, "γ = {gamma}");
        }
    }
}
