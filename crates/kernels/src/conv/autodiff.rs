//! Autodiff: the default bodies, composed of operations that already have gradients.

use burn::backend::Autodiff;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;

use super::ConvBlockOps;

impl<B: ConvBlockOps, C: CheckpointStrategy> ConvBlockOps for Autodiff<B, C> {}
