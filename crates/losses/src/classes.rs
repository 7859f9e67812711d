//! Which class is it?
//!
//! Legend: R rows, C classes, p the softmax of a row's logits, y its label.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::binary::power;

/// Why a loss cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("setting {field}: found {found}, expected {expected}")]
pub struct LossSettingError {
    /// The field of [`ClassLoss`].
    pub field: &'static str,
    /// The value found.
    pub found: String,
    /// The values that are allowed.
    pub expected: &'static str,
}

/// Cross-entropy with its three usual refinements, each off by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassLoss {
    /// ε of label smoothing, in 0 … 1: the target is `(1 − ε)` on the label and `ε / C` everywhere (*Rethinking the Inception
    /// Architecture*, section 7; *Bag of Tricks* uses 0.1).
    pub label_smoothing: f32,
    /// γ of the focal modulation `(1 − p_y)^γ` (*Focal Loss for Dense Object Detection*, section 3.2; 2). It modulates the
    /// whole row, the smoothed part too.
    pub focal_gamma: f32,
    /// One weight per class ([`class_balanced_weights`]); the mean is then weighted, as PyTorch has it.
    pub class_weights: Option<Vec<f32>>,
}

impl ClassLoss {
    /// Checks every number.
    ///
    /// # Errors
    /// [`LossSettingError`] for ε outside 0 … 1, a negative γ, or weights that are negative, not finite, all 0, or
    /// not one for each class.
    pub fn validate(&self, classes: usize) -> Result<(), LossSettingError> {
        let fail = |field, found: String, expected| {
            Err(LossSettingError {
                field,
                found,
                expected,
            })
        };
        if !(0.0..=1.0).contains(&self.label_smoothing) {
            let found = self.label_smoothing.to_string();
            return fail("label_smoothing", found, "a number from 0 to 1");
        }
        if !(self.focal_gamma.is_finite() && self.focal_gamma >= 0.0) {
            return fail("focal_gamma", self.focal_gamma.to_string(), "at least 0");
        }
        if let Some(weights) = &self.class_weights {
            if weights.len() != classes {
                let found = format!("{} weights for {classes} classes", weights.len());
                return fail("class_weights", found, "one for each class");
            }
            if !weights.iter().all(|w| w.is_finite() && *w >= 0.0)
                || weights.iter().all(|w| *w == 0.0)
            {
                let found = format!("{weights:?}");
                return fail("class_weights", found, "numbers from 0, not all of them 0");
            }
        }
        Ok(())
    }

    /// The mean loss, one number `[1]`, of logits `[R, C]` against labels `[R]` in 0 … C − 1; 0 where there is no row.
    ///
    /// A row's loss is `(1 − p_y)^γ · (−(1 − ε) w_y ln p_y − ε/C Σ_c w_c ln p_c)`; the mean divides by `Σ w_y`, without
    /// weights by R. That is `torch.nn.functional.cross_entropy` for γ = 0.
    ///
    /// # Panics
    /// If there is not one label for each row, or the settings are not [valid](Self::validate).
    pub fn forward(&self, logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        let [rows, classes] = logits.dims();
        assert_eq!(
            labels.dims(),
            [rows],
            "labels {:?} for logits [{rows}, {classes}]",
            labels.dims()
        );
        self.validate(classes)
            .unwrap_or_else(|error| panic!("{error}"));
        let device = logits.device();
        if rows == 0 {
            // Still a function of the logits, so that the graph stays whole.
            return logits.sum();
        }
        let log_p = log_softmax(logits, 1);
        let label = labels.clone().reshape([rows, 1]);
        let log_p_label = log_p.clone().gather(1, label);
        let weights = self
            .class_weights
            .as_ref()
            .map(|weights| Tensor::<1>::from_floats(weights.as_slice(), &device));
        let (on_label, everywhere, divisor) = match &weights {
            Some(weights) => {
                let of_label = weights.clone().select(0, labels).reshape([rows, 1]);
                (
                    log_p_label.clone() * of_label.clone(),
                    log_p * weights.clone().reshape([1, classes]),
                    of_label.sum(),
                )
            }
            None => (
                log_p_label.clone(),
                log_p,
                Tensor::from_floats([rows as f32], &device),
            ),
        };
        let smoothing = self.label_smoothing;
        let mut entropy = -on_label * (1.0 - smoothing);
        if smoothing > 0.0 {
            entropy = entropy - everywhere.sum_dim(1) * (smoothing / classes as f32);
        }
        if self.focal_gamma > 0.0 {
            let missed = (-log_p_label.exp() + 1.0).clamp_min(0.0);
            entropy = entropy * power(missed, self.focal_gamma);
        }
        // Rows of classes that weigh nothing say nothing.
        entropy.sum() / divisor.clamp_min(f32::MIN_POSITIVE)
    }
}

/// The mean of `−Σ_c t_c ln p_c` over the rows, one number `[1]`: logits `[R, C]` against distributions `[R, C]`, such as
/// mixup makes them; 0 where there is no row.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_losses::soft_cross_entropy;
///
/// let device = Device::flex();
/// let loss = soft_cross_entropy(Tensor::zeros([1, 4], &device), Tensor::from_floats([[0.7, 0.3, 0.0, 0.0]], &device));
/// assert!((loss.into_scalar::<f32>() - 4_f32.ln()).abs() < 1e-6);
/// ```
///
/// # Panics
/// If the shapes differ.
pub fn soft_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    assert_eq!(
        logits.dims(),
        targets.dims(),
        "logits and targets must be of one shape [R, C]"
    );
    if rows == 0 {
        return logits.sum();
    }
    -(log_softmax(logits, 1) * targets).sum() / rows as f32
}

/// Class-balanced weights (*Class-Balanced Loss Based on Effective Number of Samples*, equation 2): the inverse of
/// `(1 − βⁿ) / (1 − β)`, scaled to a mean of 1 over the classes that occur. A class without samples weighs 0.
///
/// β = 0 weighs all alike, β → 1 by inverse frequency; the paper uses 0.9 … 0.9999.
///
/// ```
/// use wardrobe_losses::class_balanced_weights;
///
/// // β = ½: effective numbers 1, 1.5 and 1.75 for one, two and three samples.
/// let weights = class_balanced_weights(&[1, 2, 3, 0], 0.5);
/// assert!((weights[0] / weights[1] - 1.5).abs() < 1e-6 && (weights[0] / weights[2] - 1.75).abs() < 1e-6);
/// assert_eq!(weights[3], 0.0);
/// ```
///
/// # Panics
/// If β is outside 0 … 1, 1 excluded.
pub fn class_balanced_weights(counts: &[usize], beta: f64) -> Vec<f32> {
    assert!(
        (0.0..1.0).contains(&beta),
        "β must be in [0, 1), found {beta}"
    );
    let weight = |&count: &usize| match count {
        0 => 0.0,
        // n as a float: counts beyond 2⁵³ do not occur.
        count => (1.0 - beta) / (1.0 - beta.powf(count as f64)),
    };
    let weights: Vec<f64> = counts.iter().map(weight).collect();
    let present = counts.iter().filter(|count| **count > 0).count();
    let scale = present as f64 / weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    weights
        .iter()
        .map(|weight| (weight * scale) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use burn::tensor::Device;
    use wardrobe_kernels::device::test_device;

    /// Probabilities (½, ¼, ¼) and (⅙, ⅙, ⅔).
    fn logits(device: &Device) -> Tensor<2> {
        let rows = [[0.5_f32, 0.25, 0.25], [1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0]];
        Tensor::from_floats(rows.map(|row| row.map(f32::ln)), device)
    }

    fn loss(settings: &ClassLoss, labels: [i64; 2]) -> f32 {
        let device = test_device();
        settings
            .forward(logits(&device), Tensor::from_ints(labels, &device))
            .into_scalar()
    }

    fn assert_close(found: f32, expected: f64) {
        assert!(
            (f64::from(found) - expected).abs() < 1e-6,
            "{found} is not {expected}"
        );
    }

    #[test]
    fn the_refinements_by_hand() {
        let ln = |x: f64| x.ln();
        let plain = ClassLoss::default();
        assert_close(loss(&plain, [0, 2]), -(ln(0.5) + ln(2.0 / 3.0)) / 2.0);
        let smoothed = ClassLoss {
            label_smoothing: 0.3,
            ..plain.clone()
        };
        // 0.7 on the label, 0.1 on each class.
        let first = 0.7 * ln(0.5) + 0.1 * (ln(0.5) + 2.0 * ln(0.25));
        let second = 0.7 * ln(2.0 / 3.0) + 0.1 * (2.0 * ln(1.0 / 6.0) + ln(2.0 / 3.0));
        assert_close(loss(&smoothed, [0, 2]), -(first + second) / 2.0);
        let focal = ClassLoss {
            focal_gamma: 2.0,
            ..plain.clone()
        };
        let expected = -(0.25 * ln(0.5) + ln(2.0 / 3.0) / 9.0) / 2.0;
        assert_close(loss(&focal, [0, 2]), expected);
        let weighted = ClassLoss {
            class_weights: Some(vec![1.0, 5.0, 3.0]),
            ..plain
        };
        let expected = -(ln(0.5) + 3.0 * ln(2.0 / 3.0)) / 4.0;
        assert_close(loss(&weighted, [0, 2]), expected);
    }

    #[test]
    fn weights_and_smoothing_together_as_pytorch_has_them() {
        let both = ClassLoss {
            label_smoothing: 0.3,
            class_weights: Some(vec![1.0, 5.0, 3.0]),
            ..ClassLoss::default()
        };
        // 0.7 w_y ln p_y + 0.1 Σ w_c ln p_c, divided by Σ w_y = 1 + 3.
        let ln = |x: f64| x.ln();
        let first = 0.7 * ln(0.5) + 0.1 * (ln(0.5) + 8.0 * ln(0.25));
        let second = 2.1 * ln(2.0 / 3.0) + 0.1 * (6.0 * ln(1.0 / 6.0) + 3.0 * ln(2.0 / 3.0));
        assert_close(loss(&both, [0, 2]), -(first + second) / 4.0);
    }

    #[test]
    fn the_gradient_is_the_probability_less_the_target() {
        let device = test_device().autodiff();
        let logits = logits(&device).require_grad();
        let labels = Tensor::from_ints([0, 2], &device);
        let loss = ClassLoss::default().forward(logits.clone(), labels);
        let gradient = logits.grad(&loss.backward()).unwrap();
        let gradient = gradient.into_data().try_to_vec::<f32>().unwrap();
        // (p − t) / 2 rows.
        let expected = [-0.25, 0.125, 0.125, 1.0 / 12.0, 1.0 / 12.0, -1.0 / 6.0];
        for (found, expected) in gradient.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{gradient:?}");
        }
    }

    #[test]
    fn no_row_is_no_loss() {
        let device = test_device();
        let none = Tensor::<2>::zeros([0, 3], &device);
        let labels = Tensor::<1, Int>::zeros([0], &device);
        let loss = ClassLoss::default().forward(none.clone(), labels);
        assert_close(loss.into_scalar(), 0.0);
        assert_close(soft_cross_entropy(none.clone(), none).into_scalar(), 0.0);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let message = |loss: ClassLoss| loss.validate(3).unwrap_err().to_string();
        let plain = ClassLoss::default;
        let found = message(ClassLoss {
            label_smoothing: 1.5,
            ..plain()
        });
        assert_eq!(
            found,
            "setting label_smoothing: found 1.5, expected a number from 0 to 1"
        );
        let found = message(ClassLoss {
            focal_gamma: f32::NAN,
            ..plain()
        });
        assert_eq!(found, "setting focal_gamma: found NaN, expected at least 0");
        let found = message(ClassLoss {
            class_weights: Some(vec![1.0]),
            ..plain()
        });
        assert_eq!(
            found,
            "setting class_weights: found 1 weights for 3 classes, expected one for each class"
        );
    }
}
