//! CubeCL: the default bodies; the fusion layer joins bias, addition and ReLU to one kernel.

use burn_cubecl::CubeBackend;

use super::ConvBlockOps;

impl ConvBlockOps for CubeBackend {}
