//! LibTorch.

use burn::backend::LibTorch;

use super::ConvBlockOps;

impl ConvBlockOps for LibTorch {}
