//! Which pyramid level a RoI reads.

use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

/// The level rule of Feature Pyramid Networks, <https://arxiv.org/abs/1612.03144>, equation 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LevelAssignment {
    /// Finest level present, 2 for P2.
    pub min_level: i32,
    /// Coarsest level present, 5 for P5.
    pub max_level: i32,
    /// Level of a box of the canonical size: k₀ = 4 in the paper.
    pub canonical_level: i32,
    /// Side of the canonical box in pixels: 224, the `ImageNet` crop.
    pub canonical_size: f32,
    /// Added before rounding down, so that a box of exactly a boundary size goes up: torchvision's 1e-6.
    pub epsilon: f32,
}

impl Default for LevelAssignment {
    /// P2…P5, k₀ = 4 at 224 pixels, ε = 1e-6.
    fn default() -> Self {
        Self {
            min_level: 2,
            max_level: 5,
            canonical_level: 4,
            canonical_size: 224.0,
            epsilon: 1e-6,
        }
    }
}

/// Level of each RoI: ⌊k₀ + log₂(√area / size) + ε⌋, clamped to the levels present.
///
/// A box without area, inverted or with a coordinate that is not a number goes to the finest level.
///
/// # Shapes
/// - rois: `[K, 5]`; output: `[K]`, 0-based: level − `min_level`.
///
/// # Panics
/// If `rois` does not have 5 columns or `min_level` > `max_level`.
///
/// # Example
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use wardrobe_kernels::roi::{LevelAssignment, assign_levels};
///
/// let device = Device::flex();
/// let rois = Tensor::<2>::from_floats([[0.0, 0.0, 0.0, 224.0, 224.0], [0.0, 5.0, 5.0, 25.0, 25.0]], &device);
/// let levels = assign_levels(rois, &LevelAssignment::default());
/// // 224 pixels is level 4, the third of P2…P5; 20 pixels lies below the finest.
/// assert_eq!(levels.into_data().iter::<i64>().collect::<Vec<_>>(), [2, 0]);
/// # }
/// ```
pub fn assign_levels(rois: Tensor<2>, assignment: &LevelAssignment) -> Tensor<1, Int> {
    super::check_rois("assign_levels", &rois);
    assert!(
        assignment.min_level <= assignment.max_level,
        "assign_levels: min_level {} above max_level {}",
        assignment.min_level,
        assignment.max_level
    );
    let count = rois.dims()[0];
    let column = |i: usize| rois.clone().slice([0..count, i..i + 1]).reshape([count]);
    let area = (column(3) - column(1)) * (column(4) - column(2)); // [K]
    // A comparison with something that is not a number is false.
    let nothing = area.clone().greater_elem(0.0).bool_not();
    let area = area.mask_fill(nothing, f32::MIN_POSITIVE);
    let octaves = (area.sqrt() / assignment.canonical_size).log() / std::f32::consts::LN_2;
    (octaves + assignment.epsilon + assignment.canonical_level as f32)
        .floor()
        .clamp(assignment.min_level as f32, assignment.max_level as f32)
        .sub_scalar(assignment.min_level as f32)
        .int()
}
