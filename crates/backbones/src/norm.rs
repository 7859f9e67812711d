//! Batch norm, trained or frozen, as a channel-wise scale and shift.
//!
//! y = (x − mean) / √(variance + ε) · weight + bias, channel by channel. With the statistics fixed
//! this is y = x · scale + shift, scale = weight / √(variance + ε), shift = bias − mean · scale, and
//! the convolution before it can absorb both ([`crate::conv_norm`]). Only training with batch
//! statistics ([`BatchNorm::forward_train`]) is ever a pass of its own.
//!
//! Statistics and arithmetic are f32 also between 16-bit maps.
//!
//! The fields carry PyTorch's names (`weight`, `bias`, `running_mean`, `running_var`).

mod state;

use burn::{
    module::{Flag, Initializer, Module, Param},
    tensor::{Device, Tensor},
};
use serde::{Deserialize, Serialize};

pub use state::{Buffer, RunningStatistic};
use wardrobe_kernels::{conv::Activation, norm::batch_norm, precision::widened};

use crate::{error::ConfigError, watch::see};

/// Added to the variance by `torch.nn.BatchNorm2d` and by torchvision's `FrozenBatchNorm2d`.
pub const TORCH_EPSILON: f64 = 1e-5;

/// Share of the newest batch in the running statistics, `torch.nn.BatchNorm2d`'s default.
pub const TORCH_MOMENTUM: f64 = 0.1;

/// Which batch norm a network gets, and its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNormConfig {
    /// Added to the variance. torchvision's `COCO_V1` detectors were trained with 0 and need 0;
    /// everything else uses 1e-5.
    pub epsilon: f64,
    /// Share of the newest batch in the running statistics, in [0, 1].
    pub momentum: f64,
    /// Statistics, scale and shift are constants (torchvision's `FrozenBatchNorm2d`).
    pub frozen: bool,
}

impl BatchNormConfig {
    /// Statistics and affine parameters are learnt (`torch.nn.BatchNorm2d`).
    pub const fn trained() -> Self {
        Self {
            epsilon: TORCH_EPSILON,
            momentum: TORCH_MOMENTUM,
            frozen: false,
        }
    }

    /// Everything is constant (torchvision's `FrozenBatchNorm2d`).
    pub const fn frozen() -> Self {
        Self {
            epsilon: TORCH_EPSILON,
            momentum: TORCH_MOMENTUM,
            frozen: true,
        }
    }

    /// With another ε.
    pub const fn with_epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// If ε is negative or not finite, or the momentum is outside [0, 1].
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(ConfigError::OutOfRange {
                field: "batch norm epsilon",
                value: self.epsilon,
                expected: "a finite number of at least 0",
            });
        }
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(ConfigError::OutOfRange {
                field: "batch norm momentum",
                value: self.momentum,
                expected: "a number in [0, 1]",
            });
        }
        Ok(())
    }

    /// A norm over `channels` channels: weight 1, bias 0, mean 0, variance 1.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, channels: usize, device: &Device) -> Norm {
        self.validate().unwrap_or_else(|error| panic!("{error}"));
        let (zeros, ones) = (
            Tensor::<1>::zeros([channels], device),
            Tensor::<1>::ones([channels], device),
        );
        if self.frozen {
            return Norm::Frozen(FrozenBatchNorm {
                weight: Buffer::new(ones.clone()),
                bias: Buffer::new(zeros.clone()),
                running_mean: Buffer::new(zeros),
                running_var: Buffer::new(ones),
                epsilon: self.epsilon,
            });
        }
        Norm::Trained(BatchNorm {
            weight: Initializer::Ones.init([channels], device),
            bias: Initializer::Zeros.init([channels], device),
            running_mean: RunningStatistic::new(zeros),
            running_var: RunningStatistic::new(ones),
            training: Param::from_bool(true),
            momentum: self.momentum,
            epsilon: self.epsilon,
        })
    }
}

/// Batch norm of either kind.
#[derive(Module, Debug)]
pub enum Norm {
    /// Learns; see [`BatchNorm`].
    Trained(BatchNorm),
    /// Constant; see [`FrozenBatchNorm`].
    Frozen(FrozenBatchNorm),
}

impl Norm {
    /// Scale and shift `[C]` for fixed statistics.
    pub fn affine(&self) -> (Tensor<1>, Tensor<1>) {
        match self {
            Self::Trained(norm) => norm.affine(),
            Self::Frozen(norm) => norm.affine(),
        }
    }

    /// The trained norm, when `device` trains and the norm is neither frozen nor stopped by
    /// [`Module::freeze`]: then, and only then, the batch's own statistics are used.
    pub fn training_on(&self, device: &Device) -> Option<&BatchNorm> {
        match self {
            Self::Trained(norm) if device.is_autodiff() && norm.training.is_enabled() => Some(norm),
            _ => None,
        }
    }

    /// `[N, C, H, W]` in and out: batch statistics where [`training_on`](Self::training_on) says so,
    /// the running ones otherwise.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        if let Some(norm) = self.training_on(&x.device()) {
            return norm.forward_train(x, None, Activation::None);
        }
        let (scale, shift) = self.affine();
        let (channels, dtype) = (scale.dims()[0], x.dtype());
        let y =
            widened(x) * scale.reshape([1, channels, 1, 1]) + shift.reshape([1, channels, 1, 1]);
        y.cast(dtype)
    }
}

/// Batch norm that learns, `torch.nn.BatchNorm2d`.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale `[C]`.
    pub weight: Param<Tensor<1>>,
    /// Shift `[C]`.
    pub bias: Param<Tensor<1>>,
    /// Running mean `[C]`.
    pub running_mean: RunningStatistic,
    /// Running variance `[C]`, unbiased.
    pub running_var: RunningStatistic,
    /// Whether batch statistics are used on a training device; cleared by [`Module::freeze`].
    pub training: Param<Flag>,
    /// Share of the newest batch in the running statistics.
    pub momentum: f64,
    /// Added to the variance.
    pub epsilon: f64,
}

impl BatchNorm {
    fn affine(&self) -> (Tensor<1>, Tensor<1>) {
        let (weight, bias) = (widened(self.weight.val()), widened(self.bias.val()));
        let device = weight.device();
        let mean = self.running_mean.val().to_device(&device);
        let variance = self.running_var.val().to_device(&device);
        affine(weight, bias, mean, variance, self.epsilon)
    }

    /// `activation(norm(x) + residual)`, `[N, C, H, W]` each: normalises by the batch's own mean and
    /// biased variance over N, H and W, and moves the running statistics: running ← running · (1 − momentum) + batch · momentum, the variance with
    /// Bessel's correction n / (n − 1) as PyTorch has it (n = N·H·W).
    pub fn forward_train(
        &self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        let [n, _, h, w] = x.dims();
        let (device, count) = (x.device(), (n * h * w) as f64);
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let batch = batch_norm(x, weight, bias, residual, self.epsilon, activation);
        // One value has no unbiased variance; PyTorch refuses such a batch, here it counts as biased.
        let bessel = if count > 1.0 {
            count / (count - 1.0)
        } else {
            1.0
        };
        self.running_mean
            .move_towards(batch.mean, self.momentum, &device);
        self.running_var
            .move_towards(batch.variance * bessel, self.momentum, &device);
        see(&self.weight, batch.output)
    }
}

/// Batch norm whose four vectors are constants, torchvision's `FrozenBatchNorm2d`.
///
/// No gradient reaches them, not even after [`Module::unfreeze`].
#[derive(Module, Debug)]
pub struct FrozenBatchNorm {
    /// Scale `[C]`.
    pub weight: Buffer,
    /// Shift `[C]`.
    pub bias: Buffer,
    /// Mean `[C]`.
    pub running_mean: Buffer,
    /// Variance `[C]`.
    pub running_var: Buffer,
    /// Added to the variance.
    pub epsilon: f64,
}

impl FrozenBatchNorm {
    fn affine(&self) -> (Tensor<1>, Tensor<1>) {
        affine(
            self.weight.val(),
            self.bias.val(),
            self.running_mean.val(),
            self.running_var.val(),
            self.epsilon,
        )
    }
}

fn affine(
    weight: Tensor<1>,
    bias: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f64,
) -> (Tensor<1>, Tensor<1>) {
    let scale = weight / (variance + epsilon).sqrt();
    let shift = bias - mean * scale.clone();
    (scale, shift)
}
