//! The contract of every RoI head: a head reads `[R, channels, S, S]`, cut out of the pyramid for R RoIs.
//!
//! A RoI is `[image, x1, y1, x2, y2]` in pixels of the resized image. It reads the level
//! `⌊4 + log2(√area / 224) + 1e-6⌋` (FPN, equation 1), limited to the levels there are, by `RoIAlign` without the half-pixel
//! shift (torchvision's `MultiScaleRoIAlign`), or by one of the other poolings. A RoI of image −1 gives zeros.

use burn::tensor::{Int, Tensor};
use wardrobe_backbones::Pyramid;
use wardrobe_kernels::precision::widened;
use wardrobe_kernels::roi::{
    LevelAssignment, RoiAlignOptions, RoiPoolOptions, SampleReduction, assign_levels, prroi_pool,
    pyramid_roi_align, roi_pool,
};

use crate::config::{PoolingMethod, RoiPoolerConfig};
use crate::image_batch::ImageBatch;

/// Cuts the features of RoIs out of a pyramid.
#[derive(Debug, Clone, PartialEq)]
pub struct RoiPooler {
    config: RoiPoolerConfig,
}

impl RoiPooler {
    /// A pooler with these settings.
    pub fn new(config: &RoiPoolerConfig) -> Self {
        Self {
            config: config.clone(),
        }
    }

    /// The features `[R, channels, S, S]` of RoIs `[R, 5]`; in f32 whatever the pyramid's type, as torchvision pools under
    /// autocast.
    ///
    /// # Panics
    ///
    /// If the pyramid has fewer levels than the settings ask for.
    pub fn forward(&self, pyramid: &Pyramid, rois: Tensor<2>, images: &ImageBatch) -> Tensor<4> {
        let wanted = self.config.levels;
        let levels = pyramid.levels.get(..wanted).unwrap_or_else(|| {
            panic!(
                "the pooler reads {wanted} levels, the pyramid has {}",
                pyramid.levels.len()
            )
        });
        let levels: Vec<Tensor<4>> = levels.iter().cloned().map(widened).collect();
        let tallest = images
            .sizes
            .iter()
            .map(|size| size.height)
            .max()
            .unwrap_or(1);
        let octaves: Vec<i32> = levels
            .iter()
            .map(|level| octaves(level.dims()[2], tallest))
            .collect();
        let assignment = LevelAssignment {
            min_level: octaves[0],
            max_level: octaves[wanted - 1],
            canonical_level: self.config.canonical_level as i32,
            canonical_size: self.config.canonical_size,
            epsilon: RoiPoolerConfig::LEVEL_EPSILON,
        };
        let scales: Vec<f32> = octaves
            .iter()
            .map(|octaves| 0.5_f32.powi(*octaves))
            .collect();
        let level_of = assign_levels(rois.clone(), &assignment);
        let align = |reduction| {
            let options = RoiAlignOptions::new([self.config.output_size; 2], 1.0)
                .with_sampling_ratio(self.config.sampling_ratio)
                .with_reduction(reduction)
                .with_scales(scales.clone());
            pyramid_roi_align(&levels, rois.clone(), level_of.clone(), &options)
        };
        match self.config.method {
            PoolingMethod::Align => align(SampleReduction::Average),
            PoolingMethod::AlignMax => align(SampleReduction::Max),
            PoolingMethod::Pool => self.each_level(&levels, &scales, &rois, &level_of, roi_pool),
            PoolingMethod::Precise => {
                self.each_level(&levels, &scales, &rois, &level_of, prroi_pool)
            }
        }
    }

    /// The sum over the levels of a pooling that knows one level only; RoIs of other levels belong to no image there and
    /// give zeros.
    fn each_level(
        &self,
        levels: &[Tensor<4>],
        scales: &[f32],
        rois: &Tensor<2>,
        level_of: &Tensor<1, Int>,
        pool: fn(Tensor<4>, Tensor<2>, &RoiPoolOptions) -> Tensor<4>,
    ) -> Tensor<4> {
        let count = rois.dims()[0];
        let pooled = levels
            .iter()
            .zip(scales)
            .enumerate()
            .map(|(level, (features, scale))| {
                let options = RoiPoolOptions::new([self.config.output_size; 2], *scale);
                if levels.len() == 1 {
                    return pool(features.clone(), rois.clone(), &options);
                }
                let elsewhere = level_of.clone().not_equal_elem(level as i64);
                let image = rois
                    .clone()
                    .narrow(1, 0, 1)
                    .mask_fill(elsewhere.reshape([count, 1]), -1.0);
                let own = Tensor::cat(vec![image, rois.clone().narrow(1, 1, 4)], 1);
                pool(features.clone(), own, &options)
            });
        pooled
            .reduce(|sum, level| sum + level)
            .unwrap_or_else(|| panic!("the pooler reads no level"))
    }
}

/// How often a map of `rows` rows was halved: `round(log2(tallest / rows))`, where `tallest` is the largest height of the
/// batch *before* padding. torchvision infers its scales so, and on small pictures the padding shows: a picture of 40 rows
/// gives 2 rows at stride 32, and `log2(40 / 2) = 4.3` counts as a stride of 16.
fn octaves(rows: usize, tallest: usize) -> i32 {
    let scale = (rows as f64 / tallest as f64) as f32;
    -(scale.log2().round_ties_even() as i32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use crate::image_batch::ImageSize;
    use crate::test_support::one_image;
    use wardrobe_kernels::device::test_device;

    /// Four levels of one channel over 512×512, level i holds the number i everywhere.
    fn numbered() -> (Pyramid, ImageBatch) {
        let device = test_device();
        let level = |number: usize| {
            let side = 128 >> number;
            Tensor::full([1, 1, side, side], number as f32, &device)
        };
        let size = ImageSize::new(512, 512);
        let images = one_image(size, [512, 512], &device);
        (
            Pyramid {
                levels: (0..5).map(level).collect(),
            },
            images,
        )
    }

    fn levels_of(boxes: &[[f32; 4]]) -> Vec<f32> {
        let (pyramid, images) = numbered();
        let rois: Vec<f32> = boxes
            .iter()
            .flat_map(|b| [0.0, b[0], b[1], b[2], b[3]])
            .collect();
        let rois =
            Tensor::<1>::from_floats(rois.as_slice(), &test_device()).reshape([boxes.len(), 5]);
        let pooled = RoiPooler::new(&RoiPoolerConfig::new(1, 4)).forward(&pyramid, rois, &images);
        pooled.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn the_level_follows_the_area() {
        let square = |side: f32| [10.0, 10.0, 10.0 + side, 10.0 + side];
        // 224 px is level 4 (index 2) exactly; one octave below starts level 3 (112), above level 5 (448 → index 3).
        let sides = [8.0, 111.0, 112.0, 223.0, 224.0, 447.0, 448.0];
        let found = levels_of(&sides.map(square));
        assert_eq!(found, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0]);
        // Area decides, not shape: 56 × 896 has the area of 224².
        assert_eq!(levels_of(&[[0.0, 0.0, 500.0, 100.352]]), [2.0]);
    }

    #[test]
    fn small_pictures_infer_scales_as_torchvision_does() {
        // 800 rows: 200, 100, 50, 25 rows → strides 4 … 32.
        assert_eq!(
            [200, 100, 50, 25].map(|rows| octaves(rows, 800)),
            [2, 3, 4, 5]
        );
        // 40 rows padded to 64: 16, 8, 4, 2 rows; log2(40/16) = 1.3 → 1, … log2(40/2) = 4.3 → 4.
        assert_eq!([16, 8, 4, 2].map(|rows| octaves(rows, 40)), [1, 2, 3, 4]);
    }

    #[test]
    fn every_method_reads_the_roi_s_own_level() {
        let (pyramid, images) = numbered();
        let rois = [
            [0.0, 16.0, 16.0, 80.0, 80.0],
            [0.0, 32.0, 32.0, 256.0, 256.0],
            [-1.0, 0.0, 0.0, 448.0, 448.0],
        ];
        let pooled = |method| {
            let config = RoiPoolerConfig {
                method,
                ..RoiPoolerConfig::new(1, 4)
            };
            let rois = Tensor::from_floats(rois, &test_device());
            let pooled = RoiPooler::new(&config).forward(&pyramid, rois, &images);
            pooled.into_data().try_to_vec::<f32>().unwrap()
        };
        for method in [
            PoolingMethod::Align,
            PoolingMethod::AlignMax,
            PoolingMethod::Pool,
            PoolingMethod::Precise,
        ] {
            // 64 px is level 0, 224 px level 2; the last belongs to no image.
            let found = pooled(method);
            let near = |found: f32, expected: f32| (found - expected).abs() < 1e-5;
            assert!(
                near(found[0], 0.0) && near(found[1], 2.0) && near(found[2], 0.0),
                "{method:?}: {found:?}"
            );
        }
    }

    #[test]
    fn a_roi_without_image_gives_zeros() {
        let (pyramid, images) = numbered();
        let rois = Tensor::from_floats([[-1.0, 0.0, 0.0, 448.0, 448.0]], &test_device());
        let pooled = RoiPooler::new(&RoiPoolerConfig::new(2, 4)).forward(&pyramid, rois, &images);
        assert_eq!(pooled.into_data().try_to_vec::<f32>().unwrap(), [0.0; 4]);
    }
}
