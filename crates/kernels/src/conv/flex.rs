//! Flex.

use burn::backend::Flex;

use super::ConvBlockOps;

impl ConvBlockOps for Flex {}
