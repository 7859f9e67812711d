//! What the IoU head learns from: objects' boxes moved away from where they belong, evenly over the IoU that is left.
//!
//! The head must judge boxes of every quality, of which proposals show too few; `IoU-Net` therefore moves the ground truth
//! (section 3.1). A direction is drawn (shift of the centre, growth of the sides), and the distance along it at which the IoU
//! is the one wanted is found by halving, so no draw is thrown away.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::Rng;

use crate::config::IouSamplerConfig;
use crate::constants::int_tensor;
use crate::ground_truth::GroundTruth;
use crate::image_batch::ImageSize;

/// Growth of a side against a shift by a side, in the directions drawn: half as much.
const GROWTH_SHARE: f32 = 0.5;
/// Halvings of the distance: 2⁻²⁴ of the first bracket, a 32-bit float's precision.
const HALVINGS: usize = 24;

/// Moved boxes of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct IouSample {
    /// `[image, x1, y1, x2, y2]`.
    pub rois: Vec<[f32; 5]>,
    /// The class of each box's object.
    pub labels: Vec<usize>,
    /// IoU of each with its object.
    pub iou: Vec<f32>,
}

impl IouSample {
    /// Whether there was no object to move.
    pub(crate) fn is_empty(&self) -> bool {
        self.rois.is_empty()
    }

    /// `[K, 5]`.
    pub(crate) fn roi_tensor(&self, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = self.rois.iter().flatten().copied().collect();
        Tensor::from_data(TensorData::new(values, [self.rois.len(), 5]), device)
    }

    /// `[K, 1]`.
    pub(crate) fn label_tensor(&self, device: &Device) -> Tensor<2, Int> {
        int_tensor(self.labels.iter().copied(), device).unsqueeze_dim(1)
    }

    /// `[K, 1]`: the normalised IoU `(IoU − ½) / ½`.
    pub(crate) fn target_tensor(&self, device: &Device) -> Tensor<2> {
        let targets: Vec<f32> = self.iou.iter().map(|iou| (iou - 0.5) / 0.5).collect();
        let count = targets.len();
        Tensor::from_data(TensorData::new(targets, [count, 1]), device)
    }

    /// Moves every object's box `per_object` times; boxes are clipped to their picture.
    pub(crate) fn draw(
        truths: &[GroundTruth],
        sizes: &[ImageSize],
        config: &IouSamplerConfig,
        rng: &mut impl Rng,
    ) -> Self {
        let mut drawn = Self::default();
        for (image, (truth, size)) in truths.iter().zip(sizes).enumerate() {
            for (&object, &label) in truth.boxes.iter().zip(&truth.labels) {
                for _ in 0..config.per_object {
                    let wanted = rng.random_range(config.lowest..1.0);
                    let [x1, y1, x2, y2] = clip(moved(object, wanted, rng), *size);
                    drawn.rois.push([image as f32, x1, y1, x2, y2]);
                    drawn.labels.push(label);
                    drawn.iou.push(iou(object, [x1, y1, x2, y2]));
                }
            }
        }
        drawn
    }
}

/// `object` moved in a random direction until its IoU with itself is `wanted`.
fn moved(object: [f32; 4], wanted: f32, rng: &mut impl Rng) -> [f32; 4] {
    let mut draw = |share: f32| share * rng.random_range(-1.0_f32..1.0);
    let direction = [draw(1.0), draw(1.0), draw(GROWTH_SHARE), draw(GROWTH_SHARE)];
    let at = |distance: f32| along(object, direction.map(|part| part * distance));
    // Two sides away nothing overlaps; a direction of hardly any shift grows or shrinks instead, without end.
    let (mut near, mut far) = (0.0, 2.0);
    while iou(object, at(far)) > wanted && far < 64.0 {
        far *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f32::midpoint(near, far);
        if iou(object, at(middle)) > wanted {
            near = middle;
        } else {
            far = middle;
        }
    }
    at(near)
}

/// The box shifted by `dx`, `dy` sides, its sides multiplied by `e^dw`, `e^dh`.
fn along([x1, y1, x2, y2]: [f32; 4], [dx, dy, dw, dh]: [f32; 4]) -> [f32; 4] {
    let (width, height) = (x2 - x1, y2 - y1);
    let x = f32::midpoint(x1, x2) + dx * width;
    let y = f32::midpoint(y1, y2) + dy * height;
    let (w, h) = (width * dw.exp() / 2.0, height * dh.exp() / 2.0);
    [x - w, y - h, x + w, y + h]
}

fn clip([x1, y1, x2, y2]: [f32; 4], size: ImageSize) -> [f32; 4] {
    let (width, height) = (size.width as f32, size.height as f32);
    [
        x1.clamp(0.0, width),
        y1.clamp(0.0, height),
        x2.clamp(0.0, width),
        y2.clamp(0.0, height),
    ]
}

fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |[x1, y1, x2, y2]: [f32; 4]| (x2 - x1).max(0.0) * (y2 - y1).max(0.0);
    let shared = area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]);
    shared / (area(a) + area(b) - shared).max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const CONFIG: IouSamplerConfig = IouSamplerConfig {
        per_object: 400,
        lowest: 0.5,
    };

    fn draw(seed: u64) -> IouSample {
        let truths = [
            GroundTruth::default(),
            GroundTruth {
                boxes: vec![[40.0, 60.0, 60.0, 100.0]],
                labels: vec![3],
                ignored: Vec::new(),
            },
        ];
        let sizes = [ImageSize::new(200, 200); 2];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        IouSample::draw(&truths, &sizes, &CONFIG, &mut rng)
    }

    #[test]
    fn the_iou_is_even_from_the_lowest_to_one() {
        let drawn = draw(1);
        assert_eq!(drawn.rois.len(), 400);
        assert!(drawn.labels.iter().all(|label| *label == 3));
        assert!(drawn.rois.iter().all(|roi| roi[0] == 1.0));
        let mut bins = [0; 5];
        for (roi, &found) in drawn.rois.iter().zip(&drawn.iou) {
            let [_, x1, y1, x2, y2] = *roi;
            assert!((found - iou([40.0, 60.0, 60.0, 100.0], [x1, y1, x2, y2])).abs() < 1e-6);
            assert!((0.5 - 1e-3..=1.0).contains(&found), "{found}");
            bins[(((found - 0.5) * 10.0) as usize).min(4)] += 1;
        }
        // 80 expected in each, five standard deviations of √(400 · 0.2 · 0.8) = 8.
        assert!(bins.iter().all(|bin| (40..=120).contains(bin)), "{bins:?}");
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(draw(2), draw(2));
        assert_ne!(draw(2), draw(3));
    }

    #[test]
    fn boxes_stay_in_the_picture() {
        let truths = [GroundTruth {
            boxes: vec![[0.0, 0.0, 30.0, 30.0]],
            labels: vec![1],
            ignored: Vec::new(),
        }];
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let drawn = IouSample::draw(&truths, &[ImageSize::new(32, 32)], &CONFIG, &mut rng);
        let inside = |roi: &[f32; 5]| roi[1..].iter().all(|c| (0.0..=32.0).contains(c));
        assert!(drawn.rois.iter().all(inside));
        // Clipping takes away what is outside the object too, so no IoU falls.
        assert!(drawn.iou.iter().all(|iou| *iou >= 0.5 - 1e-3));
    }
}
