//! Where boxes start: A anchors at every cell of every level.
//!
//! A cell anchor of size s and ratio r = h/w has sides `w = s/√r`, `h = s·√r`, lies around the origin, and its corners are
//! rounded half to even (torchvision; Detectron2 does not round). The anchors of cell (row, column) are the cell anchors
//! moved by `(column · sx, row · sy)` with `s = padded side // grid side`: no half-cell shift. Anchor number
//! `(row · W + column) · A + a` matches the order of the RPN head's outputs.

use burn::tensor::{Device, Int, Tensor};

use crate::config::AnchorConfig;
use crate::constants::box_tensor;
use crate::image_batch::ImageSize;

/// Makes the anchors of each level.
#[derive(Debug, Clone)]
pub struct AnchorGenerator {
    cells: Vec<Vec<[f32; 4]>>,
}

/// The grid of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorGrid {
    /// Rows and columns of the feature map.
    pub cells: ImageSize,
    /// Pixels between neighbouring cells along each axis.
    pub stride: ImageSize,
}

impl AnchorGrid {
    /// The grid of a feature map of size `cells` over a padded batch of size `padded`.
    pub fn new(cells: ImageSize, padded: ImageSize) -> Self {
        let stride = ImageSize::new(padded.height / cells.height, padded.width / cells.width);
        Self { cells, stride }
    }
}

impl AnchorGenerator {
    /// Cell anchors of every level; ratio by ratio, within a ratio size by size.
    ///
    /// ```
    /// use wardrobe_rpn_roi::{anchors::AnchorGenerator, config::AnchorConfig};
    ///
    /// let anchors = AnchorGenerator::new(&AnchorConfig::pyramid());
    /// // 32 px, ratio ½: sides 45.25 × 22.63, corners ±22.63 and ±11.31, rounded.
    /// assert_eq!(anchors.cell(0)[0], [-23.0, -11.0, 23.0, 11.0]);
    /// ```
    pub fn new(config: &AnchorConfig) -> Self {
        let cell = |sizes: &Vec<f32>| {
            let sides = |ratio: &f32| {
                let height = ratio.sqrt();
                (1.0 / height, height)
            };
            config
                .aspect_ratios
                .iter()
                .map(sides)
                .flat_map(|(width, height)| {
                    sizes.iter().map(move |size| (width * size, height * size))
                })
                .map(|(w, h)| [-w, -h, w, h].map(|side| (side / 2.0).round_ties_even()))
                .collect()
        };
        Self {
            cells: config.sizes.iter().map(cell).collect(),
        }
    }

    /// L, the levels there are anchors for.
    pub fn levels(&self) -> usize {
        self.cells.len()
    }

    /// The cell anchors of one level, around the origin.
    ///
    /// # Panics
    ///
    /// If there is no such level.
    pub fn cell(&self, level: usize) -> &[[f32; 4]] {
        &self.cells[level]
    }

    /// The anchors `[M, 4]` with the numbers `indices` `[M]` on one level, made without laying out the others.
    ///
    /// # Panics
    ///
    /// If there is no such level.
    pub fn gather(&self, level: usize, grid: &AnchorGrid, indices: Tensor<1, Int>) -> Tensor<2> {
        let device = indices.device();
        let cells = self.cell(level);
        let within = indices.clone().remainder_scalar(cells.len() as i64);
        // Dividing an exact multiple: right on backends that divide integers through 32-bit floats too.
        let cell = (indices - within.clone()).div_scalar(cells.len() as i64);
        let column = cell.clone().remainder_scalar(grid.cells.width as i64);
        let row = (cell - column.clone()).div_scalar(grid.cells.width as i64);
        let x = column.float() * grid.stride.width as f32;
        let y = row.float() * grid.stride.height as f32;
        let shift = Tensor::stack(vec![x.clone(), y.clone(), x, y], 1);
        box_tensor(cells, &device).select(0, within) + shift
    }

    /// All anchors `[H·W·A, 4]` of one level, for matching against ground truth.
    ///
    /// # Panics
    ///
    /// If there is no such level.
    pub fn all(&self, level: usize, grid: &AnchorGrid, device: &Device) -> Tensor<2> {
        let count = grid.cells.height * grid.cells.width * self.cell(level).len();
        self.gather(level, grid, Tensor::arange(0..count as i64, device))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn cell_anchors_by_hand() {
        let anchors = AnchorGenerator::new(&AnchorConfig::pyramid());
        assert_eq!(anchors.levels(), 5);
        // Size 32. Ratio ½: w = 32·√2 = 45.25, h = 22.63. Ratio 1: 32 × 32. Ratio 2: 22.63 × 45.25. Halved, rounded.
        let expected = [
            [-23.0, -11.0, 23.0, 11.0],
            [-16.0, -16.0, 16.0, 16.0],
            [-11.0, -23.0, 11.0, 23.0],
        ];
        assert_eq!(anchors.cell(0), expected);
        // Size 512, ratio ½: w = 724.08 → ±362, h = 362.04 → ±181.
        assert_eq!(anchors.cell(4)[0], [-362.0, -181.0, 362.0, 181.0]);
    }

    #[test]
    fn halves_round_to_even() {
        // Size 5, ratio 1: ±2.5 → ±2. Size 7: ±3.5 → ±4.
        let config = AnchorConfig {
            sizes: vec![vec![5.0, 7.0]],
            aspect_ratios: vec![1.0],
        };
        let anchors = AnchorGenerator::new(&config);
        assert_eq!(
            anchors.cell(0),
            [[-2.0, -2.0, 2.0, 2.0], [-4.0, -4.0, 4.0, 4.0]]
        );
    }

    #[test]
    fn ratio_is_the_outer_order() {
        let config = AnchorConfig {
            sizes: vec![vec![10.0, 20.0]],
            aspect_ratios: vec![1.0, 4.0],
        };
        let anchors = AnchorGenerator::new(&config);
        // Ratio 4: w = s/2, h = 2s.
        let expected = [
            [-5.0, -5.0, 5.0, 5.0],
            [-10.0, -10.0, 10.0, 10.0],
            [-2.0, -10.0, 2.0, 10.0],
            [-5.0, -20.0, 5.0, 20.0],
        ];
        assert_eq!(anchors.cell(0), expected);
    }

    #[test]
    fn the_grid_walks_columns_first() {
        let device = test_device();
        let config = AnchorConfig {
            sizes: vec![vec![2.0]],
            aspect_ratios: vec![1.0],
        };
        // 2×3 cells over 65×100 px: strides 65 // 2 = 32, 100 // 3 = 33.
        let grid = AnchorGrid::new(ImageSize::new(2, 3), ImageSize::new(65, 100));
        let all = AnchorGenerator::new(&config)
            .all(0, &grid, &device)
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        let corners: Vec<[f32; 2]> = all
            .chunks_exact(4)
            .map(|b| [b[0] + 1.0, b[1] + 1.0])
            .collect();
        assert_eq!(
            corners,
            [
                [0.0, 0.0],
                [33.0, 0.0],
                [66.0, 0.0],
                [0.0, 32.0],
                [33.0, 32.0],
                [66.0, 32.0]
            ]
        );
    }

    #[test]
    fn gathering_agrees_with_laying_out() {
        let device = test_device();
        let anchors = AnchorGenerator::new(&AnchorConfig::single_level());
        let grid = AnchorGrid::new(ImageSize::new(7, 5), ImageSize::new(224, 160));
        let all = anchors
            .all(0, &grid, &device)
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        assert_eq!(all.len(), 7 * 5 * 15 * 4);
        let some = anchors.gather(0, &grid, Tensor::from_ints([524, 0, 17], &device));
        let some = some.into_data().try_to_vec::<f32>().unwrap();
        for (row, index) in [524, 0, 17].into_iter().enumerate() {
            assert_eq!(some[row * 4..][..4], all[index * 4..][..4]);
        }
        // Number 17 = cell 1, anchor 2: size 128, ratio ½, one stride of 32 to the right.
        assert_eq!(some[8..], [-91.0 + 32.0, -45.0, 91.0 + 32.0, 45.0]);
    }
}
